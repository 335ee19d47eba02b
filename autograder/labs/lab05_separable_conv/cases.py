"""The cases of lab05: what students see, and what hidden tests draw."""

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
from autograder.shapes import output_length, pair
from layerlab.case import Case

LAYER = "SeparableConv2D"
SEPARATE = "separate"
TERMS = "separable_terms"
CONV_COST = "conv_cost"
SEPARABLE_COST = "separable_cost"
BANNED = {LAYER: CONVOLUTIONS}

PRODUCT = "product of the factors"
PARTS = {"parts": {PRODUCT: [0, 1], "residual": [2]}}

DEFAULTS: dict[str, Any] = {
    "strides": 1,
    "padding": "valid",
    "dilation_rate": 1,
    "depth_multiplier": 1,
    "use_bias": True,
}
_ARGUMENTS: dict[str, list[Any]] = {
    "kernel_size": [1, 2, 3, (3, 2), (1, 4)],
    "strides": [1, 2, 3, (2, 1), (1, 3)],
    "padding": ["valid", "same"],
    "dilation_rate": [1, 2, (1, 3)],
    "depth_multiplier": [1, 2, 3],
    "filters": [1, 2, 3],
    "use_bias": [True, False],
    "picture": [(1, 1), (5, 4), (6, 7)],
    "batch": [1, 2],
    "channels": [1, 2, 3],
}
# Where padding, stride and dilation act together: pairs alone need not meet there.
_BORDERS: list[tuple[dict[str, Any], tuple[int, ...]]] = [
    ({"kernel_size": 3, "strides": 2}, (1, 6, 4, 2)),
    ({"kernel_size": (3, 4), "strides": (1, 3), "depth_multiplier": 2}, (1, 3, 7, 1)),
    ({"kernel_size": (2, 3), "dilation_rate": (3, 2), "depth_multiplier": 2}, (2, 4, 3, 2)),
]
_INVALID: list[dict[str, Any]] = [
    {"filters": 0, "kernel_size": 3},
    {"filters": 2, "kernel_size": 0},
    {"filters": 2, "kernel_size": (3, 0)},
    {"filters": 2, "kernel_size": (3, 3, 3)},
    {"filters": 2, "kernel_size": 3, "strides": 0},
    {"filters": 2, "kernel_size": 3, "strides": (1, -1)},
    {"filters": 2, "kernel_size": 3, "padding": "full"},
    {"filters": 2, "kernel_size": 3, "depth_multiplier": 0},
    {"filters": 2, "kernel_size": 3, "dilation_rate": 0},
]
Cost = tuple[tuple[int, int, int], int, Any, dict[str, Any]]
_VISIBLE_COSTS: list[tuple[Cost, int]] = [
    (((4, 4, 2), 3, 3, {"use_bias": False}), 1),
    (((5, 4, 2), 3, (3, 2), {"strides": 2}), 1),
    (((3, 4, 2), 1, 2, {"padding": "same"}), 2),
]
_COSTS: list[Cost] = [
    ((1, 1, 1), 1, 1, {}),
    ((5, 4, 2), 3, 1, {"use_bias": False}),
    ((6, 5, 3), 4, 3, {}),
    ((6, 5, 3), 4, (3, 2), {"padding": "same"}),
    ((7, 6, 2), 1, 2, {"strides": 2}),
    ((7, 6, 2), 5, (2, 3), {"strides": (3, 1), "padding": "same", "use_bias": False}),
    ((4, 9, 1), 2, (4, 1), {"strides": (1, 4)}),
    ((32, 24, 16), 8, 5, {"strides": 2, "padding": "same"}),
]
_MULTIPLIERS = [1, 2, 3, 1, 4, 2, 3, 2]
_TERMS: list[tuple[tuple[int, int], int]] = [
    ((2, 2), 2),
    ((3, 3), 1),
    ((3, 2), 2),
    ((2, 5), 1),
    ((4, 4), 3),
    ((5, 4), 2),
]


def visible() -> Iterator[Case]:
    """The cases that students see: whole numbers (fractions where the answer has roots)."""
    rng = np.random.default_rng(5)
    gauss = np.outer([1, 2, 1], [1, 2, 1]).astype(np.float32) / 8
    ridge = np.outer([1, 2, 1], [1, -3, 2]).astype(np.float32) / 8
    other = np.array([[3, 1, 0.5], [0.5, -1, 2]], np.float32)
    for number, kernel in enumerate([gauss, ridge, other]):
        key = f"see-separate-{number}"
        yield Case(key, "visible", SEPARATE, "function", inputs=(kernel,), options=PARTS)
    settings: list[tuple[dict[str, Any], tuple[int, ...]]] = [
        ({"filters": 1, "kernel_size": 1}, (1, 2, 2, 2)),
        ({"filters": 1, "kernel_size": 2}, (1, 3, 3, 1)),
        ({"filters": 2, "kernel_size": (1, 2), "use_bias": False}, (1, 2, 2, 2)),
        ({"filters": 1, "kernel_size": (2, 1), "depth_multiplier": 2}, (1, 2, 2, 2)),
        ({"filters": 1, "kernel_size": 2, "padding": "same"}, (1, 2, 3, 1)),
        ({"filters": 1, "kernel_size": 3, "padding": "same", "strides": 2}, (1, 4, 4, 1)),
        (
            {"filters": 1, "kernel_size": 2, "dilation_rate": (1, 2), "padding": "same"},
            (1, 2, 4, 1),
        ),
    ]
    for number, (config, shape) in enumerate(settings):
        yield _layer(f"see-{number}", "visible", config, shape, rng, whole)
    config = {"filters": 2, "kernel_size": 2, "strides": 2, "padding": "same"}
    yield _layer("see-config", "visible", config, (1, 3, 3, 1), rng, whole, {"route": "config"})
    config = {"filters": 1, "kernel_size": 2, "padding": "full"}
    yield Case("see-refuse", "visible", LAYER, "refuse", config)
    for number, setting in enumerate(_VISIBLE_COSTS):
        yield from _costs(f"see-cost-{number}", "visible", *setting)
    terms = np.array([[4, 1, 2], [1, -3, 1], [2, 1, 0.5]], np.float32)
    key = "see-terms"
    yield Case(key, "visible", TERMS, "function", inputs=(terms, 2), options=PARTS)
    yield Case("see-one", "visible", TERMS, "function", inputs=(terms, 1), options=PARTS)


def hidden(rng: np.random.Generator) -> Iterator[Case]:
    """The cases of the hidden tests, drawn anew for every course.

    Args:
        rng: Seeded from the course's seed.
    """
    for number, chosen in enumerate(pairs(rng, _ARGUMENTS, strides_or_dilation)):
        config, shape = arguments(chosen, DEFAULTS), input_shape(chosen)
        yield _layer(f"plain-{number}", "plain", config, shape, rng, normal)
    for number, (config, shape) in enumerate(_BORDERS):
        config = {"filters": 2, "padding": "same", **config}
        yield _layer(f"border-{number}", "plain", config, shape, rng, normal)
    config = {"filters": 2, "kernel_size": (2, 3), "padding": "same", "depth_multiplier": 2}
    for name, scale in (("large", 1e9), ("small", 1e-9)):
        draw = partial(normal, scale=scale)
        yield _layer(f"scale-{name}", "plain", config, (1, 4, 5, 2), rng, draw)
    yield from _modes(rng)
    for number, config in enumerate(_INVALID):
        yield Case(f"invalid-{number}", "invalid", LAYER, "refuse", config)
    kernels = [spread(rng, shape) for shape in ((1, 1), (1, 4), (4, 1), (2, 2), (3, 3), (2, 5))]
    kernels += [spread(rng, (4, 3), last=1), spread(rng, (5, 4)) * np.float32(1e6)]
    for number, kernel in enumerate(kernels):
        key = f"separate-{number}"
        yield Case(key, "separate", SEPARATE, "function", inputs=(kernel,), options=PARTS)
    for number, (size, rank) in enumerate(_TERMS):
        inputs = (spread(rng, size), rank)
        yield Case(f"terms-{number}", "terms", TERMS, "function", inputs=inputs, options=PARTS)
    for number, setting in enumerate(zip(_COSTS, _MULTIPLIERS, strict=True)):
        yield from _costs(f"cost-{number}", "cost", *setting)


def spread(rng: np.random.Generator, shape: tuple[int, int], last: int | None = None) -> np.ndarray:
    """A kernel in a random position whose singular values halve from one to the next, so that the
    best sum of so many terms is unique and well conditioned.

    Args:
        rng: Draws the singular vectors.
        shape: Of the kernel.
        last: Number of singular values that are not zero; all by default.
    """
    count = min(shape)
    values = 4 * 0.5 ** np.arange(count)
    values[last or count :] = 0
    left, right = (np.linalg.qr(rng.standard_normal((n, count)))[0] for n in shape)
    return ((left * values) @ right.T).astype(np.float32)


def _costs(key: str, group: str, setting: Cost, multiplier: int) -> Iterator[Case]:
    """The same layer's two costs."""
    *inputs, config = setting
    more = {**config, "depth_multiplier": multiplier} if multiplier > 1 else config
    yield Case(f"{key}-conv", group, CONV_COST, "function", config, tuple(inputs))
    yield Case(f"{key}-separable", group, SEPARABLE_COST, "function", more, tuple(inputs))


def _modes(rng: np.random.Generator) -> Iterator[Case]:
    """The same layer by other routes, in other modes, under another policy."""
    even = {"filters": 3, "kernel_size": (2, 3), "strides": 2, "padding": "same"}
    even |= {"depth_multiplier": 2}
    dilated = {"filters": 2, "kernel_size": 3, "dilation_rate": (2, 1), "use_bias": False}
    settings: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("config", even, {"route": "config"}),
        ("save", even, {"route": "save"}),
        ("unknown", even, {"mode": "function", "unknown_batch": True}),
        ("xla", dilated, {"mode": "xla"}),
        ("half", even, {"policy": "mixed_float16"}),
    ]
    for name, config, options in settings:
        yield _layer(f"{name}-0", name, config, (2, 6, 5, 2), rng, normal, options)
    config = {"filters": 2, "kernel_size": 2, "padding": "SAME"}
    config |= {f"{name}_initializer": "ones" for name in ("depthwise", "pointwise", "bias")}
    yield _layer("initial-0", "initial", config, (1, 3, 3, 2), rng, normal, {"route": "config"})


def weight_shapes(config: dict[str, Any], shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Shapes of the layer's weights for an input shape."""
    multiplier = config.get("depth_multiplier", 1)
    shapes: dict[str, tuple[int, ...]] = {
        "depthwise_kernel": (*pair(config["kernel_size"]), shape[3], multiplier),
        "pointwise_kernel": (1, 1, shape[3] * multiplier, config["filters"]),
    }
    if config.get("use_bias", True):
        shapes["bias"] = (config["filters"],)
    return shapes


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
