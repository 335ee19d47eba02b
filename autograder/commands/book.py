"""`autograder book`: the course book."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograder import book
from autograder.commands import DONE, Commands
from autograder.course import Course


def add(commands: Commands) -> None:
    """Describes the command."""
    command = commands.add_parser("book", help="build the course book: docs/ and the solutions")
    command.add_argument("-o", "--output", metavar="DIR", type=Path)
    command.add_argument("--no-run", action="store_true", help="do not execute the notebooks")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Builds it; prints every page."""
    course = Course.find()
    output = options.output or course.root / "book"
    pages = book.build(course, output, run=not options.no_run)
    for page in pages:
        print(page)
    return DONE
