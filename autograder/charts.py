"""The charts of the report: drawn by Matplotlib, kept within the page as pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

INK, GRID = "#1f2933", "#d5dbe1"
WIDTH = 4.7
"""Inches: as wide as a phone, so that letters are large enough there."""
STYLE: Any = {
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.6,
    "hatch.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.fonttype": "none",
    "svg.hashsalt": "layerlab",  # the same picture has the same bytes
}
PARTS = (
    ("full marks", "#1f5f8b", ""),
    ("some", "#a9cce3", ""),
    ("none", "#ffffff", "////"),
    ("not attempted", "#ffffff", ""),
)
"""How students did in an exercise, from dark to light: told apart by lightness and hatching."""


def outcome_chart(names: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """A bar for each exercise: how many students have full marks, some, none, did not try.

    Args:
        names: The exercises.
        counts: Of each exercise, one number for each of `PARTS`.

    Returns:
        The address (`data:`) of the picture.
    """
    with mpl.rc_context(STYLE):
        figure = Figure((WIDTH, 0.75 + 0.36 * len(names)), layout="constrained")
        axes = figure.add_subplot()
        lefts = [0] * len(names)
        for part, (label, color, hatch) in enumerate(PARTS):
            widths = [row[part] for row in counts]
            bars = axes.barh(
                names,
                widths,
                0.66,
                lefts,
                label=label,
                color=color,
                hatch=hatch,
                edgecolor=INK,
                linewidth=0.6,
            )
            for bar, width, total in zip(bars, widths, map(sum, counts), strict=True):
                if width >= 0.06 * total:
                    text = axes.annotate(
                        str(width),
                        (bar.get_x() + width / 2, bar.get_y() + bar.get_height() / 2),
                        ha="center",
                        va="center",
                        color="white" if part == 0 else INK,
                    )
                    if hatch:
                        text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})
            lefts = [left + width for left, width in zip(lefts, widths, strict=True)]
        axes.invert_yaxis()
        axes.set_xlim(0, max(lefts) or 1)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        axes.set_xlabel("students")
        axes.tick_params(length=0)
        axes.spines[["left", "bottom"]].set_visible(False)
        figure.legend(
            loc="outside upper left", ncols=4, frameon=False, columnspacing=1, handlelength=1.4
        )
        return _address(figure)


def score_chart(scores: Sequence[float], largest: float) -> str:
    """How many students have how many points.

    Args:
        scores: Of each student.
        largest: The points that can be earned.

    Returns:
        The address (`data:`) of the picture.
    """
    with mpl.rc_context(STYLE):
        figure = Figure((WIDTH, 2.5), layout="constrained")
        axes = figure.add_subplot()
        counts, _, bars = axes.hist(
            scores, 10, range=(0, largest), color="#1f5f8b", edgecolor="white", linewidth=1
        )
        labels = [str(int(count)) if count else "" for count in counts]
        axes.bar_label(bars, labels, padding=2)  # type: ignore[arg-type]
        axes.set_xlabel(f"points, of {largest:g}")
        axes.set_ylabel("students")
        axes.set_xlim(0, largest)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
        axes.tick_params(length=0)
        axes.margins(y=0.15)
        return _address(figure)


def _address(figure: Figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
