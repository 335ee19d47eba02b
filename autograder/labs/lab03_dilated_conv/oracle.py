"""The truth of lab03: `tf.nn.convolution` in float64."""

from __future__ import annotations

from itertools import product
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from autograder.labs.lab03_dilated_conv.cases import (
    COVERAGE,
    DEFAULTS,
    KERNEL,
    SIZE,
    output_shape,
    weight_shapes,
)
from autograder.oracle import layer_facts, multilinear
from autograder.shapes import pair, reach
from layerlab.case import Case
from layerlab.compare import Expected

_ARGUMENTS = ["filters", "kernel_size", *DEFAULTS, "kernel_initializer", "bias_initializer"]


def expect(case: Case) -> dict[str, Expected]:
    """What is true of a case, by aspect."""
    if case.probe == "refuse":
        return {"refusal": Expected(_refusal(case.config), rule="raises")}
    if case.target == KERNEL:
        return _dilated_kernel(case)
    if case.target == SIZE:
        kernel_size, rate = case.inputs
        height, width = reach(kernel_size, rate)
        return {"value": Expected(height if isinstance(kernel_size, int) else (height, width))}
    if case.target == COVERAGE:
        return {"value": _coverage(*case.inputs)}
    shape = case.inputs[0].shape
    weights = weight_shapes(dict(case.config), shape)
    outputs: tuple[int | None, ...] = output_shape(dict(case.config), shape)
    if case.options.get("unknown_batch"):
        outputs = (None, *outputs[1:])
    truth = layer_facts(case, weights, outputs)
    if case.options.get("route") == "config":
        truth["configuration keys"] = Expected(_ARGUMENTS, rule="contains")
    for name in ("kernel_initializer", "bias_initializer"):
        if case.config.get(name) == "ones":
            weight = name.removesuffix("_initializer")
            truth[f"initial {weight}"] = Expected(np.ones(weights[weight], np.float32))

    def forward(x: tf.Tensor, kernel: tf.Tensor, *bias: tf.Tensor) -> tf.Tensor:
        return dilated_conv2d(x, kernel, *bias, config=dict(case.config))

    return {**truth, **multilinear(forward, case, list(weights))}


def dilated_conv2d(
    x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor | None = None, *, config: dict[str, Any]
) -> tf.Tensor:
    """The built-in op, on the whole of the layer's arguments.

    Not `tf.nn.conv2d`: with dilations above 1 it has no float64 gradient on the CPU.

    Args:
        x: Input of rank 4.
        kernel: `(kh, kw, in, filters)`.
        bias: `(filters,)` or `None`.
        config: The layer's arguments.
    """
    full = {**DEFAULTS, **config}
    y = tf.nn.convolution(
        x,
        kernel,
        strides=pair(full["strides"]),
        padding=full["padding"].upper(),
        dilations=pair(full["dilation_rate"]),
    )
    return y if bias is None else tf.nn.bias_add(y, bias)


def _dilated_kernel(case: Case) -> dict[str, Expected]:
    """Zeros, with the taps put in by their places; no sum, so no rounding."""
    kernel, rate = case.inputs
    down, right = pair(rate)
    value = np.zeros((*reach(kernel.shape[:2], rate), *kernel.shape[2:]), kernel.dtype)
    value[::down, ::right] = kernel
    truth = {"value": Expected(value), "dtype": Expected(kernel.dtype.name)}
    if case.cotangent is not None:
        truth["gradient of input"] = Expected(case.cotangent[::down, ::right])
    return truth


def _coverage(kernel_size: int, rates: list[int]) -> Expected:
    """The share by listing the paths along one axis, as the rows and columns of a path are free.

    Both counts are whole numbers, so all that can round is a quotient and a product, or a mean of
    zeros and ones: a few units in the last place, of float32 where a student counts with tensors.
    That lets no wrong count pass: m / M and n / N differ by at least 1 / (M * N).
    """
    taps = range(kernel_size)
    ends = {
        sum(tap * rate for tap, rate in zip(path, rates, strict=True))
        for path in product(taps, repeat=len(rates))
    }
    share = np.asarray((len(ends) / (max(ends) + 1)) ** 2)
    return Expected(share, 4 * float(np.finfo(np.float32).eps) * share)


def _refusal(config: Any) -> str:
    """What the Keras layer raises."""
    try:
        keras.layers.Conv2D(**config)
    except ValueError as error:
        return type(error).__name__
    raise AssertionError(f"Keras accepts {config}: it is no invalid argument")
