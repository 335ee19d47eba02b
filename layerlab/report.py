"""What a student is told, ready to be shown: a report of one exercise, a hint, the progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from layerlab.case import Case
from layerlab.compare import (
    Difference,
    Expected,
    Observation,
    comparable,
    compare,
    wrong_elements,
)
from layerlab.diagnose import Misconception, diagnose

MOST_ASPECTS = 2
"""Wrong aspects of a case whose values are shown; the others are named."""


@dataclass(frozen=True)
class Comparison:
    """An aspect of which the values are wrong: what is true, what was seen, and where they differ.

    `actual` is in the units of `expected`, if a factor is free.
    """

    aspect: str
    expected: np.ndarray
    actual: np.ndarray
    wrong: np.ndarray


@dataclass(frozen=True)
class CaseReport:
    """One case: what was asked, what is true, what was seen, and how the two differ."""

    case: Case
    expectation: Mapping[str, Expected]
    observation: Observation
    differences: Mapping[str, Difference]

    @property
    def passed(self) -> bool:
        """Whether every aspect is right."""
        return not self.differences

    def messages(self) -> list[str]:
        """What is wrong; a sentence with which many aspects fail is said once."""
        return list(dict.fromkeys(item.message for item in self.differences.values()))

    def given(self) -> list[tuple[str, np.ndarray]]:
        """What the case gave to the layer: its inputs and its weights, by name."""
        expected = self.expectation.get("weights")
        names = [name for name, _ in expected.value] if expected else []
        if None in names:  # the layer may call them what it likes
            names = self.case.options.get("weight_names") or [
                f"weight {i}" for i in range(len(names))
            ]
        arrays = [("input", array) for array in self.case.arrays]
        return arrays + list(zip(names, self.case.weights, strict=False))

    def comparisons(self) -> list[Comparison]:
        """The wrong arrays of the right shape: they can be shown beside the expected ones."""
        found = []
        for aspect in self.differences:
            expected, actual = self.expectation[aspect], self.observation.get(aspect)
            truth = expected.value
            if not (isinstance(truth, np.ndarray) and isinstance(actual, np.ndarray)):
                continue
            if truth.shape == actual.shape:
                actual = comparable(expected, actual)
                wrong = wrong_elements(truth, actual, expected.bound)
                found.append(Comparison(aspect, truth, actual, wrong))
        return found[:MOST_ASPECTS]


@dataclass(frozen=True)
class Report:
    """One exercise.

    Args:
        target: Name of the class or function.
        cases: Its cases, smallest first.
        misconceptions: Those that were recognised, the one that explains most first.
    """

    target: str
    cases: list[CaseReport]
    misconceptions: list[Misconception]

    @property
    def failed(self) -> list[CaseReport]:
        """Cases that failed, smallest first."""
        return [report for report in self.cases if not report.passed]

    @property
    def passed(self) -> bool:
        """Whether every case passed."""
        return not self.failed

    @property
    def not_started(self) -> bool:
        """Whether the stub is still untouched."""
        return any(
            difference.kind == "not started"
            for report in self.cases
            for difference in report.differences.values()
        )

    def wrong_aspects(self) -> str:
        """What is wrong and how often."""
        counts: dict[str, int] = {}
        for report in self.failed:
            for aspect in report.differences:
                counts[aspect] = counts.get(aspect, 0) + 1
        return ", ".join(
            f"{', '.join(aspect for aspect, _ in equal)} (in {count} of {len(self.cases)} cases)"
            for count, equal in groupby(counts.items(), key=lambda item: item[1])
        )

    def way_on(self) -> str:
        """What to do next, if it is not clear."""
        return f"Stuck? `hint({self.target})` leads on, step by step."

    def summary(self) -> str:
        """The report in one line, in plain text."""
        if self.not_started:
            return f"{self.target}: not started yet."
        passing = len(self.cases) - len(self.failed)
        if len(self.cases) == 1:
            return f"{self.target}: the visible case {'passes' if passing else 'fails'}."
        if self.passed:
            return f"{self.target}: all {len(self.cases)} visible cases pass."
        return f"{self.target}: {passing} of {len(self.cases)} visible cases pass."


def make_report(
    target: str,
    cases: Mapping[str, Case],
    expectations: Mapping[str, Mapping[str, Expected]],
    observations: Mapping[str, Observation],
    misconceptions: list[Misconception],
) -> Report:
    """Compares and diagnoses one exercise.

    Args:
        target: Name of the class or function.
        cases: Its cases by key.
        expectations: Truth by case and aspect.
        observations: What it did, by case.
        misconceptions: The known ones.
    """
    reports = [
        CaseReport(
            case,
            expectations[key],
            observations[key],
            compare(expectations[key], observations[key]),
        )
        for key, case in sorted(cases.items(), key=lambda item: item[1].size)
    ]
    named = diagnose(
        {key: case.target for key, case in cases.items()},
        expectations,
        observations,
        misconceptions,
    )
    known = {item.name: item for item in misconceptions}
    return Report(target, reports, [known[name] for name in named])


@dataclass(frozen=True)
class Hint:
    """What a student is told at one call.

    Args:
        exercise: Name of the exercise.
        steps: The step that is new, or, after the last one, all of them once more.
        number: Number of the first of `steps`, from 1.
        total: How many there are, as far as the last check tells.
        about: The misconception that the step asks about, if it is about one.
    """

    exercise: str
    steps: list[str]
    number: int
    total: int
    about: str = ""

    def headline(self) -> str:
        """What this is, in one line."""
        if len(self.steps) > 1:
            return f"{self.exercise}: that was the last hint; here are all {self.total} once more"
        about = f", about your last check ({self.about.replace('_', ' ')})" if self.about else ""
        return f"{self.exercise}: hint {self.number} of {self.total}{about}"

    def text(self) -> str:
        """The hint as plain text."""
        lines = [f"? {self.headline()}"]
        for number, step in enumerate(self.steps, self.number):
            label = f"{number}. " if len(self.steps) > 1 else ""
            lines.append(f"    {label}{step}")
        return "\n".join(lines)


PASSES, FAILS, NOT_STARTED, NOT_CHECKED = (
    "✓ passes",
    "✗ fails",
    "– not started",
    "? not checked yet",
)


@dataclass(frozen=True)
class Progress:
    """How far a student is in a lab.

    Args:
        lab: Name of the lab.
        standings: `PASSES`, `FAILS`, `NOT_STARTED` or `NOT_CHECKED`, by exercise.
    """

    lab: str
    standings: Mapping[str, str]

    def headline(self) -> str:
        """How many exercises pass."""
        total = len(self.standings)
        passing = list(self.standings.values()).count(PASSES)
        exercises = "exercise passes its" if total == 1 else "exercises pass their"
        return f"{self.lab}: {passing} of {total} {exercises} visible cases"

    def groups(self) -> dict[str, list[str]]:
        """The exercises by standing, the best standing first."""
        found = {
            standing: [name for name, value in self.standings.items() if value == standing]
            for standing in (PASSES, FAILS, NOT_STARTED, NOT_CHECKED)
        }
        return {standing: names for standing, names in found.items() if names}

    def text(self) -> str:
        """The progress in one line."""
        groups = [f"{standing}: {', '.join(names)}" for standing, names in self.groups().items()]
        return "; ".join([self.headline(), *groups])
