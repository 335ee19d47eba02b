"""The cases of lab06: what students see, and what hidden tests draw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
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

LAYER = "DepthwiseConv2D"
CHALLENGE = "equivalent_conv_kernel"
BANNED = {LAYER: CONVOLUTIONS, CHALLENGE: CONVOLUTIONS}

DEFAULTS: dict[str, Any] = {
    "strides": 1,
    "padding": "valid",
    "depth_multiplier": 1,
    "data_format": "channels_last",
    "dilation_rate": 1,
    "use_bias": True,
}
_ARGUMENTS: dict[str, list[Any]] = {  # those with most values first: that takes fewer cases
    "kernel_size": [2, (1, 3), (3, 2)],
    "picture": [(1, 6), (5, 4), (6, 9)],
    "strides": [1, (2, 1)],
    "padding": ["valid", "same"],
    "depth_multiplier": [1, 3],
    "dilation_rate": [1, (1, 3)],
    "data_format": ["channels_last", "channels_first"],
    "use_bias": [True, False],
    "batch": [1, 2],
    "channels": [1, 3],
}
# Pairs may miss what takes three: zeros in front that depend on stride, window and size together.
_BORDERS: list[tuple[dict[str, Any], tuple[int, ...]]] = [
    ({"kernel_size": 3, "strides": 2, "padding": "same"}, (1, 6, 5, 1)),
    ({"kernel_size": (4, 2), "strides": (3, 1), "padding": "same"}, (1, 8, 2, 2)),
    ({"kernel_size": 1, "strides": 2}, (2, 1, 1, 3)),
    ({"kernel_size": (1, 2), "strides": (1, 3)}, (1, 2, 8, 1)),
]
_INVALID: list[dict[str, Any]] = [
    {"kernel_size": 0},
    {"kernel_size": (3, 0)},
    {"kernel_size": (3, 3, 3)},
    {"kernel_size": 3, "strides": 0},
    {"kernel_size": 3, "strides": (1, -1)},
    {"kernel_size": 3, "padding": "full"},
    {"kernel_size": 3, "depth_multiplier": 0},
    {"kernel_size": 3, "dilation_rate": 0},
    {"kernel_size": 3, "data_format": "channels_middle"},
]


def visible() -> Iterator[Case]:
    """The cases that students see: whole numbers, small enough to follow by hand."""
    rng = np.random.default_rng(6)
    settings: list[tuple[dict[str, Any], tuple[int, ...]]] = [
        ({"kernel_size": 1}, (1, 2, 2, 2)),
        ({"kernel_size": 2}, (1, 3, 3, 1)),
        ({"kernel_size": (2, 1), "padding": "same"}, (1, 3, 2, 2)),
        ({"kernel_size": 2, "depth_multiplier": 2}, (1, 3, 2, 2)),
        ({"kernel_size": 3, "padding": "same", "strides": 2, "use_bias": False}, (1, 4, 4, 1)),
        ({"kernel_size": 2, "strides": (1, 2)}, (2, 3, 5, 1)),
        ({"kernel_size": 2, "dilation_rate": (1, 2), "padding": "same"}, (1, 2, 4, 2)),
        ({"kernel_size": 2, "data_format": "channels_first"}, (1, 2, 3, 4)),
    ]
    for number, (config, shape) in enumerate(settings):
        yield _layer(f"see-{number}", "visible", config, shape, rng, whole)
    config = {"kernel_size": 2, "strides": 2, "padding": "same", "depth_multiplier": 2}
    yield _layer("see-config", "visible", config, (1, 3, 3, 1), rng, whole, {"route": "config"})
    yield Case("see-refuse", "visible", LAYER, "refuse", {"kernel_size": 2, "padding": "full"})
    kernel = whole(rng, (2, 1, 2, 2))
    yield Case("see-kernel", "visible", CHALLENGE, "function", inputs=(kernel,))


def hidden(rng: np.random.Generator) -> Iterator[Case]:
    """The cases of the hidden tests, drawn anew for every course.

    Args:
        rng: Seeded from the course's seed.
    """
    for number, chosen in enumerate(pairs(rng, _ARGUMENTS, strides_or_dilation)):
        config, shape = _split(chosen)
        yield _layer(f"plain-{number}", "plain", config, shape, rng, normal)
    for number, (config, shape) in enumerate(_BORDERS):
        yield _layer(f"border-{number}", "plain", config, shape, rng, normal)
    yield from _special(rng)
    yield from _modes(rng)
    for number, config in enumerate(_INVALID):
        yield Case(f"invalid-{number}", "invalid", LAYER, "refuse", config)
    for number, shape in enumerate([(1, 1, 1, 1), (3, 2, 2, 1), (2, 3, 1, 3), (3, 3, 4, 2)]):
        kernel = normal(rng, shape)
        cotangent = normal(rng, (*shape[:3], shape[2] * shape[3]))
        yield Case(f"dense-{number}", "dense", CHALLENGE, "function", {}, (kernel,), (), cotangent)
    half = normal(rng, (2, 2, 3, 2)).astype(np.float16)
    yield Case("dense-half", "dense", CHALLENGE, "function", inputs=(half,))


def _special(rng: np.random.Generator) -> Iterator[Case]:
    """Unusual magnitudes, infinities and NaN: an output sees only its own window."""
    config = {"kernel_size": (2, 3), "padding": "same", "depth_multiplier": 2}
    for name, scale in (("large", 1e15), ("small", 1e-12)):
        draw = partial(normal, scale=scale)
        case = _layer(f"special-{name}", "special", config, (1, 4, 5, 2), rng, draw)
        yield replace(case, cotangent=None)
    # The bad pixel stands in one channel of several; under a gap; at the far border.
    settings: list[tuple[dict[str, Any], tuple[int, ...], tuple[int, int]]] = [
        (config, (1, 4, 5, 2), (2, 3)),
        ({"kernel_size": 2, "dilation_rate": 2}, (1, 6, 6, 2), (1, 1)),
        ({"kernel_size": 3, "padding": "same"}, (1, 5, 5, 3), (4, 4)),
    ]
    for number, (config, shape, (row, column)) in enumerate(settings):
        case = _layer(f"special-{number}", "special", config, shape, rng, normal)
        picture = case.inputs[0].copy()
        picture[0, row, column, rng.integers(shape[3])] = (np.nan, np.inf)[number % 2]
        yield replace(case, inputs=(picture,), cotangent=None)


def _modes(rng: np.random.Generator) -> Iterator[Case]:
    """The same layer by other routes, in other modes, under another policy."""
    even = {"kernel_size": (2, 3), "strides": 2, "padding": "same", "depth_multiplier": 2}
    small = {"kernel_size": (1, 2), "strides": 2, "padding": "same"}  # a trace of each tap is dear
    dilated = {"kernel_size": (3, 1), "dilation_rate": (2, 1), "use_bias": False}
    first = {"kernel_size": 2, "padding": "same", "data_format": "channels_first"}
    settings: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
        ("config", [even, first], {"route": "config"}),
        ("save", [dilated], {"route": "save"}),
        ("xla", [small], {"mode": "xla", "unknown_batch": True}),
        ("half", [even], {"policy": "mixed_float16"}),
    ]
    for name, configs, options in settings:
        for number, config in enumerate(configs):
            shape = (2, 2, 6, 5) if config is first else (2, 6, 5, 2)
            yield _layer(f"{name}-{number}", name, config, shape, rng, normal, options)
    config = {"kernel_size": 2, "depthwise_initializer": "ones", "bias_initializer": "ones"}
    case = _layer("initial-0", "initial", config, (1, 3, 3, 2), rng, normal, {"route": "config"})
    yield replace(case, cotangent=None)


def _split(chosen: dict[str, Any]) -> tuple[dict[str, Any], tuple[int, ...]]:
    """Arguments that differ from the defaults, and an input shape that the window fits into."""
    config = arguments(chosen, DEFAULTS)
    shape = picture_shape(config, *input_shape(chosen))
    outputs = output_shape(config, shape)
    if config.get("data_format") == "channels_first" and outputs[3] == outputs[1]:
        # keras.ops.add takes a bias of shape (1, F, 1, 1) for channels_last where the width is F,
        # so that Keras's own layer is wrong there: no student shall be blamed for it.
        shape = (*shape[:3], shape[3] + max(pair(config.get("strides", 1))))
    return config, shape


def picture_shape(
    config: dict[str, Any], batch: int, height: int, width: int, channels: int
) -> tuple[int, ...]:
    """Shape of a picture in the configuration's data format."""
    if config.get("data_format") == "channels_first":
        return batch, channels, height, width
    return batch, height, width, channels


def _sizes(config: dict[str, Any], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    if config.get("data_format") == "channels_first":
        batch, channels, height, width = shape
    else:
        batch, height, width, channels = shape
    return batch, height, width, channels


def weight_shapes(config: dict[str, Any], shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Shapes of the layer's weights for an input shape."""
    *_, channels = _sizes(config, shape)
    multiplier = config.get("depth_multiplier", 1)
    kernel = (*pair(config["kernel_size"]), channels, multiplier)
    if not config.get("use_bias", True):
        return {"kernel": kernel}
    return {"kernel": kernel, "bias": (channels * multiplier,)}


def output_shape(config: dict[str, Any], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of the layer's output for an input shape."""
    full = {**DEFAULTS, **config}
    batch, height, width, channels = _sizes(config, shape)
    rows, columns = (
        output_length(n, k, s, d, full["padding"])
        for n, k, s, d in zip(
            (height, width),
            pair(full["kernel_size"]),
            pair(full["strides"]),
            pair(full["dilation_rate"]),
            strict=True,
        )
    )
    return picture_shape(config, batch, rows, columns, channels * full["depth_multiplier"])


_layer = LayerCases(LAYER, weight_shapes, output_shape)
