"""The truth of lab08: the formulas of Sabour, Frosst and Hinton (2017) in TensorFlow's elementary
ops, in float64.

Nothing here is linear, so the bounds come from first-order error analysis (`autograder.rounding`):
each step of the computation is marked, with the number and the magnitude of the terms it sums. The
marks' `consumers` count the terms of the sums that the way back makes of a step.

The contract leaves open whether epsilon belongs into the factor n^2 / (1 + n^2) of squash. The
difference of the two readings, for the case at hand, is allowed on top of the rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from autograder.labs.lab08_capsule.cases import (
    CHALLENGE,
    LAYER,
    LOSS,
    PRIMARY,
    SQUASH,
    capsule_kernel,
    primary_output,
    primary_weights,
)
from autograder.oracle import layer_facts
from autograder.rounding import Rounding, first_order
from autograder.shapes import pair
from layerlab.case import Case
from layerlab.compare import Expected

FALSE_ALARM = 1e-9
"""Probability that a right start of the weights is turned down."""

_ARGUMENTS: dict[str, dict[str, Any]] = {
    LAYER: {"num_capsules": None, "dim_capsule": None, "routings": 3},
    PRIMARY: {"dim_capsule": None, "num_channels": None, "padding": "valid"},
    LOSS: {"m_plus": 0.9, "m_minus": 0.1, "lam": 0.5},
}
_FURTHER: dict[str, list[str]] = {
    LAYER: ["kernel_initializer"],
    PRIMARY: ["kernel_size", "strides"],
    LOSS: [],
}


def expect(case: Case) -> dict[str, Expected]:
    """What is true of a case, by aspect."""
    if case.probe == "refuse":
        return {"refusal": Expected("ValueError", rule="raises")}
    if case.target == SQUASH:
        return _squash(case)
    if case.target == CHALLENGE:
        return _masked(case)
    truth = _configuration(case)
    if case.target == LOSS:
        return {**truth, **_loss(case)}
    return {**truth, **(_capsule if case.target == LAYER else _primary)(case)}


def _configuration(case: Case) -> dict[str, Expected]:
    if case.options.get("route") != "config":
        return {}
    plain = {name: case.config.get(name, value) for name, value in _ARGUMENTS[case.target].items()}
    return {
        "configuration keys": Expected([*plain, *_FURTHER[case.target]], rule="contains"),
        "configuration": Expected(plain, rule="includes"),
    }


def _squash(case: Case) -> dict[str, Expected]:
    def forward(rounding: Any, inputs: list[Any], weights: list[Any], inside: bool) -> Any:
        return {"output": squash(inputs[0], rounding, inside, **case.config)}

    truth = _either_reading(forward, case, [])
    truth["value"] = truth.pop("output")
    return {**truth, "dtype": Expected(case.inputs[0].dtype.name)}


def _primary(case: Case) -> dict[str, Expected]:
    config, shape = dict(case.config), case.inputs[-1].shape
    outputs = primary_output(config, shape)

    def forward(rounding: Any, inputs: list[Any], weights: list[Any], inside: bool) -> Any:
        kernel, bias = weights
        return {"output": primary_capsules(inputs[-1], kernel, bias, rounding, inside, config)}

    weights = primary_weights(config, shape)
    return {**_facts(case, weights, outputs), **_either_reading(forward, case, list(weights))}


def _capsule(case: Case) -> dict[str, Expected]:
    config, shape = dict(case.config), case.inputs[-1].shape
    kernel = capsule_kernel(config, shape)
    truth = _facts(case, {"kernel": kernel}, (shape[0], kernel[0], kernel[3]))
    if config.get("kernel_initializer") == "ones":
        truth["initial kernel"] = Expected(np.ones(kernel, np.float32))
    elif "seed" in case.options:
        fans = kernel[0] * kernel[1] * (kernel[2] + kernel[3])  # as Keras counts a kernel's
        value = {"shape": list(kernel), "distribution": "uniform", "scale": math.sqrt(6 / fans)}
        value["false_alarm"] = FALSE_ALARM
        return {"initial kernel": Expected(value, rule="distribution")}

    def forward(rounding: Any, inputs: list[Any], weights: list[Any], inside: bool) -> Any:
        routings = config.get("routings", 3)
        return {"output": capsule(inputs[-1], weights[0], rounding, inside, routings)}

    return {**truth, **_either_reading(forward, case, ["kernel"])}


def _facts(
    case: Case, weights: dict[str, tuple[int, ...]], outputs: tuple[int | None, ...]
) -> dict[str, Expected]:
    if case.options.get("unknown_batch"):
        outputs = (None, *outputs[1:])
    return layer_facts(case, weights, outputs)


def _loss(case: Case) -> dict[str, Expected]:
    names = "m_plus", "m_minus", "lam"
    margins = [case.config.get(name, _ARGUMENTS[LOSS][name]) for name in names]

    def forward(rounding: Rounding, inputs: list[Any], weights: list[Any]) -> Any:
        true = tf.cast(inputs[0], tf.float64)
        return {"output": margin_loss(true, inputs[1], rounding, *margins)}

    truth = first_order(forward, case, [])
    label = "gradient of input"
    loss = truth["output"]
    found = {"value": Expected(np.asarray(loss.value), np.asarray(loss.bound))}
    if case.inputs[0].dtype.kind == "f":  # a gradient by the truth is nobody's business
        label = "gradient of input 1"
    found[label] = truth["gradient of input"]
    return found


def _masked(case: Case) -> dict[str, Expected]:
    """Numbers that are kept, and zeros: nothing rounds."""
    given = case.inputs[0]
    vectors, true = given if isinstance(given, list) else (given, None)
    batch, count, dim = vectors.shape
    if true is None:
        lengths = np.sum(vectors.astype(np.float64) ** 2, axis=-1)
        true = np.eye(count)[np.argmax(lengths, axis=-1)]
    kept = true.astype(np.float32)[..., np.newaxis]
    assert case.cotangent is not None
    cotangent = case.cotangent.reshape(vectors.shape)
    floats = isinstance(given, list) and given[1].dtype.kind == "f"
    return {
        **_facts(case, {}, (batch, count * dim)),
        "output": Expected((vectors * kept).reshape(batch, count * dim)),
        f"gradient of input{' 0' if floats else ''}": Expected(cotangent * kept),
    }


def squash(
    s: tf.Tensor, rounding: Any, inside: bool, axis: int = -1, epsilon: float = 1e-7
) -> tf.Tensor:
    """Equation 1 of the paper, with epsilon under the root.

    Args:
        s: The vectors.
        rounding: Marks the steps.
        inside: Whether epsilon is part of the factor n^2 / (1 + n^2), too.
        axis: Where the numbers of a vector lie.
        epsilon: Is added to the squared length.
    """
    terms = s.shape[axis]
    bare = tf.reduce_sum(s**2, axis, keepdims=True)
    square = rounding.step(bare + epsilon, terms=terms + 1, consumers=4)
    length = rounding.step(tf.sqrt(square), terms=2, consumers=4)
    part = square if inside else bare
    below = rounding.step(1 + part, terms=2, consumers=4)
    scale = rounding.step(part / below / length, terms=4, consumers=6)
    return rounding.step(scale * s, terms=2, consumers=terms + 2)


def primary_capsules(
    x: tf.Tensor,
    kernel: tf.Tensor,
    bias: tf.Tensor,
    rounding: Any,
    inside: bool,
    config: dict[str, Any],
) -> tf.Tensor:
    """`tf.nn.conv2d`, the filters in groups, squash.

    Args:
        x: Pictures.
        kernel: Of the convolution.
        bias: Of the convolution.
        rounding: Marks the steps.
        inside: As in `squash`.
        config: The layer's arguments.
    """
    conv = partial(
        tf.nn.conv2d,
        strides=pair(config.get("strides", 1)),
        padding=config.get("padding", "valid").upper(),
    )
    features = conv(x, kernel) + bias
    batch, rows, columns, filters = features.shape
    height, width, channels, _ = kernel.shape
    features = rounding.step(
        features,
        conv(tf.abs(x), tf.abs(kernel)) + tf.abs(bias),
        terms=height * width * channels + 1,
        consumers=max(batch * rows * columns, height * width * filters),
    )
    dim = config["dim_capsule"]
    vectors = tf.reshape(features, (batch, rows * columns * config["num_channels"], dim))
    return squash(vectors, rounding, inside)


def capsule(
    u: tf.Tensor, kernel: tf.Tensor, rounding: Any, inside: bool, routings: int
) -> tf.Tensor:
    """Procedure 1 of the paper.

    Args:
        u: `(batch, in_capsules, in_dim)`.
        kernel: `(num_capsules, in_capsules, in_dim, dim_capsule)`.
        rounding: Marks the steps.
        inside: As in `squash`.
        routings: Rounds.
    """
    batch, in_capsules, in_dim = u.shape
    outputs, _, _, dim = kernel.shape
    votes = rounding.step(
        tf.einsum("bid,jide->bjie", u, kernel),
        tf.einsum("bid,jide->bjie", tf.abs(u), tf.abs(kernel)),
        terms=in_dim,
        consumers=max(batch, outputs * dim) + 2 * routings,
    )
    logits = tf.zeros((batch, outputs, in_capsules), tf.float64)
    spent = tf.zeros_like(logits)  # the magnitude of all that was added to the logits
    for iteration in range(routings):
        shares = rounding.step(tf.nn.softmax(logits, axis=1), terms=outputs + 3, consumers=outputs)
        s = rounding.step(
            tf.einsum("bji,bjie->bje", shares, votes),
            tf.einsum("bji,bjie->bje", shares, tf.abs(votes)),
            terms=in_capsules,
            consumers=dim + 2,
        )
        v = squash(s, rounding, inside)
        if iteration < routings - 1:
            spent += tf.einsum("bjie,bje->bji", tf.abs(votes), tf.abs(v))
            # A softmax subtracts the largest logit: its rounding counts for all of them.
            magnitude = spent + tf.reduce_max(spent, axis=1, keepdims=True)
            logits = logits + tf.einsum("bjie,bje->bji", votes, v)
            terms = dim + iteration + 1
            logits = rounding.step(logits, magnitude, terms=terms, consumers=in_capsules + 2)
    return v


def margin_loss(
    true: tf.Tensor, lengths: tf.Tensor, rounding: Any, m_plus: float, m_minus: float, lam: float
) -> tf.Tensor:
    """Equation 4 of the paper, summed over the classes, the mean over the batch.

    Args:
        true: One-hot.
        lengths: Of the class capsules.
        rounding: Marks the steps.
        m_plus: Margin of present classes.
        m_minus: Margin of absent classes.
        lam: Weight of absent classes.
    """
    batch, classes = lengths.shape
    short = rounding.step(m_plus - lengths, abs(m_plus) + tf.abs(lengths), terms=2)
    long = rounding.step(lengths - m_minus, abs(m_minus) + tf.abs(lengths), terms=2)
    losses = true * tf.nn.relu(short) ** 2 + lam * (1 - true) * tf.nn.relu(long) ** 2
    losses = rounding.step(losses, terms=4, consumers=4)
    return rounding.step(tf.reduce_sum(losses) / batch, terms=batch * classes + 1, consumers=2)


class _Exact:
    """Marks nothing."""

    def step(self, value: tf.Tensor, *_: Any, **__: Any) -> tf.Tensor:
        return value


def _either_reading(
    forward: Callable[..., Any], case: Case, names: list[str]
) -> dict[str, Expected]:
    """First-order bounds, wide enough for both readings of squash."""
    truth = first_order(partial(forward, inside=True), case, names)

    def other(_: Rounding, inputs: list[Any], weights: list[Any]) -> Any:
        return forward(_Exact(), inputs, weights, inside=False)

    for aspect, expected in _values(other, case, names).items():
        known = truth[aspect]
        assert known.bound is not None
        truth[aspect] = Expected(known.value, known.bound + np.abs(expected - known.value))
    return truth


def _values(forward: Callable[..., Any], case: Case, names: list[str]) -> dict[str, np.ndarray]:
    """Output and gradients in float64, without bounds."""
    arrays = [case.inputs[-1], *case.weights]
    dtype = np.dtype(case.options.get("policy", "float32").removeprefix("mixed_"))
    tensors = [tf.constant(array.astype(dtype).astype(np.float64)) for array in arrays]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        output = forward(None, tensors[:1], tensors[1:])["output"]
    found = {"output": output.numpy()}
    if case.cotangent is not None:
        cotangent = tf.constant(case.cotangent.astype(dtype).astype(np.float64))
        gradients = tape.gradient(output, tensors, cotangent, unconnected_gradients="zero")
        for name, gradient in zip(["input", *names], gradients, strict=True):
            found[f"gradient of {name}"] = tf.convert_to_tensor(gradient).numpy()
    return found
