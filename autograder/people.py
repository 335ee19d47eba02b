"""The gradebook as nbgrader keeps it, and the people in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.engine import make_url

from autograder.converting import configuration, with_our_tools
from autograder.course import Course
from autograder.errors import UsageError


@dataclass(frozen=True)
class Person:
    """A student, as the gradebook knows them; what it does not know is empty."""

    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""

    @property
    def name(self) -> str:
        """`Last, First`, as lists of a class are sorted; without a name the id."""
        return ", ".join(filter(None, [self.last_name, self.first_name])) or self.student


@contextmanager
def gradebook(course: Course) -> Iterator[Gradebook]:
    """Opens the course's gradebook.

    Raises:
        UsageError: There is none yet.
    """
    directory = CourseDirectory(config=configuration(course))
    url = make_url(directory.db_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise UsageError(
            f"{course.root} has no gradebook yet: enter the students (`nbgrader db student import`)"
            " or grade a lab first."
        )
    with_our_tools()
    with Gradebook(directory.db_url, directory.course_id) as opened:
        yield opened


def people(opened: Any) -> list[Person]:
    """The students of an open gradebook, by name."""
    known = [
        Person(
            student.id,
            student.first_name or "",
            student.last_name or "",
            student.email or "",
            student.lms_user_id or "",
        )
        for student in opened.students
    ]
    return sorted(known, key=lambda person: (person.name.casefold(), person.student))
