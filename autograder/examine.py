"""The pytest plugin of the hidden tests: cases, the submission at hand, and verdicts.

By hand: `pytest autograder/labs/LAB --submission FILE.ipynb`. A test names the cell that it counts
for and the groups of cases that it runs on:

    @pytest.mark.cell("depthwise_outputs")
    @pytest.mark.cases("plain")
    def test_output(examined):
        examined.must_match("output")

A test of an identity holds answers against each other: `original` is the answer to the case that
the case at hand is an image of (`autograder.draw.image`).

    @pytest.mark.cell("depthwise_outputs")
    @pytest.mark.cases("channels-swapped")
    def test_channels_stay_apart(examined, original):
        swapped = original.answer("output").through(lambda output: output[..., ::-1])
        examined.answer("output").must_equal(swapped, "the order of the channels matters")
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pytest

from autograder.answer import Answer, Mismatch
from autograder.banned import Banned
from autograder.graphs import Finding, Known, banned_use, hold, picked
from autograder.hearsay import passed_on
from autograder.host import MachineBusy, TemplateDied
from autograder.session import UNANSWERED, Session
from autograder.truth import Truth
from layerlab.case import Case
from layerlab.compare import Difference, Expected, compare

BANNED = "banned"
"""Kind of the difference that a refused exercise has."""


@dataclass
class Outcome:
    """How one hidden test ended.

    Args:
        cell: The graded cell that it counts for.
        test: Its name.
        passed: Whether the submission is right.
        fault: What went wrong in the *grader*, if anything: then the cell has no score.
        case: Key of the case it ran on.
        differences: What is wrong.
        seconds: Wall-clock time that it took.
    """

    cell: str
    test: str
    passed: bool
    fault: str = ""
    case: str = ""
    differences: list[Difference] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class Examined:
    """A case that the submission has answered."""

    case: Case
    expectation: dict[str, Expected]
    observation: dict[str, Any]

    def must_match(self, *aspects: str) -> None:
        """Fails unless each of these aspects is as expected. Aspects that end in `*` are patterns.

        Raises:
            Mismatch: One is not.
        """
        chosen = {
            name: expected
            for name, expected in self.expectation.items()
            if any(name == a or (a.endswith("*") and name.startswith(a[:-1])) for a in aspects)
        }
        if not chosen:
            raise LookupError(f"case {self.case.key} has no expected {' or '.join(aspects)}")
        differences = compare(chosen, self.observation)
        if differences:
            raise Mismatch(list(differences.values()))

    def answer(self, aspect: str) -> Answer:
        """What the submission itself says, with the rounding error that the truth allows it.

        Raises:
            Mismatch: It says nothing, or no finite numbers of the right shape.
        """
        truth = self.expectation[aspect]
        anything = np.full(truth.value.shape, np.finfo(np.float64).max)
        differences = compare({aspect: replace(truth, bound=anything)}, self.observation)
        if differences:
            raise Mismatch(list(differences.values()))
        bound = np.zeros(truth.value.shape) if truth.bound is None else truth.bound
        return Answer(aspect, self.observation[aspect].astype(np.float64), bound)


class Examiner:
    """Asks a submission the cases of a lab, each once, and refuses exercises with banned ops.

    Args:
        session: The submission.
        truth: The lab's cases and what is true of them.
    """

    def __init__(self, session: Session, truth: Truth):
        self.truth = truth
        self.observations: dict[str, dict[str, Any]] = {}
        self.conduct: list[str] = []
        """What no honest submission does, in clauses for the instructor."""
        self._session = session
        self._refused: dict[str, str] = {}

    def examined(self, case: Case) -> Examined:
        """The submission's answer to a case.

        Raises:
            Mismatch: The exercise uses a banned op.
        """
        reason = self.refusal(case.target)
        if reason:
            raise Mismatch([_banned(reason)])
        if case.key not in self.observations:
            self.observations[case.key] = self._session.probe(case)
        expectation = self.truth.expected[case.key]
        return Examined(case, expectation, self.observations[case.key])

    def original(self, case: Case) -> Examined:
        """The submission's answer to the case that this one is an image of."""
        key = case.options["image_of"]
        return self.examined(next(other for other in self.truth.cases if other.key == key))

    def refusal(self, target: str) -> str:
        """Why an exercise earns nothing, in a sentence; empty if it uses nothing that is banned."""
        if target not in self._refused:
            self._refused[target] = ""
            self._look_for_banned(target)
        return self._refused[target]

    def _look_for_banned(self, target: str) -> None:
        """Refuses an exercise that says itself that it uses something banned."""
        banned = self.truth.lab.banned.get(target)
        if banned is None:
            return
        for case in self.truth.graph_cases.get(target, []):
            found = banned.found(self._session.probe(case))
            if found:
                self._refuse(target, banned_use(target, found))
                return

    def look_closer(self, outcomes: list[Outcome]) -> None:
        """Looks behind the answers that have passed, and fails those of an exercise that hides
        something. To be called once, when all tests have run: nothing is asked after it.

        Args:
            outcomes: How the hidden tests ended; those of a refused exercise are changed.
        """
        passed = {outcome.case for outcome in outcomes if outcome.passed}
        cases = [case for case in self.truth.cases if case.key in passed]
        findings = self._hold_to_graphs(cases)
        if self._session.reading.in_doubt:
            known = {target for target, finding in findings.items() if finding.uses}
            findings |= self._withhold([case for case in cases if case.target not in known])
        for target, finding in findings.items():
            self._refuse(target, finding)
            for outcome in outcomes:
                if outcome.passed and self.truth.targets.get(outcome.case) == target:
                    outcome.passed, outcome.differences = False, [_banned(self._refused[target])]

    @property
    def refusals(self) -> list[str]:
        """Why exercises earn nothing, a sentence for each."""
        return [reason for reason in self._refused.values() if reason]

    def _refuse(self, target: str, finding: Finding) -> None:
        reading = self._session.reading
        if finding.uses:  # the submission itself may have said so
            uses = passed_on(finding.uses, reading, self.truth.lab.hidden)
            finding = banned_use(target, uses)
        self._refused[target] = finding.reason
        if finding.conduct:
            self.conduct.append(finding.conduct)
        elif finding.uses and reading.doubts and not finding.uses.endswith("in its source"):
            self.conduct.append(f"hides that {target} uses {finding.uses}")

    def _hold_to_graphs(self, cases: list[Case]) -> dict[str, Finding]:
        """Where an op is banned: what the graphs of some cases say, or of all where in doubt."""
        truth, reading = self.truth, self._session.reading
        chosen = []
        for passed in _by_target(case for case in cases if case.target in truth.provable):
            # Where only such cases have passed that no graph can be had of, others tell as much.
            provable = [case for case in passed if case.key in truth.twins]
            group = provable or truth.provable[passed[0].target]
            chosen += group if reading.in_doubt else picked(group, truth.secret, reading.digest)
        for case in chosen:
            self.examined(case)  # it has been asked, unless no hidden test does
        known = Known(truth.expected, truth.twins, truth.lab.banned)
        return hold(self._session, chosen, self.observations, known)

    def _withhold(self, cases: list[Case]) -> dict[str, Finding]:
        """Whether the answers are the same where no banned Python function works."""
        truth, findings = self.truth, {}
        for group in _by_target(cases):
            target = group[0].target
            banned = truth.lab.banned.get(target, Banned())
            if not banned.functions:
                continue
            with self._session.again(withheld=banned.functions) as session:
                for case in group:
                    answer = session.probe(case)
                    if answer.get("error", {}).get("type") in UNANSWERED:
                        continue
                    before = compare(truth.expected[case.key], self.observations[case.key])
                    if {*compare(truth.expected[case.key], answer)} - {*before}:
                        findings[target] = Finding(
                            f"{target} gives its answers by something that it must not use: "
                            "write it from elementary ops.",
                            f"does not answer as {target} where what is banned does not work",
                        )
                        break
        return findings


def _by_target(cases: Iterable[Case]) -> list[list[Case]]:
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.target, []).append(case)
    return [*groups.values()]


def _banned(reason: str) -> Difference:
    return Difference("banned op", reason, BANNED, reason.rstrip("."))


class Plugin:
    """What a run of the hidden tests knows, and what it found out."""

    def __init__(self, examiner: Examiner):
        self.examiner = examiner
        self.outcomes: list[Outcome] = []
        self.stopped: MachineBusy | TemplateDied | None = None
        """Why nothing is known about the submission at hand: neither it nor a test is at fault."""
        self._waited = 0.0  # for the submission's answer, while a test was set up

    def pytest_configure(self, config: pytest.Config) -> None:
        """Says which marks there are."""
        config.addinivalue_line("markers", "cell(grade_id): the graded cell that a test counts for")
        config.addinivalue_line("markers", "cases(*groups): the groups of cases that it runs on")

    @pytest.fixture(scope="session")
    def submission(self) -> Examiner:
        """The submission at hand, for tests that ask cases of their own."""
        return self.examiner

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Asks no more where nothing can be known."""
        if self.stopped is not None:
            raise self.stopped

    @pytest.fixture
    def examined(self, case: Case) -> Examined:
        """The case of a test, answered."""
        return self.examiner.examined(case)

    @pytest.fixture
    def original(self, case: Case) -> Examined:
        """The case that the case of a test is an image of, answered."""
        return self.examiner.original(case)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Runs a test on each case of its groups."""
        marker = metafunc.definition.get_closest_marker("cases")
        if marker is None:
            return
        cases = [case for case in self.examiner.truth.cases if case.group in marker.args]
        if not cases:
            raise pytest.UsageError(f"no case is in the groups {marker.args}")
        metafunc.parametrize("case", cases, ids=[case.key for case in cases])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> pytest.TestReport | None:
        """Notes how a test ended. A mismatch is reported by its sentence: a traceback through the
        hidden test would tell an instructor nothing, and cost more than the test.
        """
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, MachineBusy | TemplateDied):
            self.stopped = error
        if call.when == "call" or (call.when == "setup" and error is not None):
            self.outcomes.append(_outcome(item, error))
            self.outcomes[-1].seconds = self._waited + call.duration
        self._waited = call.duration if call.when == "setup" else 0.0
        if not isinstance(error, Mismatch):
            return None
        when: Literal["setup", "call"] = "setup" if call.when == "setup" else "call"
        return pytest.TestReport(item.nodeid, item.location, {}, "failed", str(error), when)


def _outcome(item: pytest.Item, error: BaseException | None) -> Outcome:
    marker = item.get_closest_marker("cell")
    cell = marker.args[0] if marker else ""
    case = getattr(item, "callspec", None)
    key = case.params["case"].key if case and "case" in case.params else ""
    if error is None:
        return Outcome(cell, item.name, True, case=key)
    if isinstance(error, Mismatch):
        return Outcome(cell, item.name, False, case=key, differences=error.differences)
    return Outcome(cell, item.name, False, fault=f"{type(error).__name__}: {error}", case=key)
