"""`autograder init`: a new course from nothing."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograder.commands import DONE, Commands
from autograder.init import init
from autograder.terminal import say


def add(commands: Commands) -> None:
    """Describes the command."""
    command = commands.add_parser("init", help="start a course in a folder of its own")
    command.add_argument("folder", metavar="DIR", type=Path, help="a new or empty folder")
    command.add_argument(
        "--lab",
        metavar="LAB",
        dest="labs",
        action="append",
        default=[],
        help="a lab of the course; once for each, in the course's order (default: all)",
    )
    command.add_argument("--roster", metavar="FILE", type=Path, help="the students, as CSV")
    command.add_argument("--course-id", help="nbgrader's name of it (default: the folder's)")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Makes the course; prints what is in it and what to do next."""
    course = init(options.folder, options.labs, options.roster, options.course_id)
    for path in sorted(course.root.iterdir()):
        print(path)
    for path in sorted(course.root.glob("source/*")):
        print(path)
    say(
        f"Next: write dates into {course.root / 'course.toml'}, then `cd {course.root}` and "
        "`autograder doctor`, `autograder release`; README.md there has the rest.",
    )
    return DONE
