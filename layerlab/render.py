"""Shows what a student asked for: a card in a notebook, plain text in a terminal and in pytest.

Same content, same order.
"""

from __future__ import annotations

import numpy as np
from IPython.core.getipython import get_ipython
from IPython.display import display

from layerlab.cards import card
from layerlab.planes import grid, left_out, number, planes
from layerlab.report import Comparison, Hint, Progress, Report


def show(*pieces: Report | Hint | Progress) -> None:
    """Displays reports, hints or the progress of a lab where the student is."""
    shown = Card(*pieces)
    if get_ipython() is None:
        print(shown)
    else:
        display(shown)


class Card:
    """Reports, hints or the progress of a lab: they know how to show themselves."""

    def __init__(self, *pieces: Report | Hint | Progress):
        self.pieces = pieces

    def __repr__(self) -> str:
        return "\n".join(map(text, self.pieces))

    def _repr_html_(self) -> str:
        return card(*self.pieces)


def text(piece: Report | Hint | Progress) -> str:
    """A report, a hint or the progress of a lab as plain text."""
    if not isinstance(piece, Report):
        return piece.text()
    sign = "✓" if piece.passed else "·" if piece.not_started else "✗"
    lines = [f"{sign} {piece.summary()}"]
    if piece.passed or piece.not_started:
        return "\n".join(lines)
    for misconception in piece.misconceptions:
        lines += ["", f"  {misconception.name}: {misconception.message}"]
    smallest = piece.failed[0]
    lines += ["", f"  wrong: {piece.wrong_aspects()}"]
    lines += ["", f"  smallest failing case: {smallest.case.describe()}"]
    lines += [f"    - {message}" for message in smallest.messages()]
    for comparison in smallest.comparisons():
        lines += ["", *(f"    {line}" for line in _side_by_side(comparison))]
    for name, array in smallest.given():
        for title, index in planes(name, array):
            lines += ["", f"    {title} =", *(f"    {row}" for row in _rows(grid(array, index)))]
    return "\n".join([*lines, "", f"  {piece.way_on()}"])


def _side_by_side(found: Comparison) -> list[str]:
    lines = [f"{found.aspect}: expected | yours (wrong values marked *)"]
    for title, index in planes(found.aspect, found.expected, found.wrong):
        left = _rows(grid(found.expected, index))
        right = _rows(grid(found.actual, index), grid(found.wrong, index))
        lines += [f"  {title}", *(f"  {a}  |  {b}" for a, b in zip(left, right, strict=True))]
    hidden = left_out(found.aspect, found.wrong)
    return lines + [f"  … and wrong in {hidden} more such grids"] * bool(hidden)


def _rows(values: np.ndarray, wrong: np.ndarray | None = None) -> list[str]:
    cells = [
        [
            number(value) + ("*" if wrong is not None and wrong[i, j] else "")
            for j, value in enumerate(row)
        ]
        for i, row in enumerate(values)
    ]
    width = max((len(cell) for row in cells for cell in row), default=0)
    return [" ".join(cell.rjust(width) for cell in row) for row in cells]
