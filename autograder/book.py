"""The course book: the pages of `docs/` and the executed solution notebooks, as HTML by Sphinx."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

from autograder.course import Course
from autograder.errors import UsageError
from autograder.lab import Lab
from autograder.notebook import tags

_MARKS = re.compile(r"^ *### (?:BEGIN|END) SOLUTION\n?", re.MULTILINE)


def build(course: Course, out: Path, *, run: bool = True) -> list[Path]:
    """Builds the book.

    Args:
        course: A course with `docs/conf.py` and `docs/index.md`.
        out: Folder of the pages; what is there is replaced.
        run: Whether the notebooks are executed; without it the pages have no figures.

    Returns:
        The pages.

    Raises:
        UsageError: The course has no `docs/`, a lab no solution, or a page cannot be built; the
            message says which and why.
    """
    if importlib.util.find_spec("myst_nb") is None:
        raise UsageError("The book needs Sphinx: install the extra `instructor`.")
    if not (course.root / "docs" / "conf.py").is_file():
        raise UsageError(f"The book is made from docs/: there is no conf.py in {course.root}/docs.")
    with tempfile.TemporaryDirectory(prefix="book-") as folder:
        pages = Path(folder, "docs")
        shutil.copytree(course.root / "docs", pages)
        for lab in course.labs():
            _add(course, lab, pages)
        made = Path(folder, "html")
        _sphinx(pages, made, run)
        shutil.rmtree(out, ignore_errors=True)
        shutil.move(made, out)
    return sorted(path for path in out.rglob("*.html") if "_static" not in path.parts)


def _add(course: Course, lab: Lab, pages: Path) -> None:
    """A lab's solution notebook, beside what it reads, without what is there for nbgrader alone."""
    solved = course.root / "solutions" / lab.name
    if not (solved / f"{lab.name}.ipynb").is_file():
        raise UsageError(f"{lab.name} has no solution yet: run `autograder release` first.")
    shutil.copytree(solved, pages / "labs" / lab.name)
    path = pages / "labs" / lab.name / f"{lab.name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = _MARKS.sub("", cell.source)
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata.tags = [*tags(cell), "remove-cell"]
    nbformat.write(notebook, path)


def _sphinx(pages: Path, made: Path, run: bool) -> None:
    command = [sys.executable, "-m", "sphinx", "--jobs", "auto", "--quiet", "--fail-on-warning"]
    command += ["--keep-going", "-D", f"nb_execution_mode={'force' if run else 'off'}"]
    done = subprocess.run(
        [*command, str(pages), str(made)],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if "WARNING" in line or "rror" in line]
        reason = (lines or done.stdout.strip().splitlines() or ["Sphinx says nothing"])[0]
        raise UsageError(f"The book cannot be built: {reason.replace(f'{pages}/', '')}")
