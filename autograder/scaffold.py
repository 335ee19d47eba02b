"""Starts a lab: both of its folders, with a small example that is right and some blanks to fill."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from autograder import hints, settings
from autograder.course import Course
from autograder.errors import UsageError
from autograder.lab import HIDDEN, Lab, hidden_folder

TEMPLATE = Path(__file__).parent / "templates" / "lab"
BLANK = "TODO"
"""What stands where an author has to write."""
_NAME = "LAB_NAME"


def new(course: Course, name: str) -> list[Path]:
    """Makes the folders of a lab.

    Args:
        course: The course.
        name: Name of the lab, as a Python module may be called.

    Returns:
        The files.

    Raises:
        UsageError: The name cannot be one, or is taken; nothing is written.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise UsageError(
            f"{name!r} cannot be a lab's name: use small letters, digits and underscores, "
            "such as lab11_attention."
        )
    lab = Lab(name, course.root)
    hidden = hidden_folder(course.root) / name
    for folder in (lab.source.parent, hidden, HIDDEN / name):
        if folder.exists():
            raise UsageError(f"There is a folder {folder} already: choose another name.")
    chosen = bool(course.settings.labs)
    targets = {TEMPLATE / "source.py": lab.source, TEMPLATE / "hints.toml": hints.path(lab)}
    for path in sorted((TEMPLATE / "hidden").rglob("*.py")):
        targets[path] = hidden / path.relative_to(TEMPLATE / "hidden")
    for path, target in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8").replace(_NAME, name)
        target.write_text(text, encoding="utf-8")
    if chosen:
        with (course.root / settings.FILE).open("a", encoding="utf-8") as file:
            file.write(f"\n[labs.{name}]\n")
    return list(targets.values())


def blanks(lab: Lab) -> Iterator[str]:
    """Where a lab still has something to be written, as sentences."""
    for path in [*lab.texts, *sorted(lab.hidden.rglob("*.py"))]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(rf"\b{BLANK}\b", line):
                yield f"A blank is left in line {number} of {path}: {line.strip('# *')}"
