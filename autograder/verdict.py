"""The card of a graded cell: what it earned and why, in the look of `check`."""

from __future__ import annotations

import html
import re
from dataclasses import asdict
from typing import Any

from markupsafe import Markup
from nbformat.v4 import new_output

from autograder.result import (
    BY_HAND,
    FAILED,
    NOT_ATTEMPTED,
    PARTLY,
    PASSED,
    VERDICT,
    CellResult,
)
from layerlab.cards import STYLE

NO_SCORE_YET = "not graded yet"

SIGNS = {PASSED: "✓", PARTLY: "◐", FAILED: "✗", NOT_ATTEMPTED: "·", BY_HAND: "✎", NO_SCORE_YET: "…"}
STATES = {PASSED: "passed", PARTLY: "failed", FAILED: "failed", NOT_ATTEMPTED: "idle"}


def output(verdict: CellResult) -> Any:
    """A verdict as the output of its cell."""
    card_html = f"<style>{STYLE}</style>{card(verdict)}"
    data = {  # for nbgrader, for a person, and for us
        "text/plain": repr(float(verdict.score or 0.0)),
        "text/html": card_html,
        VERDICT: asdict(verdict),
    }
    return new_output("execute_result", data, execution_count=None)


def of(cell: Any) -> CellResult | None:
    """The verdict that lies in a graded cell."""
    for found in cell.get("outputs", ()):
        if VERDICT in found.get("data", {}):
            return CellResult(**found["data"][VERDICT])
    return None


def card(verdict: CellResult) -> Markup:
    """A verdict as a piece of HTML; its style is `layerlab.cards.STYLE`."""
    title = spoken(verdict.cell)
    why = "".join(
        f'<p class="ll-why"><b>{html.escape(spoken(name))}:</b> {_prose(text)}</p>'
        for name, text in zip(verdict.misconceptions, verdict.explanations, strict=True)
    )
    sign = SIGNS.get(verdict.status, "·")
    return Markup(
        f'<div class="layerlab layerlab-verdict" lang="en">'
        f'<section class="ll-card ll-{STATES.get(verdict.status, "hint")}" '
        f'aria-label="Result of {html.escape(title)}">'
        f'<p class="ll-head"><span class="ll-sign" aria-hidden="true">{sign}</span> '
        f"{html.escape(title)}: {html.escape(verdict.status)}, "
        f"{verdict.score or 0.0:.2f} of {verdict.max_score:g} points</p>"
        f"{why}<p>{_prose(verdict.message)}</p></section></div>"
    )


def spoken(name: str) -> str:
    """A name of a cell or of a misconception as one says it."""
    return name.replace("_", " ")


def _prose(text: str) -> str:
    """Text with `names` in it."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
