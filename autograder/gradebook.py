"""The gradebook as nbgrader keeps it, with what `course.toml` says entered into it: roster, due
dates, late penalties.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import nbgrader.api
from nbformat.v4 import new_notebook
from nbgrader.api import (
    Grade,
    Gradebook,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties, NbGraderPreprocessor
from nbgrader.utils import parse_utc
from sqlalchemy import text
from sqlalchemy.engine import make_url

from autograder import faults
from autograder.converting import configuration, with_our_tools
from autograder.course import Course
from autograder.errors import UsageError
from autograder.lab import Lab
from autograder.roster import COLUMNS, Student


@contextmanager
def opened(course: Course) -> Iterator[Gradebook]:
    """The course's gradebook; nbgrader makes it if there is none.

    Raises:
        UsageError: The driver of its database is not installed.
        MachineFault: It cannot be used.
    """
    with_our_tools()
    directory = CourseDirectory(config=configuration(course))
    with faults.told():
        try:
            gradebook = Gradebook(directory.db_url, directory.course_id)
        except ModuleNotFoundError as error:
            raise UsageError(
                f"c.CourseDirectory.db_url asks for a database whose driver is missing "
                f"({error.name}). For PostgreSQL: write it as postgresql+psycopg://… and "
                "pip install 'layerlab[postgresql]'."
            ) from None
        with gradebook:
            yield gradebook


def existing(course: Course) -> AbstractContextManager[Gradebook]:
    """The course's gradebook.

    Raises:
        UsageError: There is none yet.
        MachineFault: It cannot be used.
    """
    url = make_url(CourseDirectory(config=configuration(course)).db_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise UsageError(
            f"{course.root} has no gradebook yet: enter the students (`nbgrader db student import`)"
            " or grade a lab first."
        )
    return opened(course)


def complete(course: Course) -> None:
    """Enters the version of the gradebook's tables where a run was killed before nbgrader did.

    nbgrader makes the tables, then asks another program for their version, which takes a second.
    It does neither where there are tables.
    """
    with opened(course) as gradebook:
        gradebook.db.execute(
            text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)")
        )
        if gradebook.db.execute(text("SELECT version_num FROM alembic_version")).first() is None:
            gradebook.db.execute(
                text("INSERT INTO alembic_version (version_num) VALUES (:version)"),
                {"version": nbgrader.api.get_alembic_version()},
            )
        gradebook.db.commit()


def people(gradebook: Gradebook) -> list[Student]:
    """The students of an open gradebook, by name; what it does not know of them is empty."""
    known = [
        Student(**{column: getattr(student, column) or "" for column in COLUMNS})
        for student in gradebook.students
    ]
    return sorted(known, key=lambda student: (student.name.casefold(), student.id))


def enter(course: Course) -> None:
    """Enters the roster, and the due dates of the labs that the gradebook has.

    What is there already stays: students of earlier rosters, scores, and what `course.toml` does
    not say.

    Args:
        course: The course.

    Raises:
        UsageError: `course.toml` or the roster is wrong.
    """
    settings = course.settings
    due = {name: dates.due for name, dates in settings.labs.items() if dates.due}
    if not (settings.students or due):
        return
    with opened(course) as gradebook:
        known = {student.id: student for student in gradebook.students}
        for student in settings.students:
            said = {name: value for name, value in asdict(student).items() if value}
            there = known.get(said.pop("id"))
            if there is None or any(getattr(there, key) != said[key] for key in said):
                gradebook.update_or_create_student(student.id, **said)
        for name, moment in due.items():
            try:
                if gradebook.find_assignment(name).duedate != parse_utc(moment):
                    gradebook.update_or_create_assignment(name, duedate=moment)
            except MissingEntry:  # not released yet
                continue


def penalize(course: Course, lab: Lab) -> list[str]:
    """Brings the late penalties of a lab up to date.

    nbgrader sets a penalty when it grades automatically. Since then a person may have graded by
    hand, or granted an extension, or the due date may have moved.

    Args:
        course: The course.
        lab: The lab.

    Returns:
        The students whose penalty changed.
    """
    config = configuration(course)
    late = penalties(course, lab)
    preprocessor = AssignLatePenalties(config=config, log=logging.Logger("late", logging.ERROR))
    db_url = CourseDirectory(config=config).db_url
    for student in late:
        names = {"notebook": lab.name, "assignment": lab.name, "student": student}
        preprocessor.preprocess(new_notebook(), {"nbgrader": {**names, "db_url": db_url}})
    now = penalties(course, lab)
    return [student for student in late if late[student] != now.get(student, 0)]


def penalties(course: Course, lab: Lab) -> dict[str, float]:
    """The penalties of those who are late, or were, by student."""
    with opened(course) as gradebook:
        return {
            submission.student.id: submission.late_submission_penalty or 0.0
            for submission in gradebook.assignment_submissions(lab.name)
            if submission.late_submission_penalty
            or (submission.assignment.duedate and submission.total_seconds_late)
        }


def scored(course: Course, lab: Lab) -> dict[str, datetime | None]:
    """Who has a score of the autograder in a lab, with the time of what they handed in."""
    has_score = SubmittedAssignment.notebooks.any(
        SubmittedNotebook.grades.any(Grade.auto_score.isnot(None))
    )
    with opened(course) as gradebook:
        found = gradebook.db.query(SubmittedAssignment).filter(
            SubmittedAssignment.assignment.has(name=lab.name), has_score
        )
        return {submission.student_id: submission.timestamp for submission in found}


def given_by_hand(course: Course, lab: Lab) -> dict[tuple[str, str], float]:
    """The scores that people gave in a lab, by student and cell."""
    with opened(course) as gradebook:
        found = (
            gradebook.db.query(Grade)
            .join(Grade.notebook)
            .join(SubmittedNotebook.assignment)
            .filter(
                Grade.manual_score.isnot(None), SubmittedAssignment.assignment.has(name=lab.name)
            )
        )
        return {(grade.student.id, grade.name): grade.manual_score for grade in found}


class EnterSettings(NbGraderPreprocessor):
    """Enters roster and due dates before a submission is graded: formgrader's button does as
    `autograder grade` does.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Returns the notebook as it is.

        Raises:
            UsageError: `course.toml` or the roster is wrong: nothing is graded by half a policy.
        """
        enter(Course.find(Path.cwd()))
        return nb, resources


class LatePenalty(LateSubmissionPlugin):
    """The late policy of `course.toml`, as nbgrader asks for it."""

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """The points that a late submission loses; none is `None`.

        Args:
            student_id: The student.
            score: The points that the notebook earned.
            total_seconds_late: How long after the due date, extensions included.
        """
        late = Course.find(Path.cwd()).settings.late
        return late.penalty(score, total_seconds_late) or None
