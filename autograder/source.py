"""The source notebook: built from the jupytext file that an instructor edits."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import jupytext
import nbformat


def build(path: Path) -> Any:
    """The notebook with its solutions.

    Cells get ids that depend on their content alone, so that a rebuild gives the same bytes.

    Args:
        path: A file in jupytext's py:percent format.
    """
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    notebook.metadata.pop("jupytext", None)
    notebook.metadata["language_info"] = {"name": "python", "file_extension": ".py"}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    taken: set[str] = set()
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        cell.id = _unused(name or hashlib.sha256(cell.source.encode()).hexdigest()[:12], taken)
    return notebook


def _unused(name: str, taken: set[str]) -> str:
    candidate, count = name, 1
    while candidate in taken:
        count += 1
        candidate = f"{name}-{count}"
    taken.add(candidate)
    return candidate


def write(path: Path) -> Path:
    """Writes the notebook beside its source; returns its path."""
    target = path.with_suffix(".ipynb")
    nbformat.write(build(path), target)
    return target
