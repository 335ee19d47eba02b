"""The truth of lab06: `tf.nn.depthwise_conv2d` in float64."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from autograder.labs.lab06_depthwise_conv.cases import (
    CHALLENGE,
    DEFAULTS,
    output_shape,
    weight_shapes,
)
from autograder.oracle import layer_facts, multilinear, thinned_out
from autograder.shapes import pair
from layerlab.case import Case
from layerlab.compare import Expected

_ARGUMENTS = [
    "kernel_size",
    *DEFAULTS,
    "depthwise_initializer",
    "bias_initializer",
]


def expect(case: Case) -> dict[str, Expected]:
    """What is true of a case, by aspect."""
    if case.probe == "refuse":
        return {"refusal": Expected(_refusal(case.config), rule="raises")}
    if case.target == CHALLENGE:
        return _dense_kernel(case)
    shape = case.inputs[0].shape
    weights = weight_shapes(dict(case.config), shape)
    outputs: tuple[int | None, ...] = output_shape(dict(case.config), shape)
    if case.options.get("unknown_batch"):
        outputs = (None, *outputs[1:])
    truth = layer_facts(case, weights, outputs)
    if case.options.get("route") == "config":
        truth["configuration keys"] = Expected(_ARGUMENTS, rule="contains")
    for name in ("depthwise_initializer", "bias_initializer"):
        if case.config.get(name) == "ones":
            weight = {"depthwise_initializer": "kernel", "bias_initializer": "bias"}[name]
            truth[f"initial {weight}"] = Expected(np.ones(weights[weight], np.float32))

    def forward(x: tf.Tensor, kernel: tf.Tensor, *bias: tf.Tensor) -> tf.Tensor:
        return depthwise_conv2d(x, kernel, *bias, config=dict(case.config))

    return {**truth, **multilinear(forward, case, list(weights))}


def depthwise_conv2d(
    x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor | None = None, *, config: dict[str, Any]
) -> tf.Tensor:
    """The built-in op, on the whole of the layer's arguments.

    The op refuses unequal strides in float64 and `channels_first` on the CPU: there it is run at
    stride 1 on an explicitly padded picture and thinned out, and on a transposed picture.

    Args:
        x: Input of rank 4.
        kernel: `(kh, kw, in, m)`.
        bias: `(in * m,)` or `None`.
        config: The layer's arguments.
    """
    full = {**DEFAULTS, **config}
    first = full["data_format"] == "channels_first"
    if first:
        x = tf.transpose(x, (0, 2, 3, 1))
    strides, rates = pair(full["strides"]), pair(full["dilation_rate"])
    if strides[0] == strides[1]:
        y = tf.nn.depthwise_conv2d(
            x, kernel, (1, *strides, 1), full["padding"].upper(), dilations=rates
        )
    else:

        def at_stride_one(x: tf.Tensor) -> tf.Tensor:
            return tf.nn.depthwise_conv2d(x, kernel, (1, 1, 1, 1), "VALID", dilations=rates)

        window = (int(kernel.shape[0]), int(kernel.shape[1]))
        y = thinned_out(at_stride_one, x, window, strides, rates, full["padding"])
    if bias is not None:
        y = tf.nn.bias_add(y, bias)
    return tf.transpose(y, (0, 3, 1, 2)) if first else y


def _dense_kernel(case: Case) -> dict[str, Expected]:
    """The kernel is whatever an ordinary convolution must hold to give the same answer to each
    unit impulse: one-pixel pictures with one channel lit, seen through the built-in op.
    """
    kernel = tf.constant(case.inputs[0])
    height, width, channels, _ = kernel.shape

    def dense(kernel: tf.Tensor) -> tf.Tensor:
        impulses = tf.eye(channels, dtype=kernel.dtype)[:, None, None, :]
        around = [(0, 0), (height - 1, height - 1), (width - 1, width - 1), (0, 0)]
        padded = tf.pad(impulses, around)
        answer = tf.nn.depthwise_conv2d(padded, kernel, (1, 1, 1, 1), "VALID")
        # An impulse answers with the kernel turned by 180 degrees, one channel at a time.
        return tf.transpose(answer[:, ::-1, ::-1, :], (1, 2, 0, 3))

    with tf.GradientTape() as tape:
        tape.watch(kernel)
        value = dense(kernel)
    truth = {"value": Expected(value.numpy()), "dtype": Expected(case.inputs[0].dtype.name)}
    if case.cotangent is not None:
        gradient = tape.gradient(value, kernel, output_gradients=tf.constant(case.cotangent))
        truth["gradient of input"] = Expected(gradient.numpy())
    return truth


def _refusal(config: Any) -> str:
    """What the Keras layer of the same name raises."""
    try:
        keras.layers.DepthwiseConv2D(**config)
    except ValueError as error:
        return type(error).__name__
    raise AssertionError(f"Keras accepts {config}: it is no invalid argument")
