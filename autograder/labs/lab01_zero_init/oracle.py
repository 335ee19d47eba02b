"""The truth of lab01: `tf.linalg.matmul` with `tf.nn.bias_add` in float64, and Keras's
initializers bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from autograder.labs.lab01_zero_init.cases import (
    CHALLENGE,
    CONSTANT,
    DISTINCT,
    EXACT,
    LAYER,
    NORMAL,
    UNIFORM,
    output_shape,
    weight_shapes,
)
from autograder.oracle import layer_facts, multilinear, rounding_bound
from layerlab.case import Case
from layerlab.compare import Expected

FALSE_ALARM = 1e-9
"""Probability that right draws are turned down by a statistical test."""

_CONFIG = {
    LAYER: ["units", "use_bias", "kernel_initializer", "bias_initializer"],
    CONSTANT: ["value"],
    NORMAL: ["mean", "stddev", "seed"],
    UNIFORM: ["minval", "maxval", "seed"],
}


def expect(case: Case) -> dict[str, Expected]:
    """What is true of a case, by aspect."""
    if case.probe == "refuse":
        return {"refusal": Expected(_refusal(case), rule="raises")}
    if case.target == LAYER:
        return _layer(case)
    if case.target == DISTINCT:
        return {"value": Expected(count(case.inputs[0], case.config.get("tolerance", 1e-6)))}
    if case.target == CHALLENGE:
        return _broken(case)
    if case.group == "statistics":
        distribution = _uniform if case.target == UNIFORM else _normal
        return {"values": distribution(0.05, case.options["shape"])}
    return _values(case)


def _layer(case: Case) -> dict[str, Expected]:
    config, shape = dict(case.config), case.inputs[0].shape
    weights = weight_shapes(config, shape)
    outputs: tuple[int | None, ...] = output_shape(config, shape)
    if case.options.get("unknown_batch"):
        outputs = (None, *outputs[1:])
    truth = {**layer_facts(case, weights, outputs), **_initial(case, weights)}
    if case.options.get("route") == "config":
        truth["configuration keys"] = Expected(_CONFIG[LAYER], rule="contains")
        plain = {"units": config["units"], "use_bias": config.get("use_bias", True)}
        truth["configuration"] = Expected(plain, rule="includes")
    found = multilinear(dense, case, list(weights))
    if case.group == EXACT:  # every sum is exact in float32, so there is nothing to allow for
        found = {aspect: Expected(expected.value) for aspect, expected in found.items()}
    return {**truth, **found}


def dense(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor | None = None) -> tf.Tensor:
    """The built-in ops.

    Args:
        x: Input of rank 2 or higher.
        kernel: `(in, units)`.
        bias: `(units,)` or `None`.
    """
    y = tf.linalg.matmul(x, kernel)
    return y if bias is None else tf.nn.bias_add(y, bias)


def _initial(case: Case, weights: dict[str, tuple[int, ...]]) -> dict[str, Expected]:
    """How the weights start: as they are told, else Glorot's uniform kernel and a bias of zeros."""
    truth = {}
    if case.config.get("kernel_initializer") == "ones":
        truth["initial kernel"] = Expected(np.ones(weights["kernel"], np.float32))
    elif "seed" in case.options:
        truth["initial kernel"] = _uniform(math.sqrt(6 / sum(weights["kernel"])), weights["kernel"])
    if "bias" in weights:
        start = np.ones if case.config.get("bias_initializer") == "ones" else np.zeros
        truth["initial bias"] = Expected(start(weights["bias"], np.float32))
    return truth


def _draws(kind: str, scale: float, shape: Sequence[int]) -> dict[str, Any]:
    return {
        "shape": list(shape),
        "distribution": kind,
        "scale": scale,
        "false_alarm": FALSE_ALARM,
    }


def _uniform(limit: float, shape: Sequence[int]) -> Expected:
    value = _draws("uniform", limit, shape)
    return Expected(value, rule="distribution")


def _normal(stddev: float, shape: Sequence[int]) -> Expected:
    value = _draws("normal", stddev, shape)
    return Expected(value, rule="distribution")


def _values(case: Case) -> dict[str, Expected]:
    """What Keras's initializer of the same name returns."""
    make = getattr(keras.initializers, case.target)
    initializer = make(**case.config)
    shape, dtype = tuple(case.options["shape"]), case.options.get("dtype")
    truth: dict[str, Expected] = {}
    if case.target == CONSTANT or "seed" in case.config:
        values = np.asarray(initializer(shape, dtype=dtype))
        truth["values"] = Expected(values)
        truth["dtype"] = Expected(values.dtype.name)
    if case.options.get("route") == "config":
        truth["configuration keys"] = Expected(_CONFIG[case.target], rule="contains")
        truth["configuration"] = Expected(initializer.get_config(), rule="includes")
    if case.options.get("draws", 1) > 1:
        first, again, other = initializer(shape), initializer(shape), make(**case.config)(shape)
        truth["repetition by one object"] = Expected(bool(np.array_equal(first, again)))
        truth["repetition by a second object"] = Expected(bool(np.array_equal(first, other)))
    return truth


def count(kernel: np.ndarray, tolerance: float) -> int:
    """Number of columns that are further than the tolerance from every column kept before.

    Args:
        kernel: Of rank 2. The differences between its columns are exact in its dtype, or so far
            from the tolerance that rounding does not matter.
        tolerance: Largest absolute difference of columns that count as one.
    """
    exact = kernel.astype(np.float64)
    kept: list[int] = []
    for j in range(exact.shape[1]):
        distances = np.abs(exact[:, kept] - exact[:, [j]]).max(axis=0)
        if np.all(distances > tolerance):
            kept.append(j)
    return len(kept)


def _broken(case: Case) -> dict[str, Expected]:
    """The new outgoing weights: a sum of two terms, one of them a product of `amount`, rounded at
    most once on conversion, once as a product and once in the sum.
    """
    kernel, bias, outgoing = (array.astype(np.float64) for array in case.inputs)
    amount = case.config.get("amount", 0.1)
    units = [(*kernel[:, j], bias[j]) for j in range(len(bias))]
    shift = np.array(
        [
            amount * (units[:j].count(unit) - (units.count(unit) - 1) / 2)
            for j, unit in enumerate(units)
        ]
    )
    value = outgoing + shift[:, np.newaxis]
    magnitude = np.abs(outgoing) + np.abs(shift)[:, np.newaxis]
    bound = rounding_bound(magnitude, 3, case.inputs[2].dtype)
    return {"value": Expected(value, bound), "dtype": Expected(case.inputs[2].dtype.name)}


def _refusal(case: Case) -> Any:
    """What the Keras class of the same name raises."""
    package = keras.layers if case.target == LAYER else keras.initializers
    try:
        getattr(package, case.target)(**case.config)
    except ValueError as error:
        return type(error).__name__
    raise AssertionError(f"Keras accepts {case.config}: it is no invalid argument")
