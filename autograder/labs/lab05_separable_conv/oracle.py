"""The truth of lab05: `tf.nn.separable_conv2d` in float64, the singular value decomposition in
float64, and what Keras and TensorFlow's profiler count.

The bound of the best sum of r separable kernels, for a kernel A of m x n numbers with singular
values s_1 >= s_2 >= ...: a backward stable method finds the exact answer for A + E, with
|E| <= c·mn·u·|A| in the Frobenius norm and a small constant c (Higham, Accuracy and Stability of
Numerical Algorithms, 2nd ed., 2002, Theorem 19.4, for a sequence of orthogonal transformations;
eps is 2u, and c is taken as 8). To first order E moves the answer by at most
s_r / (s_r - s_{r+1}) · |E|: in the basis of the singular vectors the change mixes the entries
E_ij and E_ji, i <= r < j, by the matrix [s_i², s_i s_j; s_i s_j, s_i²] / (s_i² - s_j²), whose
eigenvalues are s_i / (s_i - s_j) and s_i / (s_i + s_j). A method that works on AᵀA makes an error
of c·mn·u·|A|² there, where the gap is s_r² - s_{r+1}²; times A, that moves the answer by at most
s_1 |A| / (s_r² - s_{r+1}²) · c·mn·u·|A|. The factor 2 |A|² / (s_r² - s_{r+1}²) covers both. The
cases keep it small.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from autograder.labs.lab05_separable_conv.cases import (
    CONV_COST,
    DEFAULTS,
    LAYER,
    PRODUCT,
    SEPARATE,
    output_shape,
    weight_shapes,
)
from autograder.oracle import layer_facts, multilinear, rounding_bound, thinned_out
from autograder.shapes import pair
from layerlab.case import Case
from layerlab.compare import Expected

_INITIALIZERS = {
    "depthwise_initializer": "depthwise_kernel",
    "pointwise_initializer": "pointwise_kernel",
    "bias_initializer": "bias",
}
_ARGUMENTS = ["filters", "kernel_size", *DEFAULTS, *_INITIALIZERS]


def expect(case: Case) -> dict[str, Expected]:
    """What is true of a case, by aspect."""
    if case.probe == "refuse":
        return {"refusal": Expected(_refusal(case.config), rule="raises")}
    if case.target == LAYER:
        return _layer(case)
    if "parts" in case.options:  # factors are asked for, not a cost
        kernel, rank = (*case.inputs, 1) if case.target == SEPARATE else case.inputs
        return _best_terms(kernel, rank)
    return {"value": Expected(_cost(case))}


def _layer(case: Case) -> dict[str, Expected]:
    config = dict(case.config)
    shape = case.inputs[0].shape
    weights = weight_shapes(config, shape)
    outputs: tuple[int | None, ...] = output_shape(config, shape)
    if case.options.get("unknown_batch"):
        outputs = (None, *outputs[1:])
    truth = layer_facts(case, weights, outputs)
    if case.options.get("route") == "config":
        truth["configuration keys"] = Expected(_ARGUMENTS, rule="contains")
    for name, weight in _INITIALIZERS.items():
        if config.get(name) == "ones":
            truth[f"initial {weight}"] = Expected(np.ones(weights[weight], np.float32))

    def forward(x: tf.Tensor, *weights: tf.Tensor) -> tf.Tensor:
        return separable_conv2d(x, *weights, config=config)

    return {**truth, **multilinear(forward, case, list(weights))}


def separable_conv2d(
    x: tf.Tensor,
    depthwise: tf.Tensor,
    pointwise: tf.Tensor,
    bias: tf.Tensor | None = None,
    *,
    config: dict[str, Any],
) -> tf.Tensor:
    """The built-in op, on the whole of the layer's arguments.

    Args:
        x: Input of rank 4.
        depthwise: `(kh, kw, in, m)`.
        pointwise: `(1, 1, in * m, filters)`.
        bias: `(filters,)` or `None`.
        config: The layer's arguments.
    """
    full = {**DEFAULTS, **config}
    strides, rates = pair(full["strides"]), pair(full["dilation_rate"])
    padding = full["padding"].lower()
    if strides[0] == strides[1]:
        y = tf.nn.separable_conv2d(
            x, depthwise, pointwise, (1, *strides, 1), padding.upper(), dilations=rates
        )
    else:  # the op refuses them in float64

        def at_stride_one(x: tf.Tensor) -> tf.Tensor:
            return tf.nn.separable_conv2d(
                x, depthwise, pointwise, (1, 1, 1, 1), "VALID", dilations=rates
            )

        window = pair(full["kernel_size"])
        y = thinned_out(at_stride_one, x, window, strides, rates, padding)
    return y if bias is None else tf.nn.bias_add(y, bias)


def _best_terms(kernel: np.ndarray, rank: int) -> dict[str, Expected]:
    """The first terms of the singular value decomposition, and what they miss."""
    left, values, right = np.linalg.svd(kernel.astype(np.float64), full_matrices=False)
    values[values < 1e-12 * values[0]] = 0.0  # rounding alone, other on every machine
    product = (left[:, :rank] * values[:rank]) @ right[:rank]
    residual = float(np.linalg.norm(values[rank:]))
    last, following = values[rank - 1], [*values, 0.0][rank]
    norm = float(np.linalg.norm(values))
    condition = 2 * norm**2 / (last**2 - following**2)
    moved = condition * 8 * kernel.size * float(np.finfo(kernel.dtype).eps) / 2 * norm
    # The residual moves as far as the product does, and is a root of a sum of squares.
    rounded = rounding_bound(np.asarray(residual), kernel.size, kernel.dtype)
    height, width = kernel.shape
    return {
        "shapes": Expected([(height, rank), (rank, width), ()]),
        PRODUCT: Expected(product, np.full(product.shape, moved)),
        "residual": Expected(np.asarray(residual), moved + rounded),
    }


def _cost(case: Case) -> tuple[int, int]:
    """Parameters by Keras, multiply-adds by TensorFlow's profiler: half of the floating-point
    operations that it finds in the graph of the layer without its bias.
    """
    shape, filters, kernel_size = case.inputs
    make = keras.layers.Conv2D if case.target == CONV_COST else keras.layers.SeparableConv2D
    config = {"filters": filters, "kernel_size": kernel_size, **case.config}
    layer = make(**config)
    layer.build((1, *shape))
    bare = make(**{**config, "use_bias": False})
    picture = tf.TensorSpec((1, *shape), tf.float32)
    graph = tf.function(bare).get_concrete_function(picture).graph
    profiler = tf.compat.v1.profiler
    options = profiler.ProfileOptionBuilder(profiler.ProfileOptionBuilder.float_operation())
    tf.get_logger().disabled = True  # it says that the profiler itself is made of old parts
    try:
        found = profiler.profile(graph, options=options.with_empty_output().build())
    finally:
        tf.get_logger().disabled = False
    return layer.count_params(), found.total_float_ops // 2


def _refusal(config: Any) -> str:
    """What the Keras layer of the same name raises."""
    try:
        keras.layers.SeparableConv2D(**config)
    except ValueError as error:
        return type(error).__name__
    raise AssertionError(f"Keras accepts {config}: it is no invalid argument")
