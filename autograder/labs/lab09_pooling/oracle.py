"""The truth of lab09, from plain formulas in float64.

The formulas, not TensorFlow's ops, are the truth: the float64 gradient of `tf.nn.avg_pool2d` is
wrong where a `same` window is larger than the picture, and `tf.nn.max_pool2d` knows one sharing of
a tied gradient only. Wherever the ops are right, `expect` makes sure that they agree.

Bounds: a maximum is no computation, so outputs of max pooling are exact. Its gradient is a sum of
the cotangents of those windows that a pixel wins; a mean and a blur are sums of products with
fixed weights. All of these are within `rounding_bound` of the number of terms and of the sum of
their absolute values.
"""

from __future__ import annotations

from math import comb
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from autograder.labs.lab09_pooling.cases import (
    AVERAGE,
    BLUR,
    DEFAULTS,
    GLOBAL,
    MAX,
    TIED,
    output_shape,
    windows,
)
from autograder.oracle import compute_dtype, layer_facts, rounding_bound
from autograder.shapes import output_length, same_padding
from layerlab.case import Case
from layerlab.compare import Expected


def expect(case: Case) -> dict[str, Expected]:
    """What is true of a case, by aspect."""
    config = dict(case.config)
    if case.probe == "refuse":
        return {"refusal": Expected(_refusal(case.target, config), rule="raises")}
    outputs: tuple[int | None, ...] = output_shape(case.target, config, case.inputs[0].shape)
    if case.options.get("unknown_batch"):
        outputs = (None, *outputs[1:])
    truth = layer_facts(case, {}, outputs)
    if case.options.get("route") == "config":
        truth["configuration keys"] = Expected(list(DEFAULTS[case.target]), rule="contains")
    cotangent = case.cotangent
    if cotangent is None:
        cotangent = np.zeros(output_shape(case.target, config, case.inputs[0].shape))
    dtype = compute_dtype(case)
    x, upstream = (array.astype(dtype).astype(np.float64) for array in (case.inputs[0], cotangent))
    found = _maximum(case, x, upstream) if case.target == MAX else _mean(case, x, upstream)
    _watch(case, x, upstream, found)
    if case.cotangent is None:
        del found["gradient of input"]
    return {**truth, **found}


def places(size: int, window: int, stride: int, padding: str) -> list[list[int]]:
    """For each window along an axis, the pixels inside the picture that it holds."""
    front = same_padding(size, window, stride, 1)[0] if padding == "same" else 0
    return [
        [p for p in range(o * stride - front, o * stride - front + window) if 0 <= p < size]
        for o in range(output_length(size, window, stride, 1, padding))
    ]


def _maximum(case: Case, x: np.ndarray, upstream: np.ndarray) -> dict[str, Expected]:
    """Each window on its own: its largest value, and who of its pixels it is."""
    sizes, strides, padding = windows(MAX, dict(case.config))
    down, right = (
        places(n, k, s, padding) for n, k, s in zip(x.shape[1:3], sizes, strides, strict=True)
    )
    output = np.zeros(upstream.shape)
    gradient, magnitude, terms = np.zeros((3, *x.shape))
    labels = np.full(x.shape, -1)
    names = np.arange(upstream.size).reshape(upstream.shape)
    for i, rows in enumerate(down):
        for j, columns in enumerate(right):
            window = np.ix_(range(x.shape[0]), rows, columns, range(x.shape[3]))
            place = (slice(None), slice(i, i + 1), slice(j, j + 1))
            output[place] = x[window].max((1, 2), keepdims=True)
            wins = x[window] == output[place]
            gradient[window] += wins * upstream[place]
            magnitude[window] += wins * np.abs(upstream[place])
            terms[window] += wins
            labels[window] = np.where(wins, names[place], labels[window])
    truth = {"output": Expected(output)}
    dtype = compute_dtype(case)
    if case.key.startswith(TIED):  # windows do not overlap: each is a group of its own
        sums = upstream.ravel()
        most = np.bincount(labels[labels >= 0], minlength=sums.size)
        truth["gradient of input"] = Expected(
            {"labels": labels, "sums": sums}, rounding_bound(np.abs(sums), most, dtype), "shared"
        )
    else:
        assert terms.sum() == upstream.size, f"{case.key} has a tie"
        bound = rounding_bound(magnitude, terms, dtype)
        truth["gradient of input"] = Expected(gradient, bound)
    return truth


def weights(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Two matrices, for rows and columns: what each pixel counts in each output."""
    shape = case.inputs[0].shape[1:3]
    if case.target == GLOBAL:
        height, width = (np.full((1, n), 1 / n) for n in shape)
        return height, width
    sizes, strides, padding = windows(case.target, dict(case.config))
    found = []
    for n, k, s in zip(shape, sizes, strides, strict=True):
        matrix = np.zeros((output_length(n, k, s, 1, padding), n))
        if case.target == BLUR:
            for o, i in np.ndindex(len(matrix), k):
                place = abs(o * s - (k - 1) // 2 + i)  # reflected in front, then behind
                matrix[o, min(place, 2 * (n - 1) - place)] += comb(k - 1, i) / 2 ** (k - 1)
        else:
            for o, inside in enumerate(places(n, k, s, padding)):
                matrix[o, inside] = 1 / len(inside)
        found.append(matrix)
    return found[0], found[1]


def _mean(case: Case, x: np.ndarray, upstream: np.ndarray) -> dict[str, Expected]:
    """A weighted mean is linear: a matrix on each side, and their transposes for the gradient."""
    matrices = weights(case)
    counts = [(matrix != 0).astype(float) for matrix in matrices]
    shape = (len(x), len(matrices[0]), len(matrices[1]), x.shape[3])
    dtype = compute_dtype(case)
    truth = {}
    for aspect, letters, array in (
        ("output", "oh,bhwc,pw->bopc", x),
        ("gradient of input", "oh,bopc,pw->bhwc", upstream.reshape(shape)),
    ):
        value, magnitude, terms = (
            np.einsum(letters, down, values, right)
            for (down, right), values in (
                (matrices, array),
                (matrices, np.abs(array)),
                (counts, np.ones_like(array)),
            )
        )
        if aspect == "output":
            value, magnitude, terms = (a.reshape(upstream.shape) for a in (value, magnitude, terms))
        truth[aspect] = Expected(value, rounding_bound(magnitude, terms, dtype))
    return truth


def _watch(case: Case, x: np.ndarray, upstream: np.ndarray, truth: dict[str, Expected]) -> None:
    """Makes sure that TensorFlow's own op says the same, where it is to be trusted."""
    picture = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(picture)
        y = built_in(case, picture)
    gradient = tape.gradient(y, picture, output_gradients=tf.constant(upstream)).numpy()
    pairs = [("output", y.numpy())]
    if trusted(case):
        pairs.append(("gradient of input", gradient))
    for aspect, seen in pairs:
        scale = np.abs(seen).max()
        difference = np.abs(truth[aspect].value - seen).max()
        assert difference <= 1e-13 * scale, f"{case.key}: {aspect} differs by {difference}"


def trusted(case: Case) -> bool:
    """Whether the float64 gradient of TensorFlow's op is right."""
    if case.target == AVERAGE:
        sizes, _, _ = windows(AVERAGE, dict(case.config))
        return all(k <= n for k, n in zip(sizes, case.inputs[0].shape[1:3], strict=True))
    return not case.key.startswith(TIED)


def built_in(case: Case, x: tf.Tensor) -> tf.Tensor:
    """The op of TensorFlow that does the layer's work."""
    if case.target == GLOBAL:
        return tf.reduce_mean(x, (1, 2), keepdims=case.config.get("keepdims", False))
    sizes, strides, padding = windows(case.target, dict(case.config))
    if case.target == BLUR:  # the op wants equal strides: stride 1, thinned out
        border = [((k - 1) // 2, k // 2) for k in sizes]
        x = tf.pad(x, [(0, 0), *border, (0, 0)], "REFLECT")
        down, right = ([comb(k - 1, i) / 2 ** (k - 1) for i in range(k)] for k in sizes)
        kernel = np.repeat(np.outer(down, right)[:, :, None, None], x.shape[3], axis=2)
        y = tf.nn.depthwise_conv2d(x, kernel, (1, 1, 1, 1), "VALID")
        return y[:, :: strides[0], :: strides[1]]
    pool = tf.nn.max_pool2d if case.target == MAX else tf.nn.avg_pool2d
    return pool(x, sizes, strides, padding.upper())


def _refusal(target: str, config: dict[str, Any]) -> str:
    """What the Keras layer of the same name raises; ours, where there is none."""
    try:
        getattr(keras.layers, target)(**config)
    except ValueError as error:
        return type(error).__name__
    except AttributeError:
        return ValueError.__name__
    raise AssertionError(f"Keras accepts {config}: it is no invalid argument")
