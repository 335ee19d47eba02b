"""Reads a submitted notebook, whatever state it is in, and puts its locked cells right."""

from __future__ import annotations

import contextlib
import copy
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from autograder.errors import NotGraded, UsageError
from autograder.lab import Lab
from autograder.result import VERDICT
from autograder.session import CodeCell

LARGEST_FILE = 50 * 2**20
"""Bytes; a larger notebook is not read."""
MOST_CELLS = 2_000
"""Cells; a notebook of more is not read."""


@dataclass
class Submission:
    """A submitted notebook, restored.

    Args:
        notebook: The notebook with every locked and graded cell as it was released.
        notes: What had to be put right, by `grade_id`.
        conduct: What in it no honest submission has, in clauses for the instructor.
    """

    notebook: Any
    notes: dict[str, str] = field(default_factory=dict)
    conduct: list[str] = field(default_factory=list)


NOTES = "autograder_notes"
"""Key in a notebook's metadata under which nbgrader's first pass tells the second what it put
right.
"""

_FIXED = ("points", "grade", "locked", "solution", "cell_type")
"""What a cell's nbgrader metadata says that no student has a reason to change."""
_TELLING = frozenset(["skip-execution", "raises-exception", "experiment", "check"])
"""Tags that make Jupyter or a grader treat a cell otherwise."""
_READ_BY_TOOLS = re.compile(
    r"conftest\.py|pytest.*|tox\.ini|setup\.cfg|(site|user)customize.*|.*\.pth|\.env"
    r"|(jupyter|ipython|nbgrader)\w*_config.*|(tensorflow|keras|numpy|layerlab|autograder)(\.py)?"
)
"""Files that a tool would take for its settings, or Python for a library."""


def inspect(folder: Path) -> list[str]:
    """Makes sure that a submission holds files of its own and nothing else.

    nbgrader copies what lies beside a notebook into the feedback, and follows links: a link to
    another's work, or to the gradebook, would be handed to its author.

    Args:
        folder: The submission's folder.

    Returns:
        What in it no honest submission has, in clauses for the instructor. (None of it is used.)

    Raises:
        NotGraded: There is a link in it, or something that is no file.
    """
    found = []
    for path in (folder, *sorted(folder.rglob("*"))):
        if path.is_symlink():
            raise NotGraded(
                f"{path.name} is a link: hand in the file itself.", f"hands in a link ({path.name})"
            )
        if not path.is_dir() and not path.is_file():
            raise NotGraded(
                f"{path.name} is no file: hand in a copy without it.",
                f"hands in something that is no file ({path.name})",
            )
        if path != folder and _READ_BY_TOOLS.fullmatch(path.name):
            found.append(f"hands in {path.name}, which tools would read as their own")
    return found


def read(path: Path) -> Any:
    """Reads a notebook of any format version.

    Raises:
        NotGraded: It is not one; the message says what is wrong.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise NotGraded(f"{path.name} is larger than {LARGEST_FILE // 2**20} MB.")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise NotGraded(f"{path.name} is not text, so not a notebook.") from None
    except OSError as error:
        raise NotGraded(f"{path.name} cannot be read: {error.strerror}.") from None
    if not text.strip():
        raise NotGraded(f"{path.name} is empty.")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotGraded(f"{path.name} is not JSON, so not a notebook: {error}.") from None
    if not isinstance(data, dict) or not isinstance(data.get("nbformat"), int):
        raise NotGraded(f"{path.name} is JSON but not a Jupyter notebook.")
    if isinstance(data.get("cells"), list) and len(data["cells"]) > MOST_CELLS:
        raise NotGraded(f"{path.name} has more than {MOST_CELLS} cells.")
    try:
        _mend(data)
        mended = json.dumps(data, ensure_ascii=False)
        mended.encode()
        notebook = nbformat.reads(mended, as_version=4)
        nbformat.validate(notebook)
    except UnicodeEncodeError:
        raise NotGraded(f"{path.name} holds characters that are no text (surrogates).") from None
    except Exception as error:  # nbformat raises many kinds; each means the same here
        reason = " ".join(str(error).split())[:200]
        raise NotGraded(f"{path.name} is not a valid Jupyter notebook: {reason}.") from None
    return notebook


def _mend(data: dict[str, Any]) -> None:
    """Fields that other editors leave out do not matter for grading."""
    for cell in data.get("cells", ()):
        cell.setdefault("metadata", {})
        if cell.get("cell_type") == "code":
            cell.setdefault("outputs", [])
            cell.setdefault("execution_count", None)


def restore(notebook: Any, lab: Lab) -> Submission:
    """Puts a submitted notebook right: locked cells as released, missing ones back, doubles off.

    Args:
        notebook: The notebook; it is not changed.
        lab: Its lab.

    Returns:
        A copy whose nbgrader cells are those of the release, each exactly once.
    """
    notebook = copy.deepcopy(notebook)
    released = {grade_id(cell): cell for cell in lab.release.cells if grade_id(cell)}
    notes: dict[str, str] = {}
    conduct = [*_forged(notebook, released)]
    seen: set[str] = set()
    for cell in reversed(notebook.cells):  # the last of several counts, as in nbgrader
        name = grade_id(cell)
        if name in seen or name not in released:
            if name in seen:
                notes[name] = "This cell was there more than once; it is graded once."
            cell.metadata.pop("nbgrader", None)
            if name in seen and _is_locked(released[name]):
                cell.cell_type, cell.source = "raw", ""
                cell.pop("outputs", None)
                cell.pop("execution_count", None)
            continue
        seen.add(name)
        model = released[name]
        cell.metadata.nbgrader = copy.deepcopy(model.metadata.nbgrader)
        if not _is_locked(model):
            if model.metadata.nbgrader.grade and cell.cell_type != model.cell_type:
                _become(cell, {**_fresh(model), "source": cell.source})
            continue
        if cell.source != model.source or cell.cell_type != model.cell_type:
            notes[name] = "This locked cell had been edited; it is graded as it was released."
            _become(cell, _fresh(model))
    previous: str = ""
    for name, model in released.items():
        if name not in seen and (_is_locked(model) or model.metadata.nbgrader.grade):
            notes[name] = "This cell was missing from the notebook; it was put back."
            notebook.cells.insert(_position(notebook, previous), _fresh(model))
        previous = name if any(grade_id(c) == name for c in notebook.cells) else previous
    return Submission(notebook, notes, conduct)


def _forged(notebook: Any, released: dict[str, Any]) -> Iterator[str]:
    """What in a notebook as it was handed in pretends to be something else."""
    if NOTES in notebook.metadata:
        yield "holds notes that a grader makes"
    for cell in notebook.cells:
        shown = [kind for output in cell.get("outputs", ()) for kind in output.get("data", {})]
        if VERDICT in shown:
            yield "holds a verdict that a grader makes"
        model = released.get(grade_id(cell))
        if model is None:
            continue
        said, true = cell.metadata.nbgrader, model.metadata.nbgrader
        changed = [name for name in _FIXED if name in said and said[name] != true.get(name)]
        if changed:
            yield f"changes what the notebook says of {grade_id(cell)} ({', '.join(changed)})"
        added = _TELLING & {*map(str, tags(cell))} - {*tags(model)}
        if added:
            yield f"tags {grade_id(cell)} as {', '.join(sorted(added))}"


def grade_id(cell: Any) -> str:
    """A cell's `grade_id`, or the empty string."""
    info = cell.metadata.get("nbgrader")
    name = info.get("grade_id") if isinstance(info, dict) else None
    return name if isinstance(name, str) else ""


def closest(names: set[str], labs: Iterable[Lab]) -> Lab | None:
    """The lab that has most of these cells, if it has at least two.

    Args:
        names: `grade_id` of cells.
        labs: The labs; those that are not released are no candidates.
    """
    shared: dict[Lab, int] = {}
    for lab in labs:
        with contextlib.suppress(UsageError):
            shared[lab] = len(names & {grade_id(cell) for cell in lab.release.cells})
    best = max(shared, key=lambda lab: shared[lab], default=None)
    return best if best is not None and shared[best] >= 2 else None


def _is_locked(cell: Any) -> bool:
    return not cell.metadata.nbgrader.solution


def _fresh(model: Any) -> Any:
    cell = copy.deepcopy(model)
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
    return cell


def _become(cell: Any, other: Any) -> None:
    cell.clear()
    cell.update(other)


def _position(notebook: Any, previous: str) -> int:
    for index, cell in enumerate(notebook.cells):
        if grade_id(cell) == previous:
            return index + 1
    return 0


def code_cells(notebook: Any, lab: Lab) -> list[CodeCell]:
    """The cells that are run: code that is no check, no graded cell and no experiment.

    What a cell is, the *released* notebook says: a tag that a student sets has no effect.

    Args:
        notebook: A restored notebook.
        lab: Its lab.
    """
    skipped_names = {
        grade_id(cell)
        for cell in lab.release.cells
        if grade_id(cell) and (cell.metadata.nbgrader.grade or "check" in tags(cell))
    }
    experiments = [cell for cell in lab.release.cells if "experiment" in tags(cell)]
    skipped_ids = {cell.id for cell in experiments}
    skipped_sources = {cell.source for cell in experiments}
    return [
        CodeCell(index, cell.source)
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code"
        and cell.source.strip()
        and grade_id(cell) not in skipped_names
        and (grade_id(cell) or cell.get("id") not in skipped_ids)
        and cell.source not in skipped_sources
    ]


def tags(cell: Any) -> list[str]:
    """A cell's tags."""
    found = cell.metadata.get("tags", [])
    return list(found) if isinstance(found, list) else []
