"""What classes of any size take, on any number of machines: a simulation.

    python benchmarks/scale.py FIGURES.json [--check RUN.json] [--json]

FIGURES is what `figures.py` prints: the seconds of each step, measured. What a submission keeps a
worker busy for is drawn from those that were measured. RUN is what `memory.py --json` prints of a
whole run: the simulation of the same class on as many workers is compared with it.

Simulated is the loop of `autograder.workers.Workers.grade` with its one writer: submissions are
read and handed out until `AHEAD` of them are out; the first that comes back, and what has come back
with it, is entered; what that made room for is handed out. Workers take what was handed out in that
order. In the end, processes on the teacher's machine write the feedback. Assumed are cores as fast
as those that were measured, each with its worker, and a network that costs nothing.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from dataclasses import dataclass, fields
from heapq import heappop, heappush, heapreplace
from itertools import islice
from pathlib import Path
from statistics import mean
from typing import Any

import classes
from rich.console import Console
from rich.table import Table

from autograder import capacity
from autograder.errors import UsageError
from autograder.subject.limits import Limits
from autograder.workers import AHEAD

SIZES = (1_000, 10_000, 1_000_000)


@dataclass(frozen=True)
class Place:
    """Where a class is graded.

    Args:
        name: What it is called.
        workers: Workers on all machines.
        writers: Processes on the teacher's machine that write feedback.
    """

    name: str
    workers: int
    writers: int


PLACES = (
    Place("laptop, 2 cores", 2, 2),
    Place("laptop, 8 cores", 8, 8),
    Place("1 × 16 cores", 16, 16),
    Place("10 × 16 cores", 160, 16),
    Place("100 × 16 cores", 1600, 16),
)


@dataclass(frozen=True)
class Figures:
    """What each step takes, in seconds.

    Args:
        start_s: From the start of the command until a submission is begun.
        submission_s: Of a worker, for each of some submissions.
        read_s: Of the one writer, to read a submission and hand it out.
        enter_s: Of the one writer, to keep a result and enter it into the gradebook.
        page_s: Of one of the processes that write feedback, for a page.
    """

    start_s: float
    submission_s: list[float]
    read_s: float
    enter_s: float
    page_s: float


@dataclass(frozen=True)
class Outcome:
    """How a class fares.

    Args:
        seconds: All that it takes.
        bounds: What each step would take if nothing else took any time.
    """

    seconds: float
    bounds: dict[str, float]

    @property
    def bottleneck(self) -> str:
        """The step that more machines, or faster ones, would have to be added to."""
        return max(self.bounds, key=lambda step: self.bounds[step])


def simulate(
    figures: Figures, submissions: int, workers: int, writers: int, ahead: int = AHEAD
) -> Outcome:
    """Grades a class.

    Args:
        figures: What each step takes.
        submissions: Size of the class.
        workers: Number of workers.
        writers: Number of processes that write feedback.
        ahead: Submissions that are out at a time.
    """
    costs = random.Random(0).choices(figures.submission_s, k=submissions)
    now = figures.start_s
    free = [now] * workers  # when each worker is free: a heap, as the next
    out: list[float] = []  # when each submission that is out comes back
    coming = iter(costs)
    while True:
        for cost in islice(coming, ahead - len(out)):
            now += figures.read_s
            back = max(now, free[0]) + cost
            heapreplace(free, back)
            heappush(out, back)
        if not out:
            break
        seen = now = max(now, out[0])
        while out and out[0] <= seen:
            heappop(out)
            now += figures.enter_s
    most = -(-submissions // writers)
    return Outcome(
        now + most * figures.page_s,
        {
            "workers": sum(costs) / workers,
            f"{ahead} ahead": sum(costs) / ahead,
            "the writer": submissions * (figures.read_s + figures.enter_s),
            "feedback": most * figures.page_s,
        },
    )


def check(figures: Figures, run: dict[str, Any]) -> dict[str, Any]:
    """Compares the simulation with a run.

    Args:
        figures: What each step takes.
        run: The run's `submissions`, `jobs` and `seconds`.

    Returns:
        These, the `simulated` seconds, and the `error`: 0.1 if they are 10 % too many.
    """
    simulated = simulate(figures, run["submissions"], run["jobs"], run["jobs"]).seconds
    return {
        **{name: run[name] for name in ("submissions", "jobs", "seconds")},
        "simulated": round(simulated, 1),
        "error": round(simulated / run["seconds"] - 1, 4),
    }


def main(arguments: list[str] | None = None) -> int:
    try:
        options = _options(arguments)
        read = _read(options.figures)
        figures = Figures(**{field.name: read[field.name] for field in fields(Figures)})
        checked = check(figures, _read(options.check)) if options.check else None
    except (UsageError, KeyError) as error:
        print(f"scale: {error}", file=sys.stderr)
        return 2
    rows = [
        (size, place, simulate(figures, size, place.workers, place.writers))
        for size in SIZES
        for place in PLACES
    ]
    if options.json:
        table = [
            {
                "submissions": size,
                "place": place.name,
                "workers": place.workers,
                "seconds": round(outcome.seconds),
                "bottleneck": outcome.bottleneck,
            }
            for size, place, outcome in rows
        ]
        print(json.dumps({"table": table, "check": checked}))
    else:
        show(figures, rows, checked)
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = classes.Parser(description="Simulates classes on any number of machines.")
    parser.add_argument("figures", type=Path, metavar="FIGURES.json")
    parser.add_argument("--check", type=Path, metavar="RUN.json", help="a run to compare with")
    parser.add_argument("--json", action="store_true", help="print the table as JSON")
    return parser.parse_args(arguments)


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from None


def show(
    figures: Figures, rows: list[tuple[int, Place, Outcome]], checked: dict[str, Any] | None
) -> None:
    console = Console(highlight=False)
    cost, room = mean(figures.submission_s), capacity.bound(Limits()) / 2**30
    console.print(
        f"A submission takes {cost:.2f} s of a worker: {3600 / cost:,.0f} an hour and core. A "
        f"worker has room for {room:.1f} GiB: {3600 / cost / room:,.0f} an hour and GiB."
    )
    table = Table("submissions", "where", "workers", "time", "a second", "held up by")
    for size, place, outcome in rows:
        table.add_row(
            f"{size:,}",
            place.name,
            f"{place.workers:,}",
            spoken(outcome.seconds),
            f"{size / outcome.seconds:.1f}",
            outcome.bottleneck,
            end_section=place is PLACES[-1],
        )
    console.print(table)
    if checked:
        console.print(
            "{submissions:,} submissions on {jobs} workers took {seconds:,.0f} s; simulated: "
            "{simulated:,.0f} s, {error:+.1%}.".format(**checked)
        )


def spoken(seconds: float) -> str:
    """A time as people say it."""
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


if __name__ == "__main__":
    sys.exit(main())
