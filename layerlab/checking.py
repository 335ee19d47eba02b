"""`check`: the student's button."""

from __future__ import annotations

import os
import sys
from typing import Any

from layerlab import probe, render, session
from layerlab.report import Report, make_report
from layerlab.visible import VisibleCases


def check(*targets: Any) -> None:
    """Asks your layer, function or initializer the visible cases of the lab, and shows the result.

    Args:
        *targets: The classes or functions to check, such as `check(DepthwiseConv2D)`.

    Shows a card in a notebook and plain text in a terminal or under pytest, and how far you are in
    the lab. Nothing is raised: a layer that fails is a result, too.

    Example:
    >>> check(DepthwiseConv2D)  # doctest: +SKIP
    ✓ DepthwiseConv2D: all 10 visible cases pass.
    lab06: 1 of 2 exercises pass their visible cases; ✓ passes: DepthwiseConv2D; ...
    """
    visible = session.opened("check")
    if visible is None:
        return
    if not targets:
        session.unsaid("check", visible)
    reports = []
    for target in targets:
        if isinstance(target, str):
            print(f"check: write check({target}), without quotes.")
            continue
        name = session.named("check", target, visible)
        if name is None:
            continue
        beside = vars(sys.modules.get(getattr(target, "__module__", ""), object))
        reports.append(examine(name, {**beside, name: target}, visible))
        session.last_reports[visible.lab, name] = reports[-1]
    if reports:
        render.show(*reports, session.progress_of(visible))


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
