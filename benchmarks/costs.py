"""Where the time of a submission goes, beside the floor: the student's own code in a bare fork.

    python benchmarks/costs.py [--lab LAB] [--submissions N] [--json]

One run grades a class of N different submissions in one process, enters the results and writes the
feedback, with a clock at each step; all on one core, so that what runs while another process waits
is counted once. The time of a step does not contain that of others which it calls.

The floor is what no grader can save: a process that has TensorFlow imported forks a child, which
runs the cells and answers the same questions, without sandbox, wire, tests or gradebook. It is
measured after each submission, so that the machine is as quick for the one as for the other.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import classes
from nbgrader.api import Gradebook
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session as Database

from autograder import classroom, grading, sandbox
from autograder.course import Course
from autograder.host import Subject, Template
from autograder.kept import Kept, Shelf
from autograder.lab import Lab
from autograder.subject import wire
from autograder.subject.garbage import settle
from autograder.suite import Suite
from autograder.workers import Grader
from layerlab import compare

WARM = 2
"""Submissions that are not counted, a right and a wrong one: what all others need is made then."""


class Clock:
    """Adds up the time of steps, each without the steps that it calls.

    One thread works at a time, whichever it is: pytest's waits while the other one asks.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._open = ["the rest"]
        self._since = time.perf_counter()

    def _turn(self) -> None:
        now = time.perf_counter()
        self.seconds[self._open[-1]] += now - self._since
        self._since = now

    def at(self, name: str | Callable[..., str], function: Callable[..., Any]) -> Any:
        """A function whose time is that of a step.

        Args:
            name: Name of the step, or what tells it from the arguments.
            function: The function.
        """

        def clocked(*arguments: Any, **named: Any) -> Any:
            self._turn()
            self._open.append(name if isinstance(name, str) else name(*arguments, **named))
            try:
                return function(*arguments, **named)
            finally:
                self._turn()
                self._open.pop()

        return clocked


def main(arguments: list[str] | None = None) -> int:
    def run() -> None:
        options = _options(arguments)
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        if options.floor:
            floor()
            return
        figures = measure(Course(classes.CHECKOUT).lab(options.lab), options.submissions)
        if options.json:
            print(json.dumps(figures))
        else:
            show(options.lab, options.submissions, figures)

    return classes.command("costs", run)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = classes.parser("Says where the time of a submission goes.", 24)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--floor", action="store_true", help=argparse.SUPPRESS)  # the bare process
    return parser.parse_args(arguments)


def measure(lab: Lab, submissions: int) -> dict[str, float]:
    """Grades a class by the clock.

    Args:
        lab: A lab of this checkout.
        submissions: Size of the class.

    Returns:
        Seconds of a submission by step, and the `floor`.
    """
    classes.same_for_all()
    with tempfile.TemporaryDirectory(prefix="costs-") as folder, _Floor() as bare:
        notebooks = classes.notebooks(lab, classes.students(lab, submissions + WARM))
        course = Course(classes.course(Path(folder) / "course", lab, notebooks))
        clock = _clocked(bare)
        os.chdir(course.root)
        grader = Grader(course, course.lab(lab.name))
        settle()  # as the command does
        try:
            handed = classroom.handed_in(course, grader.truth.lab)
            _grade(course, handed[:WARM], grader, bare)
            clock.seconds.clear()
            bare.seconds = 0.0
            _grade(course, handed[WARM:], grader, bare)
        finally:
            grader.close()
    clock.seconds.pop("floor")
    steps = sorted(clock.seconds.items(), key=lambda step: -step[1])
    found = {name: value / submissions for name, value in steps}
    return {**found, "floor": bare.seconds / submissions}


class _Floor:
    """The bare process, and what the submission at hand has been asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.seconds = 0.0
        ours, theirs = socket.socketpair()
        self._connection = ours
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, "--floor"],
                stdin=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_told()},
            )

    def __enter__(self) -> _Floor:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._process.wait()

    def measure(self) -> None:
        """Adds the time of the submission at hand."""
        wire.send(self._connection, self.asked)
        self.seconds += float(wire.receive(self._connection))


def _told() -> dict[str, str]:
    """What TensorFlow is told in a sandbox: the floor is its speed there."""
    told = sandbox.environment("cpu")
    libraries = ("TF_", "XLA_", "ONEDNN_", "PYTHONHASH")
    return {name: told[name] for name in told if name.startswith(libraries)}


def _grade(course: Course, handed: list[classroom.Handed], grader: Grader, bare: _Floor) -> None:
    """All that is done with submissions, in the order of `classroom.grade`."""
    lab = grader.truth.lab
    depends_on = grading.depends_on(course, lab, "cpu")
    for each in handed:
        result = grader.grade(each.student, each.read(lab))
        kept = Kept(result, each.digest(lab), depends_on)
        Shelf(course, lab).write(kept)
        classroom.enter_result(course, lab, each, kept)
        bare.measure()
    classroom.write_feedback(course.root, lab.name, [each.student for each in handed])


def _clocked(bare: _Floor) -> Clock:
    """Puts a clock at each step, and notes what the submission at hand is asked."""
    clock = Clock()

    def step(subject: Subject, request: dict[str, Any], seconds: float) -> str:
        if "replay" in request:
            return "graphs evaluated"
        bare.asked.append(request)
        if "cell" in request:
            return "cells"
        export = request.get("probe", {}).get("probe") == "export"
        return "graphs handed out" if export else "questions"

    examine = grading.examine

    def examined(*arguments: Any, **named: Any) -> Any:
        bare.asked.clear()
        return examine(*arguments, **named)

    places: list[tuple[Any, str, str | Callable[..., str]]] = [
        (_Floor, "measure", "floor"),
        (Template, "fork", "fork and end"),
        (Template, "end", "fork and end"),
        (Template, "ping", "fork and end"),
        (Subject, "ask", step),
        (Suite, "run", "pytest"),
        (classroom, "enter_result", "nbgrader's conversion"),
        (classroom, "write_feedback", "feedback"),
        (Shelf, "write", "keeping the result"),
        (Gradebook, "__init__", "database opened"),
        (Database, "execute", "database"),
        (Database, "commit", "database"),
        (Database, "flush", "database"),
    ]
    for owner, name, what in places:
        setattr(owner, name, clock.at(what, getattr(owner, name)))
    functions: dict[Any, Any] = {
        compare.compare: clock.at("comparison", compare.compare),
        grading.judge: clock.at("judging", grading.judge),
        examine: clock.at("reading", examined),
    }
    for module in [*sys.modules.values()]:  # functions are imported by name
        for name, value in [*vars(module).items()]:
            if inspect.isfunction(value) and value in functions:
                setattr(module, name, functions[value])
    return clock


def floor() -> None:
    """Answers on its standard input how many seconds a submission takes in a bare fork, cells and
    questions.
    """
    import layerlab.checking  # noqa: F401  the template has imported it, too
    from autograder.subject.child import _answer
    from autograder.subject.quick import quicken
    from autograder.subject.shell import make_shell, redirect

    quicken()
    shell, connection = make_shell(), socket.socket(fileno=0)
    settle()
    with contextlib.suppress(wire.WireError):  # the other side hangs up
        while True:
            requests = wire.receive(connection)
            started = time.perf_counter()
            child = os.fork()
            if child == 0:
                redirect()
                for request in requests:
                    _answer(shell, request)
                os._exit(0)
            os.waitpid(child, 0)
            wire.send(connection, time.perf_counter() - started)


def show(lab: str, submissions: int, figures: dict[str, float]) -> None:
    steps = {name: value for name, value in figures.items() if name != "floor"}
    table = Table("step", "ms / submission", title=f"{lab}, {submissions} submissions, one core")
    for name, value in steps.items():
        table.add_row(name, f"{1000 * value:.0f}")
    total = sum(steps.values())
    table.add_section()
    table.add_row("all", f"{1000 * total:.0f}")
    table.add_row("floor: its own code in a bare fork", f"{1000 * figures['floor']:.0f}")
    table.add_row("all but its own code", f"{1000 * (total - figures['floor']):.0f}")
    Console(highlight=False).print(table)


if __name__ == "__main__":
    sys.exit(main())
