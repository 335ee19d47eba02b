"""`check`: the student's button."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from layerlab import probe, render
from layerlab.report import Report, make_report
from layerlab.visible import VisibleCases, find


def check(*targets: Any) -> None:
    """Asks your layer, function or initializer the visible cases of the lab, and shows the result.

    Args:
        *targets: The classes or functions to check, such as `check(DepthwiseConv2D)`.

    Shows a card in a notebook and plain text in a terminal. Nothing is raised: a layer that fails
    is a result, too.

    Example:
    >>> check(DepthwiseConv2D)  # doctest: +SKIP
    DepthwiseConv2D: all 7 visible cases pass.
    """
    try:
        visible = VisibleCases.load(find(Path.cwd()))
    except (OSError, ValueError) as error:
        print(f"check: {error}")
        return
    for target in targets:
        if isinstance(target, str):
            print(f"check: write check({target}), without quotes.")
            continue
        name = getattr(target, "__name__", str(target))
        if not any(case.target == name for case in visible.cases.values()):
            print(f"check: {visible.lab} has no exercise called {name}: it has {_names(visible)}.")
            continue
        beside = vars(sys.modules.get(getattr(target, "__module__", ""), object))
        render.show(examine(name, {**beside, name: target}, visible))


def examine(name: str, namespace: dict[str, Any], visible: VisibleCases) -> Report:
    """Runs the visible cases of one exercise.

    Args:
        name: Name of the class or function.
        namespace: Where it is.
        visible: The lab's visible cases.
    """
    cases = {key: case for key, case in visible.cases.items() if case.target == name}
    observations = {key: probe.run(case, namespace) for key, case in cases.items()}
    return make_report(name, cases, visible.expectations, observations, visible.misconceptions)


def graded(cell: str) -> None:
    """Marks a cell that hidden tests grade after submission; it does nothing in your notebook.

    Args:
        cell: The cell's `grade_id`.

    Raises:
        RuntimeError: nbgrader's own `Execute` runs the cell. It gives full marks to a cell that
            shows nothing, so the marker refuses instead of passing everybody.
    """
    if os.environ.get("NBGRADER_EXECUTION") == "autograde":
        raise RuntimeError(
            f"The cell {cell} is graded by layerlab's autograder, not in the notebook: use the "
            "preprocessors that the course's nbgrader_config.py sets, or `autograder grade`."
        )


def _names(visible: VisibleCases) -> str:
    return ", ".join(dict.fromkeys(case.target for case in visible.cases.values()))
