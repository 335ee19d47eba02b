"""`autograder new`: both folders of a new lab."""

from __future__ import annotations

import argparse

from autograder import scaffold
from autograder.commands import DONE, Commands
from autograder.course import Course
from autograder.terminal import say


def add(commands: Commands) -> None:
    """Describes the command."""
    command = commands.add_parser("new", help="start a lab: both folders, with an example")
    command.add_argument("lab", metavar="LAB")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Makes the folders; prints every file in them."""
    course = Course.find()
    for path in scaffold.new(course, options.lab):
        print(path)
    say(
        f"Fill in what says {scaffold.BLANK}, put your own lab in the example's place, then run "
        f"`autograder release {options.lab}` and `autograder verify {options.lab}`.",
    )
    return DONE
