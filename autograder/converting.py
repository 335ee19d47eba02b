"""Runs nbgrader's converters on a course, with the course's own configuration."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Collection
from pathlib import Path

from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder import faults
from autograder.course import CONFIG, Course
from autograder.economy import one_opening
from autograder.errors import MachineFault, UsageError
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
    done: Callable[[str], None] | None = None,
    **directories: str,
) -> None:
    """Runs a converter on a lab.

    Args:
        converter: Such as `GenerateAssignment`, `Autograde`, `GenerateFeedback`.
        course: The course.
        lab: The lab.
        students: Those whose submissions are converted, where the converter has to do with any.
        force: Whether what is there is made anew.
        done: Called with each student whose submission has been converted.
        **directories: Settings of `CourseDirectory` that differ from the course's own.

    Raises:
        UsageError: nbgrader gives up; the message has its last words.
        MachineFault: It gives up, and no submission is to blame.
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
            if not students:
                super().init_notebooks()
                return
            # nbgrader looks into everybody's folder, each time: the square of a class.
            folders = [self._format_source(lab.name, student) for student in students]
            found = {folder: [*map(str, Path(folder).glob("*.ipynb"))] for folder in folders}
            self.assignments = {folder: files for folder, files in found.items() if files}
            if not self.assignments:
                raise NbGraderException(f"There is no notebook of {', '.join(students)}.")

        # The last that nbgrader does with a submission, and the only hook that is told whose it is.
        def set_permissions(self, assignment_id: str, student_id: str) -> None:
            super().set_permissions(assignment_id, student_id)
            if done is not None:
                done(student_id)

    made = ForStudents(coursedir=CourseDirectory(config=config), config=config, log=log)
    made.force = force
    try:
        one = len(students) == 1  # what is written of several is to be there as each is done
        with warnings.catch_warnings(), one_opening(whole=one):
            warnings.simplefilter("ignore", SAWarning)  # nbgrader's own, at every new submission
            made.start()
    except (NbGraderException, OSError, RuntimeError, ValueError, SQLAlchemyError) as error:
        fault = faults.clause(error) or faults.clause(words.cause)
        if fault:
            raise MachineFault(faults.sentence(fault)) from error
        raise UsageError(f"nbgrader gives up on {lab.name}: {words.last or error}") from error


def with_our_tools() -> None:
    """Nbgrader starts `alembic` by its name: it is found without the environment activated."""
    tools = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    if tools not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([tools, path])


class _Words(logging.Handler):
    """Keeps what went wrong: the last line of the last traceback that nbgrader logged, and the
    exception that it was made of, which nbgrader does not pass on.
    """

    last = ""
    cause: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        self.cause = sys.exc_info()[1] or self.cause
        text = record.getMessage().strip()
        if text.startswith("Traceback"):
            self.last = text.splitlines()[-1]
