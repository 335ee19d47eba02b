"""What each step of grading a class costs, for `scale.py` to reckon with.

    python benchmarks/figures.py [--lab LAB] [--submissions N] [--jobs N] > figures.json

One run grades a class of N different submissions as `autograder grade` does, on the CPU, in a
process of its own, with a clock at each step. All steps run at once, as they do in a class: where
workers and the one writer share cores, their seconds show it. Measure on an idle machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import classes
import psutil

from autograder import capacity, classroom
from autograder.course import Course
from autograder.lab import Lab
from autograder.result import Result
from autograder.subject.limits import Limits
from autograder.workers import AHEAD, Workers


def main(arguments: list[str] | None = None) -> int:
    def run() -> None:
        options = _options(arguments)
        if options.course:
            figures = steps(Course(options.course), options.lab, options.jobs)
        else:
            lab = Course(classes.CHECKOUT).lab(options.lab)
            figures = measure(lab, options.submissions, options.jobs)
        print(json.dumps(figures))

    return classes.command("figures", run)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = classes.parser("Measures what each step of grading a class costs.", 100)
    parser.add_argument(
        "--jobs", type=classes.positive, default=capacity.here(Limits()), metavar="N"
    )
    parser.add_argument("--course", type=Path, help=argparse.SUPPRESS)  # for the clocked process
    return parser.parse_args(arguments)


def measure(lab: Lab, submissions: int, jobs: int) -> dict[str, Any]:
    """Grades a class by the clock.

    Args:
        lab: A lab of this checkout.
        submissions: Size of the class.
        jobs: Number of workers.

    Returns:
        The arguments of `scale.Figures`, and what was measured.

    Raises:
        RuntimeError: Grading fails.
    """
    classes.same_for_all()
    with tempfile.TemporaryDirectory(prefix="figures-") as folder:
        notebooks = classes.notebooks(lab, classes.students(lab, submissions))
        root = classes.course(Path(folder) / "course", lab, notebooks)
        command = [sys.executable, __file__, "--course", str(root)]
        command += ["--lab", lab.name, "--jobs", str(jobs)]
        started = time.perf_counter()
        done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=False)
        seconds = time.perf_counter() - started
        if done.returncode:
            raise RuntimeError(f"Grading by the clock ended with {done.returncode}.")
        classes.check(root, lab, "autograder", submissions)
    return {
        "lab": lab.name,
        "submissions": submissions,
        "jobs": jobs,
        "seconds": round(seconds, 2),
        **json.loads(done.stdout),
    }


def steps(course: Course, name: str, jobs: int) -> dict[str, Any]:
    """Grades what is handed in, in this process; what `scale.Figures` takes."""
    began = psutil.Process().create_time()
    lab = course.lab(name)
    workers = Clocked(course, lab, "cpu", jobs)
    with workers:
        results = classroom.grade(course, lab, workers, force=False, progress=lambda *_: None)
    return {
        "start_s": round(workers.began - began, 2),
        "submission_s": [round(result.seconds, 3) for result in results],
        "read_s": round(statistics.mean(workers.read_s), 5),
        "enter_s": round(statistics.mean(workers.enter_s), 5),
        "page_s": round(workers.pages_s * jobs / len(results), 4),
    }


class Clocked(Workers):
    """Workers that note how long those take who ask them."""

    began = 0.0
    """When the first submission was begun, as `time.time` has it."""
    pages_s = 0.0

    def __init__(self, course: Course, lab: Lab, device: str, jobs: int):
        super().__init__(course, lab, device, jobs)
        self.read_s: list[float] = []
        self.enter_s: list[float] = []

    def grade(self, notebooks: Iterable[tuple[str, Any]], ahead: int = AHEAD) -> Iterator[Result]:
        for result in super().grade(self._reading(notebooks), ahead):
            self.began = self.began or time.time() - result.seconds
            started = time.perf_counter()
            yield result
            self.enter_s.append(time.perf_counter() - started)

    def _reading(self, notebooks: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
        started = time.perf_counter()
        for notebook in notebooks:
            self.read_s.append(time.perf_counter() - started)
            yield notebook
            started = time.perf_counter()

    def spread(
        self, work: Callable[[Path, str, list[str]], None], root: Path, lab: str, names: list[str]
    ) -> None:
        started = time.perf_counter()
        super().spread(work, root, lab, names)
        self.pages_s = time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
