"""The reference solutions beside TensorFlow's own ops: how many times as long they take.

    python benchmarks/solutions.py [--json]

Each layer of the solution notebooks and the built-in layer of the same name get the same input, as
a `tf.function`, forward and with all gradients. They run in turn, so that whatever else the machine
does hits both; the figure is the ratio of the medians. Initializers draw the same tensor.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from autograder.course import Course
from autograder.notebook import code_cells, restore

CHECKOUT = Path(__file__).resolve().parent.parent
ROUNDS = 30


@dataclass(frozen=True)
class Pair:
    """A class of a solution notebook and what it is compared with.

    Args:
        lab: Name of the lab.
        target: The class.
        config: Its arguments.
        shape: Of the input, or of the tensor that an initializer draws.
        builtin: Makes the built-in one; by default Keras's class of that name.
    """

    lab: str
    target: str
    config: dict[str, Any]
    shape: tuple[int, ...]
    builtin: Callable[[], Any] | None = None


def _keras_block() -> Any:
    return keras.Sequential(
        [
            keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.Conv2D(64, 1, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
        ]
    )


class Patches(keras.layers.Layer):
    def call(self, x: tf.Tensor) -> tf.Tensor:
        ones = (1, 1, 1, 1)
        return tf.image.extract_patches(x, (1, 3, 3, 1), ones, ones, "SAME")


_SAME = {"kernel_size": 3, "padding": "same"}
PAIRS = [
    Pair("lab01_zero_init", "Dense", {"units": 256}, (64, 512)),
    Pair("lab02_mean_zero_init", "GlorotUniform", {"seed": 1}, (3, 3, 128, 128)),
    Pair("lab02_mean_zero_init", "HeNormal", {"seed": 1}, (3, 3, 128, 128)),
    Pair(
        "lab03_dilated_conv",
        "DilatedConv2D",
        {"filters": 32, "dilation_rate": 2, **_SAME},
        (8, 32, 32, 32),
        lambda: keras.layers.Conv2D(32, 3, padding="same", dilation_rate=2),
    ),
    Pair(
        "lab04_transposed_conv",
        "Conv2DTranspose",
        {"filters": 32, "strides": 2, **_SAME},
        (8, 16, 16, 32),
    ),
    Pair("lab05_separable_conv", "SeparableConv2D", {"filters": 64, **_SAME}, (8, 32, 32, 32)),
    Pair("lab06_depthwise_conv", "DepthwiseConv2D", dict(_SAME), (8, 32, 32, 64)),
    Pair(
        "lab07_depthwise_separable_block",
        "DepthwiseSeparableBlock",
        {"filters": 64},
        (8, 32, 32, 32),
        _keras_block,
    ),
    Pair("lab09_pooling", "MaxPooling2D", {"pool_size": 2}, (8, 64, 64, 32)),
    Pair("lab09_pooling", "AveragePooling2D", {"pool_size": 2}, (8, 64, 64, 32)),
    Pair("lab09_pooling", "GlobalAveragePooling2D", {}, (8, 64, 64, 32)),
    Pair(
        "lab10_receptive_field",
        "ExtractPatches2D",
        {"size": 3, "padding": "same"},
        (8, 32, 32, 16),
        Patches,
    ),
]
"""Lab 8 has no built-in op to stand beside."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Times the reference solutions.")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(arguments)
    course = Course(CHECKOUT)
    rows = [measure(course, pair) for pair in PAIRS if pair.lab in course.lab_names]
    if options.json:
        print(json.dumps(rows))
        return 0
    table = Table("lab", "solution", "input", "forward", "with gradients", title="times as long")
    for row in rows:
        gradients = "" if row["gradients"] is None else f"{row['gradients']:.1f}"
        shape = " x ".join(map(str, row["shape"]))
        table.add_row(row["lab"], row["target"], shape, f"{row['forward']:.1f}", gradients)
    Console(highlight=False).print(table)
    return 0


def measure(course: Course, pair: Pair) -> dict[str, Any]:
    """How many times as long the solution takes as the built-in one."""
    ours = _namespace(course, pair.lab)[pair.target]
    figures: dict[str, Any] = {"lab": pair.lab, "target": pair.target, "shape": list(pair.shape)}
    if issubclass(ours, keras.initializers.Initializer):
        builtin = getattr(keras.initializers, pair.target)
        calls = [lambda c=c: c(**pair.config)(pair.shape) for c in (ours, builtin)]
        return {**figures, "forward": _ratio(*calls), "gradients": None}
    make = pair.builtin or (lambda: getattr(keras.layers, pair.target)(**pair.config))
    x = tf.random.stateless_normal(pair.shape, seed=(1, 2))
    layers = [ours(**pair.config), make()]
    for layer in layers:
        layer.build(x.shape)
    forward = [tf.function(layer) for layer in layers]
    gradients = [_gradients(layer) for layer in layers]
    return {
        **figures,
        "forward": _ratio(*[lambda f=f: f(x) for f in forward]),
        "gradients": _ratio(*[lambda f=f: f(x) for f in gradients]),
    }


def _gradients(layer: Any) -> Callable[..., Any]:
    def run(x: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        return tape.gradient(y, [x, *(weight.value for weight in layer.trainable_weights)])

    return tf.function(run)


def _ratio(ours: Callable[[], Any], builtin: Callable[[], Any]) -> float:
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn in range(-3, ROUNDS):  # the first few trace and warm up
        for call, found in zip((ours, builtin), seconds, strict=True):
            started = time.perf_counter()
            for result in tf.nest.flatten(call()):
                result.numpy()
            if turn >= 0:
                found.append(time.perf_counter() - started)
    return round(statistics.median(seconds[0]) / statistics.median(seconds[1]), 2)


def _namespace(course: Course, name: str) -> dict[str, Any]:
    """What the exercises of a solution notebook define."""
    lab = course.lab(name)
    namespace: dict[str, Any] = {"__name__": name}
    with contextlib.redirect_stdout(sys.stderr):
        for cell in code_cells(restore(lab.solution, lab).notebook, lab):
            exec(compile(cell.source, f"<{name}>", "exec"), namespace)
    return namespace


if __name__ == "__main__":
    sys.exit(main())
