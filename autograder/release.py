"""Generates `labs/` and `solutions/` from `source/`, through nbgrader's own converters."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from nbgrader.api import MissingEntry
from nbgrader.converters import GenerateAssignment, GenerateSolution

from autograder import gradebook, source, visible
from autograder.converting import convert
from autograder.course import CONFIG, Course
from autograder.host import Template
from autograder.lab import Lab
from autograder.notebook import grade_id
from layerlab.visible import FILENAME


def release(course: Course, lab: Lab, template: Template) -> None:
    """Generates what students receive and the solution of one lab, for the gradebook too.

    Args:
        course: The course.
        lab: The lab.
        template: Where the chaffs run on the visible cases.

    Raises:
        UsageError: nbgrader does not accept the source; the message has its words.
    """
    source.write(lab.source)
    (lab.source.parent / FILENAME).unlink(missing_ok=True)
    for converter in (GenerateAssignment, GenerateSolution):
        convert(converter, course, lab, force=True)
    lab.__dict__.pop("release", None)  # what was read before is out of date
    data = lab.source.parent / FILENAME
    visible.build(lab, template).save(data)
    # nbgrader copies whatever lies beside a source notebook; this file needs the released one.
    for folder in ("labs", "solutions"):
        shutil.copyfile(data, course.root / folder / lab.name / FILENAME)
    gradebook.enter(course)


def enter(course: Course, lab: Lab) -> None:
    """Enters a lab into the gradebook if it is not there, as in a fresh clone; `labs/` stays.

    Args:
        course: The course.
        lab: The lab.
    """
    gradebook.complete(course)
    if entered(course, lab):
        return
    source.write(lab.source)
    with tempfile.TemporaryDirectory() as folder:
        convert(GenerateAssignment, course, lab, release_directory=folder)


def entered(course: Course, lab: Lab) -> bool:
    """Whether the gradebook has a lab with all its cells; nbgrader enters them one by one."""
    with gradebook.opened(course) as book:
        try:
            known = book.find_notebook(lab.name, lab.name)
        except MissingEntry:
            return False
        names = {cell.name for cell in known.source_cells}  # the last that nbgrader enters
        wanted = {grade_id(cell) for cell in lab.solution.cells} - {""}
        # With submissions it is whole, and nbgrader would refuse to touch it.
        return wanted <= names or bool(known.submissions)


def generate_into(course: Course, lab: Lab, template: Template, root: Path) -> Course:
    """Generates a lab in another folder, from copies: nothing in the course changes.

    Args:
        course: The course.
        lab: The lab.
        template: Where the chaffs run.
        root: An empty folder.

    Returns:
        The course in that folder.
    """
    shutil.copyfile(course.root / CONFIG, root / CONFIG)
    (root / "source" / lab.name).mkdir(parents=True)
    for path in lab.texts:
        shutil.copyfile(path, root / "source" / lab.name / path.name)
    copy = Course(root)
    release(copy, copy.lab(lab.name), template)
    return copy


def stale(course: Course, lab: Lab, template: Template) -> list[str]:
    """Which generated files of a lab are not what its source gives, byte for byte."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = generate_into(course, lab, template, Path(folder)).root
        found = []
        for part in ("labs", "solutions"):
            names = {
                path.relative_to(root).as_posix()
                for root in (course.root, fresh)
                for path in (root / part / lab.name).glob("*")
            }
            for name in sorted(names):
                one, other = course.root / name, fresh / name
                if (
                    not (one.is_file() and other.is_file())
                    or one.read_bytes() != other.read_bytes()
                ):
                    found.append(name)
        return found
