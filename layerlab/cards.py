"""Cards: what a student is told as HTML that needs no script, no request and no theme of its own.

It takes the colours of the page that it stands on. No colour is the only sign of anything: states
are said in words, wrong values carry a star, and the error map says where the largest error is.
"""

from __future__ import annotations

import html
import re

import numpy as np

from layerlab.planes import Index, grid, left_out, number, places, planes
from layerlab.report import CaseReport, Comparison, Hint, Progress, Report

_SIDE = 18
"""Pixels of a square of the error map."""


def card(*pieces: Report | Hint | Progress) -> str:
    """Reports, hints or the progress of a lab as one self-contained piece of HTML."""
    inside = "\n".join(map(_piece, pieces))
    return f'<div class="layerlab" lang="en">\n<style>{STYLE}</style>\n{inside}\n</div>'


def _piece(piece: Report | Hint | Progress) -> str:
    if isinstance(piece, Report):
        return _report(piece)
    return _hint(piece) if isinstance(piece, Hint) else _progress(piece)


def _hint(hint: Hint) -> str:
    steps = "".join(f"<li>{_written(step)}</li>" for step in hint.steps)
    body = f"<ol>{steps}</ol>" if len(hint.steps) > 1 else f"<p>{_written(hint.steps[0])}</p>"
    return _section("hint", f"Hint for {hint.exercise}", "?", hint.headline(), [body])


def _progress(progress: Progress) -> str:
    items = "".join(
        f"<li><b>{_e(standing)}:</b> {_e(', '.join(names))}</li>"
        for standing, names in progress.groups().items()
    )
    return (
        f'<div class="ll-progress" role="group" aria-label="Progress in {_e(progress.lab)}">'
        f"<p>{_e(progress.headline())}</p>\n<ul>{items}</ul></div>"
    )


def _report(report: Report) -> str:
    state = "passed" if report.passed else "idle" if report.not_started else "failed"
    sign = {"passed": "✓", "idle": "·", "failed": "✗"}[state]
    body = []
    if state == "failed":
        body += [
            f'<p class="ll-why"><b>{_e(spoken)}:</b> {_written(item.message)}</p>'
            for item in report.misconceptions
            for spoken in [item.name.replace("_", " ")]
        ]
        body += [
            f"<p>Wrong: {_e(report.wrong_aspects())}.</p>",
            _smallest(report.failed[0]),
            _all_cases(report),
            f'<p class="ll-on">{_prose(report.way_on())}</p>',
        ]
    return _section(state, f"Check of {report.target}", sign, report.summary(), body)


def _section(kind: str, label: str, sign: str, headline: str, body: list[str]) -> str:
    head = (
        f'<p class="ll-head" role="status"><span class="ll-sign" aria-hidden="true">{sign}</span> '
        f"{_e(headline)}</p>"
    )
    return "\n".join(
        [f'<section class="ll-card ll-{kind}" aria-label="{_e(label)}">', head, *body, "</section>"]
    )


def _all_cases(report: Report) -> str:
    if len(report.cases) == 1:
        return ""
    items = "".join(f"<li>{_outcome(item)}: {_case(item)}</li>" for item in report.cases)
    summary = f"<summary>All {len(report.cases)} visible cases</summary>"
    return f"<details>{summary}<ul>{items}</ul></details>"


def _outcome(report: CaseReport) -> str:
    return "✓ passes" if report.passed else f"✗ fails ({_e(', '.join(report.differences))})"


def _case(report: CaseReport) -> str:
    return f"<code>{_e(report.case.describe())}</code>"


def _smallest(report: CaseReport) -> str:
    messages = "".join(f"<li>{_prose(message)}</li>" for message in report.messages())
    parts = [f"<p>Smallest failing case: {_case(report)}</p>", f"<ul>{messages}</ul>"]
    for comparison in report.comparisons():
        parts += _comparison(comparison)
    given = [
        _table(title, grid(array, index), index)
        for name, array in report.given()
        for title, index in planes(name, array)
    ]
    if given:
        parts.append(_row("given by the case", given))
    return "\n".join(parts)


def _comparison(found: Comparison) -> list[str]:
    """The first grid with a wrong value in it; the others are folded away."""
    rows = []
    for title, index in planes(found.aspect, found.expected, found.wrong):
        truth, yours, here = (grid(a, index) for a in (found.expected, found.actual, found.wrong))
        rows.append(
            _row(
                title,
                [
                    _table("expected", truth, index),
                    _table("yours", yours, index, here),
                    _error_map(title, truth, yours, here, index),
                ],
            )
        )
    hidden = left_out(found.aspect, found.wrong)
    if hidden:
        rows.append(f"<p>It is wrong in {hidden} more such grids.</p>")
    if len(rows) < 2:
        return rows
    more = f"More of the {_e(found.aspect)}"
    return [rows[0], f"<details><summary>{more}</summary>{''.join(rows[1:])}</details>"]


def _row(name: str, items: list[str]) -> str:
    """Side by side, and scrolled by keyboard too where the page is narrow."""
    return (
        f'<p class="ll-name">{_e(name)}</p>\n<div class="ll-row" role="group" tabindex="0" '
        f'aria-label="{_e(name)}">{"".join(items)}</div>'
    )


def _table(caption: str, values: np.ndarray, index: Index, wrong: np.ndarray | None = None) -> str:
    rows, columns = places(index)
    corner = "<td></td>" if rows else ""
    heads = "".join(f'<th scope="col">{place}</th>' for place in columns)
    lines = [f"<thead><tr>{corner}{heads}</tr></thead>"] if columns else []
    lines.append("<tbody>")
    for i, row in enumerate(values):
        head = f'<th scope="row">{rows[i]}</th>' if rows else ""
        cells = "".join(
            f'<td class="ll-bad">{number(value)}*</td>'
            if wrong is not None and wrong[i, j]
            else f"<td>{number(value)}</td>"
            for j, value in enumerate(row)
        )
        lines.append(f"<tr>{head}{cells}</tr>")
    return f"<table><caption>{_e(caption)}</caption>{''.join(lines)}</tbody></table>"


def _error_map(
    title: str, expected: np.ndarray, actual: np.ndarray, wrong: np.ndarray, index: Index
) -> str:
    """A picture of where the error is: the fuller a square, the larger the error."""
    if expected.size < 4:
        return ""
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(actual.astype(float) - expected.astype(float))
    error = np.where(wrong, np.nan_to_num(error, nan=1e30, posinf=1e30), 0.0)
    share = error / (error.max() or 1.0)
    squares = "".join(
        f'<rect x="{j * _SIDE + 1}" y="{i * _SIDE + 1}" width="{_SIDE - 2}" height="{_SIDE - 2}" '
        f'fill-opacity="{_fullness(value, bool(wrong[i, j]))}"/>'
        for (i, j), value in np.ndenumerate(share)
    )
    height, width = (_SIDE * size for size in share.shape)
    label = f"{title}: {int(wrong.sum())} of {wrong.size} values are wrong; {_worst(error, index)}"
    return (
        f'<figure><svg role="img" aria-label="Error map of {_e(label)}" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'fill="currentColor" stroke="currentColor">{squares}</svg>'
        f"<figcaption>error map (fuller: further off);<br>{_worst(error, index)}</figcaption>"
        "</figure>"
    )


def _fullness(share: float, wrong: bool) -> float:
    """A small error can be seen, too."""
    return round(0.15 + 0.85 * share, 2) if wrong else 0


def _worst(error: np.ndarray, index: Index) -> str:
    rows, columns = places(index)
    i, j = (int(place) for place in np.unravel_index(int(np.argmax(error)), error.shape))
    row = f"row {rows[i]}, " if rows else ""
    return f"largest error at {row}column {columns[j]}"


def _prose(text: str) -> str:
    """Text with `names` in it."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", _e(text))


def _written(text: str) -> str:
    """Text of an author, who may also stress a *word*."""
    return re.sub(r"\*(\w[^*]*)\*", r"<em>\1</em>", _prose(text))


def _e(value: str) -> str:
    return html.escape(value)


STYLE = """
.layerlab{max-width:64em;line-height:1.45}
.layerlab p,.layerlab ul,.layerlab ol{margin:.4em 0}
.layerlab ul,.layerlab ol{padding-left:1.6em}
.layerlab .ll-card{border:1px solid #8886;border-left:6px solid #888;border-radius:4px;
padding:.3em .9em;margin:.3em 0}
.layerlab .ll-passed{border-left-color:#2f8f4e}
.layerlab .ll-failed{border-left-color:#d1493b}
.layerlab .ll-hint{border-left-color:#3f7fc4}
.layerlab .ll-head{font-weight:bold}
.layerlab .ll-why{background:#8882;border-radius:4px;padding:.4em .7em}
.layerlab .ll-on,.layerlab .ll-progress{font-size:.92em}
.layerlab .ll-progress,.layerlab .ll-progress ul{display:flex;flex-wrap:wrap;gap:0 1.2em;margin:0;
padding:0;list-style:none}
.layerlab .ll-progress p{margin:0}
.layerlab summary{cursor:pointer;display:list-item}
.layerlab .ll-name{font-size:.92em;font-weight:bold;margin:.6em 0 0}
.layerlab .ll-row{display:flex;flex-wrap:wrap;gap:.3em 1.8em;align-items:flex-start;
overflow-x:auto;padding:.1em 2px}
.layerlab .ll-row table{border-collapse:collapse;margin:.1em 0;width:auto;font-size:.88em;
font-family:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace)}
.layerlab .ll-row table caption{caption-side:top;text-align:left;white-space:nowrap;padding:0;
color:inherit;font-size:1em}
.layerlab .ll-row table thead,.layerlab .ll-row table tr:nth-child(n){background:none;border:0}
.layerlab .ll-row table tr>*{border:1px solid #8888;padding:.1em .45em;text-align:right;
min-width:1.4em;max-width:none;white-space:nowrap;background:none;color:inherit}
.layerlab .ll-row table th,.layerlab .ll-row table td:empty{border:0 none;font-weight:normal;
opacity:.75}
.layerlab .ll-row table th[scope=row]{width:1px}
.layerlab .ll-row table td.ll-bad{font-weight:bold;border:2px solid #d1493b;background:#d1493b26}
.layerlab figure{margin:.1em 0}
.layerlab figcaption{font-size:.85em}
.layerlab rect{stroke-opacity:.4}
@media print{.layerlab .ll-card{break-inside:avoid}}
"""
