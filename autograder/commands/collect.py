"""`autograder collect`: submissions from a zip of Canvas, Moodle or Gradescope."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from autograder.commands import DONE, SHORT, Commands
from autograder.course import Course
from autograder.downloads import READERS
from autograder.terminal import say


def add(commands: Commands) -> None:
    """Describes the command."""
    command = commands.add_parser("collect", help="take submissions from a downloaded zip")
    command.add_argument("zip", metavar="ZIP", type=Path)
    command.add_argument("lab", metavar="LAB", nargs="?", help="if the notebooks do not say")
    command.add_argument("--format", choices=list(READERS), help="if it is not recognised")
    command.add_argument(
        "--map",
        metavar="NAME=STUDENT",
        action="append",
        default=[],
        type=_pair,
        help="whom the zip means by NAME; can be given again",
    )
    command.set_defaults(run=run)


def _pair(text: str) -> tuple[str, str]:
    name, sign, student = text.rpartition("=")
    if not (name and sign and student):
        raise argparse.ArgumentTypeError("write it as NAME=STUDENT")
    return name, student


def run(options: argparse.Namespace) -> int:
    """Collects; prints what became of every file."""
    from autograder.collect import OLDER, REPLACED, SUPERSEDED, collect

    course = Course.find()
    found = collect(course, options.zip, options.lab, options.format, dict(options.map))
    for placed in found.placed:
        print(f"submitted/{placed.student}/{placed.lab}: {placed.outcome}, from {placed.filename}")
    for name, reason in found.unmatched:
        say(f"{name}: {reason}.")
    for remark in found.remarks:
        say(remark)
    count = Counter(placed.outcome for placed in found.placed)
    summary = ", ".join(f"{number} {outcome}" for outcome, number in count.items()) or "none"
    print(f"A download of {found.format.capitalize()}; submissions: {summary}.")
    if count[REPLACED] or count[OLDER]:
        print(f"Of two the older lies in {SUPERSEDED}/<student>/<lab>/.")
    if found.folder is not None:
        say(
            f"Put aside in {found.folder}: {len(found.unmatched)} of the files. Mend the roster, "
            "or say --map NAME=STUDENT, and collect the zip again."
        )
        return SHORT
    return DONE
