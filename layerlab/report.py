"""What `check` found out about one exercise, ready to be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from layerlab.case import Case
from layerlab.compare import Difference, Expected, Observation, compare
from layerlab.diagnose import Misconception, diagnose

NOT_STARTED = "not started"


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
            difference.kind == NOT_STARTED
            for report in self.cases
            for difference in report.differences.values()
        )

    def wrong_aspects(self) -> dict[str, int]:
        """How many cases fail in each aspect."""
        counts: dict[str, int] = {}
        for report in self.failed:
            for aspect in report.differences:
                counts[aspect] = counts.get(aspect, 0) + 1
        return counts

    def summary(self) -> str:
        """The report in one line, in plain text."""
        if self.not_started:
            return f"{self.target}: not started yet."
        if self.passed:
            return f"{self.target}: all {len(self.cases)} visible cases pass."
        passing = len(self.cases) - len(self.failed)
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
