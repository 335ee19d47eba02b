"""The oracle of lab05: the layer against sums over windows and Keras's layer in float64, the best
terms against alternating least squares, the costs against counting.
"""

from itertools import product

import keras
import numpy as np
import pytest
import tensorflow as tf
from by_hand import SEEDS, agree, caught, gradients, large, pair, windows

from autograder.labs.lab05_separable_conv.cases import (
    CONV_COST,
    DEFAULTS,
    LAYER,
    PRODUCT,
    SEPARABLE_COST,
    SEPARATE,
)
from layerlab import probe
from layerlab.compare import compare, wrong_elements

NAMES = ["input", "depthwise_kernel", "pointwise_kernel", "bias"]


@pytest.fixture(scope="module")
def lab05(course):
    return course.lab("lab05_separable_conv")


@pytest.fixture(scope="module")
def cases05(lab05):
    """Hidden cases for some seeds and the visible ones, with their truth."""
    cases = [case for seed in SEEDS for case in lab05.hidden_cases(seed)]
    return [(c, lab05.expect(c)) for c in (*cases, *lab05.visible_cases()) if c.probe != "graph"]


@pytest.fixture(scope="module")
def layers05(cases05):
    return [(case, expected) for case, expected in cases05 if case.probe == "layer"]


def arrays(case):
    return [array.astype(float) for array in (case.inputs[0], *case.weights)]


def unequal(case):
    """Whether the strides differ: TensorFlow refuses that on the CPU, but for float32 with oneDNN,
    and there TensorFlow 2.21 errs where one channel becomes several, a single column wide.
    """
    height, width = pair(case.config.get("strides", 1))
    return height != width


def separable(case):
    """The layer of a case as a function of its input and weights: a sum over windows."""
    full = {**DEFAULTS, **case.config}
    size, strides, rates = (pair(full[k]) for k in ("kernel_size", "strides", "dilation_rate"))

    def forward(x, depthwise, pointwise, bias=0.0):
        seen = windows(x, size, strides, rates, full["padding"].lower())
        channels, multiplier = depthwise.shape[2:]
        y = np.einsum("bijuvc,uvcq->bijcq", seen, depthwise)
        mixed = pointwise.reshape(channels, multiplier, full["filters"])
        return np.einsum("bijcq,cqf->bijf", y, mixed) + bias

    return forward


def test_the_output_agrees_with_sums_over_windows(layers05):
    assert len(layers05) > 80
    for case, expected in layers05:
        agree(case, expected["output"], separable(case)(*arrays(case)))


def test_gradients_agree_with_differences(layers05):
    seen = 0
    for case, expected in layers05:
        found = gradients(separable(case), arrays(case), case.cotangent.astype(float))
        for name, gradient in zip(NAMES, found, strict=False):
            agree(case, expected[f"gradient of {name}"], gradient)
            seen += 1
        assert {f"gradient of {name}" for name, _ in expected["weights"].value} < expected.keys()
    assert seen > 300


def test_the_layer_of_keras_agrees_in_float64(layers05):
    seen = 0
    for case, expected in layers05:
        if unequal(case):
            continue
        layer = keras.layers.SeparableConv2D(**case.config, dtype="float64")
        x, *weights = arrays(case)
        layer.build(x.shape)
        layer.set_weights(weights)
        x = tf.constant(x)
        assert expected["weights"].value == [(w.name, w.shape) for w in layer.weights]
        computed = layer.compute_output_shape(x.shape)
        assert expected["computed output shape"].value[1:] == computed[1:]
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        agree(case, expected["output"], y.numpy())
        sources = [x, *(w.value for w in layer.weights)]
        found = tape.gradient(y, sources, output_gradients=tf.constant(case.cotangent, tf.float64))
        for name, gradient in zip(NAMES, found, strict=False):
            agree(case, expected[f"gradient of {name}"], gradient.numpy())
        seen += 1
    assert seen > 40


def test_the_layer_of_keras_is_within_the_bound(layers05):
    """In its own precision and in all modes."""
    layer = type(LAYER, (keras.layers.SeparableConv2D,), {})
    for case, expected in layers05:
        if not unequal(case) and case.options.get("route") != "save":
            assert compare(expected, probe.run(case, {LAYER: layer})) == {}, case.key


@pytest.mark.parametrize("relative", [1e-3, -1e-3])
def test_a_relative_error_of_one_in_a_thousand_is_caught(layers05, relative):
    found = total = 0
    for case, expected in layers05:
        for aspect, truth in expected.items():
            coarse = "policy" in case.options
            if not coarse and (aspect == "output" or aspect.startswith("gradient of ")):
                wrong = caught(truth, relative)
                assert wrong[large(truth, 0.2)].all(), (case.key, aspect)
                found, total = found + wrong.sum(), total + np.count_nonzero(truth.value)
    assert found > 0.98 * total


# The best terms


@pytest.fixture(scope="module")
def terms(cases05):
    """(kernel in float64, number of terms, truth) of each case that asks for factors."""
    found = [
        (case.inputs[0].astype(float), 1 if case.target == SEPARATE else case.inputs[1], expected)
        for case, expected in cases05
        if "parts" in case.options
    ]
    assert len(found) > 30
    return found


def alternating(kernel, rank, start, rounds):
    """A sum of so many terms that is improved one factor at a time (least squares)."""
    left = start
    for _ in range(rounds):
        right = np.linalg.lstsq(left, kernel, rcond=None)[0]
        left = np.linalg.lstsq(right.T, kernel.T, rcond=None)[0].T
    return left @ right


def test_the_residual_is_what_the_product_misses(terms):
    for kernel, rank, expected in terms:
        product, residual = expected[PRODUCT].value, expected["residual"].value
        norm = np.linalg.norm(kernel)
        assert residual == pytest.approx(np.linalg.norm(kernel - product), abs=1e-13 * norm)
        assert np.linalg.matrix_rank(product, tol=1e-12 * norm) <= rank


def test_no_other_sum_of_so_many_terms_is_nearer(terms):
    """Eckart and Young's theorem, without a singular value: by search, and by eigenvalues."""
    rng = np.random.default_rng(0)
    for kernel, rank, expected in terms:
        residual, norm = expected["residual"].value, np.linalg.norm(kernel)
        found = []
        for rounds in (1, 3, 40, 40):
            other = alternating(kernel, rank, rng.standard_normal((kernel.shape[0], rank)), rounds)
            found.append(np.linalg.norm(kernel - other))
        assert min(found) >= residual - 1e-13 * norm
        assert min(found) == pytest.approx(residual, abs=1e-7 * norm)
        np.testing.assert_allclose(other, expected[PRODUCT].value, atol=1e-7 * norm)
        eigenvalues = np.linalg.eigvalsh(kernel.T @ kernel)[: kernel.shape[1] - rank]
        squared = np.maximum(eigenvalues, 0).sum()
        assert residual**2 == pytest.approx(squared, abs=1e-13 * norm**2)


def by_decomposition(kernel, rank):
    left, values, right = np.linalg.svd(kernel, full_matrices=False)
    return (left[:, :rank] * values[:rank]) @ right[:rank]


def by_eigenvectors(kernel, rank):
    vectors = np.linalg.eigh(kernel.T @ kernel)[1][:, ::-1][:, :rank]
    return kernel @ vectors @ vectors.T


def by_alternation(kernel, rank):
    return alternating(kernel, rank, kernel[:, :rank] + np.eye(len(kernel), rank, dtype="f"), 60)


@pytest.mark.parametrize("method", [by_decomposition, by_eigenvectors, by_alternation])
def test_methods_in_float32_are_within_the_bound(terms, method):
    for kernel, rank, expected in terms:
        product = method(kernel.astype(np.float32), rank)
        residual = np.linalg.norm(kernel.astype(np.float32) - product)
        assert product.dtype == residual.dtype == np.float32
        seen = {PRODUCT: product, "residual": np.asarray(residual)}
        assert compare({aspect: expected[aspect] for aspect in seen}, seen) == {}


def test_a_wrong_product_or_residual_is_caught(terms):
    for kernel, rank, expected in terms:
        truth, residual = expected[PRODUCT], expected["residual"]
        for relative in (1e-2, -1e-2):
            assert caught(truth, relative)[large(truth)].all()
        for other in {rank - 1, rank + 1} & set(range(min(kernel.shape) + 1)):
            product = by_decomposition(kernel, other)
            missed = np.linalg.norm(kernel - product)
            if abs(missed - residual.value) > 1e-3 * np.linalg.norm(kernel):
                assert wrong_elements(truth.value, product, truth.bound).any()
                assert wrong_elements(residual.value, np.asarray(missed), residual.bound)


# Costs


def counted(target, shape, filters, kernel_size, config):
    """Weights and multiply-adds, one by one."""
    (height, width, channels), size = shape, pair(kernel_size)
    places = []
    for n, k, s in zip((height, width), size, pair(config.get("strides", 1)), strict=True):
        last = n if config.get("padding") == "same" else n - k + 1
        places.append(range(0, last, s))
    taps, each = [range(k) for k in size], range
    if target == CONV_COST:
        kernels = [product(*taps, each(channels), each(filters))]
        sums = [product(*places, *taps, each(channels), each(filters))]
    else:
        multiplier = each(config.get("depth_multiplier", 1))
        pointwise = (each(channels), multiplier, each(filters))
        kernels = [product(*taps, each(channels), multiplier), product(*pointwise)]
        sums = [product(*places, *taps, each(channels), multiplier), product(*places, *pointwise)]
    weights = sum(1 for kernel in kernels for _ in kernel)
    bias = filters if config.get("use_bias", True) else 0
    return weights + bias, sum(1 for terms in sums for _ in terms)


@pytest.mark.parametrize("target", [CONV_COST, SEPARABLE_COST])
def test_costs_agree_with_counting(cases05, target):
    found = {case.key: (case, e) for case, e in cases05 if case.target == target}
    assert len(found) == 11
    for case, expected in found.values():
        assert expected["value"].value == counted(target, *case.inputs, case.config), case.key
