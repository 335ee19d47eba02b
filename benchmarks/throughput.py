"""Seconds per submission: stock nbgrader, nbgrader with our preprocessors, the autograder.

    python benchmarks/throughput.py [--lab LAB] [--submissions N] [--json]

One run makes a class of N different submissions from the lab's bank (right and wrong solutions in
turn, laid over the reference solution, each with a comment of its own), and grades it three times,
each time as a whole process, start-up included, on a fresh copy of the course, on the CPU:

1. `nbgrader autograde` as it comes, with the hidden tests in the notebook as a teacher would write
   them (`stock.py`): the same cases, questions and comparisons, in the student's kernel. What the
   autograder does not run is not in these notebooks either: experiments and visible checks.
2. `nbgrader autograde` with the preprocessors that the course's `nbgrader_config.py` names.
3. `autograder grade`.

What is expected of the hidden cases, and what the known misconceptions do on them, a course
computes once, whatever the size of its classes: it is made before the clock starts, for 2 and 3
alike. Stock nbgrader has no place to keep it; its notebooks compute the expected values each time.
3 writes every student's feedback as well; 1 and 2 do not.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import classes
import nbformat
import stock
from rich.console import Console
from rich.table import Table

from autograder.course import Course
from autograder.lab import Lab

NBGRADER = [sys.executable, "-m", "nbgrader"]


def main(arguments: list[str] | None = None) -> int:
    def run() -> None:
        options = _options(arguments)
        figures = measure(Course(classes.CHECKOUT).lab(options.lab), options.submissions)
        if options.json:
            print(json.dumps(figures))
        else:
            show(figures)

    return classes.command("throughput", run)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = classes.parser("Measures seconds per submission, against stock nbgrader.", 24)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args(arguments)


def measure(lab: Lab, submissions: int) -> dict[str, Any]:
    """Grades one class in all three ways.

    Args:
        lab: A lab of this checkout.
        submissions: Size of the class.

    Raises:
        RuntimeError: One of them fails, so that its time means nothing.
    """
    classes.same_for_all()
    students = classes.students(lab, submissions)
    notebooks = classes.notebooks(lab, students)
    right = [name for name, entry in students.items() if entry in lab.wheats]
    with tempfile.TemporaryDirectory(prefix="throughput-") as folder:
        root = Path(folder)
        ours = classes.course(root / "ours", lab, notebooks)
        theirs = _prepare_stock(root / "stock", lab, notebooks)
        seconds = {}
        for name, course, command in (
            ("stock", theirs, [*NBGRADER, "autograde", lab.name]),
            ("nbgrader", ours, [*NBGRADER, "autograde", lab.name]),
            ("autograder", ours, [*classes.AUTOGRADER, "grade", lab.name, "--device", "cpu"]),
        ):
            copy = shutil.copytree(course, root / f"timed-{name}")
            started = time.perf_counter()
            classes.run(command, copy)
            seconds[name] = (time.perf_counter() - started) / submissions
            classes.check(copy, lab, name, submissions)
        _check_stock(root / "timed-stock", lab, right)
    return _figures(lab.name, submissions, **seconds)


def _figures(
    lab: str, submissions: int, stock: float, nbgrader: float, autograder: float
) -> dict[str, Any]:
    return {
        "lab": lab,
        "submissions": submissions,
        "stock_s": round(stock, 3),
        "nbgrader_s": round(nbgrader, 3),
        "autograder_s": round(autograder, 3),
        "nbgrader_ratio": round(stock / nbgrader, 2),
        "autograder_ratio": round(stock / autograder, 2),
    }


def show(figures: dict[str, Any]) -> None:
    table = Table(
        "graded by",
        "s / submission",
        "times as fast",
        title=f"{figures['lab']}, {figures['submissions']} submissions",
    )
    table.add_row("nbgrader autograde, stock", f"{figures['stock_s']:.2f}", "1")
    for name, label in (
        ("nbgrader", "nbgrader autograde, ours"),
        ("autograder", "autograder grade"),
    ):
        table.add_row(label, f"{figures[f'{name}_s']:.2f}", f"{figures[f'{name}_ratio']:.1f}")
    Console(highlight=False).print(table)


def _prepare_stock(root: Path, lab: Lab, notebooks: dict[str, Any]) -> Path:
    """A teacher's course: nbgrader's defaults, and the tests in the source notebook."""
    source = root / "source" / lab.name
    source.mkdir(parents=True)
    tests = stock.hidden_tests(lab, lab.hidden_cases(Course(root).seed_for(lab.name)))
    nbformat.write(stock.notebook(lab.solution, tests), source / f"{lab.name}.ipynb")
    classes.run([*NBGRADER, "generate_assignment", lab.name], root)
    classes.hand_in(root, lab, {name: stock.notebook(given) for name, given in notebooks.items()})
    return root


def _check_stock(root: Path, lab: Lab, right: list[str]) -> None:
    """The teacher's tests must find what is wrong and nothing else, or their time means nothing."""
    for path in sorted(root.glob(f"autograded/*/{lab.name}/{lab.name}.ipynb")):
        student = path.parent.parent.name
        errors = [
            f"{output.ename}: {output.evalue}"
            for cell in nbformat.read(path, as_version=4).cells
            for output in cell.get("outputs", [])
            if output.output_type == "error"
        ]
        if student in right and errors:
            reason = " ".join(errors[0].split())[:300]
            raise RuntimeError(
                f"The teacher's tests turn down the right one of {student}: {reason}"
            )
        if student not in right and not errors:
            print(f"throughput: the teacher's tests accept {student}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
