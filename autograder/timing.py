"""How long students worked on an exercise, as far as their notebooks tell."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from autograder.lab import Lab
from autograder.notebook import grade_id

LONGEST = 120.0
"""Minutes; a longer gap between two exercises was a pause, and tells nothing."""
QUICKEST = 2.0
"""Minutes; exercises that all ran within these were run in one go: the times of work are gone."""


def exercise_of(lab: Lab) -> dict[str, str]:
    """The exercise that a cell belongs to: the one above it, for checks and graded cells alike."""
    current, found = "", {}
    for cell in lab.release.cells:
        name = grade_id(cell)
        if name in lab.exercises:
            current = name
        if name and current and cell.cell_type == "code":
            found[name] = current
    return found


def minutes_worked(notebook: Any, lab: Lab) -> dict[str, float]:
    """Minutes that a student spent on each exercise, where they are known.

    JupyterLab, if its setting `recordTiming` is on, and Colab leave in each cell when it ran last.
    An exercise lasts from the last run of the one before (the first from the earliest run of all)
    to its own last run.

    Args:
        notebook: The notebook as it was handed in.
        lab: Its lab.

    Returns:
        Minutes by exercise; empty if the notebook tells nothing.
    """
    exercises = exercise_of(lab)
    ends: dict[str, float] = {}
    runs = []
    for cell in notebook.cells:
        ran = _ran(cell)
        if ran is None:
            continue
        runs.append(ran)
        exercise = exercises.get(grade_id(cell))
        if exercise:
            ends[exercise] = max(ran, ends.get(exercise, ran))
    if not ends or max(ends.values()) - min(runs) < QUICKEST:
        return {}
    found, before = {}, min(runs)
    for exercise, end in sorted(ends.items(), key=lambda item: item[1]):
        if 0 < end - before <= LONGEST:
            found[exercise] = end - before
        before = end
    return found


def _ran(cell: Any) -> float | None:
    """When a cell ran last, in minutes since 1970."""
    jupyter, colab = cell.metadata.get("execution"), cell.metadata.get("executionInfo")
    try:
        if isinstance(jupyter, dict):
            stamp = jupyter.get("shell.execute_reply") or jupyter["iopub.execute_input"]
            time = datetime.fromisoformat(stamp)
            return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() / 60
        if isinstance(colab, dict):
            minutes = float(colab["timestamp"]) / 60_000
            return minutes if math.isfinite(minutes) else None
    except (KeyError, TypeError, ValueError, OverflowError):
        pass
    return None
