"""`autograder fill`: a submission from a plain Python file."""

from __future__ import annotations

import argparse
from pathlib import Path

import nbformat

from autograder import fill
from autograder.commands import DONE, Commands
from autograder.course import Course
from autograder.errors import UsageError


def add(commands: Commands) -> None:
    """Describes the command."""
    command = commands.add_parser("fill", help="make a submission from a plain Python file")
    command.add_argument("lab", metavar="LAB")
    command.add_argument("file", metavar="FILE.py", type=Path)
    command.add_argument("-o", "--output", metavar="OUT.ipynb", type=Path)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Writes the notebook; prints its path."""
    course = Course.find()
    lab = course.lab(options.lab)
    filled = fill.fill(lab.release, lab, options.file)
    output = options.output or Path(f"{lab.name}.ipynb")
    if output.exists() and options.output is None:
        raise UsageError(f"{output} is there already: say with -o where to write.")
    try:
        nbformat.write(filled, output)
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}.") from None
    print(output)
    return DONE
