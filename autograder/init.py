"""Makes a new course from nothing: the tree, nbgrader's configuration, the labs, the roster."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from string import Template

from autograder import roster
from autograder.course import CONFIG, Course
from autograder.errors import UsageError
from autograder.settings import FILE, ID

ENGINE = Path(__file__).parents[1]
"""The checkout of this engine, whose labs there are to choose from."""
TEMPLATE = Path(__file__).parent / "templates" / "course"
ROSTER = "roster.csv"


def init(
    folder: Path,
    labs: Sequence[str] = (),
    students: Path | None = None,
    course_id: str | None = None,
) -> Course:
    """Makes a course.

    Args:
        folder: Its folder: a new one, or an empty one.
        labs: Names of the engine's labs that it has, in its order; none for all.
        students: The roster, if there is one; else the course gets an example.
        course_id: What nbgrader calls the course; by default the folder's name.

    Returns:
        The course; `autograder release` is what comes next.

    Raises:
        UsageError: Something of this cannot be used; nothing is written.
    """
    folder = folder.resolve()
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UsageError(f"{folder} is not an empty folder: a new course starts in one of its own.")
    chosen = Course(ENGINE).labs(list(dict.fromkeys(labs)))
    if not chosen:
        raise UsageError(f"There are no labs in {ENGINE / 'source'}: run this from a checkout.")
    name = folder.name if course_id is None else course_id
    if not ID.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be a course's id: use letters, digits and _ . - "
            "(--course-id says another one than the folder's name)."
        )
    if students is not None:
        roster.read(students)
    folder.mkdir(parents=True, exist_ok=True)
    for lab in chosen:
        target = folder / "source" / lab.name
        target.mkdir(parents=True)
        for path in lab.texts:
            shutil.copyfile(path, target / path.name)
    shutil.copyfile(ENGINE / CONFIG, folder / CONFIG)
    shutil.copyfile(students or TEMPLATE / ROSTER, folder / ROSTER)
    shutil.copyfile(TEMPLATE / "gitignore", folder / ".gitignore")
    shutil.copyfile(TEMPLATE / "pytest.ini", folder / "pytest.ini")
    tables = [_DATES.format(lab.name) for lab in chosen]
    words = {"course": name, "lab": chosen[0].name, "labs": "\n".join(tables).rstrip("\n")}
    for file in (FILE, "README.md"):
        text = Template((TEMPLATE / file).read_text(encoding="utf-8")).substitute(words)
        (folder / file).write_text(text, encoding="utf-8")
    return Course(folder)


_DATES = """[labs.{}]
# release = 2026-09-01
# due = 2026-09-15T18:00:00
"""
