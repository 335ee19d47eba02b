"""`autograder release`: labs/ and solutions/ from source/, and what students are given."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from autograder import package
from autograder.commands import DONE, SHORT, Commands, positive
from autograder.course import Course
from autograder.errors import UsageError
from autograder.host import Template
from autograder.lab import Lab
from autograder.release import release, stale
from autograder.subject.limits import Limits
from autograder.terminal import say


def add(commands: Commands) -> None:
    """Describes the command."""
    command = commands.add_parser(
        "release", help="generate labs/ and solutions/ from source/; prove and pack them"
    )
    command.add_argument("labs", metavar="LAB", nargs="*")
    command.add_argument("--check", action="store_true", help="only say whether they are fresh")
    command.add_argument(
        "--out", type=Path, metavar="DIR", help="prove the release, then write it into this folder"
    )
    command.add_argument(
        "--history",
        type=Path,
        metavar="REPO",
        help="with --out: a clone of a published repository whose history must hold no secret",
    )
    command.add_argument(
        "--online", action="store_true", help="with --out: ask the links that lead out, too"
    )
    command.add_argument("--jobs", type=positive, help="with --out: workers (default: cores)")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Generates them, or says what is out of date; with `--out`, proves and writes a release."""
    if options.check and options.out:
        raise UsageError("--check writes nothing and --out writes a release: choose one of them.")
    if not options.out and (options.history or options.online):
        raise UsageError("--history and --online belong to the proof of a release: add --out DIR.")
    course = Course.find()
    labs = course.labs(options.labs)
    if options.out:
        package.check_target(options.out)
    out_of_date = []
    with Template(Limits()) as template:
        for lab in labs:
            if options.check:
                out_of_date += stale(course, lab, template)
            else:
                release(course, lab, template)
                print(f"labs/{lab.name}, solutions/{lab.name}", flush=True)
    for name in out_of_date:
        say(f"{name} is not what source/ gives: run `autograder release`.")
    if options.out and not _write(course, labs, options):
        return SHORT
    return SHORT if out_of_date else DONE


def _write(course: Course, labs: list[Lab], options: argparse.Namespace) -> bool:
    """Writes a release if all of its proof holds; says each line of it."""
    from autograder.proof import prove  # the plain command does without them
    from autograder.verify import verified

    wrong = 0
    for lab in labs:
        started = time.monotonic()
        proof, was_kept = verified(course, lab, options.jobs)
        how = "proved before" if was_kept else f"{time.monotonic() - started:.0f} s"
        _say(
            f"{lab.name}: the solution gets full marks, the stub none; of {proof.wheats['total']} "
            f"wheats all pass, of {proof.chaffs['total']} chaffs all are caught and named ({how}).",
            [f"{lab.name}: {problem}" for problem in proof.problems],
        )
        wrong += len(proof.problems)
    with tempfile.TemporaryDirectory(prefix="release-") as folder:
        stage = Path(folder, "stage")
        stage.mkdir()
        package.build(course, labs, stage)
        for proved in prove(course, labs, stage, history=options.history, online=options.online):
            _say(proved.what, proved.problems)
            wrong += len(proved.problems)
        if wrong:
            say(f"Nothing was written to {options.out}: mend what is said above.")
            return False
        package.publish(stage, options.out.resolve())
    for path in sorted(options.out.iterdir()):
        print(path)
    return True


def _say(what: str, problems: list[str]) -> None:
    """A line of the proof, or the lines that are wrong."""
    for problem in problems:
        say(f"✗ {problem}")
    if not problems:
        print(f"✓ {what}", flush=True)
