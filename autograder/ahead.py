"""Grades what nbgrader comes to next while it is busy with what came before.

nbgrader converts one submission after the other; left at that, one core works and the others wait.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nbgrader.converters.base import BaseConverter

from autograder import notebook as notebooks
from autograder.errors import NotGraded
from autograder.lab import Lab
from autograder.result import Result
from autograder.workers import Workers

EACH = 2
"""Submissions that are with the workers for each of them: one at work, and one that waits."""


class Ahead:
    """Results of submissions that are asked for in a known order.

    Args:
        workers: Who grades. They are closed when this is no longer needed.
        lab: The lab.
        paths: The notebooks by student, in that order.
    """

    def __init__(self, workers: Workers, lab: Lab, paths: Mapping[str, Path]):
        self._lab = lab
        self._run: dict[str, list[str]] = {}  # what is run of each submission
        self._ready: dict[str, Result] = {}
        self._results = workers.grade(self._read(paths), ahead=EACH * workers.jobs)
        weakref.finalize(self, workers.close)

    def _read(self, paths: Mapping[str, Path]) -> Iterator[tuple[str, Any]]:
        for student, path in paths.items():
            try:
                notebooks.inspect(path.parent)
                given = notebooks.read(path)
            except NotGraded:  # nbgrader says so when it comes to it
                continue
            self._run[student] = self._sources(notebooks.restore(given, self._lab).notebook)
            yield student, given

    def _sources(self, notebook: Any) -> list[str]:
        return [cell.source for cell in notebooks.code_cells(notebook, self._lab)]

    def result(self, student: str, notebook: Any) -> Result | None:
        """The result of a submission; none if it is not to be had here.

        Args:
            student: Whose it is.
            notebook: What nbgrader has made of it. It may be another than was graded: if it was
                handed in anew meanwhile, or if the course has preprocessors of its own.

        Raises:
            UsageError: This machine cannot grade.
        """
        while student not in self._ready:
            result = next(self._results, None)
            if result is None:
                return None
            self._ready[result.submission] = result
        result = self._ready.pop(student)
        return result if self._run.pop(student) == self._sources(notebook) else None


def to_do(converter: BaseConverter, lab: str, student: str) -> dict[str, Path]:
    """The notebooks that a converter still comes to, by student and in its order.

    Args:
        converter: The converter.
        lab: Name of the lab.
        student: Whose submission it is at.

    Returns:
        Nothing where the course lays its folders out in another way than ours.
    """
    folders = {Path(path).parent.name: Path(path) for path in sorted(converter.assignments)}
    if student not in folders:
        return {}
    names = [*folders]
    coming = names[names.index(student) + 1 :]
    wanted = [name for name in coming if _wanted(converter, lab, name, folders[name])]
    return {name: folders[name].absolute() / f"{lab}.ipynb" for name in (student, *wanted)}


def _wanted(converter: BaseConverter, lab: str, student: str, folder: Path) -> bool:
    """Whether nbgrader converts a submission: a guess of its own rule, which takes away files."""
    done = Path(converter._format_dest(lab, student))
    return converter.force or not done.is_dir() or _time(folder) != _time(done)


def _time(folder: Path) -> bytes:
    path = folder / "timestamp.txt"
    return path.read_bytes() if path.is_file() else b""
