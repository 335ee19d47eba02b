"""Grades many notebooks at once: one warm template for each worker process."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from autograder import bank, truth
from autograder.course import Course
from autograder.errors import UsageError
from autograder.grading import Examination, examine, judge
from autograder.host import Template, TemplateDied
from autograder.lab import Lab
from autograder.orphans import end_with_parent
from autograder.result import NOT_GRADED, Result
from autograder.sandbox import LAYERS
from autograder.subject.limits import Limits
from layerlab.diagnose import Misconception

Progress = Callable[[int, int], None]
"""Called with how many are done, and how many there are."""


_IMPORTED_ONCE = "autograder.classroom"
"""It imports all that a worker needs: workers are forked from a process that has done so."""


class Workers:
    """A pool of processes, each with a template of its own, for one lab.

    Args:
        course: The course.
        lab: The lab.
        device: `cpu` or `gpu`.
        jobs: Number of workers; by default one a core.
        limits: What a submission may use.
        layers: The layers of the confinement.
    """

    def __init__(
        self,
        course: Course,
        lab: Lab,
        device: str = "cpu",
        jobs: int | None = None,
        limits: Limits | None = None,
        layers: tuple[str, ...] = LAYERS,
    ):
        self.course = course
        self.device = device
        self.truth = truth.load(course, lab)
        self.jobs = jobs or os.cpu_count() or 1
        self._arguments = (course.root, lab.name, device, limits or Limits(), layers)
        self._pool = self._start()
        # The templates come up while the caller reads what to grade.
        self._starts = [self._pool.submit(_ready) for _ in range(self.jobs)]

    def _start(self) -> ProcessPoolExecutor:
        # No plain fork: the parent may have run TensorFlow, whose threads do not survive it.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([_IMPORTED_ONCE])
        return ProcessPoolExecutor(
            self.jobs,
            context,
            initializer=_begin,
            initargs=self._arguments,
        )

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def examine(self, notebooks: Iterable[tuple[str, Any]]) -> Iterator[Examination]:
        """Examines named notebooks in parallel; results come in order.

        Raises:
            UsageError: The sandbox does not start.
        """
        futures = [self._pool.submit(_examine, name, notebook) for name, notebook in notebooks]
        self._started()
        for future in futures:
            yield future.result()

    def prepare(self, progress: Progress) -> None:
        """Observes what the lab's chaffs do, if that is not known yet: once for a course."""
        if bank.known(self.course, self.truth, self.device):
            return
        total = len(self.truth.lab.chaffs)
        examined = []
        for found in self.examine(bank.chaff_notebooks(self.truth.lab)):
            examined.append(found)
            progress(len(examined), total)
        bank.remember(self.course, self.truth, examined, self.device)

    def grade(self, notebooks: Iterable[tuple[str, Any]]) -> Iterator[Result]:
        """Grades named notebooks in parallel; results come as they are ready, each exactly once.

        What the chaffs do is known: `prepare` was called.

        Raises:
            UsageError: The sandbox does not start.
        """
        waiting: dict[Future[Result], str] = {
            self._pool.submit(_grade, name, notebook): name for name, notebook in notebooks
        }
        lab = self.truth.lab.name
        self._started()
        for future in as_completed(waiting):
            try:
                yield future.result()
            except BrokenProcessPool:
                reason = "A worker of the grader ended unexpectedly; grade it again."
                yield Result(lab, waiting[future], NOT_GRADED, reason, self.device)
            except Exception as error:  # a fault of ours with one notebook is no end of the class
                reason = f"The grader failed: {type(error).__name__}: {error}."
                yield Result(lab, waiting[future], NOT_GRADED, reason, self.device)

    def _started(self) -> None:
        """Waits until every worker has its template."""
        for start in self._starts:
            start.result()

    def spread(
        self, work: Callable[[Path, str, list[str]], None], root: Path, lab: str, names: list[str]
    ) -> None:
        """Calls a function of a module in every worker, each time with its share of the names."""
        shares = [names[start :: self.jobs] for start in range(self.jobs)]
        for future in [self._pool.submit(work, root, lab, share) for share in shares if share]:
            future.result()


class Grader:
    """Grades notebooks of one lab, one after the other, in this process.

    Args:
        course: The course.
        lab: The lab.
        device: `cpu` or `gpu`.
        limits: What a submission may use.
        layers: The layers of the confinement.
    """

    def __init__(
        self,
        course: Course,
        lab: Lab,
        device: str = "cpu",
        limits: Limits | None = None,
        layers: tuple[str, ...] = LAYERS,
    ):
        self.truth = truth.load(course, lab)
        self.template = Template(limits or Limits(), device, layers)
        self._course = course
        self._misconceptions: list[Misconception] | None = None

    def examine(self, name: str, notebook: Any) -> Examination:
        """Runs a notebook and its hidden tests."""
        return examine(notebook, self.truth, self.template, name)

    def grade(self, name: str, notebook: Any, notes: dict[str, str] | None = None) -> Result:
        """Grades a notebook.

        Args:
            name: What the result calls it.
            notebook: The notebook.
            notes: What has been put right in it before, by `grade_id`.
        """
        if self._misconceptions is None:
            self._misconceptions = bank.misconceptions(
                self._course, self.truth, self._examine_all, self.template.device
            )
        found = self.examine(name, notebook)
        found.notes |= notes or {}
        return judge(found, self.truth, self._misconceptions)

    def _examine_all(self, notebooks: Iterable[tuple[str, Any]]) -> Iterator[Examination]:
        return (self.examine(name, notebook) for name, notebook in notebooks)

    def close(self) -> None:
        """Ends the template."""
        self.template.close()


_grader: Grader | None = None


def _begin(root: Path, lab: str, device: str, limits: Limits, layers: tuple[str, ...]) -> None:
    global _grader
    end_with_parent()
    course = Course(root)
    _grader = Grader(course, course.lab(lab), device, limits, layers)


def _ready() -> None:
    assert _grader is not None
    try:
        _grader.template.start()
    except TemplateDied as error:  # before any submission: the machine is at fault
        raise UsageError(f"Nothing was run: {error}.") from error


def _examine(name: str, notebook: Any) -> Examination:
    assert _grader is not None
    return _grader.examine(name, notebook)


def _grade(name: str, notebook: Any) -> Result:
    assert _grader is not None
    return _grader.grade(name, notebook)
