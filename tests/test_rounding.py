"""First-order rounding bounds: large enough for float32, small enough to see a mistake."""

import numpy as np
import pytest
import tensorflow as tf

from autograder.oracle import multilinear
from autograder.rounding import first_order
from layerlab.case import Case

RNG = np.random.default_rng(11)


def drawn(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def normalized(step, x):
    """A composition with cancellation, a quotient and a root: each row over its length."""
    centered = step(
        x - tf.reduce_mean(x, -1, keepdims=True),
        tf.abs(x) + tf.reduce_mean(tf.abs(x), -1, keepdims=True),
        terms=x.shape[-1],
        consumers=2,
    )
    square = step(tf.reduce_sum(centered**2, -1, keepdims=True), terms=x.shape[-1])
    return step(centered / tf.sqrt(square), terms=3)


@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_float32_stays_within_the_bound_and_the_bound_is_small(offset):
    case = Case("a", "g", "t", inputs=(drawn(4, 7) + np.float32(offset),), cotangent=drawn(4, 7))
    truth = first_order(lambda r, i, w: {"output": normalized(r.step, i[0])}, case, [])
    x = tf.constant(case.inputs[0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = normalized(lambda value, *_, **__: value, x)
    gradient = tape.gradient(y, x, output_gradients=tf.constant(case.cotangent))
    for aspect, actual in (("output", y), ("gradient of input", gradient)):
        error = np.abs(actual.numpy() - truth[aspect].value)
        assert np.all(error <= truth[aspect].bound)
        assert truth[aspect].bound.max() < 2e-4 * (1 + offset)


def test_a_sum_of_products_gets_about_the_bound_that_is_known_for_it():
    case = Case("a", "g", "t", inputs=(drawn(3, 5),), weights=(drawn(5, 2),), cotangent=drawn(3, 2))

    def forward(rounding, inputs, weights):
        x, kernel = inputs[0], weights[0]
        return {"output": rounding.step(x @ kernel, tf.abs(x) @ tf.abs(kernel), 5, 3)}

    composed = first_order(forward, case, ["kernel"])
    known = multilinear(tf.matmul, case, ["kernel"])
    assert composed.keys() == known.keys()
    for aspect in known:
        np.testing.assert_allclose(composed[aspect].value, known[aspect].value)
        ratio = composed[aspect].bound / known[aspect].bound
        assert np.all((ratio > 0.5) & (ratio < 3))


def test_either_slope_is_right_at_a_kink_and_only_there():
    x = np.array([[-1.0, 0.0, 2.0, 6.0, 7.0]], np.float32)
    case = Case("a", "g", "t", inputs=(x,), cotangent=np.ones_like(x))

    def forward(rounding, inputs, weights):
        return {"output": rounding.relu(rounding.step(inputs[0]), most=6.0)}

    truth = first_order(forward, case, [])
    assert truth["output"].value.tolist() == [[0.0, 0.0, 2.0, 6.0, 6.0]]
    assert np.all(truth["output"].bound < 1e-5)
    assert (truth["gradient of input"].bound > 0.99).tolist() == [[False, True, False, True, False]]


def test_gradients_are_by_each_tensor_of_the_last_call():
    case = Case("a", "g", "t", inputs=([drawn(2, 3), drawn(2, 3)],), cotangent=drawn(2, 3))

    def forward(rounding, inputs, weights):
        first, second = inputs[0]
        return {"output": rounding.step(first * second)}

    truth = first_order(forward, case, [])
    first, second = case.inputs[0]
    for aspect, other in (("gradient of input 0", second), ("gradient of input 1", first)):
        expected = other.astype(np.float64) * case.cotangent
        np.testing.assert_allclose(truth[aspect].value, expected)
