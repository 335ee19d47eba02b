"""Reads the corpus: what each attack tries, and the submission that it is handed in as."""

from __future__ import annotations

import ast
import copy
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell

from autograder.lab import Lab, defined_names
from autograder.notebook import grade_id

HERE = Path(__file__).parent
CATEGORIES = ("harness", "comparison", "theft", "forging", "semantics", "resources", "controls")
_HAND_IN = re.compile(r"^# %% hand-in$", re.MULTILINE)


@dataclass(frozen=True)
class Attack:
    """One file of the corpus.

    Args:
        name: `category/name`.
        tries: What it tries, in one line.
        lab: Name of the lab that it is handed in to.
        start: The notebook that it is put into: `stub`, `solution`, or `challenge`, where the last
            exercise is solved and no other is, so that it takes less time.
        deserves: The most that its honest code deserves: `nothing`, `full`, or points.
        flag: `yes` if it plainly is an attack, so that the report has to say so; `no` if a student
            could do so by accident, so that it must not; `maybe` where either is right.
        seldom: Whether it is left out where time counts: it is slow, and another is much like it.
        cells: Its code.
        hand_in: What the test does to the notebook and its folder, as code; mostly empty.
    """

    name: str
    tries: str
    lab: str
    start: str
    deserves: str
    flag: str
    seldom: bool
    cells: list[str]
    hand_in: str

    @property
    def category(self) -> str:
        """The folder that it is in."""
        return self.name.partition("/")[0]

    @property
    def student(self) -> str:
        """Who hands it in."""
        return self.name.replace("/", "-")

    def points(self, lab: Lab) -> float:
        """The most that its honest code deserves, in points."""
        if self.deserves == "nothing":
            return 0.0
        if self.deserves != "full":
            return float(self.deserves)
        by_grader = [cell.points for cell in lab.graded_cells if not cell.by_hand]
        return by_grader[-1] if self.start == "challenge" else sum(by_grader)

    def submit(self, lab: Lab, folder: Path) -> None:
        """Writes the submission.

        Args:
            lab: Its lab.
            folder: Where it goes; it is made.
        """
        notebook = copy.deepcopy(lab.solution if self.start == "solution" else lab.release)
        if self.start == "challenge":
            _solve_last(notebook, lab)
        _fill(notebook, lab, self.cells)
        folder.mkdir(parents=True)
        if self.hand_in:
            names: dict[str, Any] = {}
            exec(compile(self.hand_in, self.name, "exec"), names)
            names["hand_in"](notebook, folder)
        path = folder / f"{lab.name}.ipynb"
        if not path.is_symlink():
            nbformat.write(notebook, path)


EVERYTHING = "ATTACKS"
"""Environment variable that, set to `all`, has the tests run those of `run: seldom` as well."""


def load(*, seldom: bool = True) -> list[Attack]:
    """The corpus, by category and name.

    Args:
        seldom: Whether those are part of it that are left out for the time they take.
    """
    attacks = [
        _read(path) for category in CATEGORIES for path in sorted((HERE / category).glob("*.py"))
    ]
    return [attack for attack in attacks if seldom or not attack.seldom]


def _read(path: Path) -> Attack:
    text = path.read_text(encoding="utf-8")
    code, hand_in = [*_HAND_IN.split(text, maxsplit=1), ""][:2]
    tries, _, header = (ast.get_docstring(ast.parse(text)) or "").partition("\n")
    fields = dict(line.split(": ", 1) for line in header.split("\n") if ": " in line)
    return Attack(
        f"{path.parent.name}/{path.stem}",
        tries,
        fields.get("lab", "lab06_depthwise_conv"),
        fields.get("start", "stub"),
        fields["deserves"],
        fields["flag"],
        fields.get("run") == "seldom",
        [cell.strip("\n") for cell in re.split(r"^# %%.*$", code, flags=re.MULTILINE)[1:]],
        hand_in,
    )


def _solve_last(notebook: Any, lab: Lab) -> None:
    """Solves the last exercise of a released notebook."""
    last = [*lab.exercises][-1]
    (solved,) = [cell for cell in lab.solution.cells if grade_id(cell) == last]
    (cell,) = [cell for cell in notebook.cells if grade_id(cell) == last]
    cell.source = solved.source


def _fill(notebook: Any, lab: Lab, cells: list[str]) -> None:
    """Puts cells into a notebook: what defines an exercise takes the place of the exercise's cell,
    and the others go in front of the next such cell, or to the end.
    """
    waiting: list[str] = []
    for source in cells:
        exercise = _exercise(source, lab)
        if exercise is None:
            waiting.append(source)
            continue
        place = next(i for i, cell in enumerate(notebook.cells) if grade_id(cell) == exercise)
        notebook.cells[place].source = source
        notebook.cells[place:place] = map(new_code_cell, waiting)
        waiting = []
    notebook.cells += map(new_code_cell, waiting)


def _exercise(source: str, lab: Lab) -> str | None:
    names = set(defined_names(source))
    return next((key for key, held in lab.exercises.items() if names & set(held)), None)
