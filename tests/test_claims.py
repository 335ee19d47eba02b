"""`claims`: what a subject says has the form that ours gives it, or goes no further."""

import json

import numpy as np
import pytest

from autograder import claims, scrutiny
from layerlab.compare import RULES, Expected, compare

READING = scrutiny.read([])


def test_an_observation_passes():
    found = {"output": np.ones(2), "weights": [["kernel", [1, 2]]], "dtype": "float32", "n": None}
    assert claims.observation({"observation": found}, READING) == found


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"observation": None},
        {"observation": []},
        {"observation": {str(n): 0 for n in range(claims.MOST_ASPECTS + 1)}},
        {"observation": {"x" * 300: 0}},
        {"observation": {"x": "y" * (claims.LONGEST_TEXT + 1)}},
        {"observation": {"x": [[[[[[[[[[0]]]]]]]]]]}},
        {"observation": {"error": "text"}},
        {"observation": {"error": {"type": "x"}}},
        {"observation": {"error": {"type": 1, "where": "", "text": ""}}},
        {"observation": {"error": {"type": "x", "where": "", "text": "", "line": 5}}},
    ],
    ids=lambda reply: str(reply)[:50],
)
def test_what_is_no_observation_does_not(reply):
    with pytest.raises(claims.Unsound):
        claims.observation(reply, READING)


SOUND = [
    {"output_type": "stream", "name": "stdout", "text": "x"},
    {"output_type": "display_data", "data": {"text/plain": "x"}, "metadata": {}},
    {"output_type": "execute_result", "data": {"text/plain": "x"}, "execution_count": 1,
     "metadata": {}},
    {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t"]},
]  # fmt: skip


def test_outputs_pass():
    assert claims.outputs({"outputs": SOUND}) == SOUND


@pytest.mark.parametrize(
    "outputs",
    [
        None,
        {},
        ["x"],
        [{"output_type": "verdict"}],
        [{"output_type": "stream", "name": 1, "text": "x"}],
        [{"output_type": "error", "ename": "E", "evalue": "v", "traceback": "t"}],
        [{"output_type": "error", "ename": "E", "evalue": "v", "traceback": [1]}],
        [{"output_type": "display_data", "data": "x"}],
        [SOUND[0]] * (claims.MOST_OUTPUTS + 1),
        [{"output_type": "stream", "name": "stdout", "text": "x" * (claims.MOST_SHOWN + 1)}],
    ],
    ids=lambda outputs: str(outputs)[:50],
)
def test_what_are_no_outputs_do_not(outputs):
    with pytest.raises(claims.Unsound):
        claims.outputs({"outputs": outputs})


def test_arrays_and_bytes_are_no_displays():
    data = {"text/plain": "x", "a": np.ones(2), "b": b"x", "application/json": {"x": [1]}}
    (shown,) = claims.outputs({"outputs": [{"output_type": "display_data", "data": data}]})
    assert shown["data"] == {"text/plain": "x", "application/json": {"x": [1]}}


def test_halves_of_characters_are_replaced():
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": "a\ud800b"},
        {"output_type": "error", "ename": "\udfff", "evalue": "", "traceback": ["\ud800"]},
        {"output_type": "display_data", "data": {"text/plain": "\ud800"}},
    ]
    shown = claims.outputs({"outputs": outputs})
    assert shown[0]["text"] == "a?b"
    json.dumps(shown, ensure_ascii=False).encode()


def test_fields_that_an_output_has_not_are_left_out():
    (shown,) = claims.outputs({"outputs": [{**SOUND[0], "metadata": {"nbgrader": {}}, "x": 1}]})
    assert shown == SOUND[0]


# whatever passes, no rule of comparison fails on


HOSTILE = [
    None, True, 0, -1, 2**63, float("nan"), float("inf"), "", "kernel", "x" * 1000, b"bytes",
    [], [[]], [None], ["kernel"], [["kernel"]], [["kernel", None]], [["kernel", ["x"]]],
    [[1, 2], [3]], {}, {"kernel": 1}, {"x": {"y": []}},
    np.zeros(()), np.zeros((0,)), np.zeros((2, 2)), np.full((2,), np.nan), np.full((2,), np.inf),
    np.zeros((1, 1, 1, 1)), np.ones(2, bool), np.ones(2, np.float16), np.zeros((9, 0)),
    np.zeros(10**6, bool),
]  # fmt: skip

EXPECTED = {
    "value": [
        Expected(np.ones(2), np.zeros(2)), Expected(np.array(1.0)), Expected("float32"),
        Expected([1, 2]), Expected(None), Expected(np.array([np.nan, np.inf])),
    ],
    "proportional": [Expected(np.ones(2), np.full(2, 0.1), "proportional")],
    "weights": [Expected([("kernel", (1, 2)), (None, (2,))], None, "weights"),
                Expected([], None, "weights")],
    "contains": [Expected(["kernel"], None, "contains")],
    "includes": [Expected({"units": 3}, None, "includes")],
    "raises": [Expected("ValueError", None, "raises")],
    "shared": [Expected({"labels": np.array([0, -1]), "sums": np.ones(1)}, np.ones(1), "shared")],
    "distribution": [Expected({"shape": [2], "distribution": "uniform", "scale": 1.0,
                               "false_alarm": 1e-6}, None, "distribution")],
}  # fmt: skip


def test_every_rule_meets_them():
    assert set(EXPECTED) == set(RULES)


@pytest.mark.parametrize("rule", EXPECTED)
def test_no_rule_fails_on_a_value_of_any_kind(rule):
    for expected in EXPECTED[rule]:
        for value in HOSTILE:
            for difference in compare({"a": expected}, {"a": value}).values():
                assert difference.message and difference.brief
