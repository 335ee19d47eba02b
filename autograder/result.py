"""The outcome of grading one submission, as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

GRADED = "graded"
NOT_GRADED = "not graded"

PASSED = "passed"
PARTLY = "partly passed"
FAILED = "failed"
NOT_ATTEMPTED = "not attempted"
BY_HAND = "graded by hand"

VERDICT = "application/vnd.layerlab.verdict+json"
"""Kind of the output that holds a verdict: what a grader says, never a submission."""


@dataclass
class CellResult:
    """The outcome of one graded cell.

    Args:
        cell: Its `grade_id`.
        score: Points earned; `None` if a person grades it.
        max_score: Points that can be earned.
        status: `passed`, `partly passed`, `failed`, `not attempted` or `graded by hand`.
        message: The reasons, for the student: no line, case or value of a hidden test.
        misconceptions: Names of those that were recognised.
        explanations: The sentence of each of them.
        seconds: Wall-clock time of its hidden tests; a case that several cells count on takes
            its time in the first.
    """

    cell: str
    score: float | None
    max_score: float
    status: str
    message: str
    misconceptions: list[str] = field(default_factory=list)
    explanations: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class Result:
    """The outcome of one submission: graded, or not graded with its cause.

    Args:
        lab: Name of the lab.
        submission: What was graded: a path or a student.
        status: `graded` or `not graded`.
        reason: Why it was not graded; empty otherwise.
        device: Where the submission ran: `cpu` or `gpu`.
        seconds: Wall-clock time that it took.
        cells: Outcome of each graded cell.
        outputs: What each cell that ran has shown, by its position in the restored notebook.
        remarks: What else an instructor should know, such as a cell that never ends.
        versions: Of the libraries that it was graded with.
        conduct: What it did that no honest submission does, in clauses for the instructor: none of
            it costs points by itself.
    """

    lab: str
    submission: str
    status: str
    reason: str = ""
    device: str = "cpu"
    seconds: float = 0.0
    cells: list[CellResult] = field(default_factory=list)
    outputs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    conduct: list[str] = field(default_factory=list)

    @property
    def score(self) -> float:
        """Points earned in the automatically graded cells."""
        return sum(cell.score for cell in self.cells if cell.score is not None)

    @property
    def max_score(self) -> float:
        """Points of the automatically graded cells."""
        return sum(cell.max_score for cell in self.cells if cell.score is not None)

    def summary(self) -> dict[str, Any]:
        """The result as it is printed by `autograder grade --json`."""
        return {
            "lab": self.lab,
            "submission": self.submission,
            "status": self.status,
            "reason": self.reason,
            "device": self.device,
            "score": self.score,
            "max_score": self.max_score,
            "seconds": round(self.seconds, 3),
            "cells": [
                {
                    name: value
                    for name, value in asdict(cell).items()
                    if name not in ("explanations", "seconds")
                }
                for cell in self.cells
            ],
        }

    def as_data(self) -> dict[str, Any]:
        """The whole result as plain data."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Result:
        """The inverse of `as_data`."""
        return cls(**{**data, "cells": [CellResult(**cell) for cell in data["cells"]]})
