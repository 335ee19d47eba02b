"""Grades a class: every submission in `submitted/`, into nbgrader's gradebook, with feedback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.coursedir import CourseDirectory

from autograder import gradebook
from autograder import notebook as notebooks
from autograder.converting import configuration, convert
from autograder.course import Course
from autograder.errors import NotGraded, UsageError
from autograder.lab import Lab
from autograder.preprocessors import RESULT
from autograder.release import enter
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
        path = self.folder / f"{lab.name}.ipynb"
        if not path.is_file():
            others = ", ".join(other.name for other in sorted(self.folder.glob("*.ipynb")))
            found = f"only {others}: rename it" if others else "no notebook at all"
            raise NotGraded(f"There is no {path.name} in the submission, {found}.")
        return notebooks.read(path)


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
        The result of every submission, those of earlier runs included, by student.
    """
    classroom = handed_in(course, lab)
    enter(course, lab)
    gradebook.enter(course)
    results: dict[str, Result] = {}
    pending: dict[str, Any] = {}
    conduct: dict[str, list[str]] = {}
    for handed in classroom:
        earlier = None if force else _earlier(course, lab, handed)
        if earlier is not None:
            results[handed.student] = earlier
            continue
        try:
            conduct[handed.student] = notebooks.inspect(handed.folder)
            pending[handed.student] = handed.read(lab)
        except NotGraded as cause:
            results[handed.student] = Result(
                lab.name, handed.student, NOT_GRADED, str(cause), conduct=cause.conduct
            )
            _keep(course, lab, results[handed.student])
    progress(len(results), len(classroom))
    for result in workers.grade(pending.items()):
        result.conduct[:0] = conduct[result.submission]
        results[result.submission] = _enter(course, lab, result)
        _keep(course, lab, results[result.submission])
        progress(len(results), len(classroom))
    fresh = [name for name in pending if results[name].status == GRADED]
    fresh += [name for name in gradebook.penalize(course, lab) if name not in pending]
    workers.spread(write_feedback, course.root, lab.name, fresh)
    return [results[handed.student] for handed in classroom]


def _enter(course: Course, lab: Lab, result: Result) -> Result:
    """Enters a result into the gradebook, through nbgrader's own converters."""
    if result.status != GRADED:
        return result

    class AutogradeWithResult(Autograde):
        """nbgrader's converter, with the result at hand: nothing is run a second time."""

        def init_single_notebook_resources(self, notebook_filename: str) -> dict[str, Any]:
            resources = super().init_single_notebook_resources(notebook_filename)
            resources["nbgrader"][RESULT] = result
            return resources

    try:
        convert(AutogradeWithResult, course, lab, [result.submission], force=True)
    except UsageError as error:
        return Result(lab.name, result.submission, NOT_GRADED, str(error), result.device)
    return result


def write_feedback(root: Path, name: str, students: list[str]) -> None:
    """Writes the feedback pages of some students.

    Args:
        root: The course's folder.
        name: Name of the lab.
        students: Whose submissions have been graded.

    Raises:
        UsageError: nbgrader gives up.
    """
    course = Course(root)
    convert(GenerateFeedback, course, course.lab(name), students, force=True)


def _keep(course: Course, lab: Lab, result: Result) -> None:
    path = _kept(course, lab, result.submission)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(result.as_data()), encoding="utf-8")
    unfinished.replace(path)


def _kept(course: Course, lab: Lab, student: str) -> Path:
    return course.state / "results" / lab.name / f"{student}.json"


def forget(course: Course, lab: Lab, student: str) -> None:
    """Drops what is kept of a submission that another has replaced: it is graded anew."""
    _kept(course, lab, student).unlink(missing_ok=True)


def _earlier(course: Course, lab: Lab, handed: Handed) -> Result | None:
    """The result of an earlier run, if the submission has not changed since (nbgrader's rule)."""
    graded = course.root / "autograded" / handed.student / lab.name
    kept = _kept(course, lab, handed.student)
    if not (graded / f"{lab.name}.ipynb").is_file() or not kept.is_file():
        return None
    directory = CourseDirectory(config=configuration(course))
    new = directory.get_existing_timestamp(str(handed.folder))
    old = directory.get_existing_timestamp(str(graded))
    if new is not None and old is not None and new > old:
        return None
    result = Result.from_data(json.loads(kept.read_text(encoding="utf-8")))
    return result if result.status == GRADED else None


def earlier_results(course: Course, lab: Lab) -> Iterator[Result]:
    """The results that are kept of a lab, by student."""
    for path in sorted(_kept(course, lab, "x").parent.glob("*.json")):
        yield Result.from_data(json.loads(path.read_text(encoding="utf-8")))
