"""Where the autograder enters nbgrader's pipeline: two preprocessors, listed in its settings."""

from __future__ import annotations

import atexit
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from nbformat.v4 import new_output
from nbgrader.converters.base import BaseConverter
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets import Bool, Integer, Unicode

from autograder import pictures, verdict
from autograder.ahead import Ahead, to_do
from autograder.course import Course
from autograder.economy import economize
from autograder.errors import NotGraded
from autograder.lab import Lab
from autograder.notebook import NOTES, code_cells, grade_id, inspect, restore
from autograder.result import GRADED, Result
from autograder.sandbox import LAYERS, UNSANDBOXED
from autograder.workers import Grader, Workers

economize()

RESULT = "autograder_result"
"""Key in nbgrader's resources under which a result may already lie."""


class Telling:
    """Has a log, and tells there what the class report tells of a graded class."""

    log: Any

    def tell(self, student: str, conduct: list[str]) -> None:
        """Logs what no honest submission does."""
        for clause in conduct:
            self.log.warning("Suspicious: the submission of %s %s.", student, clause)


class RestoreCells(Telling, NbGraderPreprocessor):
    """Puts locked, duplicated and missing cells right before nbgrader looks at them.

    nbgrader stops the whole batch at one notebook with a duplicated graded cell, and leaves the
    grade of a deleted one empty. Of the outputs it keeps what the student's own run drew, and what
    it said where the grader runs nothing; so it stands in place of nbgrader's `ClearOutput`.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Returns the restored notebook.

        Raises:
            NotGraded: The submission holds something that is no file; nbgrader drops what it has
                copied of it.
        """
        course, info = Course.find(Path.cwd()), resources["nbgrader"]
        lab = course.lab(info["assignment"])
        conduct = inspect(course.root / "submitted" / info["student"] / lab.name)
        submission = restore(nb, lab)
        self.tell(info["student"], [*conduct, *submission.conduct])
        submission.notebook.metadata[NOTES] = {
            "by_cell": submission.notes,
            "told": submission.conduct,
        }
        keep_own(submission.notebook, lab)
        return submission.notebook, resources


class Examine(Telling, Execute):
    """Grades a notebook in the sandbox, in place of nbgrader's `Execute`.

    Each graded cell shows its score, which nbgrader's `SaveAutoGrades` reads, and the reasons.
    """

    device = Unicode("cpu", help="Where submissions run: cpu or gpu.").tag(config=True)
    sandbox = Bool(
        True, help="Whether submissions run in bubblewrap; without it they see the machine."
    ).tag(config=True)
    jobs = Integer(
        None,
        allow_none=True,
        min=1,
        help="Workers for a class (default: as cores, memory and the GPU's memory allow).",
    ).tag(config=True)

    def preprocess(self, nb: Any, resources: Any, **_: Any) -> tuple[Any, Any]:
        """Returns the notebook with the outputs of its cells and the verdicts.

        Raises:
            NotGraded: The submission could not be graded; nbgrader leaves it for the next run.
        """
        info = resources["nbgrader"]
        notes = nb.metadata.pop(NOTES, {"by_cell": {}, "told": []})
        result = info.get(RESULT)
        if result is None:
            result = self._grade(nb, info["assignment"], info["student"], notes["by_cell"])
            untold = [clause for clause in result.conduct if clause not in notes["told"]]
            self.tell(info["student"], untold)
        if result.status != GRADED:
            raise NotGraded(result.reason)
        show(nb, result)
        return nb, resources

    def _grade(self, nb: Any, name: str, student: str, notes: dict[str, str]) -> Result:
        layers = LAYERS if self.sandbox else UNSANDBOXED
        converter = getattr(self.parent, "parent", None)
        if isinstance(converter, BaseConverter):
            if converter not in _AHEAD:
                _AHEAD[converter] = self._ahead(to_do(converter, name, student), name, layers)
            ahead = _AHEAD[converter]
            result = ahead.result(student, nb) if ahead is not None else None
            if result is not None:
                return result
        return _grader(Path.cwd(), name, self.device, layers).grade(student, nb, notes)

    def _ahead(self, paths: dict[str, Path], name: str, layers: tuple[str, ...]) -> Ahead | None:
        """What grades the submissions that are to come; none where that is one."""
        if len(paths) < 2:
            return None
        course = Course.find(Path.cwd())
        lab = course.lab(name)
        return Ahead(Workers(course, lab, self.device, self.jobs, layers=layers), lab, paths)


_AHEAD: WeakKeyDictionary[BaseConverter, Ahead | None] = WeakKeyDictionary()
"""By run of nbgrader, which makes the preprocessors anew for each notebook."""


@cache
def _grader(root: Path, lab: str, device: str, layers: tuple[str, ...]) -> Grader:
    """One warm grader for a lab, however often nbgrader makes the preprocessor anew."""
    course = Course.find(root)
    grader = Grader(course, course.lab(lab), device, layers=layers)
    atexit.register(grader.close)
    return grader


def keep_own(notebook: Any, lab: Lab) -> None:
    """Leaves of a restored notebook's outputs only what may be shown as the student's own.

    Args:
        notebook: The notebook; it is changed.
        lab: Its lab.
    """
    room = pictures.ROOM
    runs = {cell.key for cell in code_cells(notebook, lab)}
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        cell.execution_count = None
        locked = grade_id(cell) and not cell.metadata.nbgrader.solution
        outputs = () if locked else cell.outputs
        cell.outputs = pictures.own(outputs, room, texts=position not in runs)
        room -= pictures.size(cell.outputs)


def show(notebook: Any, result: Result) -> None:
    """Writes a result into a restored notebook, as outputs of its cells.

    What the first pass kept of the student's own outputs stays, and is marked as such.

    Args:
        notebook: The notebook; it is changed.
        result: Its result.
    """
    verdicts = {cell.cell: cell for cell in result.cells}
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        shown = map(_sound, result.outputs.get(str(position), []))
        kept = [output for output in cell.outputs if output.get("metadata", {}).get(pictures.OWN)]
        cell.outputs = [new_output(**output) for output in shown if output] + kept
        judged = verdicts.get(grade_id(cell))
        if judged is not None and judged.score is not None:
            cell.outputs = [verdict.output(judged)]


def _sound(output: dict[str, Any]) -> dict[str, Any]:
    """An output of a subject, with nothing in it but what nbformat knows and may be shown."""
    fields = {
        "stream": ("output_type", "name", "text"),
        "error": ("output_type", "ename", "evalue", "traceback"),
        "display_data": ("output_type", "data"),
        "execute_result": ("output_type", "data", "execution_count"),
    }
    kind = output.get("output_type")
    kept = {name: output[name] for name in fields.get(str(kind), ()) if name in output}
    if "data" in kept:
        kept["data"] = pictures.sound(kept["data"])
        return kept if kept["data"] else {}
    return kept
