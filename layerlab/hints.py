"""`hint`: from a question to the idea, one step a call; never the code."""

from __future__ import annotations

from typing import Any

from layerlab import render, session
from layerlab.report import Hint
from layerlab.visible import VisibleCases


def hint(*targets: Any) -> None:
    """Shows the next step towards an exercise: a question, a direction, the idea.

    If the last `check` recognised a misconception, the next step is a question about it.

    Args:
        *targets: The classes or functions, such as `hint(DepthwiseConv2D)`, or their names:
            `hint("DepthwiseConv2D")` works before the cell of the exercise has been run.

    Example:
    >>> hint(DepthwiseConv2D)  # doctest: +SKIP
    ? DepthwiseConv2D: hint 1 of 4
        Take one output pixel of the smallest visible case. ...
    """
    visible = session.opened("hint")
    if visible is None:
        return
    if not targets:
        session.unsaid("hint", visible)
    for target in targets:
        name = session.named("hint", target, visible)
        if name is None:
            continue
        following = next_hint(name, visible)
        if following is None:
            print(f"hint: {visible.lab} has no hints for {name}.")
        else:
            render.show(following)


def next_hint(exercise: str, visible: VisibleCases) -> Hint | None:
    """The hint that has not been given in this session, and notes that it has been.

    Args:
        exercise: Name of the exercise.
        visible: The lab.

    Returns:
        The hint; all of them if each has been given; `None` if there are none.
    """
    key = (visible.lab, exercise)
    given = session.given_hints.setdefault(key, [])
    report = session.last_reports.get(key)
    names = [item.name for item in report.misconceptions] if report else []
    questions = {
        visible.hints.questions[name]: name for name in names if name in visible.hints.questions
    }
    steps = visible.hints.steps.get(exercise, [])
    waiting = [text for text in (*questions, *steps) if text not in given]
    if not waiting:
        return Hint(exercise, list(given), 1, len(given)) if given else None
    given.append(waiting[0])
    total = len(given) + len(waiting) - 1
    return Hint(exercise, [waiting[0]], len(given), total, questions.get(waiting[0], ""))
