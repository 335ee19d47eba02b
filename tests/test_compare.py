"""`compare`: which differences are seen, and what is said about them."""

import numpy as np
import pytest

from layerlab.compare import RULES, Difference, Expected, compare, plain, worst, wrong_elements

TRUTH = np.array([[1.0, 2.0], [3.0, 4.0]])


def difference(expected, actual, aspect="output"):
    return compare({aspect: expected}, {aspect: actual}).get(aspect)


def test_equal_arrays_do_not_differ():
    assert difference(Expected(TRUTH), TRUTH.copy()) is None


def test_an_error_within_the_bound_is_right():
    assert difference(Expected(TRUTH, np.full((2, 2), 1e-3)), TRUTH + 0.9e-3) is None


def test_an_error_over_the_bound_is_wrong():
    found = difference(Expected(TRUTH, np.full((2, 2), 1e-3)), TRUTH + 1.1e-3)
    assert "wrong in 4 of 4 values" in found.message


def test_the_bound_is_that_of_each_element():
    bound = np.array([[1.0, 0.0], [0.0, 0.0]])
    assert difference(Expected(TRUTH, bound), TRUTH + np.array([[0.5, 0], [0, 0]])) is None
    assert difference(Expected(TRUTH, bound), TRUTH + np.array([[0, 0.5], [0, 0]])) is not None


def test_without_a_bound_the_smallest_error_is_wrong():
    actual = TRUTH.copy()
    actual[1, 1] = np.nextafter(4.0, 5.0)
    assert difference(Expected(TRUTH), actual) is not None


def test_the_message_points_at_the_worst_element():
    actual = TRUTH.copy()
    actual[0, 1], actual[1, 0] = 2.5, 9.0
    message = difference(Expected(TRUTH), actual).message
    assert "2 of 4" in message and "at (1, 0) it is 9, expected 3" in message


def test_another_shape_is_said():
    found = difference(Expected(TRUTH), TRUTH.ravel())
    assert found.kind == "shape"
    assert "(4,)" in found.message and "(2, 2)" in found.message


def test_arrays_that_would_broadcast_are_of_another_shape():
    assert difference(Expected(np.ones((2, 2))), np.ones((1, 2))).kind == "shape"


def test_a_missing_gradient_is_cut_off():
    found = difference(Expected(TRUTH), None, "gradient of kernel")
    assert found.message.startswith("No gradient of kernel arrives")
    assert found.brief == "no gradient of kernel arrives"


@pytest.mark.parametrize("actual", [[1.0, 2.0], 3, "text", {"a": 1}])
def test_what_is_no_array_is_no_tensor(actual):
    assert "not a tensor" in difference(Expected(TRUTH), actual).message


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "float16"])
def test_arrays_of_any_type_are_compared(dtype):
    found = difference(Expected(TRUTH), np.zeros((2, 2), dtype))
    assert "4 of 4" in found.message and "expected 4" in found.message


@pytest.mark.parametrize(
    ("truth", "actual", "right"),
    [
        (np.nan, np.nan, True),
        (np.inf, np.inf, True),
        (np.inf, -np.inf, False),
        (np.inf, 1e30, False),
        (np.nan, 1.0, False),
        (1.0, np.nan, False),
        (1.0, np.inf, False),
        (np.nan, np.inf, False),
    ],
)
def test_infinities_and_nan_must_be_the_same(truth, actual, right):
    wrong = wrong_elements(np.array([truth]), np.array([actual]), np.array([1e300]))
    assert wrong.tolist() == [not right]


def test_a_bound_that_is_not_finite_allows_no_nan():
    assert wrong_elements(np.array([1.0]), np.array([np.nan]), np.array([np.inf])).all()


def test_nan_is_the_worst_error():
    actual = np.array([9.0, np.nan, 3.0])
    truth = np.array([1.0, 2.0, 3.0])
    assert worst(truth, actual, wrong_elements(truth, actual, None)) == (1,)


def test_a_scalar_truth_accepts_a_python_number():
    expected = Expected(np.asarray(2.0), np.asarray(0.1))
    assert difference(expected, 2.05) is None
    assert difference(expected, 2.5) is not None


@pytest.mark.parametrize(
    ("truth", "actual", "right"),
    [
        ((1, 2), [1, 2], True),
        ([None, 3], (None, 3), True),
        ("float32", "float16", False),
        ((1, 2), (1, 2, 3), False),
        ((9, 36), (9, np.int64(36)), True),
        ((9, 36), (36, 9), False),
        (True, False, False),
        ((9, 36), None, False),
    ],
)
def test_plain_data_is_compared_by_value(truth, actual, right):
    assert (difference(Expected(truth), actual) is None) == right


@pytest.mark.parametrize(
    "actual",
    [np.array([9, 36]), [np.array([9, 9]), 36], np.zeros((2, 2)), np.array([9.0, 1.0])],
    ids=["equal array", "array in a list", "matrix", "unequal array"],
)
def test_an_array_where_plain_data_is_expected_is_a_difference_or_equal_but_no_crash(actual):
    found = difference(Expected((9, 36)), actual)
    assert found is None or found.kind == "value"


def test_one_kind_of_difference_for_each_aspect_in_order():
    truth = {"output": Expected(TRUTH), "weights": Expected([], rule="weights")}
    found = compare(truth, {"output": TRUTH + 1, "weights": [["kernel", [1]]]})
    assert list(found) == ["output", "weights"]


def test_what_was_not_observed_has_the_reason():
    error = {"type": "ValueError", "where": "call", "line": "y = x + 1", "text": "bad"}
    found = compare({"output": Expected(TRUTH)}, {"error": error})["output"]
    assert found.message == "call raises ValueError, at `y = x + 1`: bad"
    assert found.brief == "call raises ValueError, at `y = x + 1`"


def test_what_was_observed_before_an_error_still_counts():
    error = {"type": "ValueError", "where": "call", "line": "", "text": "bad"}
    observed = {"weights": [["kernel", [2]]], "error": error}
    truth = {"weights": Expected([("kernel", (2,))], rule="weights"), "output": Expected(TRUTH)}
    assert list(compare(truth, observed)) == ["output"]


def test_not_implemented_is_not_started():
    error = {"type": "NotImplementedError", "where": "call", "line": "", "text": ""}
    found = compare({"output": Expected(TRUTH)}, {"error": error})["output"]
    assert (found.kind, found.message) == ("not started", "Not started yet.")


def test_a_sentence_of_the_probe_is_said_as_it_is():
    error = {"type": "ProbeError", "where": "", "text": "call returns None: is a return missing?"}
    found = compare({"output": Expected(TRUTH)}, {"error": error})["output"]
    assert found.message == "call returns None: is a return missing?"


def test_neither_value_nor_error_is_a_difference():
    assert "could not be observed" in compare({"output": Expected(TRUTH)}, {})["output"].message


WEIGHTS = Expected([("kernel", (3, 2)), ("bias", (2,))], rule="weights")


@pytest.mark.parametrize(
    ("actual", "right"),
    [
        ([["kernel", [3, 2]], ["bias", [2]]], True),
        ([["bias", [2]], ["kernel", [3, 2]]], False),
        ([["kernel", [3, 2]]], False),
        ([["weight", [3, 2]], ["bias", [2]]], False),
        ([["kernel", [2, 3]], ["bias", [2]]], False),
        ([["kernel", [3, 2]], ["bias", [2]], ["extra", []]], False),
        ([], False),
    ],
)
def test_weights_by_name_shape_and_order(actual, right):
    assert (difference(WEIGHTS, actual, "weights") is None) == right


def test_weights_are_said_both_ways():
    message = difference(WEIGHTS, [["w", [3, 2]]], "weights").message
    assert "kernel (3, 2), bias (2,)" in message and "the layer has w (3, 2)" in message


def test_a_free_name_of_a_weight():
    expected = Expected([(None, (2,))], rule="weights")
    assert difference(expected, [["anything", [2]]]) is None
    assert difference(expected, [["anything", [3]]]) is not None


def test_keys_that_lack():
    found = difference(Expected(["a", "b"], rule="contains"), ["b"], "configuration keys")
    assert found.message == "The configuration keys lack 'a'."
    assert difference(Expected(["a"], rule="contains"), ["b", "a"]) is None


@pytest.mark.parametrize(
    ("actual", "right"), [({"seed": 3, "x": 1}, True), ({"seed": 4}, False), ({}, False)]
)
def test_entries_that_must_be_included(actual, right):
    assert (difference(Expected({"seed": 3}, rule="includes"), actual) is None) == right


@pytest.mark.parametrize(
    ("actual", "said"), [(None, "it is accepted"), ("TypeError", "it raises TypeError")]
)
def test_an_invalid_argument_must_raise(actual, said):
    expected = Expected("ValueError", rule="raises")
    assert said in difference(expected, actual, "refusal").message
    assert difference(expected, "ValueError", "refusal") is None


def draw(kind, scale, size=4000):
    rng = np.random.default_rng(1)
    if kind == "uniform":
        return rng.uniform(-scale, scale, size)
    values = rng.normal(0, scale, 2 * size)
    if kind == "truncated_normal":
        values = values[np.abs(values) <= 2 * scale]
    return values[:size]


def proportional(actual, bound=1e-3):
    expected = Expected(TRUTH, np.full((2, 2), bound), rule="proportional")
    return difference(expected, actual)


@pytest.mark.parametrize("factor", [1e-6, 0.5, 1.0, 3e8])
def test_a_positive_factor_is_free(factor):
    assert proportional(factor * TRUTH) is None
    assert proportional(factor * (TRUTH + 9e-4 * np.array([[1, -1], [1, 1]]))) is None


@pytest.mark.parametrize(
    "actual",
    [
        -TRUTH,
        0 * TRUTH,
        np.nan * TRUTH,
        np.inf * TRUTH,
        TRUTH[0],
        TRUTH.tolist(),
        None,
        TRUTH + 0.1,
    ],
)
def test_what_no_positive_factor_makes_right_is_wrong(actual):
    assert proportional(actual) is not None


KINDS = ["uniform", "normal", "truncated_normal"]


def expected_draws(kind, scale=0.5, size=4000):
    value = {"shape": [size], "distribution": kind, "scale": scale, "false_alarm": 1e-9}
    return Expected(value, rule="distribution")


@pytest.mark.parametrize("kind", KINDS)
def test_right_draws_pass(kind):
    assert difference(expected_draws(kind), draw(kind, 0.5)) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_draws_of_another_spread_are_seen(kind, factor):
    assert difference(expected_draws(kind), draw(kind, 0.5 * factor)) is not None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_draws_of_another_kind_are_seen(kind, other):
    spread = {"uniform": 3**0.5, "normal": 1.0, "truncated_normal": 1 / 0.8796256610342398}
    draws = draw(other, 0.5 / spread[kind] * spread[other], 40_000)
    assert (difference(expected_draws(kind, size=40_000), draws) is None) == (kind == other)


@pytest.mark.parametrize("kind", KINDS)
def test_draws_off_centre_are_seen(kind):
    assert difference(expected_draws(kind), draw(kind, 0.5) + 0.1) is not None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_draws_that_are_not_finite_are_seen(bad):
    draws = draw("normal", 0.5)
    draws[3] = bad
    assert difference(expected_draws("normal"), draws) is not None


def test_one_draw_outside_the_support_is_seen():
    draws = draw("uniform", 0.5)
    draws[3] = 0.51
    assert "within ±0.5" in difference(expected_draws("uniform"), draws).message


def test_no_draws_at_all_are_a_difference():
    assert difference(expected_draws("normal", size=1), np.zeros((0,))) is not None


TIED = {"labels": np.array([[0, 0, -1], [1, -1, 0]]), "sums": np.array([3.0, -2.0])}


@pytest.mark.parametrize(
    "shares", [[[3, 0, 0], [-2, 0, 0]], [[1, 1, 0], [-2, 0, 1]], [[0, -1, 0], [-2, 0, 4]]]
)
def test_any_sharing_that_keeps_the_sums_passes(shares):
    assert difference(Expected(TIED, rule="shared"), np.array(shares, np.float32)) is None


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ([[3, 3, 0], [-2, 0, 3]], "should add up to 3 there; it adds up to 9"),
        ([[3, 0, 0], [0, 0, 0]], "should add up to -2 there; it adds up to 0"),
        ([[3, 0, 1], [-2, 0, 0]], "should be zero at (0, 2); it is 1"),
        ([[3, 0, np.nan], [-2, 0, 0]], "should be zero at (0, 2); it is nan"),
        ([[3, 0, 0], [np.nan, 0, 0]], "it adds up to nan"),
        ([3, -2], "has shape (2,), expected (2, 3)"),
    ],
)
def test_a_sharing_that_does_not_keep_the_sums_is_seen(shares, message):
    found = difference(Expected(TIED, rule="shared"), np.array(shares, np.float32))
    assert message in found.message


def test_no_shares_at_all_are_a_difference():
    assert "None" in difference(Expected(TIED, rule="shared"), None).message


def test_shares_may_be_off_by_the_bound():
    expected = Expected(TIED, np.array([0.1, 0.0]), "shared")
    assert difference(expected, np.array([[1, 2.05, 0], [-2, 0, 0]])) is None
    assert difference(expected, np.array([[1, 2, 0], [-2.05, 0, 0]])) is not None


SECRET = [
    ("value", Expected(np.full((7, 13), 0.625)), np.full((7, 13), 0.375)),
    ("shape", Expected(np.full((7, 13), 0.625)), np.zeros(3)),
    ("plain", Expected((7, 13)), (13, 7)),
    ("weights", Expected([("kernel", (7, 13))], rule="weights"), [["kernel", [3, 3]]]),
    ("includes", Expected({"seed": 713}, rule="includes"), {}),
    ("raises", Expected("ValueError", rule="raises"), None),
    ("distribution", expected_draws("normal", 0.713, 500), np.full(500, 0.7)),
    (
        "shared",
        Expected({"labels": np.zeros((7, 13), int), "sums": np.full(1, 0.625)}, rule="shared"),
        np.full((7, 13), 0.713),
    ),
    ("proportional", Expected(np.full((7, 13), 0.625), rule="proportional"), -np.ones((7, 13))),
]


@pytest.mark.parametrize(
    ("expected", "actual"), [row[1:] for row in SECRET], ids=[row[0] for row in SECRET]
)
def test_the_brief_form_holds_no_number_of_the_case(expected, actual):
    brief = difference(expected, actual, "aspect").brief
    assert brief and not any(digit in brief for digit in ("7", "13", "625", "713"))


def test_the_brief_form_of_a_probe_error_holds_no_shape_of_the_case():
    text = "The trainable weights should have the shapes (7, 13); the layer has kernel (3, 3)."
    error = {"type": "ProbeError", "where": "", "text": text}
    found = compare({"output": Expected(TRUTH)}, {"error": error})["output"]
    assert "(7, 13)" in found.message and "(7, 13)" not in found.brief


def test_every_rule_has_a_test_of_its_brief_form():
    assert {row[1].rule for row in SECRET} | {"contains"} == set(RULES)


def test_plain_makes_tuples_lists_and_scalars_numbers():
    assert plain({"a": (np.float32(0.5), [np.int64(2)])}) == {"a": [0.5, [2]]}


def test_a_difference_without_a_brief_form_gets_one():
    assert Difference("output", "…", "shape").brief == "the output is wrong (shape)"
    assert Difference("output", "…", "value").brief == "the output is wrong (values)"
