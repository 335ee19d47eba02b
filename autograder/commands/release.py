"""`autograder release`: labs/ and solutions/ from source/."""

from __future__ import annotations

import argparse

from autograder.commands import DONE, SHORT, Commands
from autograder.course import Course
from autograder.host import Template
from autograder.release import release, stale
from autograder.subject.limits import Limits
from autograder.terminal import say


def add(commands: Commands) -> None:
    """Describes the command."""
    command = commands.add_parser("release", help="generate labs/ and solutions/ from source/")
    command.add_argument("labs", metavar="LAB", nargs="*")
    command.add_argument("--check", action="store_true", help="only say whether they are fresh")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Generates them, or says what is out of date."""
    course = Course.find()
    out_of_date = []
    with Template(Limits()) as template:
        for lab in course.labs(options.labs):
            if options.check:
                out_of_date += stale(course, lab, template)
            else:
                release(course, lab, template)
                print(f"labs/{lab.name}, solutions/{lab.name}")
    for name in out_of_date:
        say(f"{name} is not what source/ gives: run `autograder release`.")
    return SHORT if out_of_date else DONE
