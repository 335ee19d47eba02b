"""The roster: who takes the course, read from a CSV file."""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path

from autograder.errors import UsageError


@dataclass(frozen=True)
class Student:
    """A student, by the names of nbgrader's gradebook.

    Args:
        id: The name of the student's folder in `submitted/`.
        first_name: First name.
        last_name: Last name.
        email: Address.
        lms_user_id: What the learning management system calls the student.
    """

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""

    @property
    def name(self) -> str:
        """`Last, First`, as lists of a class are sorted; without a name the id."""
        return ", ".join(filter(None, [self.last_name, self.first_name])) or self.id


COLUMNS = [field.name for field in fields(Student)]


def read(path: Path) -> tuple[Student, ...]:
    """Reads a roster.

    Args:
        path: A CSV file in UTF-8, its columns separated by commas or semicolons. The first line
            names them: `id`, and any of those of `Student`. Other columns are left aside.

    Raises:
        UsageError: It is not such a file; the message has a line for everything that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"The roster {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"The roster {path} is not UTF-8: save it as 'CSV UTF-8'.") from None
    lines = text.splitlines()
    header = lines[0] if lines else ""
    rows = csv.reader(lines, delimiter=";" if header.count(";") > header.count(",") else ",")
    names = [name.strip().lower().replace(" ", "_") for name in next(rows, [])]
    problems = [*_header_problems(names)]
    students: dict[str, Student] = {}
    for row in rows if not problems else ():
        values = {name: value.strip() for name, value in zip(names, row, strict=False)}
        if not any(values.values()):
            continue
        student = Student(**{name: values.get(name, "") for name in COLUMNS})
        problem = _problem(student, students)
        if problem:
            problems.append(f"line {rows.line_num}: {problem}")
        students[student.id] = student
    if problems:
        raise UsageError("\n".join(f"The roster {path}: {problem}" for problem in problems))
    return tuple(students.values())


def _header_problems(names: list[str]) -> list[str]:
    problems = []
    if "id" not in names:
        problems.append(
            f"the first line has no column id: it names the columns, such as {','.join(COLUMNS)}."
        )
    for name in COLUMNS:
        if names.count(name) > 1:
            problems.append(f"the column {name} is there twice: keep one.")
    for name in names:
        close = get_close_matches(name, COLUMNS, 1, 0.8)
        if name not in COLUMNS and close:
            problems.append(f"there is no column {name!r}: did you mean {close[0]}?")
    return problems


def _problem(student: Student, others: dict[str, Student]) -> str:
    if not student.id:
        return "the id is empty: every student has one."
    if student.id in others:
        return f"the id {student.id} is there twice: ids are unique."
    if student.id.startswith(".") or any(character in student.id for character in "/\\+"):
        return f"{student.id!r} cannot be an id: it names a folder, without / \\ + or a first dot."
    return ""
