"""The oracle of lab09 against Keras's pooling layers, their gradients, and differences of them."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from layerlab import probe
from layerlab.compare import compare, wrong_elements

SEEDS = [1, 2]
MAX, AVERAGE, GLOBAL = "MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D"
KERAS = {MAX: {}, AVERAGE: {"pool_size": 2}, GLOBAL: {}}
"""The layers that Keras has, with the arguments for which only ours have a default."""


@pytest.fixture(scope="module")
def lab09(course):
    return course.lab("lab09_pooling")


@pytest.fixture(scope="module")
def cases09(lab09):
    return [
        (case, lab09.expect(case))
        for cases in (*map(lab09.hidden_cases, SEEDS), lab09.visible_cases())
        for case in cases
        if case.probe != "graph"
    ]


def layers(cases, *targets):
    return [(c, e) for c, e in cases if c.probe == "layer" and c.target in targets]


def of_keras(case, dtype="float64"):
    return getattr(keras.layers, case.target)(**{**KERAS[case.target], **case.config}, dtype=dtype)


def exact(case, array):
    """What the layer sees of it, in float64."""
    return array.astype(case.options.get("policy", "float32").removeprefix("mixed_")).astype(float)


def pulled(cases, *targets):
    """The cases with a gradient that is fixed."""
    return [(c, e) for c, e in layers(cases, *targets) if c.cotangent is not None and not tied(c)]


def tied(case):
    return case.key.startswith(("tie", "see-tie"))


def close(truth, other):
    scale = np.abs(other).max(initial=1e-300)
    np.testing.assert_allclose(truth, other, rtol=1e-12, atol=1e-13 * scale)


def agrees(truth, differences):
    scale = np.abs(differences).max(initial=1e-300)
    np.testing.assert_allclose(truth, differences, rtol=1e-9, atol=1e-9 * scale)


def pulled_back(function, case):
    """The gradient of the input by central differences: exact but for rounding, since pooling is
    linear as long as no pixel overtakes another.
    """
    x, upstream = exact(case, case.inputs[0]), exact(case, case.cotangent)
    values = np.unique(x)
    step = np.diff(values).min() / 4 if values.size > 1 else 1.0
    pictures = np.repeat(x[np.newaxis], 2 * x.size, axis=0).reshape(2, x.size, x.size)
    np.einsum("kk->k", pictures[0])[:] += step
    np.einsum("kk->k", pictures[1])[:] -= step
    outputs = function(pictures.reshape(-1, *x.shape[1:]))
    above, below = outputs.reshape(2, x.size, *upstream.shape)
    slopes = (above - below).reshape(x.size, -1) / (2 * step)
    return (slopes @ upstream.ravel()).reshape(x.shape)


def test_outputs_agree_with_keras(cases09):
    cases = layers(cases09, *KERAS)
    for case, expected in cases:
        x, truth = exact(case, case.inputs[0]), expected["output"]
        output = of_keras(case)(x).numpy()
        if case.target == MAX:
            assert np.array_equal(truth.value, output) and truth.bound is None
        else:
            close(truth.value, output)
    assert len(cases) > 120


def test_computed_shapes_agree_with_keras(cases09):
    for case, expected in layers(cases09, *KERAS):
        batch, *sizes = case.inputs[0].shape
        shape = (None if case.options.get("unknown_batch") else batch, *sizes)
        computed = of_keras(case).compute_output_shape(shape)
        assert tuple(expected["computed output shape"].value) == tuple(computed)


def test_gradients_agree_with_keras(cases09):
    seen = 0
    for case, expected in pulled(cases09, *KERAS):
        sizes = case.config.get("pool_size", 2)
        sizes = (sizes, sizes) if isinstance(sizes, int) else sizes
        beyond = any(k > n for k, n in zip(sizes, case.inputs[0].shape[1:3], strict=True))
        if case.target == AVERAGE and beyond:
            continue  # there the float64 gradient of the op is wrong
        x, layer = tf.constant(exact(case, case.inputs[0])), of_keras(case)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        gradient = tape.gradient(y, x, output_gradients=exact(case, case.cotangent))
        close(expected["gradient of input"].value, gradient.numpy())
        seen += 1
    assert seen > 100


def test_gradients_agree_with_differences_of_outputs(cases09):
    """Without any gradient of TensorFlow's."""
    cases = pulled(cases09, *KERAS)
    for case, expected in cases:
        layer = of_keras(case)
        gradient = pulled_back(lambda x, layer=layer: layer(x).numpy(), case)
        agrees(expected["gradient of input"].value, gradient)
    assert len(cases) > 120


def shared(case, share):
    """A gradient of side-by-side windows; `share(count)` says what each of the winners gets."""
    rows, columns = case.config.get("pool_size", (2, 2))
    x, gradient = case.inputs[0], np.zeros(case.inputs[0].shape)
    for b, i, j, c in np.ndindex(*case.cotangent.shape):
        window = x[b, i * rows : (i + 1) * rows, j * columns : (j + 1) * columns, c]
        winners = np.argwhere(window == window.max())
        for (p, q), part in zip(winners, share(len(winners)), strict=True):
            gradient[b, i * rows + p, j * columns + q, c] += part * case.cotangent[b, i, j, c]
    return gradient


def tells_apart(expected, gradient):
    truth = {"gradient of input": expected["gradient of input"]}
    return bool(compare(truth, {"gradient of input": gradient}))


SHARINGS = {
    "the first": (lambda n: [1, *[0] * (n - 1)], True),
    "the last": (lambda n: [*[0] * (n - 1), 1], True),
    "all the same": (lambda n: [1 / n] * n, True),
    "one too much, others negative": (lambda n: [n, *[-1] * (n - 1)], True),
    "half of it": (lambda n: [0.5 / n] * n, False),
    "each the whole": (lambda n: [1] * n, False),
    "none": (lambda n: [0] * n, False),
}


@pytest.mark.parametrize("name", SHARINGS)
def test_ties_may_be_shared_as_long_as_the_sum_is_right(name, cases09):
    share, right = SHARINGS[name]
    cases = [(case, expected) for case, expected in cases09 if tied(case)]
    for case, expected in cases:
        assert tells_apart(expected, shared(case, share)) is not right
    assert len(cases) == 2 * len(SEEDS) + 1


def test_ties_as_tensorflow_shares_them(cases09):
    for case, expected in cases09:
        if tied(case):
            x = tf.constant(case.inputs[0])
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = of_keras(case, "float32")(x)
            gradient = tape.gradient(y, x, output_gradients=tf.constant(case.cotangent)).numpy()
            assert not tells_apart(expected, gradient)


def test_a_share_for_another_than_a_maximum_is_wrong(cases09):
    for case, expected in cases09:
        if tied(case):
            gradient = shared(case, lambda n: [1 / n] * n)
            window = case.inputs[0][0, :2, :2, 0]  # a part of the first
            assert (window[0] > window[1]).all()
            gradient[0, 0, 0, 0] -= 0.5
            gradient[0, 1, 0, 0] += 0.5
            assert tells_apart(expected, gradient)


def test_layers_of_keras_are_within_the_bound(lab09):
    names = {name: type(name, (getattr(keras.layers, name),), {}) for name in KERAS}
    seen = 0
    for case in lab09.hidden_cases(SEEDS[0]):
        if case.group in ("max", "average", "global", "tie") and case.target in KERAS:
            config = {**KERAS[case.target], **case.config}
            found = probe.run(type(case)(**{**vars(case), "config": config}), names)
            assert compare(lab09.expect(case), found) == {}, case.key
            seen += 1
    assert seen > 40


def blurred(case):
    """A blur by its definition: binomial weights, the picture reflected at its border."""
    sizes, strides = (case.config.get(n, d) for n, d in (("pool_size", 3), ("strides", 2)))
    sizes, strides = ((v, v) if isinstance(v, int) else v for v in (sizes, strides))
    weights = np.outer(*([math.comb(k - 1, i) for i in range(k)] for k in sizes))
    weights = weights / weights.sum()

    def blur(x):
        padded = np.pad(
            x, [(0, 0), *(((k - 1) // 2, k - 1 - (k - 1) // 2) for k in sizes), (0, 0)], "reflect"
        )
        return np.stack(
            [
                np.stack(
                    [
                        np.einsum(
                            "bpqc,pq->bc", padded[:, i : i + sizes[0], j : j + sizes[1]], weights
                        )
                        for j in range(0, x.shape[2], strides[1])
                    ],
                    axis=1,
                )
                for i in range(0, x.shape[1], strides[0])
            ],
            axis=1,
        )

    return blur


def test_blur_agrees_with_its_definition(cases09):
    cases = layers(cases09, "BlurPool2D")
    for case, expected in cases:
        blur = blurred(case)
        output = blur(exact(case, case.inputs[0]))
        close(expected["output"].value, output)
        assert expected["computed output shape"].value[1:] == output.shape[1:]
        if case.cotangent is not None:
            agrees(expected["gradient of input"].value, pulled_back(blur, case))
    assert len(cases) > 14


def test_bounds_of_means_catch_an_error_of_one_in_a_thousand(cases09):
    for case, expected in pulled(cases09, AVERAGE, GLOBAL, "BlurPool2D"):
        if not case.options.get("policy"):
            truth = expected["gradient of input"]
            wrong = wrong_elements(truth.value, truth.value * 1.001, truth.bound)
            large = np.abs(truth.value) > 0.01 * np.abs(truth.value).max()
            assert wrong[large].all(), case.key


def test_every_refusal_is_a_value_error(cases09):
    refused = [expected for case, expected in cases09 if case.probe == "refuse"]
    assert len(refused) > 20
    assert all(expected["refusal"].value == "ValueError" for expected in refused)
