"""The oracle of lab03: the layer against sums over windows and Keras's layer, the dilated kernel
and its reach against loops, the coverage against the paths of a stack in two dimensions.
"""

from dataclasses import replace
from itertools import product

import keras
import numpy as np
import pytest
from by_hand import SEEDS, agree, asked, caught, gradients, large, pair, windows

from autograder.labs.lab03_dilated_conv.cases import COVERAGE, DEFAULTS, KERNEL, LAYER, SIZE
from layerlab import probe
from layerlab.compare import compare

NAMES = ["input", "kernel", "bias"]


@pytest.fixture(scope="module")
def cases03(course):
    """Hidden cases for some seeds and the visible ones, with their truth."""
    lab = course.lab("lab03_dilated_conv")
    cases = [case for seed in SEEDS for case in lab.hidden_cases(seed)]
    return [(c, lab.expect(c)) for c in (*cases, *lab.visible_cases()) if c.probe != "graph"]


@pytest.fixture(scope="module")
def layers03(cases03):
    return [(case, expected) for case, expected in cases03 if case.probe == "layer"]


def arrays(case):
    return [array.astype(float) for array in (case.inputs[0], *case.weights)]


def dilated(case):
    """The layer of a case as a function of its input and weights: a sum over windows."""
    full = {**DEFAULTS, **case.config}
    size, strides, rates = (pair(full[k]) for k in ("kernel_size", "strides", "dilation_rate"))

    def forward(x, kernel, bias=0.0):
        seen = windows(x, size, strides, rates, full["padding"].lower())
        return np.einsum("bijuvc,uvcf->bijf", seen, kernel) + bias

    return forward


def test_the_output_agrees_with_sums_over_windows(layers03):
    assert len(layers03) > 60
    for case, expected in layers03:
        agree(case, expected["output"], dilated(case)(*arrays(case)))


def test_gradients_agree_with_differences(layers03):
    seen = 0
    for case, expected in layers03:
        found = gradients(dilated(case), arrays(case), case.cotangent.astype(float))
        for name, gradient in zip(NAMES, found, strict=False):
            agree(case, expected[f"gradient of {name}"], gradient)
            seen += 1
    assert seen > 150


def test_the_layer_of_keras_is_within_the_bound(layers03):
    """In its own precision and in all modes; without gradients, since float32's `Conv2D` of
    TensorFlow 2.21 has ended the process in `conv2d_backprop_filter` here (signal 11).
    """
    layer = type(LAYER, (keras.layers.Conv2D,), {})
    for case, expected in layers03:
        if case.options.get("route") != "save":
            forward = {
                k: truth for k, truth in expected.items() if not k.startswith("gradient of ")
            }
            seen = probe.run(replace(case, cotangent=None), {LAYER: layer})
            assert compare(forward, seen) == {}, case.key


@pytest.mark.parametrize("relative", [1e-3, -1e-3])
def test_a_relative_error_of_one_in_a_thousand_is_caught(layers03, relative):
    for case, expected in layers03:
        for aspect, truth in expected.items():
            gradual = aspect == "output" or aspect.startswith("gradient of ")
            if gradual and "policy" not in case.options:
                assert caught(truth, relative)[large(truth, 0.2)].all(), (case.key, aspect)


def test_the_dilated_kernel_agrees_with_loops(cases03):
    found = asked(cases03, KERNEL)
    assert len(found) > 6
    for case, expected in found:
        kernel, rate = case.inputs
        down, right = pair(rate)
        value = np.zeros(
            ((kernel.shape[0] - 1) * down + 1, (kernel.shape[1] - 1) * right + 1, *kernel.shape[2:])
        )
        for i, j in np.ndindex(kernel.shape[:2]):
            value[i * down, j * right] = kernel[i, j]
        assert np.array_equal(expected["value"].value, value)


def test_the_dilated_kernel_convolves_as_the_dilated_convolution(cases03):
    rng = np.random.default_rng(0)
    seen = 0
    for case, expected in asked(cases03, KERNEL):
        kernel, rate = case.inputs
        if kernel.ndim == 4:
            wide = expected["value"].value.astype(float)
            x = rng.standard_normal((1, 2 + wide.shape[0], 1 + wide.shape[1], kernel.shape[2]))
            one = np.einsum(
                "bijuvc,uvcf->bijf", windows(x, kernel.shape[:2], rates=pair(rate)), kernel
            )
            other = np.einsum("bijuvc,uvcf->bijf", windows(x, wide.shape[:2]), wide)
            np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)
            seen += 1
    assert seen


def test_the_size_is_that_of_the_dilated_kernel(cases03):
    found = asked(cases03, SIZE)
    assert len(found) > 6
    for case, expected in found:
        size, rate = case.inputs
        taps = [[i * d for i in range(k)] for k, d in zip(pair(size), pair(rate), strict=True)]
        value = expected["value"].value
        assert pair(value) == tuple(axis[-1] - axis[0] + 1 for axis in taps)
        assert isinstance(value, int) == isinstance(size, int)


def test_the_coverage_agrees_with_paths_in_two_dimensions(cases03):
    found = asked(cases03, COVERAGE)
    assert len(found) > 6
    for case, expected in found:
        size, rates = case.inputs
        pixels = {(0, 0)}
        for rate in rates:
            taps = list(product(range(0, size * rate, rate), repeat=2))
            pixels = {(y + i, x + j) for y, x in pixels for i, j in taps}
        side = 1 + max(y for y, _ in pixels)
        assert float(expected["value"].value) == pytest.approx(len(pixels) / side**2, rel=1e-12)
