"""The truth of lab02: Keras's initializers, bit for bit, and moments in float64."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras.src.initializers.random_initializers import compute_fans

from autograder.labs.lab02_mean_zero_init.cases import FANS, GAIN, PROBE, SCALING
from autograder.oracle import compute_dtype, layer_facts, rounding_bound
from layerlab.case import Case
from layerlab.compare import TRUNCATED_STDDEV, Expected

FALSE_ALARM = 1e-9
"""Probability that right draws are turned down by a statistical test."""
GAIN_ACCURACY = 0.005
"""What the contract of `variance_gain` asks for, relative."""

_CONFIG = {SCALING: ["scale", "mode", "distribution", "seed"]}


def expect(case: Case) -> dict[str, Expected]:
    """What is true of a case, by aspect."""
    if case.probe == "refuse":
        return {"refusal": Expected(_refusal(case), rule="raises")}
    if case.target == FANS:
        return {"value": Expected(compute_fans(case.inputs[0]))}
    if case.target == GAIN:
        value = np.float64(gain(case.inputs[0]))
        return {"value": Expected(np.asarray(value), np.asarray(GAIN_ACCURACY * value))}
    if case.target == PROBE:
        return _moments(case)
    if case.group == "statistics":
        return _distribution(case)
    return _values(case)


def _values(case: Case) -> dict[str, Expected]:
    """What Keras's initializer of the same name draws from the same seed."""
    initializer = getattr(keras.initializers, case.target)(**case.config)
    shape, dtype = tuple(case.options["shape"]), case.options.get("dtype")
    truth: dict[str, Expected] = {}
    if "seed" in case.config:
        values = np.asarray(initializer(shape, dtype=dtype))
        truth["values"] = Expected(values)
        truth["dtype"] = Expected(values.dtype.name)
    if case.options.get("route") == "config":
        truth["configuration keys"] = Expected(_CONFIG.get(case.target, ["seed"]), rule="contains")
        truth["configuration"] = Expected({"seed": case.config.get("seed")}, rule="includes")
    if case.options.get("draws", 1) > 1:
        again = bool(np.array_equal(initializer(shape), initializer(shape)))
        other = getattr(keras.initializers, case.target)(**case.config)
        truth["repetition by one object"] = Expected(again)
        truth["repetition by a second object"] = Expected(
            bool(np.array_equal(initializer(shape), other(shape)))
        )
    return truth


def _distribution(case: Case) -> dict[str, Expected]:
    """The distribution that the arguments ask for, straight from its definition."""
    fan_in, fan_out = compute_fans(tuple(case.options["shape"]))
    mode, kind = case.config["mode"], case.config["distribution"]
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
    stddev = math.sqrt(case.config["scale"] / fan)
    scale = {
        "uniform": math.sqrt(3) * stddev,
        "untruncated_normal": stddev,
        "truncated_normal": stddev / TRUNCATED_STDDEV,
    }[kind]
    name = {"untruncated_normal": "normal"}.get(kind, kind)
    shape = case.options["shape"]
    value = {"shape": shape, "distribution": name, "scale": scale, "false_alarm": FALSE_ALARM}
    return {"values": Expected(value, rule="distribution")}


def _moments(case: Case) -> dict[str, Expected]:
    """The probe's output, its gradient, and what it has noted after the last call.

    Population variance; a moving value moves by `1 - momentum` of the way to the batch's.
    """
    dtype = compute_dtype(case)
    batches = [batch.astype(dtype).astype(np.float64) for batch in case.inputs]
    momentum = case.config.get("momentum", 0.9)
    threshold = case.config.get("saturation", 0.99)
    state = {"mean": 0.0, "variance": 1.0, "saturated": 0.0}
    bounds = dict.fromkeys(state, 0.0)
    eps = float(np.finfo(dtype).eps)
    flags = case.options.get("training", [False] * len(batches))
    for batch, training in zip(batches, flags, strict=True):
        if not training:
            continue
        square = float(np.mean(batch**2))
        seen = {
            "mean": float(np.mean(batch)),
            "variance": float(np.var(batch)),
            "saturated": float(np.mean(np.abs(batch) > threshold)),
        }
        magnitudes = {
            "mean": float(np.mean(np.abs(batch))),
            # Whichever formula is used: the mean of squares less the squared mean loses most.
            "variance": 4 * square,
            "saturated": seen["saturated"],
        }
        for name in state:
            error = float(rounding_bound(np.asarray(magnitudes[name]), batch.size, dtype))
            error += 4 * eps * (abs(state[name]) + abs(seen[name]))
            bounds[name] = momentum * bounds[name] + (1 - momentum) * error + eps * error
            bounds[name] += 4 * eps * (momentum * abs(state[name]) + abs(seen[name]))
            state[name] = momentum * state[name] + (1 - momentum) * seen[name]
    shape = case.inputs[-1].shape
    batch_size = None if case.options.get("unknown_batch") else shape[0]
    truth = layer_facts(case, {}, (batch_size, *shape[1:]))
    truth["weight dtypes"] = Expected(["float32"])
    truth["state"] = Expected([(name, ()) for name in state], rule="weights")
    truth["output"] = Expected(batches[-1])
    cotangent: Any = case.cotangent
    truth["gradient of input"] = Expected(cotangent.astype(np.float64))
    for name, value in state.items():
        truth[f"{name} after the call"] = Expected(np.asarray(value), np.asarray(bounds[name]))
    if case.options.get("route") == "config":
        truth["configuration keys"] = Expected(["momentum", "saturation"], rule="contains")
    return truth


def gain(activation: str) -> float:
    """1 / E[f(z)^2] for a standard normal z, by the trapezoidal rule on a fine grid.

    Args:
        activation: Name of a Keras activation.
    """
    z = np.linspace(-12.0, 12.0, 240_001)
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    values = np.asarray(keras.activations.get(activation)(keras.ops.convert_to_tensor(z)))
    return float(1.0 / np.trapezoid(values.astype(np.float64) ** 2 * density, z))


def _refusal(case: Case) -> str:
    """What the Keras class of the same name raises; for the probe, what its docstring says."""
    if case.target == PROBE:
        return "ValueError"
    try:
        getattr(keras.initializers, case.target)(**case.config)
    except ValueError as error:
        return type(error).__name__
    raise AssertionError(f"Keras accepts {case.config}: it is no invalid argument")
