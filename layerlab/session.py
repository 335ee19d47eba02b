"""What this kernel session knows of its lab: the last check of each exercise, the hints given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from layerlab import render
from layerlab.report import FAILS, NOT_CHECKED, NOT_STARTED, PASSES, Progress, Report
from layerlab.visible import VisibleCases, find

Exercise = tuple[str, str]
"""Name of the lab and of one of its exercises."""

last_reports: dict[Exercise, Report] = {}
given_hints: dict[Exercise, list[str]] = {}


def progress() -> None:
    """Shows which exercises of the lab pass their visible cases, by the last check of each.

    Example:
    >>> progress()  # doctest: +SKIP
    lab06: 1 of 2 exercises pass their visible cases; ✓ passes: DepthwiseConv2D; ...
    """
    visible = opened("progress")
    if visible is not None:
        render.show(progress_of(visible))


def progress_of(visible: VisibleCases) -> Progress:
    """The progress in a lab since the kernel started."""
    return Progress(
        visible.lab,
        {name: _standing(last_reports.get((visible.lab, name))) for name in visible.exercises},
    )


def _standing(report: Report | None) -> str:
    if report is None:
        return NOT_CHECKED
    return PASSES if report.passed else NOT_STARTED if report.not_started else FAILS


def opened(asker: str) -> VisibleCases | None:
    """The lab in whose folder the kernel runs; if it cannot be read, one sentence says why.

    Args:
        asker: The function that the student called.
    """
    try:
        return VisibleCases.load(find(Path.cwd()))
    except (OSError, ValueError) as error:
        print(f"{asker}: {error}")
        return None


def named(asker: str, target: Any, visible: VisibleCases) -> str | None:
    """The exercise that a student means; if there is none, one sentence says which there are.

    Args:
        asker: The function that the student called.
        target: A class, a function, or the name of one.
        visible: The lab.
    """
    name = target if isinstance(target, str) else getattr(target, "__name__", str(target))
    if name in visible.exercises:
        return name
    print(f"{asker}: {visible.lab} has no exercise called {name}: it has {_list(visible)}.")
    return None


def unsaid(asker: str, visible: VisibleCases) -> None:
    """One sentence for a student who named no exercise."""
    print(
        f"{asker}: say of which exercise, as in {asker}({visible.exercises[0]}); "
        f"{visible.lab} has {_list(visible)}."
    )


def _list(visible: VisibleCases) -> str:
    return ", ".join(visible.exercises)
