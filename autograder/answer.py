"""What a submission answers, to be held against what it answers elsewhere.

An identity says what a change of a case does to the answer. To test one, no truth is needed but how
far rounding may move an answer: two answers that an identity makes equal may differ by both bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from layerlab.compare import Difference, worst, wrong_elements


class Mismatch(AssertionError):
    """The submission is wrong: the only failure of a test that costs points."""

    def __init__(self, differences: list[Difference]):
        super().__init__(" ".join(difference.message for difference in differences))
        self.differences = differences


@dataclass(frozen=True)
class Answer:
    """Numbers that a submission gave, or that follow from them.

    Args:
        aspect: What they are, such as `output`.
        value: The numbers, in float64.
        bound: How far rounding may have moved each of them.
    """

    aspect: str
    value: np.ndarray
    bound: np.ndarray

    def through(self, function: Callable[[np.ndarray], np.ndarray]) -> Answer:
        """What a function makes of it that moves numbers, chooses some, or adds them up."""
        return replace(self, value=function(self.value), bound=function(self.bound))

    def times(self, matrix: np.ndarray) -> Answer:
        """Its vectors, along the last axis, times a matrix."""
        return replace(self, value=self.value @ matrix, bound=self.bound @ np.abs(matrix))

    def plus(self, known: np.ndarray | float) -> Answer:
        """It and something that is known exactly."""
        return replace(self, value=self.value + known)

    def must_equal(self, other: Answer, broken: str) -> None:
        """Fails unless the two are the same but for rounding.

        Args:
            other: What an identity says that this is.
            broken: What it means if it is not: a clause for the student, without any number.

        Raises:
            Mismatch: They differ by more than both bounds.
        """
        wrong = wrong_elements(other.value, self.value, self.bound + other.bound)
        if not wrong.any():
            return
        index = worst(other.value, self.value, wrong)
        place = f" at {index}" if index else ""
        text = (
            f"{broken[:1].upper()}{broken[1:]}:{place} it is {self.value[index]:.7g}, "
            f"not {other.value[index]:.7g}."
        )
        raise Mismatch([Difference(self.aspect, text, "identity", broken)])
