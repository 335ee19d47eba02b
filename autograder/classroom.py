"""Grades a class: every submission in `submitted/`, into nbgrader's gradebook, with feedback.

What was done is noted step by step (`autograder.kept`), so a run may be killed at any moment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import BaseConverter
from nbgrader.utils import parse_utc

from autograder import gradebook, grading
from autograder import notebook as notebooks
from autograder.converting import convert
from autograder.course import Course
from autograder.errors import MachineFault, NotGraded, UsageError
from autograder.kept import Kept, Shelf
from autograder.lab import Lab
from autograder.preprocessors import RESULT
from autograder.release import enter, entered
from autograder.result import GRADED, NOT_GRADED, Result
from autograder.workers import Progress, Workers


@dataclass(frozen=True)
class Handed:
    """A submission as it was handed in: a student and the folder of the lab."""

    student: str
    folder: Path

    def read(self, lab: Lab) -> Any:
        """Its notebook.

        Raises:
            NotGraded: It is not there, or is not one.
        """
        return notebooks.read(self._path(lab))

    def digest(self, lab: Lab) -> str:
        """Changes with its notebook.

        Raises:
            NotGraded: It is not there, or what lies beside it is no file.
        """
        path = self._path(lab)
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise NotGraded(f"{path.name} cannot be read: {error.strerror}.") from None

    @property
    def time(self) -> datetime | None:
        """When it was handed in, as nbgrader takes it (UTC), if `timestamp.txt` says so.

        Raises:
            NotGraded: That file says no time.
        """
        path = self.folder / "timestamp.txt"
        try:
            said = path.read_text(encoding="utf-8").strip()
            return parse_utc(said) if said else None
        except FileNotFoundError:
            return None
        except (OSError, ValueError, OverflowError):
            raise NotGraded(
                "Its timestamp.txt says no time: write it as 2026-01-31 12:00:00 UTC."
            ) from None

    def _path(self, lab: Lab) -> Path:
        notebooks.inspect(self.folder)
        path = self.folder / f"{lab.name}.ipynb"
        if not path.is_file():
            others = ", ".join(other.name for other in sorted(self.folder.glob("*.ipynb")))
            found = f"only {others}: rename it" if others else "no notebook at all"
            raise NotGraded(f"There is no {path.name} in the submission, {found}.")
        return path


def handed_in(course: Course, lab: Lab) -> list[Handed]:
    """All submissions of a lab, by student.

    Raises:
        UsageError: There is none.
    """
    folders = sorted(course.root.glob(f"submitted/*/{lab.name}"))
    if not folders:
        raise UsageError(f"There is no submission of {lab.name} in {course.root / 'submitted'}.")
    return [Handed(folder.parent.name, folder) for folder in folders if folder.is_dir()]


def grade(
    course: Course, lab: Lab, workers: Workers, *, force: bool, progress: Progress
) -> list[Result]:
    """Grades every submission that is not graded yet, or has been handed in anew since.

    Args:
        course: The course.
        lab: The lab.
        workers: Who grades.
        force: Whether all are graded again.
        progress: Told of each submission that is done.

    Returns:
        The result of every submission, those of earlier runs included, by student; without what
        their cells have shown.

    Raises:
        MachineFault: The disk is full, the gradebook locked, or the like. What was done stays.
    """
    classroom = {handed.student: handed for handed in handed_in(course, lab)}
    enter(course, lab)
    gradebook.enter(course)
    shelf, grader = Shelf(course, lab), grading.depends_on(course, lab, workers.device)
    if force:
        for kept in shelf:
            shelf.write(replace(kept, work=""))
    known = gradebook.scored(course, lab)
    results: dict[str, Result] = {}
    works: dict[str, str] = {}

    def done(result: Result) -> None:
        results[result.submission] = replace(result, outputs={})
        progress(len(results), len(classroom))

    def refuse(student: str, cause: NotGraded) -> None:
        result = Result(
            lab.name, student, NOT_GRADED, str(cause), workers.device, conduct=cause.conduct
        )
        shelf.write(Kept(result))
        done(result)

    for student, handed in classroom.items():
        try:
            work, time = handed.digest(lab), handed.time
        except NotGraded as cause:
            refuse(student, cause)
            continue
        earlier = shelf.read(student)
        if earlier is None or not earlier.settles(work):
            works[student] = work
            continue
        there = student in known and time in (None, known[student])
        if not (earlier.entered and there and _graded(course, lab, student).is_file()):
            earlier = enter_result(course, lab, handed, earlier)
        done(earlier.result)

    def pending() -> Iterator[tuple[str, Any]]:
        """Those that are to be graded, read one by one."""
        for student in works:
            try:
                yield student, classroom[student].read(lab)
            except NotGraded as cause:
                refuse(student, cause)

    for result in workers.grade(pending()):
        result.conduct[:0] = notebooks.inspect(classroom[result.submission].folder)
        kept = Kept(result, works[result.submission], grader)
        shelf.write(kept)
        done(enter_result(course, lab, classroom[result.submission], kept).result)
    tell(course, lab, workers)
    return [results[student] for student in classroom]


def enter_result(course: Course, lab: Lab, handed: Handed, kept: Kept) -> Kept:
    """Enters a kept result into the gradebook, through nbgrader's own converters, and notes it.

    Args:
        course: The course.
        lab: The lab.
        handed: The submission.
        kept: What is kept of it; it may have been entered before.

    Returns:
        What is kept of it now. It is not graded if nbgrader refuses it, or if another notebook has
        been handed in meanwhile.

    Raises:
        MachineFault: The machine or the gradebook is at fault; nothing changes.
    """
    result, shelf = kept.result, Shelf(course, lab)
    if result.status != GRADED:
        return kept

    class AutogradeWithResult(Autograde):
        """nbgrader's converter, with the result at hand: nothing is run a second time."""

        def init_single_notebook_resources(self, notebook_filename: str) -> dict[str, Any]:
            resources = super().init_single_notebook_resources(notebook_filename)
            resources["nbgrader"][RESULT] = result
            return resources

        def convert_single_notebook(self, notebook_filename: str) -> None:
            """In one pass: nothing is run in between, for which a notebook on disk was needed."""
            self._init_preprocessors()
            BaseConverter.convert_single_notebook(self, notebook_filename)

        def _init_preprocessors(self) -> None:
            self.exporter._preprocessors = []
            for preprocessor in (*self.sanitize_preprocessors, *self.autograde_preprocessors):
                self.exporter.register_preprocessor(preprocessor)

    try:
        if handed.digest(lab) != kept.work:
            raise NotGraded("It was handed in anew while it was being graded; grade it again.")
        convert(AutogradeWithResult, course, lab, [result.submission], force=True)
    except (NotGraded, UsageError) as error:
        if not entered(course, lab):
            raise MachineFault(
                f"Stopped: the gradebook has no {lab.name} any more. What is graded is kept; run "
                "the same command again, and it is entered."
            ) from error
        refused = Result(lab.name, result.submission, NOT_GRADED, str(error), result.device)
        now = Kept(refused)
    else:
        now = replace(kept, entered=True, told=None)
    shelf.write(now)
    return now


def tell(course: Course, lab: Lab, workers: Workers) -> None:
    """Brings late penalties up to date, and writes the feedback of all for whom there is news.

    Args:
        course: The course.
        lab: The lab.
        workers: Who writes.
    """
    gradebook.penalize(course, lab)
    owed, shelf = gradebook.penalties(course, lab), Shelf(course, lab)
    news = []
    for kept in shelf:
        student = kept.result.submission
        page = course.root / "feedback" / student / lab.name / f"{lab.name}.html"
        if kept.entered and not (kept.told == owed.get(student, 0.0) and page.is_file()):
            news.append(student)
            if kept.told is not None:  # what is there is about to be taken away
                shelf.write(replace(kept, told=None))
    try:
        workers.spread(write_feedback, course.root, lab.name, news)
    except BrokenExecutor:  # a worker was killed: slower, but not without
        write_feedback(course.root, lab.name, news)


def write_feedback(root: Path, name: str, students: list[str]) -> None:
    """Writes the feedback pages of some students, and notes of each that it is there.

    Args:
        root: The course's folder.
        name: Name of the lab.
        students: Whose submissions have been graded.

    Raises:
        UsageError: nbgrader gives up.
    """
    if not students:
        return
    course = Course(root)
    lab = course.lab(name)
    shelf, owed = Shelf(course, lab), gradebook.penalties(course, lab)

    def note(student: str) -> None:
        kept = shelf.read(student)
        if kept is not None:
            shelf.write(replace(kept, told=owed.get(student, 0.0)))

    convert(GenerateFeedback, course, lab, students, force=True, done=note)


def _graded(course: Course, lab: Lab, student: str) -> Path:
    return course.root / "autograded" / student / lab.name / f"{lab.name}.ipynb"
