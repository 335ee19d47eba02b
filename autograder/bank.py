"""The bank: right and wrong solutions of a lab, and what the wrong ones teach."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from autograder.course import Course
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
    path = kept(course, truth.lab, "misconceptions", device)
    if path.is_file():
        return [Misconception(**fields) for fields in unpack(path.read_bytes())]
    chaffs = truth.lab.chaffs
    notebooks = ((chaff.name, notebook(truth.lab, chaff)) for chaff in chaffs)
    known = [
        misconception(chaff, found, truth)
        for chaff, found in zip(chaffs, examine_all(notebooks), strict=True)
    ]
    keep(path, [vars(item) for item in known])
    return known


def misconception(chaff: Solution, found: Examination, truth: Truth) -> Misconception:
    """What a chaff does where it is wrong.

    Args:
        chaff: The chaff.
        found: Its examination.
        truth: What is true of the lab's cases.
    """
    wrong = {
        key: observation
        for key, observation in found.observations.items()
        if compare(truth.expected[key], observation)
    }
    return Misconception(chaff.name, chaff.message, wrong)
