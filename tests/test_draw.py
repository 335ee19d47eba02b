"""`draw`: every allowed pair of values occurs, whatever is drawn."""

from itertools import combinations

import numpy as np
import pytest

from autograder.draw import arguments, input_shape, normal, pairs, strides_or_dilation, whole
from autograder.labs.lab02_mean_zero_init import cases as lab02
from autograder.labs.lab06_depthwise_conv import cases as lab06

SMALL = {"a": [1, 2, 3], "b": ["x", "y"], "c": [None, (1, 2)], "d": [0.5]}


def value_pairs(row):
    return {((m, repr(v)), (n, repr(w))) for (m, v), (n, w) in combinations(row.items(), 2)}


def all_pairs(arguments, allowed=lambda chosen: True):
    return {
        ((m, repr(v)), (n, repr(w)))
        for m, n in combinations(arguments, 2)
        for v in arguments[m]
        for w in arguments[n]
        if allowed({m: v, n: w})
    }


def drawn(seed, arguments, **options):
    return list(pairs(np.random.default_rng(seed), arguments, **options))


@pytest.mark.parametrize("seed", range(20))
def test_every_pair_occurs(seed):
    found = set().union(*map(value_pairs, drawn(seed, SMALL)))
    assert found == all_pairs(SMALL)


@pytest.mark.parametrize("seed", range(20))
def test_every_allowed_pair_of_lab06_occurs_and_no_other(seed):
    arguments = lab06._ARGUMENTS
    rows = drawn(seed, arguments, allowed=strides_or_dilation)
    assert all(strides_or_dilation(row) for row in rows)
    assert set().union(*map(value_pairs, rows)) == all_pairs(arguments, strides_or_dilation)


@pytest.mark.parametrize("seed", range(20))
def test_every_pair_of_lab02_occurs(seed):
    found = set().union(*map(value_pairs, drawn(seed, lab02._ARGUMENTS)))
    assert found == all_pairs(lab02._ARGUMENTS)


def test_each_row_has_every_argument():
    assert all(list(row) == list(SMALL) for row in drawn(0, SMALL))


def test_far_fewer_rows_than_combinations():
    rows = drawn(0, lab06._ARGUMENTS, allowed=strides_or_dilation)
    assert len(rows) < 100


def test_the_same_seed_draws_the_same_rows():
    assert drawn(3, SMALL) == drawn(3, SMALL)


def test_another_seed_draws_other_rows():
    assert drawn(3, lab06._ARGUMENTS) != drawn(4, lab06._ARGUMENTS)


def test_normal_values_are_exact_in_half_precision():
    values = normal(np.random.default_rng(0), (50, 20))
    assert values.dtype == np.float32
    assert np.array_equal(values.astype(np.float16).astype(np.float32), values)
    assert 0.9 < values.std() < 1.1


def test_whole_values_are_small_and_whole():
    values = whole(np.random.default_rng(0), (50, 20))
    assert values.dtype == np.float32
    assert set(values.ravel().tolist()) == {-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0}


@pytest.mark.parametrize(
    ("chosen", "shape"),
    [
        ({"padding": "valid", "kernel_size": 3, "dilation_rate": (1, 3)}, (2, 5, 7, 3)),
        ({"padding": "valid", "kernel_size": (6, 1), "dilation_rate": 1}, (2, 6, 4, 3)),
        ({"padding": "same", "kernel_size": 9, "dilation_rate": 2}, (2, 5, 4, 3)),
    ],
)
def test_a_picture_is_enlarged_until_the_window_fits(chosen, shape):
    assert input_shape({**chosen, "picture": (5, 4), "batch": 2, "channels": 3}) == shape


def test_arguments_are_what_a_layer_takes_and_differs_from_its_defaults():
    chosen = {"filters": 2, "strides": 1, "bias": None, "batch": 2, "picture": (1, 1)}
    assert arguments(chosen, {"strides": 1, "bias": 0}) == {"filters": 2, "bias": None}
