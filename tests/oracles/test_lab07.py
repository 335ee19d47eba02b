"""The oracle of lab07: the blocks against plain NumPy and against Keras's layers, one after the
other, in float64; MobileNet against the tables of its paper.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from by_hand import agree, caught, gradients, kept, large, windows

from autograder.labs.lab07_depthwise_separable_block.cases import (
    BLOCK,
    DEFAULTS,
    FOLD,
    INVERTED,
    MODEL,
)
from layerlab.case import Case
from layerlab.compare import compare


@pytest.fixture(scope="module")
def lab07(course):
    return course.lab("lab07_depthwise_separable_block")


@pytest.fixture(scope="module")
def cases07(course, lab07):
    """Hidden cases and those visible ones that are quick to work out, with their truth."""
    visible = [case for case in lab07.visible_cases() if case.target in (FOLD, MODEL)]
    return [*kept(course, lab07), *((case, lab07.expect(case)) for case in visible)]


@pytest.fixture(scope="module")
def layers07(cases07):
    found = [(case, expected) for case, expected in cases07 if case.probe == "layer"]
    assert {case.target for case, _ in found} == {BLOCK, INVERTED} and len(found) > 30
    return found


def flags(case):
    return case.options.get("training", [False])


def aspects(case):
    """The output, the gradients and the moving statistics of a case, as they are found."""
    weights = [f"gradient of {name}" for name in ("input", *case.options["weight_names"])]
    states = [f"{name} after the call" for name in case.options["state_names"]]
    return ["output", *weights, *states]


# By hand: NumPy, for real numbers and for those with an imaginary part


def depthwise(x, kernel, strides):
    seen = windows(x, (3, 3), (strides, strides), padding="same")
    return np.einsum("bijuvc,uvc->bijc", seen, kernel[..., 0])


def relu(x, most=np.inf):
    return np.where(x.real >= most, most, np.where(x.real > 0, x, 0))


def called(target, config, x, weights, states, training):
    """One call: the output, and the moving statistics after it."""
    full = {**DEFAULTS, **config}
    strides, given, moving, after = full["strides"], iter(weights), iter(states), []

    def norm(x):
        gamma, beta, mean, variance = next(given), next(given), next(moving), next(moving)
        if training:
            keep, old = full["momentum"], (mean, variance)
            mean = x.mean((0, 1, 2))
            variance = ((x - mean) ** 2).mean((0, 1, 2))
            after.extend(
                keep * o + (1 - keep) * n for o, n in zip(old, (mean, variance), strict=True)
            )
        else:
            after.extend((mean, variance))
        return gamma * (x - mean) / np.sqrt(variance + full["epsilon"]) + beta

    if target == INVERTED:
        y = x if full["expansion"] == 1 else relu(norm(x @ next(given)[0, 0]), 6)
        y = relu(norm(depthwise(y, next(given), strides)), 6)
        y = norm(y @ next(given)[0, 0])
        return (x + y if strides == 1 and x.shape[3] == full["filters"] else y), after
    if full["variant"] == "xception":
        y = depthwise(relu(x), next(given), strides) @ next(given)[0, 0]
        return norm(y), after
    y = relu(norm(depthwise(x, next(given), strides)))
    return relu(norm(y @ next(given)[0, 0])), after


def worked_out(case):
    """Output, gradients and moving statistics of a case, in the order of its aspects."""
    *earlier, x = (array.astype(float) for array in case.inputs)
    weights = [array.astype(float) for array in case.weights]
    *before, training = flags(case)
    named = zip(case.options["weight_names"], weights, strict=True)
    gammas = [weight for name, weight in named if name.startswith("gamma")]
    states = [start + np.zeros(gamma.shape) for gamma in gammas for start in (0, 1)]
    for batch, flag in zip(earlier, before, strict=True):
        _, states = called(case.target, case.config, batch, weights, states, flag)

    def last(x, *weights):
        return called(case.target, case.config, x, weights, states, training)[0]

    y, after = called(case.target, case.config, x, weights, states, training)
    return [y, *gradients(last, [x, *weights], case.cotangent.astype(float)), *after]


def test_outputs_statistics_and_gradients_agree_with_numpy(layers07):
    for case, expected in layers07:
        for aspect, value in zip(aspects(case), worked_out(case), strict=True):
            agree(case, expected[aspect], value)


def test_every_weight_has_its_gradient_and_every_statistic_its_value(layers07):
    for case, expected in layers07:
        shapes = [tuple(shape) for _, shape in expected["weights"].value]
        assert shapes == [weight.shape for weight in case.weights]
        compared = {a for a in expected if a.startswith(("output", "gradient", "moving"))}
        assert compared == {*aspects(case), "output dtype"}


def test_the_statistics_of_several_calls_are_asked_for(layers07):
    asked = [tuple(flags(case)) for case, _ in layers07 if case.group == "plain"]
    assert {(False,), (True,), (True, False), (True, True)} == set(asked)


# Keras's layers, one after the other


def composed(target, config, dtype):
    """The layers that a block is made of, without the sum of an inverted residual."""
    full = {**DEFAULTS, **config}

    def norm():
        names = ("momentum", "epsilon")
        return keras.layers.BatchNormalization(**{n: full[n] for n in names}, dtype=dtype)

    def pointwise(filters):
        return keras.layers.Conv2D(filters, 1, use_bias=False, dtype=dtype)

    def relu(most=None):
        return keras.layers.ReLU(most, dtype=dtype)

    spatial = keras.layers.DepthwiseConv2D(3, full["strides"], "same", use_bias=False, dtype=dtype)
    if target == BLOCK and full["variant"] == "xception":
        return [relu(), spatial, pointwise(full["filters"]), norm()]
    if target == BLOCK:
        return [spatial, norm(), relu(), pointwise(full["filters"]), norm(), relu()]
    narrow = [spatial, norm(), relu(6), pointwise(full["filters"]), norm()]
    if full["expansion"] == 1:
        return narrow
    return [pointwise(full["channels"] * full["expansion"]), norm(), relu(6), *narrow]


def keras_sees(case, dtype):
    """What the composition gives, by aspect; its weights; the shape of its output."""
    channels = case.inputs[0].shape[3]
    layers = composed(case.target, {**case.config, "channels": channels}, dtype)
    stack = keras.Sequential([keras.Input(case.inputs[0].shape[1:], dtype=dtype), *layers])
    weights = stack.trainable_weights
    for weight, value in zip(weights, case.weights, strict=True):
        weight.assign(value)
    added = case.target == INVERTED and stack.input_shape == stack.output_shape
    for array, training in zip(case.inputs, flags(case), strict=True):
        x = tf.constant(array, dtype)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = stack(x, training=training)
            y = x + y if added else y
    upstream = tf.constant(case.cotangent, dtype)
    found = tape.gradient(y, [x, *(w.value for w in weights)], output_gradients=upstream)
    states = stack.non_trainable_weights
    values = [array.numpy() for array in (y, *found, *(w.value for w in states))]
    held = {"weights": weights, "state": states}
    facts = {name: [(w.name, tuple(w.shape)) for w in some] for name, some in held.items()}
    return dict(zip(aspects(case), values, strict=True)), facts, stack.output_shape


def test_layers_of_keras_agree_in_float64(layers07):
    for case, expected in layers07:
        seen, facts, output = keras_sees(case, "float64")
        for aspect, value in seen.items():
            agree(case, expected[aspect], value)
        assert compare({name: expected[name] for name in facts}, facts) == {}
        assert tuple(expected["computed output shape"].value)[1:] == output[1:]


def test_layers_of_keras_in_float32_are_within_the_bound(layers07):
    for case, expected in layers07:
        if "policy" not in case.options:
            seen, *_ = keras_sees(case, "float32")
            assert compare({aspect: expected[aspect] for aspect in seen}, seen) == {}, case.key


@pytest.mark.parametrize("relative", [1e-3, -1e-3])
def test_a_relative_error_of_one_in_a_thousand_is_caught(layers07, relative):
    """On nearly every element: two values that are normalized become plus and minus one, whatever
    they are, so that of the gradients through them little more than rounding is left.
    """
    found = total = 0
    for case, expected in layers07:
        if "policy" not in case.options:
            for aspect in aspects(case):
                truth = expected[aspect]
                there = large(truth) & (np.abs(truth.value) > 1e-9)
                found += caught(truth, relative)[there].sum()
                total += there.sum()
    assert total > 1000 and found > 0.95 * total


# Folded


def folded(block):
    """Two convolutions by hand: their kernels and biases."""
    full = {**DEFAULTS, **block["config"]}
    given, moving = iter(block["trainable"]), iter(block["state"])

    def fold(kernel, axis):
        gamma, beta, mean, variance = next(given), next(given), next(moving), next(moving)
        factor = gamma.astype(float) / np.sqrt(variance.astype(float) + full["epsilon"])
        wide = factor[:, np.newaxis] if axis == 2 else factor
        return kernel * wide, beta - mean * factor

    first = next(given).astype(float)
    found = [(first, None)] if full["variant"] == "xception" else [fold(first, 2)]
    return [*found, fold(next(given).astype(float), 3)]


def test_two_convolutions_by_hand_are_the_folded_block(cases07):
    seen = 0
    for case, expected in cases07:
        if case.target == FOLD:
            block, x = case.inputs[0], case.inputs[1].astype(float)
            convolutions = folded(block)
            (spatial, shift), (mixing, bias) = convolutions
            strides = block["config"].get("strides", 1)
            if shift is None:
                y = depthwise(relu(x), spatial, strides) @ mixing[0, 0] + bias
            else:
                y = relu(depthwise(x, spatial, strides) + shift)
                y = relu(y @ mixing[0, 0] + bias)
            agree(case, expected["value"], y)
            arrays = [array for step in convolutions for array in step if array is not None]
            assert expected["number of parameters"].value == sum(a.size for a in arrays)
            seen += 1
    assert seen == 5


# MobileNet

# Howard et al. 2017, table 1: the filters and the stride of each block.
TABLE = [
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1),
    (512, 1), (512, 1), (1024, 2), (1024, 1),
]  # fmt: skip
# Table 6: millions of multiply-adds and of parameters, by the width multiplier, for 224 pixels.
PUBLISHED = {1.0: (569, 4.2), 0.75: (325, 2.6), 0.5: (149, 1.3), 0.25: (41, 0.5)}


def mobilenet(alpha, input_shape, classes):
    """Weights of convolutions, of batch norms (trained, all), multiply-adds, pictures' shapes."""
    rows, columns, channels = -(-input_shape[0] // 2), -(-input_shape[1] // 2), int(32 * alpha)
    weights = 9 * input_shape[2] * channels
    costs, normed, shapes = weights * rows * columns, channels, []
    for filters, stride in TABLE:
        filters = int(filters * alpha)
        rows, columns = -(-rows // stride), -(-columns // stride)
        step = 9 * channels + channels * filters
        weights += step
        costs += step * rows * columns
        normed += channels + filters
        shapes.append([None, rows, columns, filters])
        channels = filters
    last = channels * classes
    return weights + last + classes, normed, costs + last, shapes


@pytest.mark.parametrize("alpha", PUBLISHED)
def test_the_table_gives_the_published_counts(alpha):
    """By which the hand count that MobileNet is held against is itself in order."""
    weights, normed, costs, _ = mobilenet(alpha, (224, 224, 3), 1000)
    assert (int(costs / 1e6 + 0.5), round((weights + 2 * normed) / 1e6, 1)) == PUBLISHED[alpha]


def test_the_expected_counts_and_shapes_are_those_of_the_table(lab07, cases07):
    shown = [case for case, _ in cases07 if case.target == MODEL]
    configs = [dict(case.config) for case in shown]
    configs += [{"alpha": a, "input_shape": (224, 224, 3), "classes": 1000} for a in (1.0, 0.25)]
    assert len(configs) == 5
    for config in configs:
        expected = lab07.expect(Case("counted", "model", MODEL, "model", config))
        weights, normed, _, shapes = mobilenet(**config)
        assert expected["number of trainable parameters"].value == weights + 2 * normed
        assert expected["number of parameters"].value == weights + 4 * normed
        for shape in shapes:
            assert shape in expected["layers' output shapes"].value
        assert expected[f"number of {BLOCK} layers"].value == len(TABLE)
        assert expected["input shape"].value == (None, *config["input_shape"])
        assert expected["output shape"].value == (None, config["classes"])


def test_a_new_network_holds_all_classes_for_equally_likely(cases07):
    for case, expected in cases07:
        if case.target == MODEL and case.config["alpha"] < 1:
            model = keras.applications.MobileNet(weights=None, **case.config)
            seen = {"output": model(case.inputs[0]).numpy()}
            assert compare({"output": expected["output"]}, seen) == {}
