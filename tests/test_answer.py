"""Answers of a submission, held against each other."""

import numpy as np
import pytest

from autograder.answer import Answer, Mismatch
from autograder.draw import image
from autograder.examine import Examined, Examiner
from autograder.truth import Truth
from layerlab.case import Case
from layerlab.compare import Expected

BROKEN = "the order of the rows changes the output"
CASE = Case("plain-0", "plain", "Layer", options={"mode": "function"})


def answer(*values, bound=0.0):
    value = np.array(values, float)
    return Answer("output", value, np.full(value.shape, bound))


def examined(output, bound=0.5):
    truth = Expected(np.zeros((2, 2)), None if bound is None else np.full((2, 2), bound))
    return Examined(CASE, {"output": truth}, {"output": output})


def test_answers_may_differ_by_both_bounds():
    answer(1, 2, bound=0.25).must_equal(answer(1.5, 2, bound=0.25), BROKEN)
    with pytest.raises(Mismatch):
        answer(1, 2, bound=0.25).must_equal(answer(1.5, 2, bound=0.24), BROKEN)


def test_a_broken_identity_says_what_is_broken_and_where():
    with pytest.raises(Mismatch) as raised:
        answer(1, 2.5, 4).must_equal(answer(1, 2, 3), BROKEN)
    (difference,) = raised.value.differences
    assert difference.message == "The order of the rows changes the output: at (2,) it is 4, not 3."
    assert (difference.aspect, difference.brief) == ("output", BROKEN)


def test_a_bound_goes_where_its_number_goes():
    moved = Answer("output", np.arange(4.0), np.arange(4.0) / 8).through(lambda x: x[[2, 0]])
    assert moved.value.tolist() == [2, 0] and moved.bound.tolist() == [0.25, 0]


def test_bounds_of_a_sum_add_up():
    total = answer(1, -1, bound=0.5).through(lambda x: x.sum(keepdims=True))
    assert total.value.tolist() == [0] and total.bound.tolist() == [1]


def test_bounds_of_a_product_add_up_whatever_the_signs():
    product = answer(1, 2, bound=0.5).times(np.array([[1, 1], [-1, 3]]))
    assert product.value.tolist() == [-1, 7] and product.bound.tolist() == [1, 2]


def test_a_known_summand_adds_no_error():
    assert answer(1, 2, bound=0.5).plus(3).must_equal(answer(4.5, 5), BROKEN) is None


def test_an_answer_is_the_submissions_own_with_the_bound_of_the_truth():
    found = examined(np.full((2, 2), 7, np.float16)).answer("output")
    assert found.value.dtype == np.float64
    assert found.value.tolist() == [[7, 7], [7, 7]] and found.bound.tolist() == [[0.5] * 2] * 2
    assert not examined(np.ones((2, 2)), bound=None).answer("output").bound.any()


@pytest.mark.parametrize(
    "output", [np.ones((2, 3)), np.array([[1, np.nan], [0, 0]]), np.full((2, 2), np.inf), None, 3.0]
)
def test_what_is_no_answer_is_the_submissions_fault(output):
    with pytest.raises(Mismatch):
        examined(output).answer("output")


def test_an_untouched_stub_is_told_apart():
    error = {"type": "NotImplementedError", "where": "call", "text": "", "line": ""}
    untouched = Examined(CASE, {"output": Expected(np.zeros(2))}, {"error": error})
    with pytest.raises(Mismatch) as raised:
        untouched.answer("output")
    assert [difference.kind for difference in raised.value.differences] == ["not started"]


def test_an_image_is_examined_beside_its_original(lab06):
    doubled = image(CASE, "doubled", inputs=(np.ones(2),))
    assert doubled.key != CASE.key and doubled.group == "doubled"
    assert doubled.options["mode"] == "function" and "image_of" not in CASE.options

    class Answers:
        def probe(self, case):
            return {"output": case.key}

    cases = [CASE, doubled]
    truth = Truth(lab06, cases, {}, {case.key: {} for case in cases}, {})
    found = Examiner(Answers(), truth).original(doubled)
    assert found.case is CASE and found.observation == {"output": CASE.key}
