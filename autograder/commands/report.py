"""`autograder report`: how a class did, as a web page."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograder.commands import DONE, Commands
from autograder.course import Course
from autograder.report import write


def add(commands: Commands) -> None:
    """Describes the command."""
    command = commands.add_parser("report", help="write the report of a class as a web page")
    command.add_argument("labs", metavar="LAB", nargs="*")
    command.add_argument("-o", "--output", metavar="OUT.html", type=Path)
    command.add_argument(
        "--no-similarity",
        dest="similarity",
        action="store_false",
        help="do not compare submissions with each other",
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Writes the page; prints its path."""
    course = Course.find()
    output = options.output or course.root / "report.html"
    write(course, course.labs(options.labs), output, similarity=options.similarity)
    print(output)
    return DONE
