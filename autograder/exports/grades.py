"""What every export says: nbgrader's scores, with the reasons that the autograder has kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.api import SubmittedAssignment, SubmittedNotebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import ExportPlugin
from sqlalchemy.orm import selectinload

from autograder import kept as shelf
from autograder.classroom import Handed
from autograder.course import Course
from autograder.errors import NotGraded, UsageError
from autograder.gradebook import people
from autograder.lab import Lab
from autograder.result import (
    BY_HAND,
    FAILED,
    GRADED,
    NOT_GRADED,
    PARTLY,
    PASSED,
    CellResult,
    Result,
)
from autograder.roster import Student

WAITS = "waits for a grader"
NOT_HANDED_IN = "not handed in"
COMMENT = "comment"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet read a cell as a formula (OWASP, CSV Injection)."""


@dataclass(frozen=True)
class Mark:
    """A graded cell of a submission, or a cell that a grader only commented on.

    Args:
        cell: Its `grade_id`.
        score: Points that count; `None` for a comment and for what waits.
        max_score: Points that can be earned.
        status: As in `CellResult`, or `waits for a grader`, or `comment`.
        auto_score: What the autograder gave.
        manual_score: What a person gave; it counts instead.
        extra_credit: What a person gave on top.
        comment: What a person wrote.
        verdict: The autograder's reasons, if they belong to this score.
    """

    cell: str
    score: float | None = None
    max_score: float | None = None
    status: str = COMMENT
    auto_score: float | None = None
    manual_score: float | None = None
    extra_credit: float | None = None
    comment: str = ""
    verdict: CellResult | None = None


@dataclass(frozen=True)
class Grade:
    """A student's lab.

    Args:
        person: The student.
        lab: Name of the lab.
        max_score: Points that can be earned.
        status: `graded`, `waits for a grader`, `not graded` or `not handed in`.
        reason: Why it is not graded.
        raw_score: The sum of the marks.
        penalty: What is taken off for being late.
        submitted: When it was handed in (UTC), if that is known.
        outdated: Whether it was handed in again since.
        marks: Its cells, in the notebook's order.
        result: What the autograder kept of it, if anything.
    """

    person: Student
    lab: str
    max_score: float
    status: str = NOT_HANDED_IN
    reason: str = ""
    raw_score: float = 0.0
    penalty: float = 0.0
    submitted: datetime | None = None
    outdated: bool = False
    marks: list[Mark] = field(default_factory=list)
    result: Result | None = None

    @property
    def score(self) -> float | None:
        """What counts: nbgrader's score less its penalty; `None` if there is none."""
        if self.status in (NOT_GRADED, NOT_HANDED_IN):
            return None
        return max(0.0, self.raw_score - self.penalty)

    @property
    def words(self) -> str:
        """What a person should read beside the score: the penalty and the comments."""
        late = f"Late: {number(self.penalty)} points taken off." if self.penalty else ""
        said = [f"{mark.cell}: {mark.comment}" for mark in self.marks if mark.comment]
        return "\n".join(filter(None, [late, *said]))


@dataclass(frozen=True)
class Grades:
    """The grades of a class: every student with every lab.

    Args:
        people: The students, by name.
        labs: Points of each lab, by its name, in the course's order.
        of: The grades, by student and lab.
    """

    people: list[Student]
    labs: dict[str, float]
    of: dict[tuple[str, str], Grade]

    def __iter__(self) -> Any:
        return (self.of[person.id, lab] for person in self.people for lab in self.labs)

    @property
    def notices(self) -> list[str]:
        """What these grades leave open, in sentences."""
        said = []
        for lab in self.labs:
            grades = [self.of[person.id, lab] for person in self.people]
            for status, meaning in (
                (WAITS, "a written answer waits for a grader and counts 0 until then"),
                (NOT_GRADED, "handed in but not graded, so there is no score"),
            ):
                names = [grade.person.id for grade in grades if grade.status == status]
                if names:
                    said.append(f"{lab}: {meaning}: {', '.join(names)}.")
            names = [grade.person.id for grade in grades if grade.outdated]
            if names:
                said.append(
                    f"{lab}: handed in again since it was graded; the score is that of the earlier "
                    f"one: {', '.join(names)}."
                )
        return said


class Exporter(ExportPlugin):
    """What the formats share: they read the same grades and name what they cannot map."""

    default = ""
    """Where the export goes if nobody says."""

    def export(self, gradebook: Any) -> None:
        """Writes the export.

        Args:
            gradebook: nbgrader's gradebook, open.

        Raises:
            UsageError: A lab or a student that was asked for is not in it.
        """
        course = Course.find(Path(CourseDirectory(parent=self).root))
        grades = read(gradebook, course, self.assignment, self.student)
        for notice in [*grades.notices, *self.unmapped(grades)]:
            self.log.warning(notice)
        self.write(grades, Path(self.to or self.default))

    def unmapped(self, grades: Grades) -> list[str]:
        """What the receiving system may not recognise, in sentences."""
        return []

    def write(self, grades: Grades, target: Path) -> None:
        """Writes the grades in this format."""
        raise NotImplementedError


def read(
    gradebook: Any, course: Course, labs: Collection[str] = (), students: Collection[str] = ()
) -> Grades:
    """Reads the grades of a class.

    Args:
        gradebook: nbgrader's gradebook, open.
        course: The course.
        labs: Names of the labs, or none for all.
        students: Ids of the students, or none for all.

    Raises:
        UsageError: One of them is not in the gradebook.
    """
    points = {item.name: item.max_score for item in gradebook.assignments}
    _all_known(labs, points, "lab")
    points = {name: points[name] for name in sorted(points) if not labs or name in labs}
    handed = {
        (folder.parent.name, name)
        for name in points
        for folder in course.root.glob(f"submitted/*/{name}")
        if folder.is_dir()
    }
    known = people(gradebook)
    ids = {person.id for person in known}
    known += [Student(student) for student in sorted({student for student, _ in handed} - ids)]
    _all_known(students, {person.id for person in known}, "student")
    known = [person for person in known if not students or person.id in students]
    grades = {}
    for name, max_score in points.items():
        lab = course.lab(name) if name in course.lab_names else Lab(name, course.root)
        kept = {result.submission: result for result in shelf.results(course, lab)}
        order = _order(lab)
        entered = {entry.student_id: entry for entry in _submissions(gradebook, name)}
        for person in known:
            result = kept.get(person.id)
            if person.id in entered:
                folder = course.root / "submitted" / person.id / name
                entry, newest = entered[person.id], Handed(person.id, folder)
                outdated = _outdated(entry, newest, result)
                grade = _grade(entry, person, max_score, result, order, outdated)
            elif (person.id, name) in handed:
                reason = (result and result.reason) or "It was not graded yet."
                grade = Grade(person, name, max_score, NOT_GRADED, reason, result=result)
            else:
                grade = Grade(person, name, max_score)
            grades[person.id, name] = grade
    return Grades(known, points, grades)


def _outdated(entry: Any, newest: Handed, result: Result | None) -> bool:
    """Whether what the gradebook has is of an earlier submission than the newest."""
    if result is not None and result.status == NOT_GRADED:
        return True
    try:
        time = newest.time
    except NotGraded:
        return True
    return time is not None and (not entry.timestamp or time > entry.timestamp)


def _all_known(wanted: Collection[str], known: Collection[str], what: str) -> None:
    for name in wanted:
        if name not in known:
            there = ", ".join(sorted(known)) or "none"
            raise UsageError(f"The gradebook has no {what} {name!r}; it has: {there}.")


def _order(lab: Lab) -> dict[str, int]:
    """The place of each cell in the notebook, where that is at hand."""
    try:
        return {cell.grade_id: place for place, cell in enumerate(lab.graded_cells)}
    except UsageError:
        return {}


def _submissions(gradebook: Any, lab: str) -> Iterable[Any]:
    """The submissions of a lab, with all that belongs to them, in a handful of queries."""
    notebooks = selectinload(SubmittedAssignment.notebooks)
    return list(
        gradebook.db.query(SubmittedAssignment)
        .filter(SubmittedAssignment.assignment.has(name=lab))
        .options(
            notebooks.selectinload(SubmittedNotebook.grades),
            notebooks.selectinload(SubmittedNotebook.comments),
        )
    )


def _grade(
    entry: Any,
    person: Student,
    max_score: float,
    result: Result | None,
    order: dict[str, int],
    outdated: bool,
) -> Grade:
    """A submission of the gradebook as a grade."""
    cells = {cell.cell: cell for cell in result.cells} if result else {}
    comments = {item.name: item.comment or "" for book in entry.notebooks for item in book.comments}
    marks = []
    graded = True
    for book in entry.notebooks:
        answers = {cell.name for cell in book.notebook.solution_cells}
        for item in book.grades:
            by_hand = item.name in answers or item.cell_type == "TaskCell"
            if not by_hand and item.auto_score is None and item.manual_score is None:
                graded = False  # nbgrader makes the entry before it grades
            comment = comments.pop(item.name, "")
            marks.append(_mark(item, by_hand, cells.get(item.name), comment))
    marks += [Mark(name, comment=text) for name, text in comments.items() if text]
    waits = any(mark.status == WAITS for mark in marks)
    reason = (result and result.reason) or "Grading did not end."
    return Grade(
        person,
        entry.name,
        max_score,
        NOT_GRADED if not graded else WAITS if waits else GRADED,
        "" if graded else reason,
        entry.score or 0.0,
        entry.late_submission_penalty or 0.0,
        entry.timestamp,
        outdated and graded,
        sorted(marks, key=lambda mark: (order.get(mark.cell, len(order)), mark.cell)),
        result,
    )


def _mark(item: Any, by_hand: bool, verdict: CellResult | None, comment: str) -> Mark:
    """A grade of the gradebook as a mark.

    The reasons of another run, whose score was another, are left out.
    """
    if verdict is not None and not by_hand and verdict.score != item.auto_score:
        verdict = None
    if by_hand and item.needs_manual_grade:
        status = WAITS
    elif by_hand:
        status = BY_HAND
    elif verdict is not None and item.manual_score is None:
        status = verdict.status
    else:
        full = item.score >= item.max_score
        status = PASSED if full else PARTLY if item.score > 0 else FAILED
    return Mark(
        item.name,
        None if status == WAITS else item.score,
        item.max_score,
        status,
        item.auto_score,
        item.manual_score,
        item.extra_credit,
        comment,
        verdict,
    )


def number(value: float | None) -> str:
    """A number for a CSV file, or nothing."""
    return "" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")


def text(value: str) -> str:
    """A text for a CSV file: no spreadsheet takes it for a formula.

    Names, ids and comments go through here, numbers never do: a score of -1 stays a number.
    Reference: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{value}" if value.lstrip(" ").startswith(FORMULA) else value


def replace(target: Path, content: str) -> None:
    """Writes a file whole or not at all."""
    unfinished = target.with_name(f"{target.name}.new")
    unfinished.write_text(content, encoding="utf-8", newline="")
    unfinished.replace(target)
