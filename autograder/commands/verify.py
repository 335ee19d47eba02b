"""`autograder verify`: the proof of the graders."""

from __future__ import annotations

import argparse
import json
import time

from rich.console import Console
from rich.table import Table

from autograder import capacity
from autograder.commands import DONE, SHORT, Commands, positive
from autograder.course import Course
from autograder.pool import Pool
from autograder.subject.limits import Limits
from autograder.terminal import say
from autograder.verify import verify
from autograder.workers import Workers


def add(commands: Commands) -> None:
    """Describes the command."""
    command = commands.add_parser("verify", help="prove labs: solution, stub, wheats, chaffs")
    command.add_argument("labs", metavar="LAB", nargs="*")
    command.add_argument("--json", action="store_true", help="print the proof as JSON")
    command.add_argument("--jobs", type=positive, help="workers (default: cores)")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Proves the labs; prints a table, then every problem."""
    course = Course.find()
    proofs = []
    jobs = options.jobs or capacity.here(Limits())
    with Pool(jobs) as pool:  # one for all labs: a template takes as long as many a lab
        for lab in course.labs(options.labs):
            started = time.monotonic()
            with Workers(course, lab, "cpu", jobs, executor=pool) as workers:
                proofs.append(verify(course, lab, workers))
            say(f"{lab.name}: {time.monotonic() - started:.0f} s")
    ok = all(proof.ok for proof in proofs)
    if options.json:
        data = {"ok": ok, "labs": [proof.as_data() for proof in proofs]}
        print(json.dumps(data, ensure_ascii=False, indent=2))
        return DONE if ok else SHORT
    table = Table("lab", "solution", "stub", "wheats passed", "chaffs caught", "chaffs named", "ok")
    for proof in proofs:
        total = proof.chaffs["total"]
        table.add_row(
            proof.lab,
            f"{proof.solution['score']:g} / {proof.solution['max_score']:g}",
            f"{proof.stub['score']:g} / {proof.stub['max_score']:g}",
            f"{proof.wheats['passed']} / {proof.wheats['total']}",
            f"{proof.chaffs['caught']} / {total}",
            f"{proof.chaffs['named']} / {total}",
            "yes" if proof.ok else "NO",
        )
    console = Console(highlight=False)
    console.print(table)
    for proof in proofs:
        for problem in proof.problems:
            console.print(f"{proof.lab}: {problem}", markup=False, soft_wrap=True)
    return DONE if ok else SHORT
