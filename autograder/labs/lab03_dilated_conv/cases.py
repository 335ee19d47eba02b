"""The cases of lab03: what students see, and what hidden tests draw."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from autograder.banned import CONVOLUTIONS
from autograder.draw import (
    LayerCases,
    arguments,
    input_shape,
    normal,
    pairs,
    strides_or_dilation,
    whole,
)
from autograder.shapes import output_length, pair, reach
from layerlab.case import Case

LAYER = "DilatedConv2D"
KERNEL = "dilate_kernel"
SIZE = "effective_kernel_size"
COVERAGE = "tap_coverage"
BANNED = {LAYER: CONVOLUTIONS}

DEFAULTS: dict[str, Any] = {
    "strides": 1,
    "padding": "valid",
    "dilation_rate": 1,
    "use_bias": True,
}
_ARGUMENTS: dict[str, list[Any]] = {
    "kernel_size": [1, 2, 3, (1, 4), (3, 2)],
    "strides": [1, 2, (2, 1), (1, 3)],
    "padding": ["valid", "same"],
    "dilation_rate": [1, 2, (1, 3), (3, 2)],
    "filters": [1, 2, 3],
    "use_bias": [True, False],
    "picture": [(1, 1), (1, 6), (5, 4), (6, 9)],
    "batch": [1, 2],
    "channels": [1, 2, 3],
}
# Pairs may miss what takes three: zeros in front that depend on stride, window and size together.
_BORDERS: list[tuple[dict[str, Any], tuple[int, ...]]] = [
    ({"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"}, (1, 6, 5, 1)),
    ({"filters": 2, "kernel_size": (4, 2), "strides": (3, 1), "padding": "same"}, (1, 8, 2, 2)),
]
_INVALID: list[dict[str, Any]] = [
    {"filters": 0, "kernel_size": 3},
    {"filters": 2, "kernel_size": 0},
    {"filters": 2, "kernel_size": (3, 0)},
    {"filters": 2, "kernel_size": (3, 3, 3)},
    {"filters": 2, "kernel_size": 3, "strides": 0},
    {"filters": 2, "kernel_size": 3, "strides": (1, -1)},
    {"filters": 2, "kernel_size": 3, "padding": "full"},
    {"filters": 2, "kernel_size": 3, "dilation_rate": 0},
    {"filters": 2, "kernel_size": 3, "dilation_rate": (2, 2, 2)},
    {"filters": 2, "kernel_size": 3, "strides": 2, "dilation_rate": 2},
    {"filters": 2, "kernel_size": 3, "strides": (1, 2), "dilation_rate": (3, 1)},
]
_KERNELS: list[tuple[tuple[int, ...], Any]] = [
    ((1, 1), 3),
    ((2, 2), 1),
    ((3, 2), 2),
    ((2, 3), (1, 3)),
    ((3, 3, 2), (3, 2)),
    ((2, 3, 2, 3), 2),
    ((3, 1, 1, 2), (2, 4)),
]
_SIZES: list[tuple[Any, Any]] = [
    (1, 5),
    (3, 1),
    (3, 2),
    (4, 3),
    (7, 16),
    ((3, 2), (2, 5)),
    ((1, 4), (3, 1)),
]
_STACKS: list[tuple[int, list[int]]] = [
    (1, [4, 2]),
    (2, [1, 1]),
    (2, [2, 3]),
    (2, [1, 2, 4, 8]),
    (3, [5]),
    (3, [2, 2, 2]),
    (3, [1, 2, 5]),
    (3, [9, 2, 1]),
    (3, [1, 1, 1, 1, 1]),
    (4, [2, 4]),
    (5, [3, 4, 1]),
]


def visible() -> Iterator[Case]:
    """The cases that students see: whole numbers, small enough to follow by hand."""
    rng = np.random.default_rng(3)
    settings: list[tuple[dict[str, Any], tuple[int, ...]]] = [
        ({"filters": 1, "kernel_size": 1}, (1, 2, 2, 2)),
        ({"filters": 1, "kernel_size": 2}, (1, 3, 3, 1)),
        ({"filters": 1, "kernel_size": 2, "dilation_rate": 2}, (1, 4, 4, 1)),
        ({"filters": 2, "kernel_size": 2, "use_bias": False}, (1, 2, 3, 2)),
        ({"filters": 1, "kernel_size": (1, 2), "dilation_rate": (1, 3)}, (1, 2, 5, 2)),
        ({"filters": 1, "kernel_size": 2, "padding": "same", "dilation_rate": 3}, (1, 3, 4, 1)),
        (
            {"filters": 1, "kernel_size": 3, "padding": "same", "dilation_rate": (2, 1)},
            (1, 4, 3, 1),
        ),
        ({"filters": 2, "kernel_size": 3, "padding": "same", "strides": 2}, (1, 4, 4, 1)),
    ]
    for number, (config, shape) in enumerate(settings):
        yield _layer(f"see-{number}", "visible", config, shape, rng, whole)
    config = {"filters": 2, "kernel_size": 2, "dilation_rate": 2, "padding": "same"}
    yield _layer("see-config", "visible", config, (2, 3, 3, 1), rng, whole, {"route": "config"})
    config = {"filters": 1, "kernel_size": 2, "strides": 2, "dilation_rate": 2}
    yield Case("see-refuse", "visible", LAYER, "refuse", config)
    dilations: list[tuple[tuple[int, ...], Any]] = [
        ((2, 2), 2),
        ((2, 3), (3, 1)),
        ((2, 1, 1, 2), (2, 3)),
    ]
    for number, (shape, rate) in enumerate(dilations):
        kernel = whole(rng, shape, 9)
        yield Case(f"see-kernel-{number}", "visible", KERNEL, "function", inputs=(kernel, rate))
    for number, sizes in enumerate([(3, 1), (3, 2), ((2, 4), (5, 3))]):
        yield Case(f"see-size-{number}", "visible", SIZE, "function", inputs=sizes)
    for number, (kernel_size, rates) in enumerate(
        [(3, [2]), (3, [2, 2, 2]), (2, [1, 3]), (3, [1, 2])]
    ):
        inputs = (kernel_size, rates)
        yield Case(f"see-coverage-{number}", "visible", COVERAGE, "function", inputs=inputs)


def hidden(rng: np.random.Generator) -> Iterator[Case]:
    """The cases of the hidden tests, drawn anew for every course.

    Args:
        rng: Seeded from the course's seed.
    """
    for number, chosen in enumerate(pairs(rng, _ARGUMENTS, strides_or_dilation)):
        config, shape = arguments(chosen, DEFAULTS), input_shape(chosen)
        yield _layer(f"plain-{number}", "plain", config, shape, rng, normal)
    for number, (config, shape) in enumerate(_BORDERS):
        yield _layer(f"border-{number}", "plain", config, shape, rng, normal)
    config = {"filters": 2, "kernel_size": (2, 3), "padding": "same", "dilation_rate": 2}
    for name, scale in (("large", 1e15), ("small", 1e-12)):
        draw = partial(normal, scale=scale)
        yield _layer(f"scale-{name}", "plain", config, (1, 4, 5, 2), rng, draw)
    yield from _modes(rng)
    for number, config in enumerate(_INVALID):
        yield Case(f"invalid-{number}", "invalid", LAYER, "refuse", config)
    for number, (shape, rate) in enumerate(_KERNELS):
        height, width = reach(shape[:2], rate)
        cotangent = normal(rng, (height, width, *shape[2:]))
        inputs = (normal(rng, shape), rate)
        key = f"kernel-{number}"
        yield Case(key, "kernel", KERNEL, "function", inputs=inputs, cotangent=cotangent)
    half = normal(rng, (2, 2, 2, 1)).astype(np.float16)
    yield Case("kernel-half", "kernel", KERNEL, "function", inputs=(half, 2))
    for number, sizes in enumerate(_SIZES):
        yield Case(f"size-{number}", "size", SIZE, "function", inputs=sizes)
    drawn = [(int(rng.integers(2, 5)), rng.integers(1, 7, size=3).tolist()) for _ in range(3)]
    for number, stack in enumerate([*_STACKS, *drawn]):
        yield Case(f"coverage-{number}", "coverage", COVERAGE, "function", inputs=stack)


def _modes(rng: np.random.Generator) -> Iterator[Case]:
    """The same layer by other routes, in other modes, under another policy."""
    dilated = {"filters": 3, "kernel_size": (3, 2), "dilation_rate": (2, 3), "padding": "same"}
    strided = {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "use_bias": False}
    small = {"filters": 2, "kernel_size": (1, 2), "dilation_rate": 3, "padding": "same"}
    settings: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
        ("config", [dilated, strided], {"route": "config"}),
        ("save", [dilated], {"route": "save"}),
        ("unknown", [small], {"mode": "function", "unknown_batch": True}),
        ("xla", [small], {"mode": "xla"}),
        ("half", [dilated, strided], {"policy": "mixed_float16"}),
    ]
    for name, configs, options in settings:
        for number, config in enumerate(configs):
            key = f"{name}-{number}"
            yield _layer(key, name, config, (2, 6, 5, 2), rng, normal, options)
    config = {"filters": 2, "kernel_size": 2, "padding": "SAME"}
    config |= {"kernel_initializer": "ones", "bias_initializer": "ones"}
    yield _layer("initial-0", "initial", config, (1, 3, 3, 2), rng, normal, {"route": "config"})


def weight_shapes(config: dict[str, Any], shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Shapes of the layer's weights for an input shape."""
    kernel = (*pair(config["kernel_size"]), shape[3], config["filters"])
    if not config.get("use_bias", True):
        return {"kernel": kernel}
    return {"kernel": kernel, "bias": (config["filters"],)}


def output_shape(config: dict[str, Any], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of the layer's output for an input shape."""
    full = {**DEFAULTS, **config}
    batch, height, width, _ = shape
    rows, columns = (
        output_length(n, k, s, d, full["padding"].lower())
        for n, k, s, d in zip(
            (height, width),
            pair(full["kernel_size"]),
            pair(full["strides"]),
            pair(full["dilation_rate"]),
            strict=True,
        )
    )
    return batch, rows, columns, full["filters"]


_layer = LayerCases(LAYER, weight_shapes, output_shape)
