"""What a cluster costs beside processes on this machine, with the same number of workers.

    python benchmarks/cluster.py [--lab LAB] [--submissions N] [--workers N] [--rounds N] [--json]

One run makes a class (`classes.py`), and grades fresh copies of it in turn, round by round
so that both ways meet the same weather: `autograder grade LAB --jobs N`, and the same command with
`--scheduler`, on N Dask workers of one thread on this machine. Both are timed as whole processes,
start-up and feedback included. The workers of either start their templates within that time; those
of Dask, as processes, run already. A ratio of 1.10 is an overhead of 10 %.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import classes
from distributed import Client
from rich.console import Console
from rich.table import Table

from autograder import capacity
from autograder.course import Course
from autograder.lab import Lab

START_SECONDS = 120


def main(arguments: list[str] | None = None) -> int:
    def run() -> None:
        options = _options(arguments)
        lab = Course(classes.CHECKOUT).lab(options.lab)
        figures = measure(lab, options.submissions, options.workers, options.rounds)
        if options.json:
            print(json.dumps(figures))
        else:
            show(figures)

    return classes.command("cluster", run)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = classes.parser("Measures a Dask cluster against local processes.", 24)
    parser.add_argument("--workers", type=classes.positive, default=capacity.cores(), metavar="N")
    parser.add_argument("--rounds", type=classes.positive, default=3, metavar="N")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args(arguments)


def measure(lab: Lab, submissions: int, workers: int, rounds: int) -> dict[str, Any]:
    """Grades one class in both ways.

    Args:
        lab: A lab of this checkout.
        submissions: Size of the class.
        workers: Number of workers.
        rounds: How often each way is timed.

    Raises:
        RuntimeError: One of them fails, or they differ, so that its time means nothing.
    """
    classes.same_for_all()
    notebooks = classes.notebooks(lab, classes.students(lab, submissions))
    seconds: dict[str, list[float]] = {"local": [], "cluster": []}
    with tempfile.TemporaryDirectory(prefix="cluster-") as folder:
        root = Path(folder)
        course = classes.course(root / "course", lab, notebooks)
        grade = [*classes.AUTOGRADER, "grade", lab.name, "--device", "cpu"]
        for number in range(rounds):
            here, there = root / f"local-{number}", root / f"cluster-{number}"
            shutil.copytree(course, here)
            shutil.copytree(course, there)
            seconds["local"].append(_timed([*grade, "--jobs", str(workers)], here))
            with _dask(root / f"dask-{number}", workers) as address:
                seconds["cluster"].append(_timed([*grade, "--scheduler", address], there))
            for copy in (here, there):
                classes.check(copy, lab, copy.name, submissions)
            if _scores(here) != _scores(there):
                raise RuntimeError("The cluster's results are not those of the local processes.")
    totals = {name: sum(times) for name, times in seconds.items()}
    return {
        "lab": lab.name,
        "submissions": submissions,
        "workers": workers,
        **{f"{name}_s": [round(time, 2) for time in times] for name, times in seconds.items()},
        "ratio": round(totals["cluster"] / totals["local"], 3),
    }


def show(figures: dict[str, Any]) -> None:
    title = "{lab}, {submissions} submissions, {workers} workers".format(**figures)
    table = Table("graded by", "s, round by round", "s / submission", title=title)
    for name, label in (("local", "local processes"), ("cluster", "Dask on this machine")):
        times = figures[f"{name}_s"]
        mean = sum(times) / len(times) / figures["submissions"]
        table.add_row(label, "  ".join(f"{time:.1f}" for time in times), f"{mean:.2f}")
    console = Console(highlight=False)
    console.print(table)
    console.print(f"The cluster takes {figures['ratio']:.2f} times as long.")


def _timed(command: list[str], folder: Path) -> float:
    started = time.perf_counter()
    classes.run(command, folder)
    return time.perf_counter() - started


def _scores(root: Path) -> dict[str, Any]:
    found = {}
    for path in root.glob(".autograder/results/*/*.json"):
        result = json.loads(path.read_text(encoding="utf-8"))
        found[path.stem] = [(cell["score"], cell["message"]) for cell in result["cells"]]
    return found


@contextmanager
def _dask(folder: Path, workers: int) -> Iterator[str]:
    """A scheduler with workers, all new."""
    folder.mkdir()
    file = folder / "scheduler.json"
    local = ["--no-dashboard", "--scheduler-file", str(file)]
    commands = [["scheduler", "--host", "127.0.0.1", "--port", "0", *local]]
    commands += [["worker", "--nthreads", "1", "--no-nanny", *local]] * workers
    started = []
    with (folder / "log").open("w") as log:
        try:
            for command in commands:
                program = [sys.executable, "-m", "dask", *command]
                started.append(subprocess.Popen(program, cwd=folder, stdout=log, stderr=log))
            deadline = time.monotonic() + START_SECONDS
            while not (file.is_file() and file.read_text().strip().endswith("}")):
                if time.monotonic() > deadline:
                    raise RuntimeError("The scheduler does not start.")
                time.sleep(0.1)
            address = json.loads(file.read_text())["address"]
            with Client(address, set_as_default=False) as client:
                client.wait_for_workers(workers, timeout=START_SECONDS)
            yield address
        finally:
            for process in reversed(started):
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


if __name__ == "__main__":
    sys.exit(main())
