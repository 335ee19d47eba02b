"""What code of ours is made of: the modules that it imports, and those that they import."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

import autograder
import layerlab

_OURS = {package.__name__: Path(str(package.__file__)).parent for package in (autograder, layerlab)}
_STATEMENT = re.compile(
    r"^\s*(?:from (?P<module>[\w.]+) import (?P<names>\([^)]*\)|.*)|import (?P<modules>.*))$",
    re.MULTILINE,
)


def made_of(*roots: Path) -> set[Path]:
    """Some files, and those of our modules that they import, themselves or by others.

    Args:
        roots: Python files.
    """
    found: set[Path] = set()
    left = [*roots]
    while left:
        path = left.pop()
        if path not in found:
            found.add(path)
            left += _imported(path)
    return found


@cache
def digest(*roots: Path) -> str:
    """Changes with the code that some files are made of, wherever it lies.

    Args:
        roots: Python files.
    """
    contents = sorted(hashlib.sha256(path.read_bytes()).digest() for path in made_of(*roots))
    return hashlib.sha256(b"".join(contents)).hexdigest()


@cache
def _imported(path: Path) -> list[Path]:
    names: set[str] = set()
    for found in _STATEMENT.finditer(path.read_text(encoding="utf-8")):
        names.update(re.findall(r"[\w.]+", found["modules"] or found["module"]))
        names.update(
            f"{found['module']}.{name}" for name in re.findall(r"\w+", found["names"] or "")
        )
    return [file for name in names for file in _files(name)]


def _files(name: str) -> list[Path]:
    """The file of a module of ours, and those of the packages that it is in."""
    first, *rest = name.split(".")
    if first not in _OURS:
        return []
    places = [_OURS[first].joinpath(*rest[:depth]) for depth in range(len(rest) + 1)]
    files = [*(place / "__init__.py" for place in places), places[-1].with_suffix(".py")]
    return [file for file in files if file.is_file()]
