"""Grades many notebooks at once, by workers with warm templates: on this machine or on others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from itertools import islice
from pathlib import Path
from typing import Any

from autograder import bank, bench, capacity, gpu, truth
from autograder.course import Course
from autograder.errors import UsageError
from autograder.folder import Folder
from autograder.grading import Examination, examine, judge
from autograder.host import Template
from autograder.kit import Kit
from autograder.lab import Lab
from autograder.pool import Pool
from autograder.result import NOT_GRADED, Result
from autograder.sandbox import LAYERS
from autograder.subject.limits import Limits
from autograder.suite import Suite
from layerlab.diagnose import Misconception

Progress = Callable[[int, int], None]
"""Called with how many are done, and how many there are."""

AHEAD = 256
"""Submissions that are with the workers at a time, so that memory stays flat however large a class
is. A caller that enters a few results a second into a gradebook keeps no more workers busy."""


class Workers:
    """Processes that grade one lab: what they have to know, they are sent.

    Args:
        course: The course.
        lab: The lab.
        device: `cpu` or `gpu`.
        jobs: Number of workers; by default as many as cores, memory and the GPU allow.
        limits: What a submission may use.
        layers: The layers of the confinement.
        executor: Who runs what is handed out, in processes that have this package: it stays open.
            By default processes on this machine.

    Raises:
        UsageError: So many do not fit on the GPU.
    """

    def __init__(
        self,
        course: Course,
        lab: Lab,
        device: str = "cpu",
        jobs: int | None = None,
        limits: Limits | None = None,
        layers: tuple[str, ...] = LAYERS,
        executor: Executor | None = None,
    ):
        self.course = course
        self.device = device
        self.truth = truth.load(course, lab)
        limits = limits or Limits()
        self._settings = (limits, device, layers)
        fitting = capacity.here(limits)
        if device == "gpu" and executor is None:
            jobs = gpu.workers(jobs, fitting, limits)
        self.jobs = jobs or fitting
        """Number of workers."""
        self._local_jobs = fitting if executor is not None else self.jobs
        self._local = Pool(self._local_jobs)
        self._pool: Executor = executor or self._local
        # Workers here read a kit from a file; others are sent it.
        self._shelf = Folder() if executor is None else None
        known = bank.known(course, self.truth, device)
        self._kit = self._pack(self._misconceptions() if known else [])
        # The templates come up while the caller reads what to grade.
        for _ in range(self.jobs):
            self._pool.submit(bench.ready, self._kit)

    def _pack(self, misconceptions: list[Misconception]) -> Kit:
        kit = Kit.make(self.truth, misconceptions, *self._settings)
        return kit.kept_in(self._shelf.path) if self._shelf is not None else kit

    def _misconceptions(self) -> list[Misconception]:
        return bank.misconceptions(self.course, self.truth, self.examine, self.device)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the workers of this machine; what none of them has begun is left undone."""
        self._local.shutdown(cancel_futures=True)
        if self._shelf is not None:
            self._shelf.remove()

    def examine(self, notebooks: Iterable[tuple[str, Any]]) -> Iterator[Examination]:
        """Examines named notebooks in parallel; results come in order.

        Raises:
            UsageError: A machine cannot grade, or the workers are gone.
        """
        futures = [self._submit(bench.examine, self._kit, *named) for named in notebooks]
        for future in futures:
            yield _fetched(future)

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

    def grade(self, notebooks: Iterable[tuple[str, Any]], ahead: int = AHEAD) -> Iterator[Result]:
        """Grades named notebooks in parallel; results come as they are ready, each exactly once.

        Args:
            notebooks: Names and notebooks; they are asked for as workers become free.
            ahead: How many of them are with the workers at a time.

        Raises:
            UsageError: A machine cannot grade, or the workers are gone. What has been returned
                stays right, and the rest can be handed in again.
        """
        self._kit = self._pack(self._misconceptions())
        coming = iter(notebooks)
        waiting: dict[Future[Any], str] = {}
        try:
            while True:
                for name, notebook in islice(coming, ahead - len(waiting)):
                    waiting[self._submit(bench.grade, self._kit, name, notebook)] = name
                if not waiting:
                    return
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield self._result(future, waiting.pop(future))
        finally:
            for future in waiting:
                future.cancel()

    def _result(self, future: Future[Any], name: str) -> Result:
        lab = self.truth.lab.name
        try:
            return Result.from_data(_fetched(future))
        except UsageError:
            raise
        except BrokenExecutor:
            reason = "A worker of the grader ended unexpectedly; grade it again."
        except Exception as error:  # a fault of ours with one notebook is no end of the class
            reason = f"The grader failed: {type(error).__name__}: {error}."
        return Result(lab, name, NOT_GRADED, reason, self.device)

    def _submit(
        self, work: Callable[[Kit, str, str], Any], kit: Kit, name: str, notebook: Any
    ) -> Future[Any]:
        try:
            return self._pool.submit(work, kit, name, json.dumps(notebook))
        except BrokenExecutor as error:
            broken: Future[Any] = Future()
            broken.set_exception(error)
            return broken

    def spread(
        self, work: Callable[[Path, str, list[str]], None], root: Path, lab: str, names: list[str]
    ) -> None:
        """Calls a function of a module in processes on this machine, each with its share of the
        names.
        """
        shares = [names[start :: self._local_jobs] for start in range(self._local_jobs)]
        for future in [self._local.submit(work, root, lab, share) for share in shares if share]:
            future.result()


def _fetched(future: Future[Any]) -> Any:
    """What a worker has returned.

    Raises:
        UsageError: The machine cannot grade, or the workers are gone.
    """
    try:
        return future.result()
    except CancelledError:
        raise UsageError(
            "The workers are gone: what is graded is kept, and the same command grades the rest."
        ) from None
    except ImportError as error:  # not of a submission: its errors are data
        raise UsageError(f"A worker lacks what is installed here: {error}.") from None


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
        self.suite = Suite(self.truth)
        self.template = Template(limits or Limits(), device, layers)
        self._course = course
        self._misconceptions: list[Misconception] | None = None

    def examine(self, name: str, notebook: Any) -> Examination:
        """Runs a notebook and its hidden tests."""
        return examine(notebook, self.suite, self.template, name)

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
        """Ends the template and the tests."""
        self.suite.close()
        self.template.close()
