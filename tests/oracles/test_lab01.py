"""The oracle of lab01: the layer against sums of products and Keras's layer, distinct columns
against a search by hand, broken copies against their definition.
"""

import keras
import numpy as np
import pytest
from by_hand import SEEDS, agree, asked, caught, gradients, large

from autograder.labs.lab01_zero_init.cases import CHALLENGE, DISTINCT, EXACT, LAYER
from layerlab import probe
from layerlab.compare import compare

NAMES = ["input", "kernel", "bias"]


@pytest.fixture(scope="module")
def cases01(course):
    """Hidden cases for some seeds and the visible ones, with their truth."""
    lab = course.lab("lab01_zero_init")
    cases = [case for seed in SEEDS for case in lab.hidden_cases(seed)]
    return [(c, lab.expect(c)) for c in (*cases, *lab.visible_cases()) if c.probe != "graph"]


@pytest.fixture(scope="module")
def layers01(cases01):
    return [(case, expected) for case, expected in cases01 if case.probe == "layer"]


def arrays(case):
    return [array.astype(float) for array in (case.inputs[0], *case.weights)]


def sums(x, kernel, bias=0.0):
    return np.einsum("...i,iu->...u", x, kernel) + bias


def test_the_output_and_gradients_agree_with_sums_and_differences(layers01):
    assert len(layers01) > 40
    for case, expected in layers01:
        if case.group == EXACT:
            continue
        agree(case, expected["output"], sums(*arrays(case)))
        found = gradients(sums, arrays(case), case.cotangent.astype(float))
        for name, gradient in zip(NAMES, found, strict=False):
            agree(case, expected[f"gradient of {name}"], gradient)


def test_copies_agree_to_the_last_bit(layers01):
    exact = [(case, truth) for case, truth in layers01 if case.group == EXACT]
    assert exact
    for case, expected in exact:
        assert expected["output"].bound is None
        assert np.array_equal(expected["output"].value, sums(*arrays(case)))


def test_the_layer_of_keras_is_within_the_bound(layers01):
    """In its own precision and in all modes."""
    layer = type(LAYER, (keras.layers.Dense,), {})
    for case, expected in layers01:
        if case.options.get("route") != "save":
            assert compare(expected, probe.run(case, {LAYER: layer})) == {}, case.key


@pytest.mark.parametrize("relative", [1e-3, -1e-3])
def test_a_relative_error_of_one_in_a_thousand_is_caught(layers01, relative):
    for case, expected in layers01:
        for aspect, truth in expected.items():
            gradual = aspect == "output" or aspect.startswith("gradient of ")
            if gradual and "policy" not in case.options and case.group != EXACT:
                assert caught(truth, relative)[large(truth, 0.2)].all(), (case.key, aspect)


def test_distinct_columns_agree_with_a_search(cases01):
    found = asked(cases01, DISTINCT)
    assert len(found) > 8
    for case, expected in found:
        tolerance = case.config.get("tolerance", 1e-6)
        kept = []
        for column in case.inputs[0].astype(float).T.tolist():
            near = [
                all(abs(a - b) <= tolerance for a, b in zip(column, k, strict=True)) for k in kept
            ]
            if not any(near):
                kept.append(column)
        assert expected["value"].value == len(kept), case.key


def test_broken_copies_keep_the_sum_and_differ(cases01):
    found = asked(cases01, CHALLENGE)
    assert len(found) > 4
    for case, expected in found:
        kernel, bias, outgoing = (array.astype(float) for array in case.inputs)
        value, amount = expected["value"].value, case.config.get("amount", 0.1)
        units = np.concatenate([kernel, bias[np.newaxis]]).T
        for unit in np.unique(units, axis=0):
            copies = (units == unit).all(axis=1)
            # What a group of copies adds to the output is as before, and no two copies learn alike.
            before, after = outgoing[copies], value[copies]
            np.testing.assert_allclose(after.sum(axis=0), before.sum(axis=0), atol=1e-12)
            steps = (after - before)[:, 0]
            np.testing.assert_allclose(np.diff(steps), amount, atol=1e-12)
