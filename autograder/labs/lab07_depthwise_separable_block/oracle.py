"""The truth of lab07: convolutions and batch norm of TensorFlow in float64.

Batch norm and ReLU are not linear, so the bounds are first-order ones (`autograder.rounding`). The
rounding is that of the least accurate formula in use: the variance as E[x^2] - E[x]^2, the
normalization as x * factor + shift. The better formulas stay within it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from autograder.labs.lab07_depthwise_separable_block.cases import (
    BLOCK,
    DEFAULTS,
    FOLD,
    INVERTED,
    MODEL,
    output_shape,
    state_shapes,
    weight_shapes,
)
from autograder.oracle import layer_facts
from autograder.rounding import Rounding, first_order
from layerlab.case import Case
from layerlab.compare import Expected

_EXTRA = 4
"""Roundings beside those of a sum itself: a folded factor, a root, a quotient."""

Pass = tuple[tf.Tensor, list[tf.Tensor]]
"""An output, and the moving statistics after it."""


def expect(case: Case) -> dict[str, Expected]:
    """What is true of a case, by aspect."""
    if case.probe == "refuse":
        return {"refusal": Expected("ValueError", rule="raises")}
    if case.target == MODEL:
        return _mobilenet(case)
    if case.target == FOLD:
        return _folded(case)
    return _layer(case)


def _layer(case: Case) -> dict[str, Expected]:
    shape = case.inputs[-1].shape
    weights = weight_shapes(case.target, case.config, shape[-1])
    states = state_shapes(weights)
    outputs: tuple[int | None, ...] = output_shape(case.config, shape)
    if case.options.get("unknown_batch"):
        outputs = (None, *outputs[1:])
    truth = layer_facts(case, weights, outputs)
    truth["weights"] = Expected([(None, size) for size in weights.values()], rule="weights")
    truth["state"] = Expected([(None, size) for size in states.values()], rule="weights")
    if case.options.get("route") == "config":
        names = ["filters", "strides"]
        names += ["expansion"] if case.target == INVERTED else ["variant", "momentum", "epsilon"]
        truth["configuration keys"] = Expected(names, rule="contains")
        for name, size in weights.items():
            if "kernel" not in name:
                start = np.ones if name.startswith("gamma") else np.zeros
                truth[f"initial {name}"] = Expected(start(size, np.float32))
    flags = case.options.get("training", [False])

    def forward(
        rounding: Rounding, inputs: list[tf.Tensor], values: list[tf.Tensor]
    ) -> Mapping[str, tf.Tensor]:
        moving = [
            tf.fill(size, np.float64(0.0 if "mean" in name else 1.0))
            for name, size in states.items()
        ]
        for number, (x, training) in enumerate(zip(inputs, flags, strict=True)):
            last = number == len(inputs) - 1
            if not (training or last):
                continue  # such a call leaves nothing behind
            with nullcontext() if last else rounding.earlier():
                y, moving = run(case.target, case.config, rounding, x, values, moving, training)
        after = {f"{name} after the call": x for name, x in zip(states, moving, strict=True)}
        return {"output": y, **after}

    return {**truth, **first_order(forward, case, list(weights))}


def run(
    target: str,
    config: Mapping[str, Any],
    rounding: Rounding,
    x: tf.Tensor,
    weights: list[tf.Tensor],
    moving: list[tf.Tensor],
    training: bool,
) -> Pass:
    """One call of a block or an inverted residual.

    Args:
        target: Which of them.
        config: Its arguments.
        rounding: Where rounding is noted.
        x: Input.
        weights: Trainable weights, in the order of the computation.
        moving: Moving means and variances, in the same order.
        training: Whether the batch's statistics count.
    """
    full = {**DEFAULTS, **config}
    strides, values, states = full["strides"], iter(weights), iter(moving)
    after: list[tf.Tensor] = []

    def depthwise(x: tf.Tensor) -> tf.Tensor:
        return _convolved(rounding, x, next(values), strides)

    def pointwise(x: tf.Tensor) -> tf.Tensor:
        return _convolved(rounding, x, next(values))

    def norm(x: tf.Tensor) -> tf.Tensor:
        gamma, beta, mean, variance = next(values), next(values), next(states), next(states)
        y, new = _normalized(rounding, x, gamma, beta, mean, variance, training, full)
        after.extend(new)
        return y

    def relu(x: tf.Tensor, most: float = np.inf) -> tf.Tensor:
        return rounding.relu(x, most)

    if target == BLOCK and full["variant"] == "mobilenet":
        y = relu(norm(pointwise(relu(norm(depthwise(x))))))
    elif target == BLOCK:
        y = norm(pointwise(depthwise(relu(x))))
    else:
        y = x if full["expansion"] == 1 else relu(norm(pointwise(x)), 6.0)
        y = norm(pointwise(relu(norm(depthwise(y)), 6.0)))
        if strides == 1 and x.shape[-1] == full["filters"]:
            y = rounding.step(x + y, tf.abs(x) + tf.abs(y), terms=2)
    return y, after


def _convolved(
    rounding: Rounding, x: tf.Tensor, kernel: tf.Tensor, strides: int | None = None
) -> tf.Tensor:
    """A depthwise convolution if there are strides, else a pointwise one."""

    def op(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        if strides is None:
            return tf.nn.conv2d(x, kernel, 1, "VALID")
        return tf.nn.depthwise_conv2d(x, kernel, (1, strides, strides, 1), "SAME")

    terms = 9 if strides is not None else kernel.shape[2]
    value = op(x, kernel)
    return rounding.step(
        value, op(tf.abs(x), tf.abs(kernel)), terms + _EXTRA, _longest(value) + kernel.shape[3]
    )


def _longest(x: tf.Tensor) -> int:
    """Terms of the longest sum that a gradient of this picture goes into: a kernel's, a mean's."""
    return int(np.prod(x.shape[:-1])) + 9 + _EXTRA


def _normalized(
    rounding: Rounding,
    x: tf.Tensor,
    gamma: tf.Tensor,
    beta: tf.Tensor,
    moving_mean: tf.Tensor,
    moving_variance: tf.Tensor,
    training: bool,
    config: Mapping[str, Any],
) -> Pass:
    mean, variance = moving_mean, moving_variance
    terms, many = int(np.prod(x.shape[:-1])), _longest(x)
    if training:
        axes = (0, 1, 2)
        mean = tf.reduce_mean(x, axes)
        mean = rounding.step(mean, tf.reduce_mean(tf.abs(x), axes), terms, many)
        square = rounding.step(tf.reduce_mean(x**2, axes), None, terms + 1, many)
        variance = rounding.step(square - mean**2, square + mean**2, 3, many)
        keep = config["momentum"]
        moving_mean, moving_variance = (
            rounding.step(keep * old + (1 - keep) * new, tf.abs(old) + tf.abs(new), 3)
            for old, new in ((moving_mean, mean), (moving_variance, variance))
        )
    factor = gamma * tf.math.rsqrt(variance + config["epsilon"])
    factor = rounding.step(factor, None, _EXTRA, many)
    shift = beta - mean * factor
    shift = rounding.step(shift, tf.abs(beta) + tf.abs(mean * factor), 2, many)
    y = x * factor + shift
    magnitude = tf.abs(x * factor) + tf.abs(shift) + tf.abs(mean * factor)
    return rounding.step(y, magnitude, 2, many), [moving_mean, moving_variance]


def _folded(case: Case) -> dict[str, Expected]:
    """The block at inference, and the number of weights that two convolutions need.

    A folded kernel is the product of a kernel and a factor: more roundings in each product, as
    many as the sums are given in excess.
    """
    block, picture = case.inputs
    config, channels = block["config"], picture.shape[-1]
    plain = Case(case.key, case.group, BLOCK, inputs=(picture,), weights=tuple(block["trainable"]))

    def forward(
        rounding: Rounding, inputs: list[tf.Tensor], values: list[tf.Tensor]
    ) -> Mapping[str, tf.Tensor]:
        moving = [tf.constant(item, tf.float64) for item in block["state"]]
        return {"output": run(BLOCK, config, rounding, inputs[0], values, moving, False)[0]}

    truth = first_order(forward, plain, [])
    biases = config["filters"] + (0 if config.get("variant") == "xception" else channels)
    weights = 9 * channels + channels * config["filters"] + biases
    return {"value": truth["output"], "number of parameters": Expected(weights)}


def _mobilenet(case: Case) -> dict[str, Expected]:
    """What Keras's MobileNet is made of.

    A picture of zeros stays zero in a new network, so that all classes are equally likely.
    """
    config = dict(case.config)
    model = keras.applications.MobileNet(weights=None, **config)
    shapes = [
        list(layer.output.shape) for layer in model.layers if layer.name.startswith("conv_pw_")
    ]
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    even = np.full((1, config["classes"]), 1 / config["classes"])
    return {
        "input shape": Expected(model.input_shape),
        "output shape": Expected(model.output_shape),
        "layers' output shapes": Expected(shapes, rule="contains"),
        "number of parameters": Expected(model.count_params()),
        "number of trainable parameters": Expected(trainable),
        f"number of {BLOCK} layers": Expected(13),
        "output": Expected(even, 8 * float(np.finfo(np.float32).eps) * even),
    }
