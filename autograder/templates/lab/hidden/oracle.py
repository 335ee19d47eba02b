"""The truth of LAB_NAME: TensorFlow's own ops in float64."""

from __future__ import annotations

import tensorflow as tf

from autograder.labs.LAB_NAME.cases import weight_shapes
from autograder.oracle import layer_facts, multilinear
from layerlab.case import Case
from layerlab.compare import Expected


def expect(case: Case) -> dict[str, Expected]:
    """What is true of a case, by aspect."""
    if case.probe == "refuse":
        return {"refusal": Expected("ValueError", rule="raises")}
    config, shape = dict(case.config), case.inputs[0].shape
    weights = weight_shapes(config, shape)
    batch = None if case.options.get("unknown_batch") else shape[0]
    truth = layer_facts(case, weights, (batch, *shape[1:]))
    if case.options.get("route") == "config":
        truth["configuration keys"] = Expected(["use_offset"], rule="contains")
    # The op is linear in its input and in each weight: its rounding bound is known.
    return {**truth, **multilinear(scale, case, list(weights))}


def scale(x: tf.Tensor, gain: tf.Tensor, *offset: tf.Tensor) -> tf.Tensor:
    """The built-in ops."""
    y = tf.multiply(x, gain)
    return tf.nn.bias_add(y, *offset) if offset else y
