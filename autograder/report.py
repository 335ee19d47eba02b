"""The report of a class: one self-contained page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograder.classroom import earlier_results, handed_in
from autograder.course import Course
from autograder.errors import UsageError
from autograder.lab import Lab
from autograder.result import GRADED, NOT_GRADED, Result


@dataclass(frozen=True)
class CellSummary:
    """How a class did in one graded cell."""

    cell: str
    max_score: float
    mean: float
    full: int
    none: int
    not_attempted: int


@dataclass(frozen=True)
class LabSummary:
    """How a class did in one lab.

    Args:
        lab: Name of the lab.
        results: The result of every student.
        cells: How the class did in each graded cell.
        misconceptions: How many students have each misconception, the most frequent first.
        explanations: The sentence of each misconception.
        heat: How many students have a misconception (row) in a graded cell (column).
    """

    lab: str
    results: list[Result]
    cells: list[CellSummary]
    misconceptions: list[tuple[str, int]]
    explanations: dict[str, str]
    heat: dict[str, dict[str, int]]

    @property
    def graded(self) -> list[Result]:
        """The results that have a score."""
        return [result for result in self.results if result.status == GRADED]

    @property
    def ungraded(self) -> list[Result]:
        """The submissions that have none, with their cause."""
        return [result for result in self.results if result.status != GRADED]

    @property
    def mean_score(self) -> float:
        """Mean score of those who are graded."""
        return mean(result.score for result in self.graded)

    @property
    def median_score(self) -> float:
        """Median score of those who are graded."""
        return median(result.score for result in self.graded)

    @property
    def max_score(self) -> float:
        """Points that can be earned without a written answer."""
        return self.graded[0].max_score


def summarize(lab: Lab, results: list[Result]) -> LabSummary:
    """Counts what a class did.

    Args:
        lab: The lab.
        results: The result of every student.
    """
    graded = [result for result in results if result.status == GRADED]
    cells: list[CellSummary] = []
    heat: dict[str, Counter[str]] = {}
    explanations: dict[str, str] = {}
    for spec in lab.graded_cells:
        if spec.by_hand:
            continue
        here = [cell for result in graded for cell in result.cells if cell.cell == spec.grade_id]
        scores = [cell.score or 0.0 for cell in here]
        cells.append(
            CellSummary(
                spec.grade_id,
                spec.points,
                mean(scores) if scores else 0.0,
                sum(score >= spec.points for score in scores),
                sum(score == 0 for score in scores),
                sum(cell.status == "not attempted" for cell in here),
            )
        )
        heat[spec.grade_id] = Counter(name for cell in here for name in cell.misconceptions)
        for cell in here:
            explanations |= dict(zip(cell.misconceptions, cell.explanations, strict=True))
    students = Counter(
        name
        for result in graded
        for name in {name for cell in result.cells for name in cell.misconceptions}
    )
    ranked = sorted(students.items(), key=lambda item: (-item[1], item[0]))
    by_name = {name: {cell: count[name] for cell, count in heat.items()} for name, _ in ranked}
    return LabSummary(lab.name, results, cells, ranked, explanations, by_name)


def write(course: Course, labs: list[Lab], output: Path) -> None:
    """Writes the report of a class.

    Args:
        course: The course.
        labs: The labs; those without a result are left out.
        output: The page to write.

    Raises:
        UsageError: There is nothing to report, or the page cannot be written.
    """
    summaries = []
    for lab in labs:
        results = _with_ungraded(course, lab, list(earlier_results(course, lab)))
        if any(result.status == GRADED for result in results):
            summaries.append(summarize(lab, results))
    if not summaries:
        raise UsageError("There is no graded submission to report: run `autograder grade LAB`.")
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["words"] = lambda name: name.replace("_", " ")
    page = environment.get_template("report.html").render(
        labs=summaries, link=_link(output, course)
    )
    try:
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}.") from None


def _with_ungraded(course: Course, lab: Lab, results: list[Result]) -> list[Result]:
    """The results, and for every other submission one that says it is not graded."""
    known = {result.submission for result in results}
    try:
        students = [handed.student for handed in handed_in(course, lab)]
    except UsageError:
        students = []
    missing = [
        Result(lab.name, student, NOT_GRADED, "Handed in since the last run.")
        for student in students
        if student not in known
    ]
    return sorted([*results, *missing], key=lambda result: result.submission)


def _link(output: Path, course: Course) -> Any:
    """A function that gives the address of a student's feedback, as seen from the page."""

    def address(result: Result) -> str:
        page = course.root / "feedback" / result.submission / result.lab / f"{result.lab}.html"
        if not page.is_file():
            return ""
        try:
            return page.relative_to(output.parent.resolve()).as_posix()
        except ValueError:
            return page.as_uri()

    return address
