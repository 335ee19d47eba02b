"""The cases of lab08: what students see, and what hidden tests draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from autograder.banned import Banned
from autograder.draw import image, normal, pairs, whole
from autograder.shapes import output_length, pair
from layerlab.case import Case

SQUASH, PRIMARY, LAYER = "squash", "PrimaryCapsules", "Capsule"
LOSS, CHALLENGE = "MarginLoss", "MaskCapsules"
BANNED: dict[str, Banned] = {}

_SQUASH: dict[str, list[Any]] = {
    "shape": [(3,), (2, 4), (3, 2, 5), (2, 3, 1, 2)],
    "axis": [None, 0, 1, -2],
    "epsilon": [None, 0.5],
    "scale": [1.0, 1e-3, 30.0],
}
_PRIMARY: dict[str, list[Any]] = {
    "dim_capsule": [1, 2, 3],
    "num_channels": [1, 3],
    "kernel_size": [1, 2, (2, 3)],
    "strides": [1, 2],
    "padding": ["valid", "same"],
    "picture": [(3, 4), (4, 3)],
    "batch": [1, 2],
    "channels": [1, 2],
}
_CAPSULE: dict[str, list[Any]] = {
    "routings": [1, 2, 3, 4],
    "num_capsules": [1, 2, 4],
    "dim_capsule": [1, 3],
    "in_capsules": [2, 5],
    "in_dim": [1, 3],
    "batch": [1, 3],
}
_MARGIN: dict[str, list[Any]] = {
    "margins": [{}, {"m_plus": 0.8, "m_minus": 0.25}, {"m_minus": 0.0, "lam": 2.0}],
    "batch": [1, 4],
    "classes": [2, 5],
    "dtype": ["int32", "float32"],
}
_INVALID: list[dict[str, Any]] = [
    {"num_capsules": 0, "dim_capsule": 2},
    {"num_capsules": 2, "dim_capsule": -1},
    {"num_capsules": 2, "dim_capsule": 2, "routings": 0},
    {"num_capsules": 2, "dim_capsule": 2, "routings": 1.5},
    {"num_capsules": 2, "dim_capsule": 2, "kernel_initializer": "zeroes"},
]
_INVALID_PRIMARY: list[dict[str, Any]] = [
    {"dim_capsule": 0, "num_channels": 2, "kernel_size": 3},
    {"dim_capsule": 2, "num_channels": -1, "kernel_size": 3},
    {"dim_capsule": 2, "num_channels": 2, "kernel_size": 0},
    {"dim_capsule": 2, "num_channels": 2, "kernel_size": 3, "strides": 0},
    {"dim_capsule": 2, "num_channels": 2, "kernel_size": 3, "padding": "full"},
]
TURN = np.array([[2, 2, -1], [-1, 2, 2], [2, -1, 2]]) / 3
"""A rotation that leaves multiples of three whole: turned arrays are exact."""
INPUTS, OUTPUTS, CHANNELS = [3, 0, 4, 2, 1], [2, 0, 3, 1], [1, 0]
"""Other orders of five input capsules, of four output capsules, of two channels."""
Values = Callable[..., np.ndarray]


def visible() -> Iterator[Case]:
    """The cases that students see: whole numbers go in, small enough to follow by hand."""
    rng = np.random.default_rng(9)
    see = "visible"
    for number, (vectors, config) in enumerate(
        [
            ([3, 4], {}),
            ([[1, 0], [-2, 2]], {}),
            ([[1, 2], [2, 0], [2, 1]], {"axis": 0}),
            ([0, 0], {}),
        ]
    ):
        yield _squash(
            f"see-squash-{number}", see, np.array(vectors, np.float32), config, rng, whole
        )
    primary: list[tuple[dict[str, Any], tuple[int, ...]]] = [
        ({"dim_capsule": 2, "num_channels": 1, "kernel_size": 1}, (1, 1, 2, 2)),
        ({"dim_capsule": 2, "num_channels": 3, "kernel_size": 2}, (1, 2, 2, 1)),
        ({"dim_capsule": 2, "num_channels": 2, "kernel_size": 1, "padding": "same"}, (1, 2, 1, 2)),
    ]
    for number, (config, shape) in enumerate(primary):
        yield _primary(f"see-primary-{number}", see, config, shape, rng, whole)
    layers: list[tuple[dict[str, Any], tuple[int, ...]]] = [
        ({"num_capsules": 2, "dim_capsule": 1, "routings": 1}, (1, 2, 1)),
        ({"num_capsules": 2, "dim_capsule": 1, "routings": 2}, (1, 3, 1)),
        ({"num_capsules": 3, "dim_capsule": 2}, (1, 2, 2)),
        ({"num_capsules": 2, "dim_capsule": 2}, (2, 3, 1)),
    ]
    draw = partial(whole, most=2)
    for number, (config, shape) in enumerate(layers):
        yield _layer(f"see-{number}", see, config, shape, rng, draw)
    config = {"num_capsules": 2, "dim_capsule": 2}
    yield _layer("see-twice", see, config, (1, 2, 2), rng, draw, calls=2)
    config = {"num_capsules": 2, "dim_capsule": 2, "routings": 2}
    yield _layer("see-config", see, config, (1, 2, 1), rng, draw, {"route": "config"})
    yield Case("see-refuse", see, LAYER, "refuse", {"num_capsules": 2, "dim_capsule": 0})
    losses: list[tuple[dict[str, Any], list[list[int]], list[list[float]]]] = [
        ({}, [[1, 0]], [[0.5, 0.0]]),
        ({}, [[0, 1, 0]], [[0.25, 1.0, 0.5]]),
        ({"m_plus": 0.75, "m_minus": 0.25, "lam": 1.0}, [[1, 0], [0, 1]], [[0.5, 0.5], [0.5, 1.0]]),
    ]
    for number, (config, true, lengths) in enumerate(losses):
        inputs = (np.array(true, np.int32), np.array(lengths, np.float32))
        options = {"route": "config"} if config else {}
        yield _loss(f"see-loss-{number}", see, config, inputs, 1.0, options)
    vectors = np.array([[[1, 0], [2, -1], [0, 1]], [[3, 1], [0, 2], [1, 1]]], np.float32)
    for number, classes in enumerate([None, np.array([[0, 1, 0], [0, 0, 1]], np.int32)]):
        yield _mask(f"see-mask-{number}", see, vectors, classes, rng, whole)


def hidden(rng: np.random.Generator) -> Iterator[Case]:
    """The cases of the hidden tests, drawn anew for every course.

    Args:
        rng: Seeded from the course's seed.
    """
    yield from _squashes(rng)
    yield from _primaries(rng)
    for number, chosen in enumerate(pairs(rng, _CAPSULE)):
        shape = tuple(chosen.pop(name) for name in ("batch", "in_capsules", "in_dim"))
        config = {name: value for name, value in chosen.items() if (name, value) != ("routings", 3)}
        yield _layer(f"plain-{number}", "plain", config, shape, rng, normal)
    yield from _modes(rng)
    for number, chosen in enumerate(pairs(rng, _MARGIN)):
        batch, classes = chosen["batch"], chosen["classes"]
        true = np.eye(classes, dtype=chosen["dtype"])[rng.integers(classes, size=batch)]
        lengths = rng.uniform(0, 1, (batch, classes)).astype(np.float32)
        options = {"route": "config"} if number % 3 == 0 else {}
        cotangent = float(normal(rng, ()))
        inputs = (true, lengths)
        yield _loss(f"margin-{number}", "margin", chosen["margins"], inputs, cotangent, options)
    yield from _masks(rng)
    yield from _images(rng)


def _squashes(rng: np.random.Generator) -> Iterator[Case]:
    def allowed(chosen: dict[str, Any]) -> bool:
        axis, rank = chosen.get("axis"), len(chosen.get("shape", (1,) * 4))
        return axis is None or -rank <= axis < rank

    for number, chosen in enumerate(pairs(rng, _SQUASH, allowed)):
        vectors = normal(rng, chosen["shape"], chosen["scale"])
        config = {name: chosen[name] for name in ("axis", "epsilon") if chosen[name] is not None}
        yield _squash(f"squash-{number}", "squash", vectors, config, rng)
    mixed = normal(rng, (4, 3)) * np.array([[0], [1], [1e-6], [1e6]], np.float32)
    yield _squash("squash-zeros", "squash", np.zeros((2, 3), np.float32), {}, rng)
    yield _squash("squash-mixed", "squash", mixed, {}, rng)
    half = normal(rng, (3, 4)).astype(np.float16)
    yield _squash("squash-half", "squash", half, {}, rng, options={"policy": "mixed_float16"})


def _primaries(rng: np.random.Generator) -> Iterator[Case]:
    for number, chosen in enumerate(pairs(rng, _PRIMARY)):
        shape = (chosen.pop("batch"), *chosen.pop("picture"), chosen.pop("channels"))
        config = {
            name: value
            for name, value in chosen.items()
            if (name, value) not in (("strides", 1), ("padding", "valid"))
        }
        yield _primary(f"primary-{number}", "primary", config, shape, rng, normal)
    config = {"dim_capsule": 2, "num_channels": 3, "kernel_size": (2, 1), "strides": 2}
    config |= {"padding": "same"}
    modes: dict[str, dict[str, Any]] = {
        "config": {"route": "config"},
        "save": {"route": "save"},
        "unknown": {"mode": "function", "unknown_batch": True},
        "half": {"policy": "mixed_float16"},
    }
    for name, options in modes.items():
        group, shape = "primary contract", (2, 3, 3, 2)
        yield _primary(f"primary-{name}", group, config, shape, rng, normal, options)
    for number, config in enumerate(_INVALID_PRIMARY):
        yield Case(f"primary-invalid-{number}", "primary invalid", PRIMARY, "refuse", config)


def _modes(rng: np.random.Generator) -> Iterator[Case]:
    """The same layer by other routes, in other modes, under another policy, and called twice."""
    config = {"num_capsules": 3, "dim_capsule": 2, "routings": 2}
    modes: dict[str, dict[str, Any]] = {
        "config": {"route": "config"},
        "save": {"route": "save"},
        "unknown": {"mode": "function", "unknown_batch": True},
        "xla": {"mode": "xla"},
        "half": {"policy": "mixed_float16"},
    }
    for name, options in modes.items():
        case = _layer(name, name, config, (2, 4, 3), rng, normal, options)
        if name == "xla":  # a picture with nothing in it: some repairs of the root fail under XLA
            case.inputs[0][0] = 0
        yield case
    yield _layer("again", "again", {**config, "routings": 3}, (2, 3, 2), rng, normal, calls=2)
    ones = {**config, "kernel_initializer": "ones"}
    yield _layer("initial-ones", "initial", ones, (1, 3, 2), rng, normal, {"route": "config"})
    options = {"seed": int(rng.integers(2**31))}
    config = {"num_capsules": 6, "dim_capsule": 10}
    yield Case(
        "initial-default",
        "initial",
        LAYER,
        config=config,
        inputs=(normal(rng, (1, 5, 4)),),
        weights=(np.zeros((6, 5, 4, 10), np.float32),),
        options=options,
    )
    for number, config in enumerate(_INVALID):
        yield Case(f"invalid-{number}", "invalid", LAYER, "refuse", config)


def _images(rng: np.random.Generator) -> Iterator[Case]:
    """Cases, and images of them: others in order or pose, with what follows for the answer."""
    vectors = _thirds(rng, (4, 3)) * np.array([[1 / 8], [1], [2], [16]], np.float32)
    case = _squash("lengths", "lengths", vectors, {}, rng, _thirds)
    yield case
    yield image(case, "turned", inputs=(turned(vectors),), cotangent=turned(case.cotangent))

    config = {"dim_capsule": 3, "num_channels": 2, "kernel_size": 2}
    case = _primary("filters", "filters", config, (1, 2, 3, 2), rng, _thirds)
    yield case
    changed = [turned(x.reshape(-1, 2, 3)).reshape(x.shape) for x in case.weights]
    yield image(case, "filters-turned", weights=tuple(changed), cotangent=turned(case.cotangent))
    changed = [x.reshape(-1, 2, 3)[:, CHANNELS].reshape(x.shape) for x in case.weights]
    yield image(case, "channels-swapped", weights=tuple(changed))

    config = {"num_capsules": 4, "dim_capsule": 3}
    case = _layer("routed", "routed", config, (2, 5, 3), rng, _thirds)
    yield case
    u, kernel, upstream = case.inputs[0], case.weights[0], case.cotangent
    assert upstream is not None
    yield image(case, "inputs-permuted", inputs=(u[:, INPUTS],), weights=(kernel[:, INPUTS],))
    changes = {"weights": (kernel[OUTPUTS],), "cotangent": upstream[:, OUTPUTS]}
    yield image(case, "outputs-permuted", **changes)
    yield image(case, "poses-turned", weights=(turned(kernel),), cotangent=turned(upstream))
    yield image(case, "one-picture", inputs=(u[1:],), cotangent=upstream[1:])


def turned(vectors: Any) -> np.ndarray:
    """Vectors of `_thirds` along the last axis, turned."""
    return (vectors @ TURN).astype(np.float32)


def _thirds(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Odd multiples of 3/8, so never zero, up to 15/8."""
    return (3 / 8 * (2 * rng.integers(-3, 3, shape) + 1)).astype(np.float32)


def _masks(rng: np.random.Generator) -> Iterator[Case]:
    half = {"policy": "mixed_float16"}
    unknown = {"mode": "function", "unknown_batch": True}
    settings: list[tuple[tuple[int, int, int], str | None, dict[str, Any]]] = [
        ((1, 2, 3), None, {}),
        ((3, 4, 2), None, {}),
        ((2, 5, 1), None, {}),
        ((2, 3, 2), None, unknown),
        ((2, 3, 2), None, half),
        ((1, 3, 1), "int32", {}),
        ((4, 2, 3), "int32", {}),
        ((3, 3, 2), "float32", {}),
        ((3, 4, 2), "int32", unknown),
        ((2, 3, 2), "int32", half),
    ]
    for number, (shape, dtype, options) in enumerate(settings):
        vectors = _of_different_lengths(rng, shape)
        true = None
        if dtype is not None:  # never the longest, where there is a choice
            shortest = np.argmin(np.sum(vectors**2, axis=-1), axis=-1)
            true = np.eye(shape[1], dtype=dtype)[shortest]
        yield _mask(f"mask-{number}", "mask", vectors, true, rng, normal, options)


def _of_different_lengths(rng: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    """Vectors whose lengths no rounding confuses, in no order."""
    batch, count, _ = shape
    directions = rng.standard_normal(shape)
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    lengths = np.stack([rng.permutation(count) + 1.0 for _ in range(batch)])
    vectors = directions * lengths[..., np.newaxis]
    return vectors.astype(np.float16).astype(np.float32)


def _squash(
    key: str,
    group: str,
    vectors: np.ndarray,
    config: dict[str, Any],
    rng: np.random.Generator,
    values: Values = normal,
    options: dict[str, Any] | None = None,
) -> Case:
    cotangent = values(rng, vectors.shape)
    return Case(key, group, SQUASH, "function", config, (vectors,), (), cotangent, options or {})


def _primary(
    key: str,
    group: str,
    config: dict[str, Any],
    shape: tuple[int, ...],
    rng: np.random.Generator,
    values: Values,
    options: dict[str, Any] | None = None,
) -> Case:
    return Case(
        key,
        group,
        PRIMARY,
        config=config,
        inputs=(values(rng, shape),),
        weights=tuple(values(rng, s) for s in primary_weights(config, shape).values()),
        cotangent=values(rng, primary_output(config, shape)),
        options=options or {},
    )


def _layer(
    key: str,
    group: str,
    config: dict[str, Any],
    shape: tuple[int, ...],
    rng: np.random.Generator,
    values: Values,
    options: dict[str, Any] | None = None,
    calls: int = 1,
) -> Case:
    return Case(
        key,
        group,
        LAYER,
        config=config,
        inputs=tuple(values(rng, shape) for _ in range(calls)),
        weights=(values(rng, capsule_kernel(config, shape)),),
        cotangent=values(rng, (shape[0], config["num_capsules"], config["dim_capsule"])),
        options=options or {},
    )


def _loss(
    key: str,
    group: str,
    config: dict[str, Any],
    inputs: tuple[np.ndarray, np.ndarray],
    cotangent: float,
    options: dict[str, Any],
) -> Case:
    scalar = np.asarray(cotangent, np.float32)
    return Case(key, group, LOSS, "function", config, inputs, (), scalar, options)


def _mask(
    key: str,
    group: str,
    vectors: np.ndarray,
    true: np.ndarray | None,
    rng: np.random.Generator,
    values: Values,
    options: dict[str, Any] | None = None,
) -> Case:
    batch, count, dim = vectors.shape
    return Case(
        key,
        group,
        CHALLENGE,
        inputs=(vectors if true is None else [vectors, true],),
        cotangent=values(rng, (batch, count * dim)),
        options=options or {},
    )


def capsule_kernel(config: dict[str, Any], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of the kernel of `Capsule` for an input shape."""
    return (config["num_capsules"], shape[1], shape[2], config["dim_capsule"])


def primary_weights(config: dict[str, Any], shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Shapes of the weights of `PrimaryCapsules` for an input shape."""
    filters = config["dim_capsule"] * config["num_channels"]
    return {"kernel": (*pair(config["kernel_size"]), shape[3], filters), "bias": (filters,)}


def primary_output(config: dict[str, Any], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of the output of `PrimaryCapsules` for an input shape."""
    strides, padding = pair(config.get("strides", 1)), config.get("padding", "valid")
    rows, columns = (
        output_length(n, k, s, 1, padding)
        for n, k, s in zip(shape[1:3], pair(config["kernel_size"]), strides, strict=True)
    )
    return shape[0], rows * columns * config["num_channels"], config["dim_capsule"]
