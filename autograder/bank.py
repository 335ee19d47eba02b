"""The bank: right and wrong solutions of a lab, and what the wrong ones teach."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from autograder.course import Course
from autograder.errors import MachineFault
from autograder.fill import fill
from autograder.grading import Examination
from autograder.lab import Lab, Solution
from autograder.subject.wire import unpack
from autograder.truth import Truth, keep, kept
from layerlab.compare import compare
from layerlab.diagnose import Misconception

ExamineAll = Callable[[Iterable[tuple[str, Any]]], Iterator[Examination]]
"""Examines named notebooks, one after the other or in parallel, and returns them in order."""


def notebook(lab: Lab, solution: Solution) -> Any:
    """A bank entry as a submission; what it does not define, the reference solution does."""
    return fill(lab.solution, lab, solution.path)


def misconceptions(
    course: Course, truth: Truth, examine_all: ExamineAll, device: str = "cpu"
) -> list[Misconception]:
    """What each chaff of a lab does on the hidden cases, from disk, or observed and kept there.

    Args:
        course: The course.
        truth: What is true of the lab's cases.
        examine_all: How notebooks are examined.
        device: Where the chaffs run.
    """
    path = _kept(course, truth, device)
    if path.is_file():
        return [Misconception(**fields) for fields in unpack(path.read_bytes())]
    return remember(course, truth, list(examine_all(chaff_notebooks(truth.lab))), device)


def known(course: Course, truth: Truth, device: str = "cpu") -> bool:
    """Whether what the chaffs do is on disk."""
    return _kept(course, truth, device).is_file()


def chaff_notebooks(lab: Lab) -> Iterator[tuple[str, Any]]:
    """The chaffs of a lab as named submissions."""
    return ((chaff.name, notebook(lab, chaff)) for chaff in lab.chaffs)


def remember(
    course: Course, truth: Truth, examined: list[Examination], device: str = "cpu"
) -> list[Misconception]:
    """Keeps what the chaffs of a lab did.

    Args:
        course: The course.
        truth: What is true of the lab's cases.
        examined: The examinations of the chaffs, in their order.
        device: Where they ran.

    Returns:
        What each chaff does where it is wrong.

    Raises:
        MachineFault: One of them could not be run: nothing is kept.
    """
    found = []
    for chaff, examination in zip(truth.lab.chaffs, examined, strict=True):
        if examination.fault:
            raise MachineFault(examination.fault)
        wrong = {
            key: observation
            for key, observation in examination.observations.items()
            if compare(truth.expected[key], observation)
        }
        found.append(Misconception(chaff.name, chaff.message, wrong))
    keep(_kept(course, truth, device), [vars(item) for item in found])
    return found


def _kept(course: Course, truth: Truth, device: str) -> Path:
    return kept(course, truth.lab, "misconceptions", device)
