"""The oracle of lab10: patches against NumPy's and TensorFlow's, fields against sets of pixels and
against pictures with a single row lit, effective fields against differences.
"""

import json
import math
from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
from by_hand import agree, caught, gradients, kept, large, pair, windows

from autograder.labs.lab10_receptive_field.cases import (
    DEFAULTS,
    DEPTH,
    EFFECTIVE,
    FIELD,
    PUBLISHED,
)
from layerlab.compare import compare
from layerlab.probe.asked import argument


@pytest.fixture(scope="module")
def lab10(course):
    return course.lab("lab10_receptive_field")


@pytest.fixture(scope="module")
def cases10(course, lab10):
    """Hidden and visible cases, with their truth."""
    return [*kept(course, lab10), *((case, lab10.expect(case)) for case in lab10.visible_cases())]


# Patches


@pytest.fixture(scope="module")
def layers10(cases10):
    found = [(case, expected) for case, expected in cases10 if case.probe == "layer"]
    assert len(found) > 40
    return found


def arguments(case):
    full = {**DEFAULTS, **case.config}
    return *(pair(full[name]) for name in ("size", "strides", "rates")), full["padding"].lower()


def patches(case):
    def forward(x):
        seen = windows(x, *arguments(case))
        return seen.reshape(*seen.shape[:3], -1)

    return forward


def test_patches_are_the_windows_pixel_by_pixel(layers10):
    for case, expected in layers10:
        found = patches(case)(case.inputs[0])
        assert np.array_equal(expected["output"].value, found), case.key
        assert tuple(expected["computed output shape"].value)[1:] == found.shape[1:]


def test_gradients_of_patches_agree_with_differences(layers10):
    for case, expected in layers10:
        x, cotangent = case.inputs[0].astype(float), case.cotangent.astype(float)
        agree(case, expected["gradient of input"], *gradients(patches(case), [x], cotangent))


def test_patches_of_tensorflow_in_float32_are_within_the_bound(layers10):
    for case, expected in layers10:
        size, strides, rates, padding = arguments(case)
        around = [(1, *both, 1) for both in (size, strides, rates)]
        x = tf.constant(case.inputs[0])
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.image.extract_patches(x, *around, padding.upper())
        gradient = tape.gradient(y, x, output_gradients=tf.constant(case.cotangent))
        seen = {"output": y.numpy(), "gradient of input": gradient.numpy()}
        assert compare({aspect: expected[aspect] for aspect in seen}, seen) == {}, case.key


@pytest.mark.parametrize("relative", [1e-3, -1e-3])
def test_a_relative_error_of_one_in_a_thousand_is_caught(layers10, relative):
    for case, expected in layers10:
        if case.options.get("policy") is None:
            for aspect in ("output", "gradient of input"):
                assert caught(expected[aspect], relative)[large(expected[aspect])].all(), case.key


# Fields


@pytest.fixture(scope="module")
def fields(cases10):
    """(case, model, size, stride and offset, each along both axes)."""
    found = []
    for case, expected in cases10:
        if case.target == FIELD:
            model = argument(case.inputs[0], {})
            found.append((case, model, [pair(value) for value in expected["value"].value]))
    assert len(found) > 35
    return found


def along(layer, axis):
    """(window, stride, rate, pads as `same`, zeros in front, zeros behind) of a layer."""
    if isinstance(layer, keras.layers.ZeroPadding2D):
        return 1, 1, 1, False, *layer.padding[axis]
    window = getattr(layer, "kernel_size", getattr(layer, "pool_size", (1, 1)))
    strides = getattr(layer, "strides", (1, 1))
    rates = getattr(layer, "dilation_rate", (1, 1))
    return window[axis], strides[axis], rates[axis], getattr(layer, "padding", "") == "same", 0, 0


def sources(model):
    """The layers of a model, each behind those that it reads, with these."""
    if isinstance(model, keras.Sequential):
        return {layer: [before] for before, layer in pairwise([None, *model.layers])}
    return {
        layer: [node.operation for node in layer._inbound_nodes[0].parent_nodes] or [None]
        for layer in model.layers
    }


def seen(model, axis, unit):
    """All the pixels along an axis, in the picture and beside it, that a unit depends on."""
    read = sources(model)
    lengths, fronts = {None: model.input_shape[1 + axis]}, {}
    for layer, behind in read.items():
        window, stride, rate, same, front, back = along(layer, axis)
        length, span = lengths[behind[0]], (window - 1) * rate + 1
        if same:
            lengths[layer] = math.ceil(length / stride)
            fronts[layer] = max((lengths[layer] - 1) * stride + span - length, 0) // 2
        else:
            lengths[layer] = (length + front + back - span) // stride + 1
            fronts[layer] = front
    assert lengths[layer] == model.output_shape[1 + axis]
    reached = {layer: set() for layer in (None, *read)}
    reached[layer] = {unit}
    for layer, behind in reversed(read.items()):
        window, stride, rate, *_ = along(layer, axis)
        for place in reached[layer]:
            start = place * stride - fronts[layer]
            for source in behind:
                reached[source].update(range(start, start + window * rate, rate))
    return reached[None]


def test_fields_agree_with_sets_of_pixels(fields):
    for case, model, (sizes, strides, offsets) in fields:
        for axis in (0, 1):
            pixels, following = (seen(model, axis, unit) for unit in (0, 1))
            assert sizes[axis] == max(pixels) - min(pixels) + 1, case.key
            assert strides[axis] == min(following) - min(pixels), case.key
            assert offsets[axis] == min(pixels), case.key


def test_every_layer_of_a_graph_leads_to_its_output(fields):
    branching = [(case, model) for case, model, _ in fields if "branch" in case.key]
    assert len(branching) == 7
    for case, model in branching:
        described = json.loads(case.inputs[0]["config"]["json_string"])["config"]["layers"]
        assert len(described) == len(model.layers), case.key


def test_published_fields_are_the_published_ones(cases10):
    found = {
        case.key: expected["value"].value for case, expected in cases10 if case.group == "published"
    }
    sizes = {"VGG16": 212, "MobileNet": 315, "InceptionV3": 1311}
    assert {name: pair[1] for name, pair in PUBLISHED.items()} == sizes
    assert {key: value[0] for key, value in found.items()} == {
        f"published-{name}": size for name, size in sizes.items()
    }


def test_fields_agree_with_what_a_lit_row_changes(fields):
    """Through ones, a row of ones reaches exactly those units that see it."""
    inside = 0
    for case, model, (sizes, strides, offsets) in fields:
        if case.group == "published":
            continue
        for weight in model.trainable_weights:
            if "kernel" in weight.name:
                weight.assign(np.ones(weight.shape))
        height, width = model.input_shape[1:3]
        for axis, length in enumerate((height, width)):
            lit = np.zeros((length, height, width, 1), np.float32)
            np.moveaxis(lit, 1 + axis, 1)[np.arange(length), np.arange(length)] = 1
            reacts = model(lit, training=False).numpy().any(axis=(2 - axis, 3))
            for unit, rows in enumerate(reacts.T):
                first = offsets[axis] + unit * strides[axis]
                last = first + sizes[axis] - 1
                rows = set(np.flatnonzero(rows).tolist())
                assert all(first <= row <= last for row in rows), case.key
                if first >= 0 and last < length:
                    assert {first, last} <= rows, case.key
                    inside += 1
    assert inside > 500


# Effective fields


def reaction(described, shape, picture):
    """The mean, over the channels, of the absolute gradient by a picture: by hand."""
    _, *layers = described["config"]["layers"]

    def centre(x):
        for layer, kernel in zip(layers, described["weights"], strict=True):
            config = layer["config"]
            names = {"strides": "strides", "dilation_rate": "rates"}
            more = {new: pair(config[old]) for old, new in names.items() if old in config}
            x = windows(x, kernel.shape[:2], **more, padding=config.get("padding", "valid"))
            x = np.einsum("bijuvc,uvcf->bijf", x, kernel.astype(float))
            if config.get("activation") == "relu":
                x = np.where(x.real > 0, x, 0)
        return x[:, x.shape[1] // 2, x.shape[2] // 2]

    filters = described["weights"][-1].shape[3]
    (gradient,) = gradients(centre, [picture], np.ones(filters))
    return np.abs(gradient[0]).mean(-1)


def test_effective_fields_agree_with_differences(cases10):
    rng, count = np.random.default_rng(0), 0
    for case, expected in cases10:
        if case.target == EFFECTIVE:
            described, shape, _ = case.inputs
            field = reaction(described, shape, rng.standard_normal((1, *shape)))
            agree(case, expected["value"], field / field.sum())
            count += 1
    assert count == 7


def test_effective_fields_in_float32_are_within_the_bound_and_errors_are_not(cases10):
    rng = np.random.default_rng(0)
    for case, expected in cases10:
        if case.target == EFFECTIVE:
            described, shape, samples = case.inputs
            model = argument(described, {})
            x = tf.constant(rng.standard_normal((samples, *shape)), tf.float32)
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = model(x)
                total = tf.reduce_sum(y[:, y.shape[1] // 2, y.shape[2] // 2])
            found = np.abs(tape.gradient(total, x).numpy()).mean((0, 3))
            assert compare(expected, {"value": 7 * found}) == {}, case.key
            worse = found.copy()
            worse[np.unravel_index(found.argmax(), found.shape)] *= np.float32(1.001)
            assert compare(expected, {"value": worse}) != {}, case.key


# Depths


def test_depths_agree_with_layers_put_on_one_by_one(cases10):
    count = 0
    for case, expected in cases10:
        if case.target == DEPTH:
            target, kernel_size = case.config["target"], case.config["kernel_size"]
            pixels, depth = {0}, 0
            while max(pixels) + 1 < target:
                rate = case.config.get("growth", 1) ** depth
                pixels = {pixel + rate * tap for pixel in pixels for tap in range(kernel_size)}
                depth += 1
            assert expected["value"].value == depth, case.key
            count += 1
    assert count > 15
