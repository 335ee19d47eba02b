"""The feedback page: one file for a student and a lab, made by nbgrader's own commands.

It needs nothing from elsewhere: no script, no font, no style sheet. What students wrote is text on
it, never markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from nbconvert.exporters import Exporter
from nbconvert.filters import strip_ansi
from nbgrader.preprocessors import GetGrades
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from traitlets import default

from autograder import verdict
from autograder.lab import defined_names
from autograder.markdown import to_html
from autograder.pictures import OWN, sound
from autograder.result import BY_HAND, NOT_ATTEMPTED, CellResult
from layerlab.cards import STYLE

TEMPLATES = Path(__file__).parent / "templates"


class Grades(GetGrades):
    """Reads scores and comments as nbgrader does, and whether a person gave or owes them."""

    def _get_score(self, cell: Any, resources: Any) -> None:
        name = cell.metadata.nbgrader.grade_id
        grade = self.gradebook.find_grade(
            name, self.notebook_id, self.assignment_id, self.student_id
        )
        cell.metadata.nbgrader.update(
            score=grade.score,
            points=grade.max_score,
            by_person=grade.manual_score is not None,
            awaits=bool(grade.needs_manual_grade),
        )


class FeedbackExporter(Exporter):
    """Makes the page of a graded notebook; `GenerateFeedback.exporter_class` names it."""

    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(  # type: ignore[override]
        self, nb: Any, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Converts a notebook; arguments and result as in `Exporter`."""
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        return page(nb, resources["nbgrader"]), resources


@dataclass
class Part:
    """A graded cell: a row of the table.

    Args:
        name: Its `grade_id`.
        score: Points earned, without those that a person still has to give.
        points: Points that can be earned.
        status: As in `CellResult`, or `not graded yet`.
        verdict: What the grader said of it, if it graded it.
        by_person: Whether a person gave the points.
    """

    name: str
    score: float
    points: float
    status: str
    verdict: CellResult | None = None
    by_person: bool = False

    @property
    def title(self) -> str:
        """What it is called on the page."""
        return verdict.spoken(self.name)

    @property
    def sign(self) -> str:
        """A sign of its status; the status itself stands beside it."""
        return verdict.SIGNS.get(self.status, "·")

    @property
    def named(self) -> list[str]:
        """The misconceptions that were recognised."""
        return list(map(verdict.spoken, self.verdict.misconceptions)) if self.verdict else []


@dataclass
class Piece:
    """A cell of the notebook, ready for the page.

    Args:
        kind: `text`, `code`, `result` or `answer`.
        name: Its `grade_id`, if it has one.
        body: Its source as HTML.
        shown: What it has shown: (kind, content), of the grader's run.
        own: The same, of the student's own run.
        folded: Whether its code is of less interest here.
        comment: The instructor's comment.
        part: The row of the table that leads here.
        title: What the piece is called.
    """

    kind: str
    name: str
    body: Markup
    shown: list[tuple[str, str]] = field(default_factory=list)
    own: list[tuple[str, str]] = field(default_factory=list)
    folded: bool = False
    comment: Markup | None = None
    part: Part | None = None
    title: str = ""


def page(notebook: Any, grades: dict[str, Any]) -> str:
    """The feedback page.

    Args:
        notebook: A graded notebook, with scores and comments in its metadata (`Grades`).
        grades: What nbgrader knows of the submission: notebook, student, score, penalty.
    """
    pieces = list(map(_piece, notebook.cells))
    groups: list[tuple[str, list[Part]]] = []
    for heading, part in _parts(notebook, pieces):
        if not groups or groups[-1][0] != heading:
            groups.append((heading, []))
        groups[-1][1].append(part)
    parts = [part for _, found in groups for part in found]
    penalty = float(grades.get("late_penalty") or 0.0)
    return _template().render(
        lab=next(_headings(notebook), "") or verdict.spoken(grades["notebook"]),
        student=grades["student"],
        groups=groups,
        score=sum(part.score for part in parts) - penalty,
        max_score=sum(part.points for part in parts),
        penalty=penalty,
        waiting=[part for part in parts if part.status == verdict.NO_SCORE_YET],
        comments=[piece for piece in pieces if piece.comment],
        pieces=pieces,
    )


def _parts(notebook: Any, pieces: list[Piece]) -> Iterator[tuple[str, Part]]:
    heading = ""
    for cell, piece in zip(notebook.cells, pieces, strict=True):
        heading = _heading(cell) or heading
        if piece.part:
            yield heading, piece.part


def _piece(cell: Any) -> Piece:
    info = cell.metadata.get("nbgrader") or {}
    name = info.get("grade_id", "")
    part = _part(cell, info) if info.get("grade") else None
    comment = to_html(info["comment"], shift=3) if info.get("comment") else None
    answer = bool(info.get("solution"))
    if cell.cell_type == "code":
        titles = defined_names(cell.source) if answer else []
        piece = Piece("code", name, _code(cell.source), comment=comment, part=part)
        piece.title = ", ".join(titles) or verdict.spoken(name)
        piece.kind = "answer" if answer else "result" if part else "code"
        piece.folded = not name
        if part is None or part.verdict is None:
            piece.shown, piece.own = _outputs(cell, own=False), _outputs(cell, own=True)
        return piece
    body = to_html(cell.source, cell.get("attachments"), shift=1)
    title = verdict.spoken(name)
    return Piece("answer" if part else "text", name, body, comment=comment, part=part, title=title)


def _part(cell: Any, info: Any) -> Part:
    judged = verdict.of(cell)
    score, points = float(info.get("score") or 0.0), float(info.get("points") or 0.0)
    status = judged.status if judged else NOT_ATTEMPTED
    by_person = bool(info.get("by_person"))
    if by_person:
        status = BY_HAND
    elif info.get("awaits"):
        status = verdict.NO_SCORE_YET
    return Part(info["grade_id"], score, points, status, judged, by_person)


def _outputs(cell: Any, *, own: bool) -> list[tuple[str, str]]:
    found = []
    for output in cell.get("outputs", ()):
        if bool(output.get("metadata", {}).get(OWN)) != own:
            continue
        if output.output_type == "stream":
            found.append(("text", output.text))
        elif output.output_type == "error":
            found.append(("text", strip_ansi("\n".join(output.traceback) or output.evalue)))
        else:
            found += sound(output.data).items()
    return [("text" if kind == "text/plain" else kind, text) for kind, text in found]


_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


def _heading(cell: Any) -> str:
    """The last heading of a text: what follows it belongs to it."""
    if cell.cell_type != "markdown" or (cell.metadata.get("nbgrader") or {}).get("solution"):
        return ""
    found = _HEADING.findall(cell.source)
    return re.sub(r"[`*$]", "", found[-1]) if found else ""


def _headings(notebook: Any) -> Iterator[str]:
    for cell in notebook.cells:
        for heading in _HEADING.findall(cell.source) if cell.cell_type == "markdown" else ():
            yield re.sub(r"[`*$]", "", heading)


@cache
def _colours() -> HtmlFormatter[str]:
    return HtmlFormatter(cssclass="code", wrapcode=True)


@lru_cache(maxsize=4096)
def _code(source: str) -> Markup:
    """Code with its colours; cells that many submissions share are coloured once."""
    return Markup(highlight(source, PythonLexer(stripnl=False), _colours()))


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "card": verdict.card,
        "style": Markup(STYLE + _colours().get_style_defs(".code")),
    }
    return environment.get_template("feedback/page.html")
