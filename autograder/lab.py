"""One lab: its notebook as released, and its hidden folder."""

from __future__ import annotations

import ast
import hashlib
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import numpy as np

from autograder import gpu, labs
from autograder import source as sources
from autograder.banned import Banned
from autograder.errors import UsageError
from layerlab.case import Case
from layerlab.compare import Expected

HIDDEN = Path(str(labs.__file__)).parent
"""Where the hidden folders of the engine's own labs are; a course may have some of its own."""


@dataclass(frozen=True)
class GradedCell:
    """A cell with points: `grade_id`, its points, and whether a person grades it."""

    grade_id: str
    points: float
    by_hand: bool


@dataclass(frozen=True)
class Solution:
    """An entry of the bank: a whole solution, right (a wheat) or wrong in one way (a chaff).

    Args:
        name: Name of its file; for a chaff the misconception's name.
        path: The file.
        message: The sentence in its docstring; for a chaff it explains the misconception.
    """

    name: str
    path: Path
    message: str


class Lab:
    """A lab of a course.

    Args:
        name: Name of its folders.
        root: The course's folder.
    """

    def __init__(self, name: str, root: Path):
        self.name = name
        self.root = root
        own = str(hidden_folder(root))
        if own not in labs.__path__ and Path(own).is_dir():
            labs.__path__.insert(0, own)  # `autograder.labs.<lab>` is found there, too

    @property
    def source(self) -> Path:
        """The text that an instructor edits."""
        return self.root / "source" / self.name / f"{self.name}.py"

    @property
    def texts(self) -> list[Path]:
        """All that an instructor writes in `source/`: the notebook and, if there are any, hints."""
        return [self.source, *self.source.parent.glob("hints.toml")]

    @property
    def hidden(self) -> Path:
        """Folder of what is hidden (oracle, cases, tests, bank): in the course, or the engine's.

        Raises:
            UsageError: There is none.
        """
        for folder in (hidden_folder(self.root), *map(Path, labs.__path__)):
            if (folder / self.name).is_dir():
                return folder / self.name
        raise UsageError(
            f"{self.name} has no hidden tests: {hidden_folder(self.root) / self.name} is missing. "
            "`autograder new` shows what is in such a folder."
        )

    @cached_property
    def release(self) -> Any:
        """The notebook that students received.

        Raises:
            UsageError: The lab was not released yet.
        """
        path = self.root / "labs" / self.name / f"{self.name}.ipynb"
        if not path.is_file():
            raise UsageError(f"{self.name} is not released yet: run `autograder release` first.")
        return nbformat.read(path, as_version=4)

    @cached_property
    def solution(self) -> Any:
        """The notebook with the reference solution."""
        return sources.build(self.source)

    @cached_property
    def graded_cells(self) -> list[GradedCell]:
        """The cells with points, in the notebook's order."""
        return [
            GradedCell(info["grade_id"], float(info["points"]), bool(info["solution"]))
            for cell in self.release.cells
            for info in [cell.metadata.get("nbgrader", {})]
            if info.get("grade")
        ]

    @property
    def max_score(self) -> float:
        """Points of the automatically graded cells."""
        return sum(cell.points for cell in self.graded_cells if not cell.by_hand)

    @cached_property
    def exercises(self) -> dict[str, list[str]]:
        """Names that each exercise cell defines, by its `grade_id`."""
        return {
            cell.metadata.nbgrader.grade_id: defined_names(cell.source)
            for cell in self.release.cells
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
        }

    def module(self, name: str) -> ModuleType:
        """A module of the hidden folder, such as `cases` or `oracle`.

        Raises:
            UsageError: There is no hidden folder, or it lacks the module.
        """
        path = self.hidden / f"{name}.py"
        if not path.is_file():
            raise UsageError(f"{self.name} lacks {path}: `autograder new` shows what is in it.")
        module = importlib.import_module(f"autograder.labs.{self.name}.{name}")
        if not path.samefile(str(module.__file__)):
            raise UsageError(
                f"{self.name} of another course is loaded already ({module.__file__}): "
                "one process grades one course."
            )
        return module

    def hidden_cases(self, seed: int) -> list[Case]:
        """The hidden cases for a seed, smallest first within each group."""
        cases = list(self.module("cases").hidden(np.random.default_rng(seed)))
        return sorted(cases, key=lambda case: (case.group, case.size))

    def visible_cases(self) -> list[Case]:
        """The cases that students see, smallest first."""
        return sorted(self.module("cases").visible(), key=lambda case: case.size)

    @property
    def banned(self) -> dict[str, Banned]:
        """What each exercise must not use."""
        return dict(self.module("cases").BANNED)

    def expect(self, case: Case) -> dict[str, Expected]:
        """What is true of a case (imports TensorFlow)."""
        with _silence():
            oracle = self.module("oracle")
            gpu.leave()
        return dict(oracle.expect(case))

    @property
    def wheats(self) -> list[Solution]:
        """The right solutions of the bank."""
        return _bank(self.hidden / "wheats")

    @property
    def chaffs(self) -> list[Solution]:
        """The wrong solutions of the bank."""
        return _bank(self.hidden / "chaffs")

    @cached_property
    def fingerprint(self) -> str:
        """Changes with whatever the grade of a submission depends on in this lab."""
        digest = hashlib.sha256()
        for path in sorted(self.hidden.rglob("*.py")):
            digest.update(path.relative_to(self.hidden).as_posix().encode())
            digest.update(path.read_bytes())
        digest.update(nbformat.writes(self.release).encode())
        digest.update(self.source.read_bytes())
        return digest.hexdigest()


def hidden_folder(root: Path) -> Path:
    """Where a course keeps the hidden folders of its own labs."""
    return root / "autograder" / "labs"


@contextmanager
def _silence() -> Iterator[None]:
    """Drops what TensorFlow's C++ code logs while it is imported: no setting turns that off."""
    if "tensorflow" in sys.modules:
        yield
        return
    sys.stderr.flush()
    kept, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


def _bank(folder: Path) -> list[Solution]:
    return [
        Solution(path.stem, path, " ".join((ast.get_docstring(tree) or "").split()))
        for path in sorted(folder.glob("*.py"))
        for tree in [ast.parse(path.read_text(encoding="utf-8"))]
    ]


def defined_names(source: str) -> list[str]:
    """Names of the classes and functions that a cell defines at top level."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    return [node.name for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
