"""`autograder doctor`: what is ready for grading, and how to mend what is not."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from autograder.commands import DONE, SHORT, Commands
from autograder.course import Course
from autograder.doctor import OK, PROBLEM, WARNING, Finding, course, examine, machine
from autograder.errors import UsageError
from autograder.terminal import say

_COLOURS = {OK: "green", WARNING: "yellow", PROBLEM: "bold red"}


def add(commands: Commands) -> None:
    """Describes the command."""
    command = commands.add_parser("doctor", help="say what is ready, and how to mend what is not")
    command.add_argument("--json", action="store_true", help="print the findings as JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Prints a line for each check; short of something if one found a problem."""
    console = Console(highlight=False, soft_wrap=True)
    found = []
    for name, finding in _examine():
        found.append({"check": name, **asdict(finding)})
        if not options.json:
            line = Text(f"{finding.status:8}", _COLOURS[finding.status])
            line.append(f"{name}: {finding.message}", "default")
            line.append(f" To mend: {finding.remedy}" if finding.remedy else "", "default")
            console.print(line)
    hindered = any(finding["status"] == PROBLEM for finding in found)
    if options.json:
        print(json.dumps({"ok": not hindered, "checks": found}, ensure_ascii=False, indent=2))
    return SHORT if hindered else DONE


def _examine() -> Iterator[tuple[str, Finding]]:
    yield from examine(machine)
    try:
        here = Course.find()
    except UsageError as error:
        say(f"Only the machine was looked at: {error}")
        return
    yield from examine(course, here)
