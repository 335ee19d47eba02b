"""The cases of lab04: what students see, and what hidden tests draw."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from autograder.banned import CONVOLUTIONS
from autograder.draw import LayerCases, arguments, normal, pairs, whole
from autograder.shapes import pair
from layerlab.case import Case

LAYER = "Conv2DTranspose"
ZEROS = "insert_zeros"
COUNTS = "overlap_counts"
ICNR = "ICNR"
BANNED = {LAYER: CONVOLUTIONS}

DEFAULTS: dict[str, Any] = {
    "strides": 1,
    "padding": "valid",
    "output_padding": None,
    "use_bias": True,
}
_ARGUMENTS: dict[str, list[Any]] = {
    "kernel_size": [1, 2, 3, 4, (3, 2), (2, 5)],
    "strides": [1, 2, 3, (2, 1), (1, 3)],
    "padding": ["valid", "same"],
    "output_padding": [None, 0, 1, (0, 2)],
    "filters": [1, 3],
    "use_bias": [True, False],
    "picture": [(1, 1), (1, 4), (3, 2), (4, 5)],
    "batch": [1, 2],
    "channels": [1, 2, 3],
}
_INVALID: list[tuple[str, dict[str, Any]]] = [
    (LAYER, {"filters": 0, "kernel_size": 3}),
    (LAYER, {"filters": 2, "kernel_size": 0}),
    (LAYER, {"filters": 2, "kernel_size": (3, 0)}),
    (LAYER, {"filters": 2, "kernel_size": (3, 3, 3)}),
    (LAYER, {"filters": 2, "kernel_size": 3, "strides": 0}),
    (LAYER, {"filters": 2, "kernel_size": 3, "strides": (1, -1)}),
    (LAYER, {"filters": 2, "kernel_size": 3, "padding": "full"}),
    (LAYER, {"filters": 2, "kernel_size": 3, "output_padding": 1}),
    (LAYER, {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": 2}),
    (LAYER, {"filters": 2, "kernel_size": 3, "strides": (3, 2), "output_padding": (1, 2)}),
    (LAYER, {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": -1}),
    (LAYER, {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": (1, 1, 1)}),
]
_INVALID_CHALLENGE: list[tuple[str, dict[str, Any]]] = [
    (ICNR, {"initializer": "zeros", "scale": 0}),
]
_GRIDS: list[tuple[tuple[int, ...], Any]] = [
    ((1, 1, 1, 1), 3),
    ((1, 2, 2, 1), 1),
    ((2, 2, 3, 2), 2),
    ((1, 3, 2, 3), (1, 3)),
    ((2, 1, 4, 2), (3, 2)),
    ((1, 3, 1, 1), (2, 4)),
]
_COUNTS: list[tuple[int, int, int]] = [
    (1, 3, 2),
    (3, 1, 1),
    (2, 1, 3),
    (3, 2, 2),
    (2, 2, 4),
    (4, 3, 2),
    (4, 4, 2),
    (5, 5, 2),
    (3, 7, 3),
    (6, 3, 1),
]
_KERNELS: list[tuple[int, tuple[int, ...]]] = [
    (1, (2, 2, 2, 3)),
    (2, (1, 1, 2, 4)),
    (2, (3, 2, 2, 12)),
    (3, (2, 3, 1, 18)),
]


def visible() -> Iterator[Case]:
    """The cases that students see: whole numbers, small enough to follow by hand."""
    rng = np.random.default_rng(4)
    settings: list[tuple[dict[str, Any], tuple[int, ...]]] = [
        ({"filters": 1, "kernel_size": 2}, (1, 1, 1, 1)),
        ({"filters": 2, "kernel_size": 1, "use_bias": False}, (1, 1, 2, 2)),
        ({"filters": 1, "kernel_size": 2, "strides": 2}, (1, 2, 2, 1)),
        ({"filters": 1, "kernel_size": 3, "strides": 2}, (1, 2, 2, 1)),
        ({"filters": 1, "kernel_size": (1, 2), "strides": 3}, (1, 1, 2, 2)),
        ({"filters": 1, "kernel_size": 2, "strides": (2, 1)}, (1, 2, 3, 1)),
        ({"filters": 1, "kernel_size": 3, "padding": "same"}, (1, 2, 3, 1)),
        ({"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"}, (1, 2, 2, 1)),
        ({"filters": 1, "kernel_size": 2, "strides": 3, "output_padding": 0}, (1, 2, 1, 1)),
        (
            {
                "filters": 1,
                "kernel_size": 4,
                "strides": 2,
                "padding": "same",
                "output_padding": 1,
            },
            (1, 2, 2, 1),
        ),
    ]
    for number, (config, shape) in enumerate(settings):
        yield _layer(f"see-{number}", "visible", config, shape, rng, whole)
    config = {"filters": 2, "kernel_size": 2, "strides": 2, "output_padding": 1}
    yield _layer("see-config", "visible", config, (2, 1, 2, 1), rng, whole, {"route": "config"})
    config = {"filters": 1, "kernel_size": 3, "strides": 2, "output_padding": 2}
    yield Case("see-refuse", "visible", LAYER, "refuse", config)
    grids: list[tuple[tuple[int, ...], Any]] = [
        ((1, 2, 2, 1), 2),
        ((1, 2, 3, 1), (3, 1)),
        ((2, 1, 2, 2), (2, 3)),
    ]
    for number, (shape, strides) in enumerate(grids):
        picture = whole(rng, shape, 9)
        yield Case(f"see-zeros-{number}", "visible", ZEROS, "function", inputs=(picture, strides))
    for number, counts in enumerate([(2, 2, 2), (2, 3, 2), (2, 1, 2), (3, 4, 2)]):
        yield Case(f"see-counts-{number}", "visible", COUNTS, "function", inputs=counts)
    for number, (scale, shape) in enumerate([(1, (1, 2, 1, 2)), (2, (1, 1, 1, 8))]):
        yield _icnr(f"see-icnr-{number}", "visible", 3 + number, scale, shape)


def hidden(rng: np.random.Generator) -> Iterator[Case]:
    """The cases of the hidden tests, drawn anew for every course.

    Args:
        rng: Seeded from the course's seed.
    """
    for number, chosen in enumerate(pairs(rng, _ARGUMENTS, _allowed)):
        config = arguments(chosen, DEFAULTS)
        shape = (chosen["batch"], *chosen["picture"], chosen["channels"])
        yield _layer(f"plain-{number}", "plain", config, shape, rng, normal)
    config = {"filters": 2, "kernel_size": (2, 3), "strides": 2, "padding": "same"}
    for name, scale in (("large", 1e15), ("small", 1e-12)):
        draw = partial(normal, scale=scale)
        yield _layer(f"scale-{name}", "plain", config, (1, 2, 3, 2), rng, draw)
    adjoint: list[dict[str, Any]] = [
        {"kernel_size": (3, 1), "strides": 2},
        {"kernel_size": (3, 4), "strides": (2, 3), "padding": "same"},
        {"kernel_size": (2, 5), "strides": 3, "padding": "same", "output_padding": (2, 0)},
        {"kernel_size": (4, 1), "strides": (3, 2), "output_padding": (1, 0)},
    ]
    for number, config in enumerate(adjoint):
        config = {"filters": 2, "use_bias": False, **config}
        yield _layer(f"adjoint-{number}", "adjoint", config, (1, 3, 2, 3), rng, normal)
    yield from _modes(rng)
    for number, (target, config) in enumerate(_INVALID):
        yield Case(f"invalid-{number}", "invalid", target, "refuse", config)
    for number, (shape, strides) in enumerate(_GRIDS):
        batch, height, width, channels = shape
        down, right = pair(strides)
        cotangent = normal(rng, (batch, (height - 1) * down + 1, (width - 1) * right + 1, channels))
        inputs = (normal(rng, shape), strides)
        yield Case(
            f"zeros-{number}", "zeros", ZEROS, "function", inputs=inputs, cotangent=cotangent
        )
    half = normal(rng, (2, 2, 2, 1)).astype(np.float16)
    yield Case("zeros-half", "zeros", ZEROS, "function", inputs=(half, 2))
    drawn = [tuple(int(v) for v in rng.integers(1, 6, size=3)) for _ in range(3)]
    for number, counts in enumerate([*_COUNTS, *drawn]):
        yield Case(f"counts-{number}", "counts", COUNTS, "function", inputs=counts)
    for number, (scale, shape) in enumerate(_KERNELS):
        options = {"route": "config"} if number == 1 else {"dtype": "float32"}
        seed = int(rng.integers(2**31))
        yield _icnr(f"icnr-{number}", "icnr", seed, scale, shape, options)
    for number, (target, config) in enumerate(_INVALID_CHALLENGE):
        yield Case(f"invalid-challenge-{number}", "invalid challenge", target, "refuse", config)


def _modes(rng: np.random.Generator) -> Iterator[Case]:
    """The same layer by other routes, in other modes, under another policy."""
    same = {"filters": 3, "kernel_size": (3, 2), "strides": 2, "padding": "same"}
    padded = {"filters": 2, "kernel_size": (4, 3), "strides": (3, 2), "output_padding": (0, 1)}
    bare = {**padded, "use_bias": False}
    settings: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
        ("config", [same, bare], {"route": "config"}),
        ("save", [padded], {"route": "save"}),
        ("unknown", [same], {"mode": "function", "unknown_batch": True}),
        ("xla", [same], {"mode": "xla"}),
        ("half", [same, bare], {"policy": "mixed_float16"}),
    ]
    for name, configs, options in settings:
        for number, config in enumerate(configs):
            key = f"{name}-{number}"
            yield _layer(key, name, config, (2, 2, 3, 2), rng, normal, options)
    config = {"filters": 2, "kernel_size": 2, "strides": 3, "padding": "SAME"}
    config |= {"kernel_initializer": "ones", "bias_initializer": "ones"}
    yield _layer("initial-0", "initial", config, (1, 2, 2, 3), rng, normal, {"route": "config"})


def _icnr(
    key: str,
    group: str,
    seed: int,
    scale: int,
    shape: tuple[int, ...],
    options: dict[str, Any] | None = None,
) -> Case:
    """A draw of an initializer that has a seeded one inside."""
    inner = {"class_name": "GlorotUniform", "config": {"seed": seed}}
    config = {"initializer": inner, "scale": scale}
    every = {"shape": list(shape), **(options or {})}
    return Case(key, group, ICNR, "initializer", config, options=every)


def _allowed(chosen: dict[str, Any]) -> bool:
    """What Keras accepts, and what does not abort the process.

    TensorFlow aborts where `same` padding, an even kernel and no output padding come together.
    """
    padding = chosen.get("output_padding")
    if padding is None:
        return True
    strides = pair(chosen.get("strides", 9))
    kernel = pair(chosen.get("kernel_size", 1))
    same = chosen.get("padding") == "same"
    return all(
        o < s and not (same and k % 2 == 0 and o == 0)
        for o, s, k in zip(pair(padding), strides, kernel, strict=True)
    )


def output_length(size: int, window: int, stride: int, padding: str, extra: int | None) -> int:
    """Length of the output along an axis, by Keras's rule.

    Args:
        size: Length of the input.
        window: Length of the kernel.
        stride: Distance between two stamps.
        padding: `valid` or `same`.
        extra: Output padding; 0 is not `None`.
    """
    if padding == "same":
        return size * stride if extra is None else (size - 1) * stride + window % 2 + extra
    return (size - 1) * stride + (max(window, stride) if extra is None else window + extra)


def weight_shapes(config: dict[str, Any], shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Shapes of the layer's weights for an input shape."""
    kernel = (*pair(config["kernel_size"]), config["filters"], shape[3])
    if not config.get("use_bias", True):
        return {"kernel": kernel}
    return {"kernel": kernel, "bias": (config["filters"],)}


def output_shape(config: dict[str, Any], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of the layer's output for an input shape."""
    full = {**DEFAULTS, **config}
    batch, height, width, _ = shape
    extra = full["output_padding"]
    rows, columns = (
        output_length(n, k, s, full["padding"].lower(), o)
        for n, k, s, o in zip(
            (height, width),
            pair(full["kernel_size"]),
            pair(full["strides"]),
            (None, None) if extra is None else pair(extra),
            strict=True,
        )
    )
    return batch, rows, columns, full["filters"]


_layer = LayerCases(LAYER, weight_shapes, output_shape)
