"""Grades the corpus as a class is graded, and after each attack lets an honest neighbour answer in
the same template: what one submission did must not show in the next.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import as_completed
from dataclasses import dataclass
from typing import Any

from autograder import bench
from autograder.course import Course
from autograder.kit import Kit
from autograder.lab import Lab
from autograder.notebook import code_cells
from autograder.result import Result
from autograder.session import Session
from autograder.subject import wire
from autograder.subject.limits import Limits
from autograder.workers import Workers

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


class Neighbours(Workers):
    """The workers of a class, who listen to an honest neighbour after each submission.

    Args:
        course: The course.
        lab: The lab.
        **settings: Further arguments of `Workers`.
    """

    def __init__(self, course: Course, lab: Lab, **settings: Any):
        super().__init__(course, lab, limits=LIMITS, **settings)
        self.seen: dict[str, Seen] = {}
        self._neighbour = json.dumps(lab.solution)
        self.alone = self._pool.submit(listen, self._kit, self._neighbour).result()
        """What the neighbour answers where nobody was before."""

    def grade(self, notebooks: Iterable[tuple[str, Any]]) -> Iterator[Result]:
        """Grades named notebooks; results come as they are ready."""
        kit = self._pack(self._misconceptions())
        futures = [
            self._pool.submit(grade, kit, name, json.dumps(notebook), self._neighbour)
            for name, notebook in notebooks
        ]
        for future in as_completed(futures):
            data, seen = future.result()
            result = Result.from_data(data)
            self.seen[result.submission] = seen
            yield result


def grade(kit: Kit, name: str, notebook: str, neighbour: str) -> tuple[dict[str, Any], Seen]:
    """Grades a notebook and listens to its neighbour, in a worker.

    Args:
        kit: The lab.
        name: What the result calls it.
        notebook: The notebook, as JSON.
        neighbour: Another one, which is honest.
    """
    started = time.monotonic()
    result = bench.grade(kit, name, notebook)
    seconds = time.monotonic() - started
    return result, Seen(listen(kit, neighbour), seconds)


def listen(kit: Kit, neighbour: str) -> str:
    """Asks a notebook some cases; what is returned changes with the last digit of an answer.

    Args:
        kit: The lab.
        neighbour: The notebook, as JSON.
    """
    laid, template = bench._bench.lay(kit)
    asked = [case for case in laid.truth.cases if case.cotangent is not None][:QUESTIONS]
    cells = code_cells(bench._read(neighbour), laid.truth.lab)
    with Session(template, cells) as session:
        answers = [session.probe(case) for case in asked]
    assert not any("error" in answer for answer in answers), answers
    for answer in answers:  # what its weights were before the case set them is anybody's guess
        for aspect in [aspect for aspect in answer if aspect.startswith("initial ")]:
            del answer[aspect]
    return hashlib.sha256(wire.pack(answers)).hexdigest()
