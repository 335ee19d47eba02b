"""What of the machine and of the course is ready for grading, and how to mend what is not.

A check is a public function of `machine` or of `course`, and its name is the check's name: to add
one is to write it. It returns a `Finding`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

OK, WARNING, PROBLEM = "ok", "warning", "problem"


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Args:
        status: `ok`; `warning`, if grading works all the same; `problem`, if it does not or if
            something secret lies open.
        message: What was found, as a sentence.
        remedy: How to mend it, as a sentence.
    """

    status: str
    message: str
    remedy: str = ""


def ok(message: str) -> Finding:
    """All is well."""
    return Finding(OK, message)


def warning(message: str, remedy: str) -> Finding:
    """Something could be better."""
    return Finding(WARNING, message, remedy)


def problem(message: str, remedy: str) -> Finding:
    """Something has to be mended."""
    return Finding(PROBLEM, message, remedy)


def checks(module: ModuleType) -> Iterator[tuple[str, Callable[..., Finding]]]:
    """The checks of a module by name, in the order in which they are written."""
    for name, member in vars(module).items():
        written_here = inspect.isfunction(member) and member.__module__ == module.__name__
        if written_here and not name.startswith("_"):
            yield name.replace("_", " "), member


def examine(module: ModuleType, *subject: Any) -> Iterator[tuple[str, Finding]]:
    """Runs the checks of a module, one after the other.

    Args:
        module: `machine` or `course`.
        *subject: What its checks look at.

    Returns:
        Name and finding of each.
    """
    for name, check in checks(module):
        try:
            yield name, check(*subject)
        except Exception as error:  # a check that fails says nothing of the others
            said = f"{type(error).__name__}: {error}".splitlines()[0]
            yield name, problem(f"It could not be looked at: {said}", "See what the message says.")
