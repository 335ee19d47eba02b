"""`make demo`: a whole course in a folder of its own, from release to the report of the class."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
from collections.abc import Callable
from itertools import chain, islice
from pathlib import Path
from typing import Any

import nbformat

from autograder import bank, cli, commands
from autograder.course import CONFIG, Course
from autograder.errors import UsageError
from autograder.lab import Lab
from autograder.notebook import grade_id

CLASS_SIZE = 24
"""Students who hand in something from the bank."""
MARKER = ".made-by-make-demo"
"""Only a folder with this file in it is thrown away."""


def main() -> int:
    """Makes the course, a class and its report; returns the exit status."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("labs", metavar="LAB", nargs="+", help="labs that the class hands in")
    parser.add_argument("--folder", type=Path, default=Path("demo"))
    options = parser.parse_args()
    try:
        course = make_course(Course.find(), options.labs, options.folder.resolve())
    except UsageError as error:
        print(f"demo: {error}", file=sys.stderr)
        return commands.USAGE
    if run(course, "release", *options.labs) != commands.DONE:
        return commands.SHORT
    for name in options.labs:
        make_class(course.lab(name), course.root / "submitted")
        run(course, "grade", name)
    if run(course, "report", *options.labs) != commands.DONE:
        return commands.SHORT
    print(f"\nThe report of the class: open {course.root / 'report.html'}")
    return commands.DONE


def make_course(original: Course, labs: list[str], folder: Path) -> Course:
    """A fresh course with copies of some labs.

    Args:
        original: Where the labs come from.
        labs: Their names.
        folder: The course's folder; one that an earlier demo made is thrown away.

    Raises:
        UsageError: The folder holds something else.
    """
    if folder.exists() and not (folder / MARKER).is_file():
        raise UsageError(f"{folder} is there already and is no demo: choose another --folder.")
    shutil.rmtree(folder, ignore_errors=True)
    for lab in original.labs(labs):
        target = folder / "source" / lab.name
        target.mkdir(parents=True)
        for path in lab.texts:
            shutil.copyfile(path, target / path.name)
    shutil.copyfile(original.root / CONFIG, folder / CONFIG)
    (folder / MARKER).touch()
    return Course(folder)


def run(course: Course, *arguments: str) -> int:
    """Runs the command as a person in the course's folder would; returns its exit status."""
    print(f"\n$ autograder {' '.join(arguments)}", flush=True)
    with contextlib.chdir(course.root):
        return cli.main(list(arguments))


def make_class(lab: Lab, submitted: Path) -> None:
    """Hands in a lab for a class: right and wrong solutions, and notebooks in every bad state.

    Args:
        lab: The lab.
        submitted: nbgrader's folder of submissions.
    """
    solutions = islice(chain(lab.wheats, lab.chaffs), CLASS_SIZE)
    for number, solution in enumerate(solutions, start=1):
        notebook = bank.notebook(lab, solution)
        _hand_in(submitted, f"student_{number:02d}", lab, nbformat.writes(notebook))
    for name, spoil in TROUBLES.items():
        _hand_in(submitted, name, lab, spoil(lab))


def _hand_in(submitted: Path, student: str, lab: Lab, text: str) -> None:
    folder = submitted / student / lab.name
    folder.mkdir(parents=True)
    (folder / f"{lab.name}.ipynb").write_text(text, encoding="utf-8")


def _with_cell(code: str) -> Callable[[Lab], str]:
    """The solution with a cell of the student's own at its end."""

    def spoil(lab: Lab) -> str:
        notebook = bank.notebook(lab, lab.wheats[0])
        notebook.cells.append(nbformat.v4.new_code_cell(code, id="own"))
        return str(nbformat.writes(notebook))

    return spoil


def _change_graded(change: Callable[[Any, int], None]) -> Callable[[Lab], str]:
    """The solution with its first graded cell changed."""

    def spoil(lab: Lab) -> str:
        notebook = bank.notebook(lab, lab.wheats[0])
        name = lab.graded_cells[0].grade_id
        place = [grade_id(cell) for cell in notebook.cells].index(name)
        change(notebook.cells, place)
        return str(nbformat.writes(notebook))

    return spoil


def _duplicate(cells: Any, place: int) -> None:
    copy = nbformat.from_dict(dict(cells[place]))
    copy.id = "copied"
    cells.insert(place, copy)


TROUBLES: dict[str, Callable[[Lab], str]] = {
    "untouched": lambda lab: str(nbformat.writes(lab.release)),
    "crashes": _with_cell("import os\nos._exit(1)"),
    "never_ends": _with_cell("while True:\n    pass"),
    "prints_50_mb": _with_cell("for _ in range(50):\n    print('x' * 1_000_000)"),
    "not_json": lambda lab: '{"cells": [',
    "duplicated_cell": _change_graded(_duplicate),
    "deleted_cell": _change_graded(lambda cells, place: cells.pop(place)),
}
"""Students whose notebooks are in a bad state, and how they got there."""


if __name__ == "__main__":
    sys.exit(main())
