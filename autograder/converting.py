"""Runs nbgrader's converters on a course, with the course's own configuration."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Collection
from pathlib import Path

from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.course import CONFIG, Course
from autograder.errors import UsageError
from autograder.lab import Lab


def configuration(course: Course) -> Config:
    """What the course's `nbgrader_config.py` sets."""
    loaded: Config = PyFileConfigLoader(CONFIG, path=str(course.root)).load_config()
    loaded.CourseDirectory.root = str(course.root)
    return loaded


def convert(
    converter: type[BaseConverter],
    course: Course,
    lab: Lab,
    students: Collection[str] = (),
    *,
    force: bool = False,
    **directories: str,
) -> None:
    """Runs a converter on a lab.

    Args:
        converter: Such as `GenerateAssignment`, `Autograde`, `GenerateFeedback`.
        course: The course.
        lab: The lab.
        students: Those whose submissions are converted, where the converter has to do with any.
        force: Whether what is there is made anew.
        **directories: Settings of `CourseDirectory` that differ from the course's own.

    Raises:
        UsageError: nbgrader gives up; the message has its last words.
    """
    config = configuration(course)
    config.CourseDirectory.assignment_id = lab.name
    config.CourseDirectory.update(directories)
    with_our_tools()
    words = _Words()
    log = logging.Logger("nbgrader", logging.WARNING)
    log.addHandler(words)

    class ForStudents(converter):
        """One converter for many: nbgrader makes its templates anew for each it starts."""

        def init_notebooks(self) -> None:
            super().init_notebooks()
            if students:
                wanted = {Path(self._format_source(lab.name, student)) for student in students}
                for folder in [*self.assignments]:
                    if Path(folder) not in wanted:
                        del self.assignments[folder]

    made = ForStudents(coursedir=CourseDirectory(config=config), config=config, log=log)
    made.force = force
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # nbgrader's own, at every new submission
            made.start()
    except (NbGraderException, OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"nbgrader gives up on {lab.name}: {words.last or error}") from error


def with_our_tools() -> None:
    """Nbgrader starts `alembic` by its name: it is found without the environment activated."""
    tools = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    if tools not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([tools, path])


class _Words(logging.Handler):
    """Keeps what went wrong: the last line of the last traceback that nbgrader logged."""

    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage().strip()
        if text.startswith("Traceback"):
            self.last = text.splitlines()[-1]
