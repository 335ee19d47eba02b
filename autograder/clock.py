"""The time that counts against a submission: what the machine kept it waiting for does not."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_STRETCH = 10.0
"""How many times its limit a submission may take by the wall clock, however little it is let run:
a second counts for at least a tenth of one. So nothing goes on for ever, and nobody can make it."""


@dataclass(frozen=True)
class Spent:
    """Time that a submission took.

    Args:
        wall: Seconds of the wall clock.
        starved: Those of them in which none of its threads ran, though one was ready to.
    """

    wall: float = 0.0
    starved: float = 0.0

    @property
    def counted(self) -> float:
        """Seconds that count against it."""
        return max(self.wall - self.starved, self.wall / LONGEST_STRETCH)

    @property
    def hardly_ran(self) -> bool:
        """Whether it was kept waiting for so long that its limits say nothing about it."""
        return self.counted > self.wall - self.starved

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.wall + other.wall, self.starved + other.starved)

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.wall - other.wall, self.starved - other.starved)
