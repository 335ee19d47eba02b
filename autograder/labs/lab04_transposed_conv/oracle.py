"""The truth of lab04: `tf.nn.conv2d_transpose` in float64, and the identity that defines it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from autograder.labs.lab04_transposed_conv.cases import (
    COUNTS,
    DEFAULTS,
    ICNR,
    ZEROS,
    output_shape,
    weight_shapes,
)
from autograder.oracle import layer_facts, multilinear
from autograder.shapes import pair
from layerlab.case import Case
from layerlab.compare import Expected

_ARGUMENTS = ["filters", "kernel_size", *DEFAULTS, "kernel_initializer", "bias_initializer"]


def expect(case: Case) -> dict[str, Expected]:
    """What is true of a case, by aspect."""
    if case.probe == "refuse":
        return {"refusal": Expected(_refusal(case), rule="raises")}
    if case.target == ZEROS:
        return _expanded(case)
    if case.target == COUNTS:
        return {"value": Expected(_counts(*case.inputs))}
    if case.target == ICNR:
        return _equal_sub_pixels(case)
    config = dict(case.config)
    shape = case.inputs[0].shape
    weights = weight_shapes(config, shape)
    outputs: tuple[int | None, ...] = output_shape(config, shape)
    if case.options.get("unknown_batch"):
        outputs = (None, *outputs[1:])
    truth = layer_facts(case, weights, outputs)
    if case.options.get("route") == "config":
        truth["configuration keys"] = Expected(_ARGUMENTS, rule="contains")
    for name in ("kernel_initializer", "bias_initializer"):
        if config.get(name) == "ones":
            weight = name.removesuffix("_initializer")
            truth[f"initial {weight}"] = Expected(np.ones(weights[weight], np.float32))
    op = adjoint_conv2d if case.group == "adjoint" else conv2d_transpose

    def forward(x: tf.Tensor, kernel: tf.Tensor, *bias: tf.Tensor) -> tf.Tensor:
        return op(x, kernel, *bias, config=config)

    return {**truth, **multilinear(forward, case, list(weights))}


def conv2d_transpose(
    x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor | None = None, *, config: dict[str, Any]
) -> tf.Tensor:
    """The built-in op, on the whole of the layer's arguments.

    Args:
        x: Input of rank 4.
        kernel: `(kh, kw, filters, in)`.
        bias: `(filters,)` or `None`.
        config: The layer's arguments.
    """
    full = {**DEFAULTS, **config}
    y = tf.nn.conv2d_transpose(
        x,
        kernel,
        output_shape(config, x.shape),
        strides=pair(full["strides"]),
        padding=full["padding"].upper(),
    )
    return y if bias is None else tf.nn.bias_add(y, bias)


def adjoint_conv2d(x: tf.Tensor, kernel: tf.Tensor, *, config: dict[str, Any]) -> tf.Tensor:
    """The same without any transposed op, from <x, convT(y)> = <conv(x), y>.

    With a picture that is 1 in one place and 0 elsewhere for x, the left side is the number at this
    place of the output. So the ordinary convolution of all these pictures tells all of it; and the
    gradient by the input is the ordinary convolution of the cotangent.

    Args:
        x: Input of rank 4 (y in the identity).
        kernel: `(kh, kw, filters, in)`: that of a convolution from `filters` to `in` channels.
        config: The layer's arguments, without a bias.
    """
    full = {**DEFAULTS, **config}
    shape = output_shape(config, x.shape)[1:]
    count = int(np.prod(shape))
    units = tf.reshape(tf.eye(count, dtype=x.dtype), (count, *shape))
    images = tf.nn.conv2d(units, kernel, pair(full["strides"]), full["padding"].upper())
    return tf.reshape(tf.einsum("puvc,buvc->bp", images, x), (-1, *shape))


def _expanded(case: Case) -> dict[str, Expected]:
    """Zeros, with the pixels put in by their places; no sum, so no rounding."""
    picture, strides = case.inputs
    down, right = pair(strides)
    batch, height, width, channels = picture.shape
    shape = (batch, (height - 1) * down + 1, (width - 1) * right + 1, channels)
    value = np.zeros(shape, picture.dtype)
    value[:, ::down, ::right] = picture
    truth = {"value": Expected(value), "dtype": Expected(picture.dtype.name)}
    if case.cotangent is not None:
        truth["gradient of input"] = Expected(case.cotangent[:, ::down, ::right])
    return truth


def _counts(size: int, kernel_size: int, stride: int) -> np.ndarray:
    """The transposed convolution of ones with ones, in float64: a sum of few ones is exact."""
    config = {"filters": 1, "kernel_size": kernel_size, "strides": stride}
    ones = tf.ones((1, size, size, 1), tf.float64)
    kernel = tf.ones((kernel_size, kernel_size, 1, 1), tf.float64)
    counts: np.ndarray = conv2d_transpose(ones, kernel, config=config)[0, :, :, 0].numpy()
    return counts


def _equal_sub_pixels(case: Case) -> dict[str, Expected]:
    """What the inner initializer draws, put by depth_to_space's inverse where it belongs."""
    scale = case.config["scale"]
    *window, channels, outputs = case.options["shape"]
    inner = keras.initializers.get(dict(case.config["initializer"]))
    drawn = inner((*window, channels, outputs // scale**2), dtype="float32")
    # Axes: window and channels as a batch of single pixels with `filters` channels.
    pixels = tf.reshape(drawn, (-1, 1, 1, outputs // scale**2))
    blocks = tf.tile(pixels, (1, scale, scale, 1))
    kernel = blocks if scale == 1 else tf.nn.space_to_depth(blocks, scale)
    truth = {
        "values": Expected(tf.reshape(kernel, (*window, channels, outputs)).numpy()),
        "dtype": Expected("float32"),
    }
    if case.options.get("route") == "config":
        truth["configuration keys"] = Expected(["initializer", "scale"], rule="contains")
    return truth


def _refusal(case: Case) -> str:
    """What the Keras layer raises; the contract says what the initializer does."""
    if case.target == ICNR:
        return "ValueError"
    try:
        keras.layers.Conv2DTranspose(**case.config)
    except ValueError as error:
        return type(error).__name__
    raise AssertionError(f"Keras accepts {case.config}: it is no invalid argument")
