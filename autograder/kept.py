"""What is kept of each submission between runs: its result, and how far it has got.

A submission is graded, kept here, entered into the gradebook, and told in a feedback page, in this
order, and each step is noted here once it is done. A run that was killed in the middle of one finds
the step not noted, and does it again: each of them may be done twice. So nothing is lost, and
nothing is graded twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Course
from autograder.lab import Lab
from autograder.result import GRADED, Result


@dataclass
class Kept:
    """What is kept of a submission.

    Args:
        result: Its result.
        work: Digest of the notebook that it is of; empty if it has to be graded again.
        grader: Changes with whatever the result depends on beside the notebook.
        entered: Whether it is in the gradebook, with its notebook in `autograded/`.
        told: The late penalty that its feedback page shows; `None` if there is none of this result.
    """

    result: Result
    work: str = ""
    grader: str = ""
    entered: bool = False
    told: float | None = None

    def settles(self, work: str) -> bool:
        """Whether this notebook has its score and need not be graded again."""
        return self.result.status == GRADED and self.work == work


@dataclass(frozen=True)
class Shelf:
    """A folder in the course with a file for each submission of a lab.

    Args:
        course: The course.
        lab: The lab.
        name: Name of the folder: `results`, or where others wait to become results.
    """

    course: Course
    lab: Lab
    name: str = "results"

    @property
    def _folder(self) -> Path:
        return self.course.state / self.name / self.lab.name

    def _path(self, student: str) -> Path:
        return self._folder / f"{student}.json"

    def read(self, student: str) -> Kept | None:
        """What is kept of a student's submission; what cannot be read is as good as not there."""
        try:
            data = json.loads(self._path(student).read_text(encoding="utf-8"))
            rest = data.pop("kept", {})
            return Kept(Result.from_data(data), **rest)
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def write(self, kept: Kept) -> None:
        """Keeps this of a submission: whole and on the disk, or what was kept before stays."""
        path = self._path(kept.result.submission)
        path.parent.mkdir(parents=True, exist_ok=True)
        rest = {name: value for name, value in vars(kept).items() if name != "result"}
        unfinished = path.with_name(f"{path.name}.new")
        try:
            with unfinished.open("w", encoding="utf-8") as file:
                json.dump({**kept.result.as_data(), "kept": rest}, file)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except OSError:
            with suppress(OSError):
                unfinished.unlink()
            raise

    def drop(self, student: str) -> None:
        """Forgets what is kept of a student's submission."""
        self._path(student).unlink(missing_ok=True)

    def __iter__(self) -> Iterator[Kept]:
        """All that is kept, by student."""
        for path in sorted(self._folder.glob("*.json")):
            kept = self.read(path.stem)
            if kept is not None:
                yield kept


def results(course: Course, lab: Lab) -> Iterator[Result]:
    """The results that are kept of a lab, by student."""
    return (kept.result for kept in Shelf(course, lab))


def forget(course: Course, lab: Lab, student: str) -> None:
    """Drops what is kept of a submission that another has replaced: it is graded anew."""
    Shelf(course, lab).drop(student)
