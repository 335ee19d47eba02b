"""The oracle of lab06 against loops in plain NumPy; its bounds against TensorFlow's own float32 op,
and against errors that they must not let through.
"""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from by_hand import SEEDS, close

from autograder.labs.lab06_depthwise_conv import oracle
from autograder.labs.lab06_depthwise_conv.cases import DEFAULTS
from layerlab.compare import compare, wrong_elements


def depthwise(x, kernel, bias, config):
    """A depthwise convolution by explicit loops, with the list of its products.

    Returns the output and, for each product, (output index, pixel index, kernel index).
    """
    full = {**DEFAULTS, **config}
    first = full["data_format"] == "channels_first"
    if first:
        x = x.transpose(0, 2, 3, 1)
    (sh, sw), (dh, dw) = (
        (v, v) if isinstance(v, int) else tuple(v) for v in (full["strides"], full["dilation_rate"])
    )
    batch, height, width, channels = x.shape
    kh, kw, _, multiplier = kernel.shape
    sizes, fronts = [], []
    for n, k, s, d in ((height, kh, sh, dh), (width, kw, sw, dw)):
        reach = (k - 1) * d + 1
        if full["padding"] == "same":
            sizes.append(math.ceil(n / s))
            fronts.append(max((sizes[-1] - 1) * s + reach - n, 0) // 2)
        else:
            sizes.append(math.ceil((n - reach + 1) / s))
            fronts.append(0)
    products = []
    output = np.zeros((batch, *sizes, channels * multiplier))
    for b, i, j, c, q in np.ndindex(batch, *sizes, channels, multiplier):
        place = (b, i, j, c * multiplier + q)
        for u, v in np.ndindex(kh, kw):
            row, column = i * sh - fronts[0] + u * dh, j * sw - fronts[1] + v * dw
            if 0 <= row < height and 0 <= column < width:
                output[place] += x[b, row, column, c] * kernel[u, v, c, q]
                products.append((place, (b, row, column, c), (u, v, c, q)))
        if bias is not None:
            output[place] += bias[place[3]]
    return (output.transpose(0, 3, 1, 2) if first else output), products, first


def depthwise_by_hand(case):
    """Output and gradients of a case of lab06."""
    x, kernel, *rest = (array.astype(float) for array in (case.inputs[0], *case.weights))
    output, products, first = depthwise(x, kernel, rest[0] if rest else None, dict(case.config))
    found = {"output": output}
    if case.cotangent is None:
        return found
    upstream = case.cotangent.astype(float)
    if first:
        x, upstream = x.transpose(0, 2, 3, 1), upstream.transpose(0, 2, 3, 1)
    by_x, by_kernel = np.zeros_like(x), np.zeros_like(kernel)
    for place, pixel, tap in products:
        by_x[pixel] += upstream[place] * kernel[tap]
        by_kernel[tap] += upstream[place] * x[pixel]
    found["gradient of input"] = by_x.transpose(0, 3, 1, 2) if first else by_x
    found["gradient of kernel"] = by_kernel
    if rest:
        found["gradient of bias"] = upstream.sum((0, 1, 2))
    return found


@pytest.fixture(scope="module")
def cases06(lab06):
    """Hidden cases of lab06 for some seeds, with their truth."""
    return [
        (case, lab06.expect(case))
        for seed in SEEDS
        for case in lab06.hidden_cases(seed)
        if case.probe == "layer"
    ]


def test_depthwise_agrees_with_loops(cases06):
    assert len(cases06) > 50
    for case, expected in cases06:
        for aspect, value in depthwise_by_hand(case).items():
            close(expected[aspect].value, value)


def test_visible_depthwise_agrees_with_loops(lab06):
    for case in lab06.visible_cases():
        if case.probe == "layer":
            for aspect, value in depthwise_by_hand(case).items():
                close(lab06.expect(case)[aspect].value, value)


def test_every_case_expects_its_output_and_all_gradients(cases06):
    for case, expected in cases06:
        assert {"output", "weights", "output dtype", "computed output shape"} <= expected.keys()
        if case.cotangent is not None:
            gradients = {name for name in expected if name.startswith("gradient of ")}
            weights = {f"gradient of {name}" for name, _ in expected["weights"].value}
            assert gradients == {"gradient of input", *weights}


def test_the_computed_shape_is_that_of_the_output(cases06):
    for _, expected in cases06:
        computed, output = expected["computed output shape"].value, expected["output"].value.shape
        assert computed[0] in (None, output[0]) and computed[1:] == output[1:]


def built_in(case):
    """What `tf.nn.depthwise_conv2d` does in the case's own precision, where the CPU has it."""
    tensors = [tf.constant(array) for array in (case.inputs[0], *case.weights)]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        output = oracle.depthwise_conv2d(*tensors, config=dict(case.config))
    found = {"output": output.numpy()}
    if case.cotangent is not None:
        names = ["input", "kernel", "bias"][: len(tensors)]
        gradients = tape.gradient(output, tensors, output_gradients=tf.constant(case.cotangent))
        for name, gradient in zip(names, gradients, strict=True):
            found[f"gradient of {name}"] = gradient.numpy()
    return found


def test_the_built_in_op_in_float32_is_within_the_bound(cases06):
    for case, expected in cases06:
        if "policy" not in case.options and "special-n" not in case.key:
            seen = built_in(case)
            truth = {aspect: expected[aspect] for aspect in seen}
            assert compare(truth, seen) == {}, case.key


def test_the_layer_of_keras_is_within_the_bound(lab06):
    from layerlab import probe

    layer = type("DepthwiseConv2D", (keras.layers.DepthwiseConv2D,), {})
    for case in lab06.hidden_cases(SEEDS[0]):
        if case.group == "plain" and case.config.get("data_format") != "channels_first":
            unequal = case.config.get("strides", 1)
            if isinstance(unequal, tuple) and unequal[0] != unequal[1]:
                continue  # Keras's needs a GPU for these
            seen = probe.run(case, {"DepthwiseConv2D": layer})
            assert compare(lab06.expect(case), seen) == {}, case.key


def test_a_sum_in_another_order_is_within_the_bound(cases06):
    rng = np.random.default_rng(0)
    for case, expected in cases06[:40]:
        if case.group != "plain":
            continue
        x, kernel, *rest = (array.astype(np.float32) for array in (case.inputs[0], *case.weights))
        _, products, first = depthwise(x, kernel, None, dict(case.config))
        truth = expected["output"]
        total = np.zeros(truth.value.shape, np.float32)
        total = total.transpose(0, 2, 3, 1) if first else total
        x = x.transpose(0, 2, 3, 1) if first else x
        if rest:
            total += rest[0]
        for number in rng.permutation(len(products)):
            place, pixel, tap = products[number]
            total[place] += x[pixel] * kernel[tap]
        total = total.transpose(0, 3, 1, 2) if first else total
        assert not wrong_elements(truth.value, total, truth.bound).any()


@pytest.mark.parametrize("relative", [1e-3, -1e-3])
def test_a_relative_error_of_one_in_a_thousand_is_caught_on_any_element(cases06, relative):
    """On every element that is not itself the small remainder of a cancellation."""
    caught = total = 0
    for case, expected in cases06:
        if case.group != "plain":
            continue
        for aspect, truth in expected.items():
            if aspect == "output" or aspect.startswith("gradient"):
                wrong = wrong_elements(truth.value, truth.value * (1 + relative), truth.bound)
                large = np.abs(truth.value) > 0.1 * np.abs(truth.value).max()
                assert wrong[large].all(), (case.key, aspect)
                caught, total = caught + wrong.sum(), total + np.count_nonzero(truth.value)
    assert caught > 0.98 * total


def test_bounds_are_far_below_the_values(cases06):
    for case, expected in cases06:
        if case.group == "plain":
            for aspect, truth in expected.items():
                if truth.bound is not None:
                    scale = np.abs(truth.value).max()
                    assert truth.bound.max() < 1e-3 * max(scale, 0.1), (case.key, aspect)


@pytest.mark.parametrize("name", ["large", "small"])
def test_bounds_scale_with_the_values(cases06, name):
    for case, expected in cases06:
        if case.key == f"special-{name}":
            truth = expected["output"]
            assert wrong_elements(truth.value, truth.value * 1.001, truth.bound).mean() > 0.9


def test_an_element_outside_the_window_of_a_bad_pixel_is_finite(cases06):
    for case, expected in cases06:
        if case.group == "special" and not np.isfinite(case.inputs[0]).all():
            finite = np.isfinite(expected["output"].value)
            assert 0 < (~finite).sum() < finite.size / 2
            assert np.isfinite(expected["output"].bound).all()


def test_the_wide_kernel_is_the_one_that_convolves_alike(lab06):
    for case in lab06.hidden_cases(SEEDS[0]):
        if case.group == "dense":
            expected = lab06.expect(case)
            kernel = case.inputs[0]
            kh, kw, channels, multiplier = kernel.shape
            wide = np.zeros((kh, kw, channels, channels * multiplier), kernel.dtype)
            for c, q in np.ndindex(channels, multiplier):
                wide[:, :, c, c * multiplier + q] = kernel[:, :, c, q]
            assert np.array_equal(expected["value"].value, wide)
            if case.cotangent is not None:
                by_kernel = np.zeros_like(kernel)
                for c, q in np.ndindex(channels, multiplier):
                    by_kernel[:, :, c, q] = case.cotangent[:, :, c, c * multiplier + q]
                assert np.array_equal(expected["gradient of input"].value, by_kernel)
