"""Memory of a grading run, by the number of submissions that are done.

    python benchmarks/memory.py [--lab LAB] [--submissions N] [--jobs N] [--every S] [--json]

One run makes a class of N different submissions and grades it with `autograder grade`, on the CPU.
While it runs, the memory of its processes is looked at every S seconds: of the one that hands out
and enters results, with what its workers are forked from (*grader*); of each worker; of the sandbox
of each, which is its template with the submission at hand. A page that several processes share
counts for each in part and in the sum once (the proportional set size): templates share theirs with
the submissions that they fork, and TensorFlow's libraries with each other. The kernel shows that of
a sandbox to root alone.

The curve: a row is the mean of what was seen from three quarters of its number on. It is *flat* if
a straight line through all that was seen while submissions were graded, the first ten left out,
rises from there to the last one by at most 5 % of the mean.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import classes
import psutil
from rich.console import Console
from rich.table import Table

from autograder import capacity
from autograder.course import Course
from autograder.lab import Lab
from autograder.subject.limits import Limits

MARKS = (10, 50, 100, 500, 1000, 2000)
WARM = 10
"""Submissions until each worker has imported what it needs."""
FLAT = 0.05
MIB = 2**20


@dataclass(frozen=True)
class Sample:
    """What was seen at a moment, in bytes.

    Args:
        done: Submissions that were graded.
        grader: The grading process and what it forks workers of.
        workers: Each worker, and its sandbox.
        idle: Those of them that had no submission at hand.
    """

    done: int
    grader: int
    workers: list[tuple[int, int]]
    idle: list[tuple[int, int]]

    @property
    def parts(self) -> dict[str, int]:
        """Sums, in bytes, by what takes it."""
        processes, sandboxes = (sum(part) for part in zip((0, 0), *self.workers, strict=True))
        total = self.grader + processes + sandboxes
        return {
            "grader": self.grader,
            "workers": processes,
            "sandboxes": sandboxes,
            "total": total,
        }


PARTS = tuple(Sample(0, 0, [], []).parts)


def main(arguments: list[str] | None = None) -> int:
    def run() -> None:
        options = _options(arguments)
        lab = Course(classes.CHECKOUT).lab(options.lab)
        figures = measure(lab, options.submissions, options.jobs, options.every)
        if options.json:
            print(json.dumps(figures))
        else:
            show(figures)

    return classes.command("memory", run)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = classes.parser("Measures the memory of a grading run.", 100)
    parser.add_argument(
        "--jobs", type=classes.positive, default=capacity.here(Limits()), metavar="N"
    )
    parser.add_argument("--every", type=float, default=1.0, metavar="S", help="seconds")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args(arguments)


def measure(lab: Lab, submissions: int, jobs: int, every: float) -> dict[str, Any]:
    """Grades a class and looks at its memory.

    Args:
        lab: A lab of this checkout.
        submissions: Size of the class.
        jobs: Number of workers.
        every: Seconds between two looks.

    Raises:
        RuntimeError: Grading fails, or ends before enough was seen.
    """
    classes.same_for_all()
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        notebooks = classes.notebooks(lab, classes.students(lab, submissions))
        root = classes.course(Path(folder) / "course", lab, notebooks)
        command = [*classes.AUTOGRADER, "grade", lab.name, "--device", "cpu", "--jobs", str(jobs)]
        started = time.perf_counter()
        samples = list(_watched(command, root, lab, every))
        seconds = time.perf_counter() - started
        classes.check(root, lab, "autograder", submissions)
    return {
        "lab": lab.name,
        "submissions": submissions,
        "jobs": jobs,
        "seconds": round(seconds, 2),
        **_figures(samples, submissions),
    }


def _watched(command: list[str], root: Path, lab: Lab, every: float) -> Iterator[Sample]:
    """Runs a command and looks at it.

    Raises:
        RuntimeError: It fails.
    """
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            while process.poll() is None:
                done = len(list(root.glob(f".autograder/results/{lab.name}/*.json")))
                with suppress(psutil.NoSuchProcess):  # grading ends at this moment
                    yield _sample(psutil.Process(process.pid), done)
                time.sleep(every)
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            log.seek(0)
            last = (log.read().strip().splitlines() or ["it says nothing"])[-1]
            raise RuntimeError(f"Grading ended with {process.returncode}: {last}")


def _sample(grader: psutil.Process, done: int) -> Sample:
    helpers = grader.children()
    workers, idle = [], []
    # Workers are forked from a helper of multiprocessing; bubblewrap is a child of its worker.
    for worker in (child for helper in helpers for child in helper.children()):
        sandbox = worker.children(recursive=True)
        seen = (_pss(worker), sum(map(_pss, sandbox)))
        workers.append(seen)
        if sum(process.name() != "bwrap" for process in sandbox) == 1:  # the template alone
            idle.append(seen)
    return Sample(done, sum(map(_pss, [grader, *helpers])), workers, idle)


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:  # it ends at this moment
        return 0
    except psutil.AccessDenied as error:
        raise RuntimeError(str(error)) from error


def _figures(samples: list[Sample], submissions: int) -> dict[str, Any]:
    """What the samples of a run say.

    Raises:
        RuntimeError: They are too few.
    """
    grading = [sample for sample in samples if 0 < sample.done < submissions]
    warm = [sample for sample in grading if sample.done >= min(WARM, submissions // 2)]
    if len({sample.done for sample in warm}) < 2:
        raise RuntimeError("Too little was seen: grade more submissions, or look more often.")
    dones = [sample.done for sample in warm]
    slopes = {
        part: statistics.linear_regression(dones, [sample.parts[part] for sample in warm]).slope
        for part in PARTS
    }
    mean = statistics.mean(sample.parts["total"] for sample in warm)
    growth = slopes["total"] * (submissions - dones[0]) / mean
    each = [worker for sample in samples for worker in sample.workers]
    idle = [sum(worker) for sample in samples for worker in sample.idle]
    return {
        "curve": [
            {"done": mark, **_means(seen)}
            for mark in [*(mark for mark in MARKS if mark < submissions), submissions]
            if (seen := [sample for sample in grading if 0.75 * mark <= sample.done <= mark])
        ],
        "slope_kib": {part: round(slope / 2**10, 2) for part, slope in slopes.items()},
        "growth": round(growth, 4),
        "flat": growth <= FLAT,
        "most_mib": {
            "the grader": _mib(max(sample.grader for sample in samples)),
            "a worker": _mib(max(process for process, _ in each)),
            "a sandbox": _mib(max(sandbox for _, sandbox in each)),
            "a worker with its sandbox": _mib(max(map(sum, each))),
            "a worker and its sandbox without a submission": _mib(max(idle, default=0)),
            "the sum": _mib(max(sample.parts["total"] for sample in samples)),
        },
    }


def _means(samples: list[Sample]) -> dict[str, int]:
    """Means of the parts, in MiB."""
    return {part: _mib(statistics.mean(each.parts[part] for each in samples)) for part in PARTS}


def _mib(size: float) -> int:
    return round(size / MIB)


def show(figures: dict[str, Any]) -> None:
    title = "{lab}, {submissions} submissions, {jobs} workers, {seconds:.0f} s".format(**figures)
    table = Table("submissions", *PARTS, title=f"{title}: MiB")
    for row in figures["curve"]:
        table.add_row(*(f"{value:,}" for value in row.values()))
    slopes = (f"{slope:+.1f}" for slope in figures["slope_kib"].values())
    table.add_section()
    table.add_row("KiB / submission", *slopes)
    console = Console(highlight=False)
    console.print(table)
    for what, most in figures["most_mib"].items():
        console.print(f"Most of {what}: {most:,} MiB.")
    verdict = "flat" if figures["flat"] else "not flat"
    console.print(
        f"It is {verdict}: from the first submission to the last, {figures['growth']:+.1%} "
        f"(at most {FLAT:.0%})."
    )


if __name__ == "__main__":
    sys.exit(main())
