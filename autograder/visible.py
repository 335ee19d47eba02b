"""The visible cases of a lab: the data file that lies beside its notebook."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from autograder import bank, hints
from autograder.errors import UsageError
from autograder.host import Template
from autograder.lab import Lab
from autograder.notebook import code_cells
from autograder.session import Session
from layerlab.case import Case
from layerlab.compare import Expected, Observation, compare
from layerlab.diagnose import Misconception
from layerlab.visible import Hints, VisibleCases, as_shipped, is_exact

DIGITS = 5
"""Significant digits of visible values that are not whole: the same bytes from any CPU."""


def build(lab: Lab, template: Template) -> VisibleCases:
    """The lab's visible cases with their truth and what each chaff does on them.

    Args:
        lab: The lab.
        template: Where the chaffs run.

    Raises:
        UsageError: The lab's hints cannot be read, or its solution fails a visible case.
    """
    cases = lab.visible_cases()
    truth = {case.key: _readable(case, lab.expect(case)) for case in cases}
    _prove(lab, _observe(lab, lab.solution, cases, template), truth)
    misconceptions = []
    # With a seed, so that a weight that a chaff draws at random is the same in every release.
    seeded = [replace(case, options={"seed": 1, **case.options}) for case in cases]
    for chaff in lab.chaffs:
        wrong = {}
        for key, observed in _observe(lab, bank.notebook(lab, chaff), seeded, template).items():
            differing = compare(truth[key], observed)
            if differing:
                wrong[key] = as_shipped(_only(observed, list(truth[key])))
        if wrong:
            misconceptions.append(Misconception(chaff.name, chaff.message, wrong))
    said = _shipped(hints.read(lab), lab, misconceptions)
    return VisibleCases(lab.name, {case.key: case for case in cases}, truth, misconceptions, said)


def _shipped(said: Hints, lab: Lab, recognised: list[Misconception]) -> Hints:
    """The hints in the notebook's order, with the questions that can come up."""
    exercises = [name for names in lab.exercises.values() for name in names]
    names = [item.name for item in recognised]
    return Hints(
        {name: said.steps[name] for name in exercises if name in said.steps},
        {name: said.questions[name] for name in names if name in said.questions},
    )


def _observe(
    lab: Lab, notebook: Any, cases: list[Case], template: Template
) -> dict[str, Observation]:
    with Session(template, code_cells(notebook, lab)) as session:
        return {case.key: session.probe(case) for case in cases}


def _prove(
    lab: Lab, observed: dict[str, Observation], truth: dict[str, dict[str, Expected]]
) -> None:
    """A student whose work is right must never be told that it is wrong."""
    for key, expected in truth.items():
        for difference in compare(expected, observed[key]).values():
            raise UsageError(
                f"The solution of {lab.name} fails its own visible case {key}: "
                f"{difference.message} Mend the solution, or the oracle, and release it again."
            )


def _readable(case: Case, truth: dict[str, Expected]) -> dict[str, Expected]:
    """Exact where whole numbers make it exact, otherwise rounded as far as the bound allows."""
    arrays = [*case.arrays, *case.weights]
    whole = bool(arrays) and all(is_exact(array) for array in arrays)
    readable = {}
    for aspect, expected in truth.items():
        value, bound = expected.value, expected.bound
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            # A case without arrays that has a bound has it from the contract, not from rounding.
            if (whole or bound is None) and is_exact(value):
                value, bound = value.astype(np.float32), None
            else:
                shown = _round(value)
                bound = np.abs(shown) * 10.0 ** (1 - DIGITS) + (0 if bound is None else bound)
                value, bound = shown, _round(bound, 2)
        readable[aspect] = Expected(value, bound, expected.rule)
    return readable


def _only(observed: Observation, aspects: list[str]) -> dict[str, Any]:
    return {
        name: _round(value) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value
        for name, value in observed.items()
        if name in aspects or name == "error"
    }


def _round(array: np.ndarray, digits: int = DIGITS) -> np.ndarray:
    flat = [float(f"{value:.{digits}g}") for value in array.ravel().tolist()]
    return np.array(flat, dtype=array.dtype).reshape(array.shape)
