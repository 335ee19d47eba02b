"""Grades the corpus as a class is graded, and after each attack lets an honest neighbour answer in
the same template: what one submission did must not show in the next.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import as_completed
from dataclasses import dataclass
from typing import Any

from autograder import workers
from autograder.course import Course
from autograder.lab import Lab
from autograder.notebook import code_cells
from autograder.result import Result
from autograder.session import Session
from autograder.subject import wire
from autograder.subject.limits import Limits

LIMITS = Limits(
    cell_seconds=4.0, probe_seconds=3.0, total_seconds=25.0, memory=2**30, processes=256
)
"""Little time, so that the endless ones end soon; enough for every control."""
QUESTIONS = 5
"""Cases that a neighbour is asked."""


@dataclass(frozen=True)
class Seen:
    """What was seen of a submission beside its result.

    Args:
        neighbour: Changes with the last digit of anything that the next one answered.
        seconds: Wall-clock time that it took.
    """

    neighbour: str
    seconds: float


class Neighbours(workers.Workers):
    """The workers of a class, who listen to an honest neighbour after each submission.

    Args:
        course: The course.
        lab: The lab.
        **settings: Further arguments of `Workers`.
    """

    def __init__(self, course: Course, lab: Lab, **settings: Any):
        super().__init__(course, lab, limits=LIMITS, **settings)
        self.seen: dict[str, Seen] = {}
        self.alone = self._pool.submit(_listen).result()
        """What the neighbour answers where nobody was before."""

    def grade(self, notebooks: Iterable[tuple[str, Any]]) -> Iterator[Result]:
        """Grades named notebooks; results come as they are ready."""
        futures = [self._pool.submit(_grade, name, notebook) for name, notebook in notebooks]
        for future in as_completed(futures):
            result, seen = future.result()
            self.seen[result.submission] = seen
            yield result


def _grade(name: str, notebook: Any) -> tuple[Result, Seen]:
    started = time.monotonic()
    result = workers._grade(name, notebook)
    seconds = time.monotonic() - started
    return result, Seen(_listen(), seconds)


def _listen() -> str:
    grader = workers._grader
    assert grader is not None
    lab = grader.truth.lab
    asked = [case for case in grader.truth.cases if case.cotangent is not None][:QUESTIONS]
    with Session(grader.template, code_cells(lab.solution, lab)) as session:
        answers = [session.probe(case) for case in asked]
    assert not any("error" in answer for answer in answers), answers
    for answer in answers:  # what its weights were before the case set them is anybody's guess
        for aspect in [aspect for aspect in answer if aspect.startswith("initial ")]:
            del answer[aspect]
    return hashlib.sha256(wire.pack(answers)).hexdigest()
