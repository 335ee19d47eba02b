"""The report of a class: one self-contained page."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median, quantiles
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from autograder import kept
from autograder.charts import outcome_chart, score_chart
from autograder.classroom import handed_in
from autograder.course import Course
from autograder.errors import NotGraded, UsageError
from autograder.lab import Lab
from autograder.notebook import grade_id
from autograder.result import GRADED, NOT_ATTEMPTED, NOT_GRADED, Result
from autograder.similarity import Code, Pair, similar_pairs
from autograder.timing import exercise_of, minutes_worked

NEXT_LECTURE = 5
"""Misconceptions to speak about."""
PASSAGES_OF = 25
"""Pairs whose code is shown; of the others the page tells the names."""


@dataclass(frozen=True)
class CellSummary:
    """How a class did in one graded cell.

    Args:
        cell: Its name.
        exercise: The exercise that it belongs to.
        max_score: Points that can be earned.
        mean: Points that were earned.
        full: Students with all points.
        some: Students with a part of them.
        none: Students who tried and have no points.
        not_attempted: Students who did not try.
    """

    cell: str
    exercise: str
    max_score: float
    mean: float
    full: int
    some: int
    none: int
    not_attempted: int

    @property
    def share(self) -> float:
        """Mean points as a part of all."""
        return self.mean / self.max_score if self.max_score else 0.0


@dataclass(frozen=True)
class Misconception:
    """A misconception and who has it.

    Args:
        name: Its name.
        explanation: The sentence that explains it.
        students: How many have it.
        cells: How many have it in each graded cell.
    """

    name: str
    explanation: str
    students: int
    cells: Mapping[str, int]


@dataclass(frozen=True)
class TimeSummary:
    """How long an exercise took.

    Args:
        exercise: Its name.
        minutes: First quartile, median and third quartile of the students' work; empty if unknown.
        known: Students of whom it is known.
        seconds: Median of the grader's time; `None` if unknown.
        longest: Its longest.
    """

    exercise: str
    minutes: list[float]
    known: int
    seconds: float | None
    longest: float


@dataclass(frozen=True)
class LabSummary:
    """How a class did in one lab.

    Args:
        lab: Name of the lab.
        title: What the notebook calls it.
        results: The result of every student.
        cells: How the class did in each graded cell.
        misconceptions: Those that anybody has, the most frequent first.
        times: How long each exercise took.
        pairs: Submissions that share code; `None` if nobody looked.
    """

    lab: str
    title: str
    results: list[Result]
    cells: list[CellSummary]
    misconceptions: list[Misconception]
    times: list[TimeSummary]
    pairs: list[Pair] | None

    @property
    def graded(self) -> list[Result]:
        """The results that have a score."""
        return [result for result in self.results if result.status == GRADED]

    @property
    def ungraded(self) -> list[Result]:
        """The submissions that have none, with their cause."""
        return [result for result in self.results if result.status != GRADED]

    @property
    def flagged(self) -> list[Result]:
        """Those that are graded, and that a person should look at."""
        return [result for result in self.graded if result.remarks]

    @property
    def suspicious(self) -> list[Result]:
        """Those that did what no honest submission does."""
        return [result for result in self.results if result.conduct]

    @property
    def paired(self) -> set[str]:
        """The students of the similar pairs."""
        return {name for pair in self.pairs or [] for name in (pair.first, pair.second)}

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
        return sum(cell.max_score for cell in self.cells)

    @property
    def next_lecture(self) -> list[Misconception]:
        """What to say in the next lecture: the misconceptions that several students share."""
        return [item for item in self.misconceptions[:NEXT_LECTURE] if item.students > 1]

    @property
    def chart(self) -> str:
        """The picture of how students did in each exercise."""
        return outcome_chart(
            [words(cell.cell) for cell in self.cells],
            [(cell.full, cell.some, cell.none, cell.not_attempted) for cell in self.cells],
        )

    @property
    def score_chart(self) -> str:
        """The picture of how many students have how many points."""
        return score_chart([result.score for result in self.graded], self.max_score)


def summarize(
    lab: Lab,
    results: list[Result],
    worked: Mapping[str, Mapping[str, float]] | None = None,
    pairs: list[Pair] | None = None,
) -> LabSummary:
    """Counts what a class did.

    Args:
        lab: The lab.
        results: The result of every student.
        worked: Minutes of each student by exercise, where they are known.
        pairs: Submissions that share code.
    """
    graded = [result for result in results if result.status == GRADED]
    exercises = exercise_of(lab)
    cells = [
        _summarize_cell(spec.grade_id, exercises.get(spec.grade_id, ""), spec.points, graded)
        for spec in lab.graded_cells
        if not spec.by_hand
    ]
    title = next(
        (
            line.removeprefix("# ")
            for cell in lab.release.cells
            for line in cell.source.split("\n")
            if cell.cell_type == "markdown" and line.startswith("# ")
        ),
        words(lab.name),
    )
    return LabSummary(
        lab.name,
        title,
        results,
        cells,
        _misconceptions(graded),
        _times(lab, graded, worked or {}),
        pairs,
    )


def _summarize_cell(cell: str, exercise: str, points: float, graded: list[Result]) -> CellSummary:
    here = [judged for result in graded for judged in result.cells if judged.cell == cell]
    scores = [judged.score or 0.0 for judged in here if judged.status != NOT_ATTEMPTED]
    full = sum(score >= points for score in scores)
    none = sum(score == 0 for score in scores)
    return CellSummary(
        cell,
        exercise,
        points,
        sum(scores) / len(here) if here else 0.0,
        full,
        len(scores) - full - none,
        none,
        len(here) - len(scores),
    )


def _misconceptions(graded: list[Result]) -> list[Misconception]:
    """Those of a class, the most frequent first."""
    explanations: dict[str, str] = {}
    cells: dict[str, Counter[str]] = {}
    students: Counter[str] = Counter()
    for result in graded:
        mine = set()
        for cell in result.cells:
            for name, text in zip(cell.misconceptions, cell.explanations, strict=True):
                explanations[name] = text
                cells.setdefault(name, Counter())[cell.cell] += 1
                mine.add(name)
        students.update(mine)
    ranked = sorted(students.items(), key=lambda item: (-item[1], item[0]))
    return [Misconception(name, explanations[name], count, cells[name]) for name, count in ranked]


def _times(
    lab: Lab, graded: list[Result], worked: Mapping[str, Mapping[str, float]]
) -> list[TimeSummary]:
    belongs = exercise_of(lab)
    times = []
    for exercise in lab.exercises:
        minutes = sorted(mine[exercise] for mine in worked.values() if exercise in mine)
        seconds = [
            sum(cell.seconds for cell in result.cells if belongs.get(cell.cell) == exercise)
            for result in graded
        ]
        seconds = [spent for spent in seconds if spent]  # unknown to earlier versions
        times.append(
            TimeSummary(
                exercise,
                quantiles(minutes, n=4, method="inclusive") if len(minutes) > 1 else minutes * 3,
                len(minutes),
                median(seconds) if seconds else None,
                max(seconds, default=0.0),
            )
        )
    return [time for time in times if time.known or time.seconds is not None]


def write(course: Course, labs: list[Lab], output: Path, *, similarity: bool = True) -> None:
    """Writes the report of a class.

    Args:
        course: The course.
        labs: The labs; those without a result are left out.
        output: The page to write.
        similarity: Whether submissions are compared with each other.

    Raises:
        UsageError: There is nothing to report, or the page cannot be written.
    """
    summaries = []
    for lab in labs:
        results = _with_ungraded(course, lab, list(kept.results(course, lab)))
        if any(result.status == GRADED for result in results):
            notebooks = _notebooks(course, lab)
            worked = {name: minutes_worked(each, lab) for name, each in notebooks.items()}
            pairs = _pairs(lab, notebooks) if similarity else None
            summaries.append(summarize(lab, results, worked, pairs))
    if not summaries:
        raise UsageError("There is no graded submission to report: run `autograder grade LAB`.")
    page = render(summaries, _link(output, course))
    try:
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}.") from None


def render(summaries: list[LabSummary], link: Callable[[str, str], str]) -> str:
    """The page.

    Args:
        summaries: The labs.
        link: Gives the address of the feedback of a student in a lab, or the empty string.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["words"] = words
    environment.filters["code"] = _code_marks
    template = environment.get_template("report.html")
    return template.render(labs=summaries, link=link, passages_of=PASSAGES_OF)


def words(name: str) -> str:
    """A name as words."""
    return name.replace("_", " ")


def _code_marks(text: str) -> Markup:
    """A sentence with its code, which stands between backticks, as HTML."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _notebooks(course: Course, lab: Lab) -> dict[str, Any]:
    """The notebooks of a class that can be read, by student."""
    notebooks = {}
    for handed in _handed_in(course, lab):
        try:
            notebooks[handed.student] = handed.read(lab)
        except NotGraded:
            continue  # the page says so with its result
    return notebooks


def _pairs(lab: Lab, notebooks: Mapping[str, Any]) -> list[Pair]:
    code = {name: _code(notebook, lab) for name, notebook in notebooks.items()}
    return similar_pairs(code, [_code(lab.release, lab), _code(lab.solution, lab)])


def _code(notebook: Any, lab: Lab) -> Code:
    """The source of each exercise cell."""
    return {
        grade_id(cell): cell.source
        for cell in notebook.cells
        if cell.cell_type == "code" and grade_id(cell) in lab.exercises
    }


def _handed_in(course: Course, lab: Lab) -> list[Any]:
    try:
        return list(handed_in(course, lab))
    except UsageError:
        return []


def _with_ungraded(course: Course, lab: Lab, results: list[Result]) -> list[Result]:
    """The results, and for every other submission one that says it is not graded."""
    known = {result.submission for result in results}
    missing = [
        Result(lab.name, handed.student, NOT_GRADED, "Handed in since the last run.")
        for handed in _handed_in(course, lab)
        if handed.student not in known
    ]
    return sorted([*results, *missing], key=lambda result: result.submission)


def _link(output: Path, course: Course) -> Callable[[str, str], str]:
    """A function that gives the address of a student's feedback, as seen from the page."""
    folder = output.parent.resolve()

    def address(student: str, lab: str) -> str:
        page = course.root / "feedback" / student / lab / f"{lab}.html"
        if not page.is_file():
            return ""
        return quote(os.path.relpath(page, folder).replace(os.sep, "/"))

    return address
