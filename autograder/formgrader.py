"""Formgrader's page of a submission: nbgrader's own, with the rubric beside a written answer.

The rubric (marking scheme and model answer) is read from the course's source when the page is
made: it is never part of a file that reaches a student. What students wrote is shown as text,
never as markup: the page belongs to an instructor's session.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import nbgrader
from nbconvert.preprocessors import Preprocessor
from traitlets.config import Config

from autograder import source
from autograder.course import Course
from autograder.errors import UsageError
from autograder.notebook import grade_id
from layerlab.cards import STYLE

TEMPLATES = Path(__file__).parent / "templates"
NBGRADERS = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"


def configure(config: Config) -> None:
    """Tells nbgrader to make formgrader's pages with our template.

    Args:
        config: The configuration of a course; it is changed.
    """
    config.HTMLExporter.template_name = "manual_grading"
    config.HTMLExporter.extra_template_basedirs = [str(TEMPLATES), str(NBGRADERS)]
    config.HTMLExporter.extra_template_paths = [str(NBGRADERS)]
    config.HTMLExporter.preprocessors = ["autograder.formgrader.Rubric"]
    config.HTMLExporter.filters = {"markdown2html": "autograder.markdown.markdown2html"}


class Rubric(Preprocessor):
    """Lays the rubric of each written question beside its answer, in the cell's metadata."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Returns the notebook with its rubrics."""
        resources["card_style"] = STYLE
        folder = Path(resources.get("metadata", {}).get("path") or ".")
        try:
            lab = Course.find(folder).lab(resources.get("assignment_id") or folder.resolve().name)
        except UsageError:
            return nb, resources
        rubrics = _rubrics(lab.source, lab.source.stat().st_mtime_ns)
        for cell in nb.cells:
            if cell.cell_type == "markdown" and grade_id(cell) in rubrics:
                cell.metadata["rubric"] = rubrics[grade_id(cell)]
        return nb, resources


@lru_cache(maxsize=64)
def _rubrics(path: Path, changed: int) -> dict[str, str]:
    """What the source has in the place of each written answer."""
    return {
        grade_id(cell): cell.source
        for cell in source.build(path).cells
        if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("solution")
    }
