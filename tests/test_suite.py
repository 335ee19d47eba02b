"""Hidden tests that are collected once and run on one submission after the other."""

from types import SimpleNamespace

import pytest

from autograder.examine import Mismatch
from autograder.suite import Suite
from layerlab.case import Case
from layerlab.compare import Difference

CELL = """
import pytest

@pytest.mark.cell("outputs")
@pytest.mark.cases("plain")
def test_output(examined):
    print("nobody is to see this")
    examined.must_match("output")
"""


class Examined:
    def __init__(self, right):
        self.right = right

    def must_match(self, *aspects):
        if not self.right:
            raise Mismatch([Difference("output", "It is wrong.", "value", "it is wrong")])


class Examiner:
    """Answers from a list of the cases that are right."""

    def __init__(self, truth, *right):
        self.truth, self._right = truth, right

    def examined(self, case):
        return Examined(case.key in self._right)


@pytest.fixture
def truth(tmp_path):
    # pytest knows a module by its name: each test has one of its own.
    path = tmp_path / f"test_{tmp_path.name.replace('-', '_')}.py"
    path.write_text(CELL)
    cases = [Case(key, "plain", "Layer") for key in ("a", "b")]
    return SimpleNamespace(lab=SimpleNamespace(hidden=tmp_path, name="lab"), cases=cases, path=path)


@pytest.fixture
def suite(truth):
    suite = Suite(truth)
    yield suite
    suite.close()


def passed(outcomes):
    return {outcome.case: outcome.passed for outcome in outcomes}


def test_a_test_that_asks_for_itself_asks_the_submission_at_hand(truth):
    truth.path.write_text(
        """
import pytest

@pytest.mark.cell("outputs")
def test_both(submission):
    for case in submission.truth.cases:
        submission.examined(case).must_match("output")
"""
    )
    suite = Suite(truth)
    answers = [("a", "b"), ("a",), ("a", "b")]
    outcomes = [suite.run(Examiner(truth, *right)) for right in answers]
    suite.close()
    assert [outcome.passed for (outcome,) in outcomes] == [True, False, True]


def test_each_submission_has_outcomes_of_its_own(suite, truth):
    first = suite.run(Examiner(truth, "a", "b"))
    second = suite.run(Examiner(truth, "b"))
    assert passed(first) == {"a": True, "b": True}
    assert passed(second) == {"a": False, "b": True}
    assert [outcome.cell for outcome in first] == ["outputs", "outputs"]


def test_what_a_test_prints_is_not_shown(suite, truth, capfd):
    suite.run(Examiner(truth))
    assert "nobody" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("broken", ["import nothing_of_this_name", "# no test"])
def test_tests_that_do_not_run_are_a_fault_each_time(suite, truth, broken):
    truth.path.write_text(broken)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="hidden tests of lab did not run"):
            suite.run(Examiner(truth))
