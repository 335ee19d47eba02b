"""The truth of lab10: TensorFlow's own patches, and what gradients show.

A receptive field is the support of a gradient: through weights that are all positive, without
activations, and with the mean in place of the maximum, nothing cancels. For the border to be seen
as well, the picture is made larger on all sides, by a multiple M of the network's stride S: then
every layer's input grows by a multiple of its stride, `same` pads as it did (its zeros depend on
the size's remainder by the stride alone), and unit M / S of the large picture is unit 0 of the
small one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from autograder.labs.lab10_receptive_field.cases import (
    DEFAULTS,
    DEPTH,
    EFFECTIVE,
    FIELD,
    PUBLISHED,
    output_shape,
)
from autograder.oracle import layer_facts, multilinear, rounding_bound
from autograder.shapes import pair
from layerlab.case import Case
from layerlab.compare import Expected

ACTIVATIONS = (keras.layers.Activation, keras.layers.ReLU)


def expect(case: Case) -> dict[str, Expected]:
    """What is true of a case, by aspect."""
    if case.probe == "refuse":
        return {"refusal": Expected("ValueError", rule="raises")}
    if case.target == FIELD:
        return {"value": Expected(_field(case.inputs[0]))}
    if case.target == EFFECTIVE:
        return {"value": _effective(*case.inputs)}
    if case.target == DEPTH:
        return {"value": Expected(_depth(**case.config))}
    outputs: tuple[int | None, ...] = output_shape(dict(case.config), case.inputs[0].shape)
    if case.options.get("unknown_batch"):
        outputs = (None, *outputs[1:])
    truth = layer_facts(case, {}, outputs)
    if case.options.get("route") == "config":
        truth["configuration keys"] = Expected(["size", *DEFAULTS], rule="contains")

    def forward(x: tf.Tensor) -> tf.Tensor:
        return patches(x, dict(case.config))

    return {**truth, **multilinear(forward, case, [])}


def patches(x: tf.Tensor, config: dict[str, Any]) -> tf.Tensor:
    """The built-in op, on the whole of the layer's arguments.

    Args:
        x: Input of rank 4.
        config: The layer's arguments.
    """
    full = {**DEFAULTS, **config}
    sizes, strides, rates = ((1, *pair(full[name]), 1) for name in ("size", "strides", "rates"))
    return tf.image.extract_patches(x, sizes, strides, rates, full["padding"].upper())


def made(item: Any) -> Any:
    """The Keras object that some data stands for (`layerlab.probe`)."""
    if isinstance(item, list | tuple) and any(isinstance(x, Mapping) for x in item):
        return [made(x) for x in item]
    if not isinstance(item, Mapping) or "make" not in item:
        return tuple(item) if isinstance(item, list) else item
    make: Any = keras
    for name in item["make"].split(".")[1:]:
        make = getattr(make, name)
    result: Any = make(**{name: made(value) for name, value in item["config"].items()})
    if "weights" in item:
        result.set_weights(item["weights"])
    return result


def _field(described: Mapping[str, Any]) -> tuple[Any, ...]:
    model = made(described)
    name = described["make"].rpartition(".")[2]
    first, last, stride = seen(model, 1 if name in PUBLISHED else None)
    size = last - first + 1
    if name in PUBLISHED and not np.all(size == PUBLISHED[name][1]):
        raise AssertionError(f"{name}: a gradient shows {size}, published is {PUBLISHED[name][1]}")
    return tuple(
        high if high == wide else (high, wide)
        for high, wide in (pixels.tolist() for pixels in (size, stride, first))
    )


def seen(model: Any, filters: int | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first and the last pixel that unit 0 sees along both axes, and the network's stride.

    Args:
        model: The model.
        filters: If given, how many every convolution has instead: a field does not depend on it.
    """
    sides = model.input_shape[1:3]
    positive = _positive(model, filters)
    strides = [_stride(positive, model.input_shape, axis) for axis in (0, 1)]
    ends = [_ends(positive, sides, axis, strides[axis]) for axis in (0, 1)]
    first, last = np.array(ends).T
    return first, last, np.array(strides)


def _positive(model: Any, filters: int | None) -> Any:
    """The model for pictures of any size, linear and with ones for weights, in float64."""

    def positive(layer: Any) -> Any:
        config = {**layer.get_config(), "dtype": "float64"}
        if isinstance(layer, ACTIVATIONS):
            return keras.layers.Activation("linear", name=layer.name, dtype="float64")
        if isinstance(layer, keras.layers.MaxPooling2D):
            return keras.layers.AveragePooling2D(**config)
        for name in config:
            if name.endswith(("kernel_initializer", "wise_initializer")):
                config[name] = "ones"
        if "activation" in config:
            config |= {"activation": None, "use_bias": False}
        if "filters" in config:
            config["filters"] = filters or config["filters"]
        return type(layer).from_config(config)

    picture = keras.Input((None, None, model.input_shape[3]), dtype="float64")
    return keras.models.clone_model(model, input_tensors=picture, clone_function=positive)


def _stride(model: Any, shape: tuple[int, ...], axis: int) -> int:
    """How many pixels more make one output more."""
    more = 2**8 * 3**4  # a multiple of each stride that occurs
    sizes = []
    for extra in (0, more):
        grown = [1, *shape[1:]]
        grown[1 + axis] += extra
        sizes.append(model.compute_output_shape(tuple(grown))[1 + axis])
    stride, rest = divmod(more, sizes[1] - sizes[0])
    assert rest == 0, "the network's stride is no product of small numbers"
    return stride


def _ends(model: Any, sides: tuple[int, int], axis: int, stride: int) -> tuple[int, int]:
    """The first and the last pixel that unit 0 sees along an axis."""
    margin = 32
    while True:
        margin *= 2
        around = -(-margin // stride) * stride
        unit = around // stride
        first, last = _support(model, sides, axis, around, unit)
        if first > 0 and last < sides[axis] + 2 * around - 1:
            following, _ = _support(model, sides, axis, around, unit + 1)
            assert following - first == stride, "neighboring units are not a stride apart"
            return first - around, last - around


def _support(
    model: Any, sides: tuple[int, int], axis: int, around: int, unit: int
) -> tuple[int, int]:
    """The first and the last place along an axis that a unit (all of them across) reacts to."""
    shape = [1, *sides, model.input_shape[3]]
    shape[1 + axis] += 2 * around
    picture = tf.ones(shape, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(picture)
        total = tf.reduce_sum(tf.gather(model(picture), unit, axis=1 + axis))
    gradient = tape.gradient(total, picture).numpy()
    assert np.all(np.isfinite(gradient)), "a gradient overflows"
    places = np.flatnonzero(gradient.any(axis=tuple({0, 1, 2, 3} - {1 + axis})))
    return int(places[0]), int(places[-1])


def _effective(described: Mapping[str, Any], shape: tuple[int, ...], samples: int) -> Expected:
    """The field, in float64, of a model whose absolute gradient does not depend on the picture.

    The bound: a gradient is a sum of products of weights over the paths to the unit. Each layer on
    the way back adds at most `kh * kw * filters` terms, so that with n the sum of these over the
    layers, and the numbers of pictures and channels for the mean, the error is at most
    `rounding_bound` of the same field through absolute weights (Higham 2002, section 3.1).
    """
    value, terms = _reaction(described, shape, samples), samples + shape[2]
    signs = {**described, "weights": [np.abs(weight) for weight in described["weights"]]}
    magnitude = _reaction(signs, shape, samples, linear=True)
    terms += sum(int(np.prod(weight.shape[:2])) * weight.shape[3] for weight in signs["weights"])
    bound = rounding_bound(magnitude, terms, np.dtype("float32"))
    total = value.sum()
    return Expected(value / total, bound / total, rule="proportional")


def _reaction(
    described: Mapping[str, Any], shape: tuple[int, ...], samples: int, linear: bool = False
) -> np.ndarray:
    model = made({name: item for name, item in described.items() if name != "weights"})

    def exact(layer: Any) -> Any:
        config = {**layer.get_config(), "dtype": "float64"}
        return type(layer).from_config({**config, "activation": None} if linear else config)

    picture = keras.Input(tuple(shape), dtype="float64")
    model = keras.models.clone_model(model, input_tensors=picture, clone_function=exact)
    model.set_weights([weight.astype(np.float64) for weight in described["weights"]])
    x = tf.constant(np.random.default_rng(0).standard_normal((samples, *shape)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = model(x)
        total = tf.reduce_sum(y[:, y.shape[1] // 2, y.shape[2] // 2])
    gradients = np.abs(tape.gradient(total, x).numpy())
    assert np.allclose(gradients, gradients[:1], rtol=1e-9), "the field depends on the picture"
    return np.asarray(gradients.mean(axis=(0, 3)))


def _depth(target: int, kernel_size: int, growth: int = 1) -> int:
    """By the closed form of the size after n layers."""
    n = 0
    while 1 + (kernel_size - 1) * sum(growth**layer for layer in range(n)) < target:
        n += 1
    return n
