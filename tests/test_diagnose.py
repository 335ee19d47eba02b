"""`diagnose`: which misconception is named."""

import numpy as np
import pytest

from layerlab.compare import Expected
from layerlab.diagnose import Misconception, diagnose

TARGETS = {"a": "Layer", "b": "Layer", "c": "function"}
TRUTH = {key: {"output": Expected(np.zeros(3), np.full(3, 1e-6))} for key in TARGETS}
RIGHT = {"output": np.zeros(3)}


def wrong(value):
    return {"output": np.full(3, float(value))}


def named(observations, *misconceptions):
    return diagnose(TARGETS, TRUTH, observations, list(misconceptions))


ONES = Misconception("ones", "You add one.", {"a": wrong(1)})
TWOS = Misconception("twos", "You add two.", {"b": wrong(2)})
BOTH = Misconception("both", "You add one, then two.", {"a": wrong(1), "b": wrong(2)})


def test_nothing_is_named_if_all_is_right():
    assert named({"a": RIGHT, "b": RIGHT}, ONES) == {}


def test_the_same_wrong_answer_is_named():
    assert named({"a": wrong(1), "b": RIGHT}, ONES, TWOS) == {"ones": {("a", "output")}}


def test_another_wrong_answer_is_not_named():
    assert named({"a": wrong(7), "b": RIGHT}, ONES) == {}


def test_wrong_answers_may_round_differently():
    near = {"output": np.full(3, 1.0 + 3e-6)}
    assert set(named({"a": near}, ONES)) == {"ones"}


def test_a_misconception_that_would_fail_elsewhere_is_ruled_out():
    assert named({"a": wrong(1), "b": RIGHT}, BOTH) == {}


def test_a_case_that_was_not_asked_rules_nothing_out():
    assert set(named({"a": wrong(1)}, BOTH)) == {"both"}


def test_the_one_that_explains_most_is_named_alone():
    assert list(named({"a": wrong(1), "b": wrong(2)}, ONES, TWOS, BOTH)) == ["both"]


def test_two_misconceptions_are_both_named():
    assert set(named({"a": wrong(1), "b": wrong(2)}, ONES, TWOS)) == {"ones", "twos"}


def test_of_two_that_explain_the_same_the_narrower_is_named():
    wide = Misconception("wide", "…", {"a": wrong(1), "unknown": wrong(1)})
    assert list(named({"a": wrong(1)}, wide, ONES)) == ["ones"]
    assert list(named({"a": wrong(1)}, ONES, wide)) == ["ones"]


def test_targets_are_judged_on_their_own():
    across = Misconception("across", "…", {"a": wrong(1), "c": wrong(5)})
    assert named({"a": wrong(1), "c": RIGHT}, across) == {"across": {("a", "output")}}


def test_failures_that_nobody_explains_stay_unexplained():
    assert named({"a": wrong(1), "b": wrong(9)}, ONES) == {"ones": {("a", "output")}}


@pytest.mark.parametrize(
    ("ours", "same"),
    [
        ({"type": "ValueError", "where": "build", "line": "mine", "text": "mine"}, True),
        ({"type": "TypeError", "where": "build", "line": "mine", "text": "mine"}, False),
        ({"type": "ValueError", "where": "call", "line": "mine", "text": "mine"}, False),
    ],
)
def test_errors_are_alike_by_type_and_place(ours, same):
    theirs = {"error": {"type": "ValueError", "where": "build", "text": ""}}
    known = Misconception("raises", "…", {"a": theirs})
    assert bool(named({"a": {"error": ours}}, known)) == same


def test_an_error_is_not_alike_a_wrong_value():
    error = {"type": "ValueError", "where": "call", "line": "", "text": ""}
    assert named({"a": {"error": error}}, ONES) == {}


def test_arrays_of_other_shapes_are_not_alike():
    assert named({"a": {"output": np.ones(4)}}, ONES) == {}


def test_wrong_shapes_of_the_same_kind_are_alike():
    known = Misconception("long", "…", {"a": {"output": np.ones(4)}})
    assert set(named({"a": {"output": np.ones(4)}}, known)) == {"long"}


def test_plain_data_is_alike_if_equal():
    truth = {"a": {"shape": Expected((1, 2))}}
    known = Misconception("turned", "…", {"a": {"shape": (2, 1)}})
    assert diagnose(TARGETS, truth, {"a": {"shape": (2, 1)}}, [known])
    assert not diagnose(TARGETS, truth, {"a": {"shape": (2, 2)}}, [known])


def test_nan_is_alike_nan():
    known = Misconception("nan", "…", {"a": wrong(np.nan)})
    assert set(named({"a": wrong(np.nan)}, known)) == {"nan"}


def test_lists_of_arrays_do_not_crash():
    truth = {"a": {"value": Expected((1, 2))}}
    theirs = {"value": [np.zeros(2), 1]}
    known = Misconception("list", "…", {"a": theirs})
    assert isinstance(diagnose(TARGETS, truth, {"a": dict(theirs)}, [known]), dict)
