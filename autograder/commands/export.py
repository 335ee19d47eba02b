"""`autograder export`: the grades of a class, for a learning management system or for analysis."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from autograder.commands import DONE, Commands
from autograder.converting import configuration
from autograder.course import Course
from autograder.errors import UsageError
from autograder.terminal import say

FORMATS = ["canvas", "moodle", "gradescope", "csv", "jsonl"]


def add(commands: Commands) -> None:
    """Describes the command."""
    command = commands.add_parser("export", help="write the grades of a class for other programs")
    command.add_argument("format", metavar="FORMAT", choices=FORMATS, help=", ".join(FORMATS))
    command.add_argument("labs", metavar="LAB", nargs="*")
    command.add_argument("-o", "--output", metavar="FILE", type=Path)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs nbgrader's export plugin of the format; prints the path of what it wrote."""
    from autograder.exports.canvas import CanvasExporter
    from autograder.exports.gradescope import GradescopeExporter
    from autograder.exports.jsonl import JsonLinesExporter
    from autograder.exports.moodle import MoodleExporter
    from autograder.exports.plain import PlainExporter
    from autograder.gradebook import existing

    exporters = [CanvasExporter, MoodleExporter, GradescopeExporter, PlainExporter]
    plugin = dict(zip(FORMATS, [*exporters, JsonLinesExporter], strict=True))[options.format]
    course = Course.find()
    output = options.output or course.root / plugin.default
    log = logging.Logger("export")
    log.addHandler(_Sentences())
    exporter = plugin(config=configuration(course), log=log)
    exporter.to, exporter.assignment = str(output), options.labs
    with existing(course) as opened:
        try:
            exporter.export(opened)
        except OSError as error:
            raise UsageError(f"{output} cannot be written: {error.strerror}.") from None
    print(output)
    return DONE


class _Sentences(logging.Handler):
    """What a plugin logs, as the commands say it."""

    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage())
