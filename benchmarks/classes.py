"""Classes to measure with: a course in a folder of its own, and different submissions."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any, NoReturn

import nbformat

from autograder import bank
from autograder.course import CONFIG, Course
from autograder.errors import UsageError
from autograder.lab import Lab, Solution
from autograder.release import enter
from autograder.workers import Workers

CHECKOUT = Path(__file__).resolve().parent.parent
SEED = "throughput"
"""Every run measures the same hidden cases."""
AUTOGRADER = [sys.executable, "-m", "autograder"]


def command(name: str, run: Callable[[], None]) -> int:
    """Runs a benchmark; what goes wrong is a sentence.

    Args:
        name: What it is called.
        run: Measures, and prints the figures.

    Returns:
        The exit status: 2 if it was asked for what there is not, 1 if what it measures fails.
    """
    try:
        run()
    except (UsageError, RuntimeError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    return 0


class Parser(argparse.ArgumentParser):
    """Its errors are sentences."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[0].upper()}{message[1:]}.")


def parser(description: str, submissions: int) -> Parser:
    """A parser for a benchmark that grades a class of a lab.

    Args:
        description: What the benchmark does.
        submissions: How large the class is if nobody says so.
    """
    made = Parser(description=description)
    made.add_argument("--lab", default="lab06_depthwise_conv")
    made.add_argument("--submissions", type=positive, default=submissions, metavar="N")
    return made


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def same_for_all() -> None:
    """Settles what a run depends on, for this process and those that it starts."""
    os.environ["AUTOGRADER_SEED"] = SEED
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def students(lab: Lab, count: int) -> dict[str, Solution]:
    """Right and wrong solutions in turn, by student; the wrong ones from all over the bank.

    Args:
        lab: A lab of this checkout.
        count: How many.

    Raises:
        UsageError: The lab has no bank yet.
    """
    wheats, chaffs = lab.wheats, lab.chaffs
    if not wheats or not chaffs:
        raise UsageError(f"{lab.name} has no bank of right and wrong solutions yet.")
    wrong = -(-count // 2)
    spread = [chaffs[number * len(chaffs) // wrong] for number in range(wrong)]
    pairs = zip(cycle(wheats), spread, strict=False)
    solutions = [solution for pair in pairs for solution in pair][:count]
    return {f"student{number:03d}": solution for number, solution in enumerate(solutions, 1)}


def notebooks(lab: Lab, students: dict[str, Solution]) -> dict[str, Any]:
    """Solutions as notebooks, each with a comment of the student's own.

    Args:
        lab: The lab.
        students: Their solutions.
    """
    return {student: _notebook(lab, student, entry) for student, entry in students.items()}


def _notebook(lab: Lab, student: str, solution: Solution) -> Any:
    notebook = bank.notebook(lab, solution)
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source += f"\n# Handed in by {student}."
    return notebook


def hand_in(root: Path, lab: Lab, notebooks: dict[str, Any]) -> None:
    """Writes notebooks where a course collects them, by student."""
    for student, notebook in notebooks.items():
        folder = root / "submitted" / student / lab.name
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{lab.name}.ipynb")


def course(root: Path, lab: Lab, notebooks: dict[str, Any]) -> Path:
    """A course with what is computed once for it: expected values and misconceptions.

    Args:
        root: Where it is made.
        lab: A lab of this checkout.
        notebooks: What is handed in, by student.

    Returns:
        Its folder.

    Raises:
        UsageError: The lab is not released yet.
    """
    released = lab.root / "labs" / lab.name
    if not released.is_dir():
        raise UsageError(f"{lab.name} is not released yet: run `autograder release` first.")
    root.mkdir()
    shutil.copyfile(lab.root / CONFIG, root / CONFIG)
    shutil.copytree(lab.source.parent, root / "source" / lab.name)
    shutil.copytree(released, root / "labs" / lab.name)
    made = Course(root)
    enter(made, made.lab(lab.name))
    with Workers(made, made.lab(lab.name)) as workers:
        bank.misconceptions(made, workers.truth, workers.examine)
    hand_in(root, lab, notebooks)
    return root


def run(command: list[str], folder: Path) -> None:
    """Runs a command in a folder.

    Raises:
        RuntimeError: It fails; the message has its last words.
    """
    done = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stdout.strip().splitlines() or ["it says nothing"])[-1]
        raise RuntimeError(f"`{' '.join(command[2:])}` ended with {done.returncode}: {last}")


def check(root: Path, lab: Lab, name: str, submissions: int) -> None:
    """Makes sure that a whole class is graded.

    Raises:
        RuntimeError: It is not, so that the time means nothing.
    """
    graded = len(list(root.glob(f"autograded/*/{lab.name}/{lab.name}.ipynb")))
    if graded != submissions:
        raise RuntimeError(f"{name} has graded {graded} of {submissions} submissions.")
