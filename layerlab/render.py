"""Shows a report: a card in a notebook, plain text in a terminal. Same content, same order."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
from IPython.core.getipython import get_ipython
from IPython.display import display

from layerlab.compare import Expected, comparable, wrong_elements
from layerlab.planes import grid, planes
from layerlab.report import CaseReport, Report


def show(report: Report) -> None:
    """Displays the report where the student is."""
    card = Card(report)
    if get_ipython() is None:
        print(card)
    else:
        display(card)


class Card:
    """A report that knows how to show itself as HTML and as text."""

    def __init__(self, report: Report):
        self.report = report

    def __repr__(self) -> str:
        return text(self.report)

    def _repr_html_(self) -> str:
        return card(self.report)


def text(report: Report) -> str:
    """The report as plain text."""
    sign = "✓" if report.passed else "·" if report.not_started else "✗"
    lines = [f"{sign} {report.summary()}"]
    if report.passed or report.not_started:
        return "\n".join(lines)
    for misconception in report.misconceptions:
        lines += ["", f"  {misconception.name}: {misconception.message}"]
    lines += ["", "  wrong: " + _counts(report)]
    smallest = report.failed[0]
    lines += ["", f"  smallest failing case: {smallest.case.describe()}"]
    lines += [f"    - {item.message}" for item in _distinct(smallest)]
    for name, array in _given(smallest):
        lines += [
            "",
            *(_indent(f"{title} =\n{values}") for title, values in _text_grids(name, array)),
        ]
    for aspect, expected, actual in _side_by_side(smallest):
        lines += ["", f"    {aspect}: expected | yours (wrong values marked *)"]
        for title, index in planes(aspect, expected.value):
            wrong = grid(wrong_elements(expected.value, actual, expected.bound), index)
            left = _rows(grid(expected.value, index), None)
            right = _rows(grid(actual, index), wrong)
            lines.append(f"      {title}")
            lines += [f"      {a}  |  {b}" for a, b in zip(left, right, strict=True)]
    return "\n".join(lines)


def card(report: Report) -> str:
    """The report as a self-contained piece of HTML."""
    state = "passed" if report.passed else "idle" if report.not_started else "failed"
    sign = {"passed": "✓", "idle": "·", "failed": "✗"}[state]
    parts = [
        f'<section class="layerlab {state}" role="status" aria-label="{_e(report.target)}">',
        _STYLE,
        f'<p class="ll-head"><span aria-hidden="true">{sign}</span> {_e(report.summary())}</p>',
    ]
    if state == "failed":
        parts += [
            f'<p class="ll-why"><b>{_e(item.name.replace("_", " "))}</b>: {_e(item.message)}</p>'
            for item in report.misconceptions
        ]
        parts.append(f"<p>Wrong: {_e(_counts(report))}.</p>")
        parts.append(_case_list(report))
        parts.append(_smallest(report.failed[0]))
    return "\n".join([*parts, "</section>"])


def _case_list(report: Report) -> str:
    items = "".join(
        f"<li>{sign}: <code>{_e(item.case.describe())}</code></li>"
        for item in report.cases
        for sign in ["✓ passes" if item.passed else "✗ fails"]
    )
    return f"<details><summary>all {len(report.cases)} cases</summary><ul>{items}</ul></details>"


def _smallest(report: CaseReport) -> str:
    parts = [
        f"<p>Smallest failing case: <code>{_e(report.case.describe())}</code></p><ul>",
        *(f"<li>{_e(item.message)}</li>" for item in _distinct(report)),
        "</ul>",
    ]
    given = [
        _table(title, grid(array, index), None)
        for name, array in _given(report)
        for title, index in planes(name, array)
    ]
    parts.append(f'<div class="ll-row">{"".join(given)}</div>')
    for aspect, expected, actual in _side_by_side(report):
        wrong = wrong_elements(expected.value, actual, expected.bound)
        for title, index in planes(aspect, expected.value):
            truth, yours, here = (grid(array, index) for array in (expected.value, actual, wrong))
            parts.append(
                f'<div class="ll-row">{_table(f"expected {title}", truth, None)}'
                f"{_table(f'yours {title}', yours, here)}{_error_map(truth, yours, here)}</div>"
            )
    return "\n".join(parts)


def _table(caption: str, values: np.ndarray, wrong: np.ndarray | None) -> str:
    rows = []
    for i, row in enumerate(values):
        cells = "".join(
            f'<td class="ll-bad">{_number(value)}*</td>'
            if wrong is not None and wrong[i, j]
            else f"<td>{_number(value)}</td>"
            for j, value in enumerate(row)
        )
        rows.append(f"<tr>{cells}</tr>")
    return f"<table><caption>{_e(caption)}</caption>{''.join(rows)}</table>"


def _error_map(expected: np.ndarray, actual: np.ndarray, wrong: np.ndarray) -> str:
    """A picture of where the error is: the darker a square, the larger the error."""
    if expected.size < 4:
        return ""
    with np.errstate(invalid="ignore"):
        error = np.abs(actual.astype(float) - expected.astype(float))
    error = np.nan_to_num(error, nan=1e30, posinf=1e30)
    error = np.where(wrong, error, 0.0)
    share = error / (error.max() or 1.0)
    side = 14
    squares = "".join(
        f'<rect x="{j * side}" y="{i * side}" width="{side}" height="{side}" stroke="#888" '
        f'fill="rgb({level},{level},{level})"/>'
        for (i, j), value in np.ndenumerate(share)
        for level in [round(255 * (1 - value))]
    )
    height, width = (side * n for n in share.shape)
    label = f"error map: {int(wrong.sum())} of {wrong.size} values are wrong"
    return (
        f'<figure><svg role="img" aria-label="{label}" width="{width}" height="{height}">{squares}'
        f"</svg><figcaption>error map (darker: further off)</figcaption></figure>"
    )


def _given(report: CaseReport) -> list[tuple[str, np.ndarray]]:
    """What the case gave to the layer: its inputs and its weights."""
    arrays = [("input", array) for array in report.case.arrays]
    names = report.expectation.get("weights")
    labels = [name for name, _ in names.value] if names else []
    arrays += list(zip(labels, report.case.weights, strict=False))
    return [(name, array) for name, array in arrays if isinstance(array, np.ndarray)]


def _side_by_side(report: CaseReport) -> list[tuple[str, Expected, np.ndarray]]:
    """Wrong arrays of the right shape: they can be shown beside the expected ones."""
    found: list[tuple[str, Expected, np.ndarray]] = []
    for aspect in report.differences:
        expected, actual = report.expectation[aspect], report.observation.get(aspect)
        truth = expected.value
        if not (isinstance(truth, np.ndarray) and isinstance(actual, np.ndarray)):
            continue
        if truth.shape == actual.shape:
            found.append((aspect, expected, comparable(expected, actual)))
    return found[:2]


def _distinct(report: CaseReport) -> list[Any]:
    """One error makes many aspects fail with the same sentence: say it once."""
    return list({item.message: item for item in report.differences.values()}.values())


def _counts(report: Report) -> str:
    total = len(report.cases)
    return ", ".join(
        f"{aspect} (in {count} of {total} cases)"
        for aspect, count in report.wrong_aspects().items()
    )


def _text_grids(name: str, array: np.ndarray) -> list[tuple[str, str]]:
    return [
        (title, "\n".join(_rows(grid(array, index), None))) for title, index in planes(name, array)
    ]


def _rows(values: np.ndarray, wrong: np.ndarray | None) -> list[str]:
    cells = [
        [
            _number(value) + ("*" if wrong is not None and wrong[i, j] else "")
            for j, value in enumerate(row)
        ]
        for i, row in enumerate(values)
    ]
    width = max((len(cell) for row in cells for cell in row), default=0)
    return [" ".join(cell.rjust(width) for cell in row) for row in cells]


def _number(value: Any) -> str:
    return f"{value:.4g}"


def _indent(block: str) -> str:
    return "\n".join("    " + line for line in block.splitlines())


def _e(value: str) -> str:
    return html.escape(value)


_STYLE = """<style>
.layerlab{border:1px solid #888;border-left-width:6px;border-radius:4px;padding:.4em .8em;
max-width:60em;overflow-x:auto}
.layerlab.passed{border-left-color:#1a7f37}.layerlab.failed{border-left-color:#b3261e}
.layerlab .ll-head{font-weight:bold;margin:.2em 0}
.layerlab .ll-why{border:1px dashed #888;padding:.3em .6em}
.layerlab .ll-row{display:flex;flex-wrap:wrap;gap:1em;align-items:flex-start}
.layerlab table{border-collapse:collapse;font-family:monospace;font-size:85%;margin:.3em 0}
.layerlab caption{text-align:left;font-style:italic;white-space:nowrap}
.layerlab td{border:1px solid #ccc;padding:.1em .4em;text-align:right}
.layerlab td.ll-bad{font-weight:bold;border:2px solid #b3261e}
.layerlab figure{margin:.3em 0}.layerlab figcaption{font-size:80%}
</style>"""
