"""Where the autograder enters nbgrader's pipeline: two preprocessors, listed in its settings."""

from __future__ import annotations

import atexit
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import nbgrader.api
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets import Unicode

from autograder.course import Course
from autograder.errors import NotGraded
from autograder.notebook import grade_id, restore
from autograder.result import GRADED, CellResult, Result
from autograder.workers import Grader

# nbgrader opens the gradebook nine times for a submission, each time with an engine of its own that
# compiles all statements anew. One engine a database compiles them once: a third of the time.
nbgrader.api.create_engine = cache(nbgrader.api.create_engine)

RESULT = "autograder_result"
"""Key in nbgrader's resources under which a result may already lie."""


NOTES = "autograder_notes"
"""Key in a notebook's metadata under which the first pass tells the second what it put right."""


class RestoreCells(NbGraderPreprocessor):
    """Puts locked, duplicated and missing cells right before nbgrader looks at them.

    nbgrader stops the whole batch at one notebook with a duplicated graded cell, and leaves the
    grade of a deleted one empty.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Returns the restored notebook."""
        lab = Course.find(Path.cwd()).lab(resources["nbgrader"]["assignment"])
        submission = restore(nb, lab)
        submission.notebook.metadata[NOTES] = submission.notes
        return submission.notebook, resources


class Examine(Execute):
    """Grades a notebook in the sandbox, in place of nbgrader's `Execute`.

    Each graded cell shows its score, which nbgrader's `SaveAutoGrades` reads, and the reasons.
    """

    device = Unicode("cpu", help="Where submissions run: cpu or gpu.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any, **_: Any) -> tuple[Any, Any]:
        """Returns the notebook with the outputs of its cells and the verdicts.

        Raises:
            NotGraded: The submission could not be graded; nbgrader leaves it for the next run.
        """
        info = resources["nbgrader"]
        notes = nb.metadata.pop(NOTES, {})
        result = info.get(RESULT)
        if result is None:
            grader = _grader(Path.cwd(), info["assignment"], self.device)
            result = grader.grade(info["student"], nb, notes)
        if result.status != GRADED:
            raise NotGraded(result.reason)
        show(nb, result)
        return nb, resources


@cache
def _grader(root: Path, lab: str, device: str) -> Grader:
    """One warm grader for a lab, however often nbgrader makes the preprocessor anew."""
    course = Course.find(root)
    grader = Grader(course, course.lab(lab), device)
    atexit.register(grader.close)
    return grader


def show(notebook: Any, result: Result) -> None:
    """Writes a result into a restored notebook, as outputs of its cells.

    Args:
        notebook: The notebook; it is changed.
        result: Its result.
    """
    verdicts = {cell.cell: cell for cell in result.cells}
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        shown = result.outputs.get(str(position), [])
        cell.outputs = [new_output(**_sound(output)) for output in shown]
        verdict = verdicts.get(grade_id(cell))
        if verdict is not None and verdict.score is not None:
            data = {"text/plain": repr(float(verdict.score)), "text/html": card(verdict)}
            cell.outputs = [new_output("execute_result", data, execution_count=None)]


def card(verdict: CellResult) -> str:
    """A verdict as a piece of HTML for the student."""
    why = "".join(
        f"<p><b>{escape(name.replace('_', ' '))}</b>: {escape(text)}</p>"
        for name, text in zip(verdict.misconceptions, verdict.explanations, strict=True)
    )
    return (
        f'<div class="layerlab-verdict"><p><b>{verdict.score:.2f} of {verdict.max_score:g} points'
        f"</b>: {escape(verdict.status)}</p>{why}<p>{escape(verdict.message)}</p></div>"
    )


def _sound(output: dict[str, Any]) -> dict[str, Any]:
    """An output of a subject, with nothing in it but the fields that nbformat knows."""
    fields = {
        "stream": ("output_type", "name", "text"),
        "error": ("output_type", "ename", "evalue", "traceback"),
        "display_data": ("output_type", "data", "metadata"),
        "execute_result": ("output_type", "data", "metadata", "execution_count"),
    }
    kind = output.get("output_type")
    return {name: output[name] for name in fields.get(str(kind), ()) if name in output}
