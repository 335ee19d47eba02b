"""The cases of lab09: what students see, and what hidden tests draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.banned import POOLING
from autograder.draw import image, normal, pairs, whole
from autograder.shapes import output_length, pair
from layerlab.case import Case

MAX = "MaxPooling2D"
AVERAGE = "AveragePooling2D"
GLOBAL = "GlobalAveragePooling2D"
BLUR = "BlurPool2D"
BANNED = {MAX: POOLING, AVERAGE: POOLING, GLOBAL: POOLING, BLUR: POOLING}

DEFAULTS: dict[str, dict[str, Any]] = {
    MAX: {"pool_size": 2, "strides": None, "padding": "valid"},
    AVERAGE: {"pool_size": 2, "strides": None, "padding": "valid"},
    GLOBAL: {"keepdims": False},
    BLUR: {"pool_size": 3, "strides": 2},
}
TIED = ("tie", "see-tie")
"""Beginnings of the keys of the cases in which several values are the largest of their window."""

_ARGUMENTS: dict[str, list[Any]] = {
    "pool_size": [2, 3, (3, 2), (1, 4)],
    "strides": [None, 1, 2, (1, 3)],
    "padding": ["valid", "same"],
    "picture": [(1, 1), (2, 5), (5, 4), (7, 6)],
    "batch": [1, 2],
    "channels": [1, 3],
}
_INVALID: list[dict[str, Any]] = [
    {"pool_size": 0},
    {"pool_size": (2, 0)},
    {"pool_size": (2, 2, 2)},
    {"pool_size": 2, "strides": -1},
    {"pool_size": 2, "strides": (1, 2, 3)},
]
_TIES: list[tuple[dict[str, Any], tuple[int, ...]]] = [
    ({"pool_size": (2, 3)}, (2, 4, 7, 2)),
    ({"padding": "same"}, (1, 3, 3, 2)),
]
_BLURS: list[tuple[dict[str, Any], tuple[int, ...]]] = [
    ({}, (1, 2, 3, 1)),
    ({"pool_size": 1}, (1, 1, 4, 2)),
    ({"pool_size": 2, "strides": 1}, (1, 3, 2, 2)),
    ({"pool_size": (4, 3), "strides": (1, 3)}, (2, 4, 5, 1)),
    ({"pool_size": (3, 5), "strides": (2, 1)}, (1, 5, 4, 3)),
]
BRIGHTER = 500.0
"""What makes the darkest pixel of a scene brighter than its brightest was."""
_VIEWS: list[tuple[str, str, dict[str, Any]]] = [
    ("max", MAX, {"pool_size": 3, "strides": 2, "padding": "same"}),
    ("average", AVERAGE, {"pool_size": 3, "strides": 2, "padding": "same"}),
    ("blur", BLUR, {}),
]
_INVALID_BLURS: list[dict[str, Any]] = [{"pool_size": 0}, {"strides": (2, 0)}]
Values = Callable[..., np.ndarray]


def visible() -> Iterator[Case]:
    """The cases that students see: whole numbers, small enough to follow by hand."""
    rng = np.random.default_rng(9)
    yield _layer("see-max-0", "visible", MAX, {}, (1, 2, 5, 1), rng, distinct, whole)
    config: dict[str, Any] = {"strides": 1, "padding": "same"}
    yield _layer("see-max-1", "visible", MAX, config, (1, 3, 3, 1), rng, negative, whole)
    config = {"pool_size": 3, "strides": (2, 1)}
    route = {"route": "config"}
    yield _layer("see-max-2", "visible", MAX, config, (1, 5, 4, 2), rng, distinct, whole, route)
    yield _layer("see-tie", "visible", MAX, {}, (1, 2, 4, 1), rng, _tied, whole)
    yield Case("see-refuse", "visible", MAX, "refuse", {"pool_size": (2, 0)})
    yield _layer("see-average-0", "visible", AVERAGE, {}, (1, 2, 4, 1), rng, _fours, _fours)
    config = {"pool_size": (1, 2)}
    yield _layer("see-average-1", "visible", AVERAGE, config, (1, 2, 5, 2), rng, _fours, _fours)
    config = {"strides": 1, "padding": "same"}
    yield _layer("see-average-2", "visible", AVERAGE, config, (1, 3, 3, 1), rng, _fours, _fours)
    yield _layer("see-global-0", "visible", GLOBAL, {}, (1, 2, 2, 2), rng, _fours, _fours)
    yield _layer(
        "see-global-1", "visible", GLOBAL, {"keepdims": True}, (2, 1, 2, 2), rng, _fours, _fours
    )
    yield _layer("see-blur-0", "visible", BLUR, {}, (1, 3, 3, 1), rng, _sixteens, _sixteens)
    config = {"pool_size": 2, "strides": 1}
    yield _layer("see-blur-1", "visible", BLUR, config, (1, 2, 3, 1), rng, _sixteens, _sixteens)


def hidden(rng: np.random.Generator) -> Iterator[Case]:
    """The cases of the hidden tests, drawn anew for every course.

    Args:
        rng: Seeded from the course's seed.
    """
    for target, group, values in ((MAX, "max", distinct), (AVERAGE, "average", normal)):
        for number, chosen in enumerate(pairs(rng, _ARGUMENTS)):
            config, shape = _split(target, chosen)
            yield _layer(f"{group}-{number}", group, target, config, shape, rng, values)
        config = {"padding": "same", "pool_size": 3, "strides": 2}
        for name, scale in (("large", 1e15), ("small", 1e-12)):
            case = _layer(f"{group}-{name}", group, target, config, (1, 4, 3, 2), rng, negative)
            yield replace(case, inputs=(case.inputs[0] * np.float32(scale),))
    for number, (config, shape) in enumerate(_TIES):
        yield _layer(f"tie-{number}", "tie", MAX, config, shape, rng, _tied)
    for number, (keepdims, shape) in enumerate(
        [(False, (1, 1, 1, 1)), (False, (2, 3, 2, 3)), (True, (2, 1, 4, 2)), (True, (3, 5, 4, 1))]
    ):
        keep = {"keepdims": True} if keepdims else {}
        yield _layer(f"global-{number}", "global", GLOBAL, keep, shape, rng, normal)
    yield from _modes(rng)
    for target in (MAX, AVERAGE):
        for number, config in enumerate(_INVALID):
            yield Case(f"invalid-{target}-{number}", "invalid", target, "refuse", config)
    for number, (config, shape) in enumerate(_BLURS):
        options = {"route": "config"} if number == 4 else {}
        yield _layer(f"blur-{number}", "blur", BLUR, config, shape, rng, normal, options=options)
    half = {"policy": "mixed_float16"}
    yield _layer("blur-half", "blur", BLUR, {}, (2, 4, 5, 2), rng, normal, options=half)
    for number, config in enumerate(_INVALID_BLURS):
        yield Case(f"blur-invalid-{number}", "blur-invalid", BLUR, "refuse", config)
    yield from _images(rng)


def _images(rng: np.random.Generator) -> Iterator[Case]:
    """Cases, and images of them: moved or brighter, with what follows for the output."""
    for name, target, config in _VIEWS:
        _, (down, right), _ = windows(target, config)
        scene = distinct(rng, (1, 9 + down, 10 + right, 2))
        case = _layer(f"{name}-view", f"{name} view", target, config, (1, 9, 10, 2), rng, normal)
        case = replace(case, inputs=(scene[:, :9, :10],))
        yield case
        moved = (scene[:, down:, right:],)
        yield image(case, f"{name} shifted", inputs=moved, cotangent=None)
        if target != BLUR:
            brighter = (case.inputs[0] + np.float32(BRIGHTER),)
            yield image(case, f"{name} brighter", inputs=brighter, cotangent=None)
    for name, target in (("max", MAX), ("average", AVERAGE)):
        config, shape = {"pool_size": (2, 3)}, (1, 4, 6, 2)
        case = _layer(f"{name}-apart", f"{name} apart", target, config, shape, rng, distinct)
        yield case
        windowed = case.inputs[0].reshape(1, 2, 2, 2, 3, 2)[:, :, ::-1, :, ::-1]
        yield image(case, f"{name} within", inputs=(windowed.reshape(shape),), cotangent=None)
    case = _layer("global-view", "global view", GLOBAL, {}, (2, 3, 4, 3), rng, distinct)
    yield case
    rolled = (np.roll(case.inputs[0], (1, 2), (1, 2)),)
    yield image(case, "global rolled", inputs=rolled, cotangent=None)


def _modes(rng: np.random.Generator) -> Iterator[Case]:
    """The same layers by other routes, in other modes, under another policy."""
    even: dict[str, Any] = {"pool_size": (2, 3), "strides": (3, 2), "padding": "same"}
    settings: list[tuple[str, list[tuple[str, dict[str, Any]]], dict[str, Any]]] = [
        ("config", [(MAX, even), (AVERAGE, even), (GLOBAL, {"keepdims": True})], {}),
        ("save", [(MAX, even)], {"route": "save"}),
        ("unknown", [(AVERAGE, even)], {"mode": "function", "unknown_batch": True}),
        ("xla", [(MAX, even)], {"mode": "xla"}),
        ("half", [(MAX, even), (AVERAGE, even), (GLOBAL, {})], {"policy": "mixed_float16"}),
    ]
    for name, layers, options in settings:
        for target, config in layers:
            values = distinct if target == MAX else normal
            options = {"route": "config"} if name == "config" else options
            key = f"{name}-{target}"
            yield _layer(key, name, target, config, (2, 5, 6, 2), rng, values, options=options)


def _layer(
    key: str,
    group: str,
    target: str,
    config: dict[str, Any],
    shape: tuple[int, ...],
    rng: np.random.Generator,
    values: Values,
    upstream: Values = normal,
    options: dict[str, Any] | None = None,
) -> Case:
    return Case(
        key,
        group,
        target,
        config=config,
        inputs=(values(rng, shape),),
        cotangent=upstream(rng, output_shape(target, config, shape)),
        options=options or {},
    )


def distinct(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Different whole numbers, three of four below zero: no ties, and a zero would often win."""
    size = int(np.prod(shape))
    return (rng.permutation(size) - 3 * size // 4).reshape(shape).astype(np.float32)


def negative(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Different whole numbers, all below zero."""
    size = int(np.prod(shape))
    return (rng.permutation(size) - size).reshape(shape).astype(np.float32)


def _tied(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Three values only, the first row of pixels all alike: ties in every window or nearly so."""
    picture = rng.integers(-2, 1, shape).astype(np.float32)
    picture[:, 0] = 1
    return picture


def _fours(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Multiples of 4: a quarter of them is whole."""
    return 4 * whole(rng, shape)


def _sixteens(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Multiples of 16: the blur of 3 x 3 taps leaves them whole."""
    return 16 * whole(rng, shape)


def _split(target: str, chosen: dict[str, Any]) -> tuple[dict[str, Any], tuple[int, ...]]:
    """Arguments that differ from the defaults, and an input shape that the window fits into."""
    config = {
        name: value
        for name, value in chosen.items()
        if name in DEFAULTS[target] and DEFAULTS[target][name] != value
    }
    height, width = chosen["picture"]
    if chosen["padding"] == "valid":
        rows, columns = pair(chosen["pool_size"])
        height, width = max(height, rows), max(width, columns)
    return config, (chosen["batch"], height, width, chosen["channels"])


def windows(target: str, config: dict[str, Any]) -> tuple[tuple[int, int], tuple[int, int], str]:
    """Size of the window, strides and padding of a layer other than the global one."""
    full = {"padding": "same", **DEFAULTS[target], **config}
    strides = full["pool_size"] if full["strides"] is None else full["strides"]
    return pair(full["pool_size"]), pair(strides), full["padding"]


def output_shape(target: str, config: dict[str, Any], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of the layer's output for an input shape."""
    batch, height, width, channels = shape
    if target == GLOBAL:
        return (batch, 1, 1, channels) if config.get("keepdims") else (batch, channels)
    sizes, strides, padding = windows(target, config)
    rows, columns = (
        output_length(n, k, s, 1, padding)
        for n, k, s in zip((height, width), sizes, strides, strict=True)
    )
    return batch, rows, columns, channels
