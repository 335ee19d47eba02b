"""The cases of lab01: what students see, and what hidden tests draw."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from autograder.banned import Banned
from autograder.draw import LayerCases, Values, normal, pairs, whole
from layerlab.case import Case

LAYER, DISTINCT, CHALLENGE = "Dense", "distinct_units", "break_symmetry"
CONSTANT, NORMAL, UNIFORM = "Constant", "RandomNormal", "RandomUniform"

_RANDOM = "keras.src.initializers.random_initializers:"
BANNED = {
    LAYER: Banned(
        functions=("keras.src.layers.core.dense:", "keras.src.layers.core.einsum_dense:"),
        names=frozenset({"Dense", "EinsumDense"}),
    ),
    CONSTANT: Banned(
        functions=("keras.src.initializers.constant_initializers:Constant",),
        names=frozenset({CONSTANT, "constant_initializer"}),
    ),
    NORMAL: Banned(
        functions=(f"{_RANDOM}{NORMAL}",),
        names=frozenset({NORMAL, "random_normal", "random_normal_initializer"}),
    ),
    UNIFORM: Banned(
        functions=(f"{_RANDOM}{UNIFORM}",),
        names=frozenset({UNIFORM, "random_uniform", "random_uniform_initializer"}),
    ),
}

EXACT = "symmetry"
"""Group of the cases in which arithmetic is exact, so that copies must agree to the last bit."""

_ARGUMENTS: dict[str, list[Any]] = {
    "units": [1, 2, 3, 5],
    "use_bias": [True, False],
    "features": [1, 2, 4, 7],
    "axes": [(1,), (3,), (2, 3), (3, 1), (1, 2, 3), (2, 2, 1, 2)],
}
_INVALID: list[tuple[str, dict[str, Any]]] = [
    (LAYER, {"units": 0}),
    (LAYER, {"units": -2}),
    (LAYER, {"units": 2.5}),
    (LAYER, {"units": "3"}),
    (LAYER, {"units": 2, "kernel_initializer": "zeroes"}),
    (LAYER, {"units": 2, "bias_initializer": "nothing"}),
]
_INVALID_STARTS: list[tuple[str, dict[str, Any]]] = [
    (NORMAL, {"seed": "today"}),
    (NORMAL, {"seed": 1.5}),
    (UNIFORM, {"seed": "today"}),
]
# The widths of the ranges are exact in float32 and float16, however they are computed.
_STARTS: dict[str, dict[str, list[Any]]] = {
    CONSTANT: {"value": [0.0, 1, 0.5, -1.25, 0.1]},
    NORMAL: {"mean": [0.0, 0.5, -2.0], "stddev": [0.05, 0.25, 3.0]},
    UNIFORM: {"minval": [-0.5, 0.0, -2.0], "maxval": [0.5, 1.0, 0.25]},
}
_SHAPES = [(3,), (4, 2), (2, 5), (2, 3, 4)]


def visible() -> Iterator[Case]:
    """The cases that students see: whole numbers, small enough to follow by hand."""
    rng = np.random.default_rng(1)
    settings: list[tuple[dict[str, Any], tuple[int, ...]]] = [
        ({"units": 1, "use_bias": False}, (1, 2)),
        ({"units": 2}, (1, 2)),
        ({"units": 3}, (2, 2)),
        ({"units": 3}, (3, 2)),
        ({"units": 2}, (2, 3, 2)),
    ]
    for number, (config, shape) in enumerate(settings):
        yield _layer(f"see-{number}", "visible", config, shape, rng, whole)
    route = {"route": "config"}
    config = {"units": 2, "kernel_initializer": "ones"}
    yield _layer("see-config", "visible", config, (1, 3), rng, whole, route)
    yield _start_of_layer("see-initial", "visible", (12, 10), rng)
    yield Case("see-refuse", "visible", LAYER, "refuse", {"units": 0})
    yield _draw("see-constant-0", "visible", CONSTANT, {}, (2, 3))
    yield _draw("see-constant-1", "visible", CONSTANT, {"value": 2}, (2, 2), route)
    yield _draw("see-normal-0", "visible", NORMAL, {"seed": 1}, (2, 3))
    config = {"mean": 1.0, "stddev": 0.25, "seed": 2}
    yield _draw("see-normal-1", "visible", NORMAL, config, (2, 2), route)
    yield _draw("see-normal-again", "visible", NORMAL, {}, (2, 3), {"draws": 2})
    yield _draw("see-uniform-0", "visible", UNIFORM, {"seed": 3}, (2, 3))
    config = {"minval": 0.0, "maxval": 2.0, "seed": 4}
    yield _draw("see-uniform-1", "visible", UNIFORM, config, (2, 2), route)
    yield _draw("see-uniform-again", "visible", UNIFORM, {}, (2, 3), {"draws": 2})
    kernels: list[tuple[list[list[float]], dict[str, Any]]] = [
        ([[1, 1, 1]], {}),
        ([[1, 2, 1], [0, 0, 0]], {}),
        ([[2, 1, 2, 1], [0, 3, 0, 1]], {}),
        ([[3, 1], [3, 1]], {"tolerance": 2.0}),
    ]
    for number, (kernel, config) in enumerate(kernels):
        yield _count(f"see-count-{number}", "visible", np.array(kernel, np.float32), config)
    yield _network("see-break-0", "visible", [0, 0, 0], (2, 3, 1), rng, whole, {"amount": 2.0})
    yield _network("see-break-1", "visible", [0, 1, 0, 1], (1, 4, 2), rng, whole, {"amount": 4.0})


def hidden(rng: np.random.Generator) -> Iterator[Case]:
    """The cases of the hidden tests, drawn anew for every course.

    Args:
        rng: Seeded from the course's seed.
    """
    for number, chosen in enumerate(pairs(rng, _ARGUMENTS)):
        config = {"units": chosen["units"]}
        if not chosen["use_bias"]:
            config["use_bias"] = False
        shape = (*chosen["axes"], chosen["features"])
        yield _layer(f"plain-{number}", "plain", config, shape, rng, normal)
    yield _layer("plain-long", "plain", {"units": 3}, (2, 200), rng, normal)
    for name, scale in (("large", 1e15), ("small", 1e-12)):
        draw = partial(normal, scale=scale)
        yield _layer(f"plain-{name}", "plain", {"units": 3}, (2, 4), rng, draw)
    yield from _training(rng)
    yield from _modes(rng)
    for number, (name, config) in enumerate(_INVALID):
        yield Case(f"invalid-{number}", "invalid", name, "refuse", config)
    yield from _starts(rng)
    yield from _counts(rng)
    yield from _networks(rng)
    yield Case("graph-layer", "graph", LAYER, "graph", {"units": 3}, (normal(rng, (2, 4)),))
    for name in (CONSTANT, NORMAL, UNIFORM):
        yield Case(f"graph-{name}", "graph", name, "graph", options={"shape": [3, 2]})


def _training(rng: np.random.Generator) -> Iterator[Case]:
    """The hidden layer of a tanh network in the first steps of a training run.

    A case holds the hidden weights of one step; its cotangent is what the loss sends back to
    them. The network starts from zeros, from a constant, or with two kinds of copies. Its weights
    and cotangents are rounded to multiples of 1/64 at each step, in the same way for equal
    numbers, and its examples are whole: so the layer's sums are exact in float32 in any order,
    and the truth about them asks for equality (see the oracle). That is the identity of the lab:
    the gradients of copies are *equal*.
    """
    starts = {"zeros": [0.0] * 6, "constant": [0.5] * 6, "pairs": [0.25, -0.5, 0.25] * 2}
    for name, units in starts.items():
        x, target = whole(rng, (5, 3), 2), whole(rng, (5, 1), 1)
        weights = [np.tile(np.array(units), (3, 1)), np.zeros(6), np.array([units]).T]
        for step in range(3 if any(units) else 1):
            kernel, bias, outgoing = weights
            o = np.tanh(x @ kernel + bias)
            delta = o @ outgoing - target
            cotangent = _sixtyfourths(delta @ outgoing.T * (1 - o**2))
            yield Case(
                f"{EXACT}-{name}-{step}",
                EXACT,
                LAYER,
                config={"units": 6},
                inputs=(x,),
                weights=(kernel.astype(np.float32), bias.astype(np.float32)),
                cotangent=cotangent.astype(np.float32),
            )
            changes = (x.T @ cotangent, cotangent.sum(0), o.T @ delta)
            weights = [
                _sixtyfourths(weight - change / 8)
                for weight, change in zip(weights, changes, strict=True)
            ]


def _sixtyfourths(values: np.ndarray) -> np.ndarray:
    return np.round(values * 64) / 64


def _modes(rng: np.random.Generator) -> Iterator[Case]:
    """The same layer by other routes, in other modes, under another policy."""
    plain: dict[str, Any] = {"units": 3}
    bare: dict[str, Any] = {"units": 2, "use_bias": False}
    settings: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
        ("config", [plain, bare], {"route": "config"}),
        ("save", [plain], {"route": "save"}),
        ("unknown", [plain, bare], {"mode": "function", "unknown_batch": True}),
        ("xla", [plain], {"mode": "xla"}),
        ("half", [plain, bare], {"policy": "mixed_float16"}),
    ]
    for name, configs, options in settings:
        for number, config in enumerate(configs):
            shape = (4, 5) if config is plain else (2, 3, 4)
            yield _layer(f"{name}-{number}", name, config, shape, rng, normal, options)
    route = {"route": "config"}
    config = {"units": 3, "kernel_initializer": "ones", "bias_initializer": "ones"}
    yield _layer("initial-ones", "initial", config, (2, 4), rng, normal, route)
    for number, shape in enumerate([(40, 30), (7, 90)]):
        yield _start_of_layer(f"initial-{number}", "initial", shape, rng)


def _start_of_layer(key: str, group: str, shape: tuple[int, int], rng: np.random.Generator) -> Case:
    """How a layer starts that was told nothing about it."""
    features, units = shape
    options = {"seed": int(rng.integers(2**31))}
    return _layer(key, group, {"units": units}, (1, features), rng, whole, options)


def _starts(rng: np.random.Generator) -> Iterator[Case]:
    for name, arguments in _STARTS.items():
        every = {**arguments, "shape": _SHAPES, "dtype": ["float32", None, "float16"]}
        for number, chosen in enumerate(pairs(rng, every)):
            shape, dtype = chosen.pop("shape"), chosen.pop("dtype")
            if dtype == "float16" and chosen.get("value") == 0.1:
                chosen["value"] = 0.125  # rounding twice may differ from rounding once
            config = chosen if name == CONSTANT else {**chosen, "seed": int(rng.integers(2**31))}
            options = {"route": "config"} if number % 4 == 0 else {}
            options = options if dtype is None else {**options, "dtype": dtype}
            yield _draw(f"{name}-{number}", "starts", name, config, shape, options)
    for name in (NORMAL, UNIFORM):
        seed = int(rng.integers(2**31))
        yield _draw(f"{name}-default", "starts", name, {"seed": seed}, (4, 3))
        yield _draw(f"{name}-unseeded", "starts", name, {}, (3, 2), {"route": "config"})
        for number, config in enumerate([{}, {"seed": seed}]):
            yield _draw(f"{name}-again-{number}", "starts", name, config, (6, 5), {"draws": 2})
        yield _draw(f"{name}-large", "statistics", name, {}, (60, 80))
    for number, (name, config) in enumerate(_INVALID_STARTS):
        yield Case(f"invalid-starts-{number}", "invalid starts", name, "refuse", config)


def _counts(rng: np.random.Generator) -> Iterator[Case]:
    """Kernels whose columns are known; differences stay clear of the tolerance, or meet it."""
    for number, (features, pattern) in enumerate(
        [(1, [0]), (3, [0] * 5), (2, [0, 1, 0, 1]), (4, [0, 1, 2, 1, 0, 3]), (3, [0, 1, 1, 1])]
    ):
        kernel = normal(rng, (features, max(pattern) + 1))[:, pattern]
        yield _count(f"count-{number}", "count", kernel)
    yield _count("count-all", "count", normal(rng, (4, 9)))
    yield _count("count-zeros", "count", np.zeros((3, 4), np.float32))
    yield _count("count-wide", "count", normal(rng, (2, 7)).repeat(3, axis=1))
    # Half a tolerance, one and two, about a base column: only the last is new.
    base = whole(rng, (3, 1))
    steps = np.array([[0.0, 0.25, -0.5, 1.0, -1.0, 0.75]], np.float32)
    for number, row in enumerate(rng.permutation(3)):
        kernel = base.repeat(6, axis=1)
        kernel[row] += steps[0, rng.permutation(6)]
        yield _count(f"count-near-{number}", "count", kernel, {"tolerance": 0.5})
    # Many small differences do not add up to a large one; a chain of near ones does not close.
    spread = base + np.float32(0.375) * np.array([[0, 1, 0], [0, 1, -1], [0, 1, 1]], np.float32)
    yield _count("count-spread", "count", spread, {"tolerance": 0.5})
    chain = base + np.float32(0.375) * np.arange(5, dtype=np.float32)
    yield _count("count-chain", "count", chain, {"tolerance": 0.5})
    signs = np.array([[1, -1, 1], [2, -2, -2]], np.float32) * rng.choice([-1, 1])
    yield _count("count-signs", "count", signs)
    tiny = 0.25 + np.array([[0, 2**-22, 2**-18, -(2**-22), -(2**-18)]], np.float32)
    yield _count("count-tiny", "count", tiny)
    yield _count("count-exactly", "count", tiny, {"tolerance": 0.0})
    yield _count("count-double", "count", normal(rng, (3, 4)).astype(np.float64))
    falling = np.sort(whole(rng, (1, 6), 9))[:, ::-1].copy()
    yield _count("count-falling", "count", falling)


def _networks(rng: np.random.Generator) -> Iterator[Case]:
    for number, (pattern, (features, outputs), config) in enumerate(
        [
            ([0, 0], (1, 1), {}),
            ([0, 0, 0, 0, 0], (3, 1), {"amount": 0.5}),
            ([0, 1, 2], (2, 2), {"amount": 1.0}),
            ([0, 1, 0, 2, 1, 0], (2, 3), {"amount": 0.75}),
            ([1, 0, 0, 1, 1, 1, 2], (4, 2), {"amount": -0.3}),
        ]
    ):
        shape = (features, len(pattern), outputs)
        yield _network(f"break-{number}", "break", pattern, shape, rng, normal, config)
    zeros = (np.zeros((3, 4)), np.zeros(4), np.zeros((4, 2)))
    inputs = tuple(array.astype(np.float32) for array in zeros)
    yield Case("break-zeros", "break", CHALLENGE, "function", {"amount": 0.5}, inputs)
    # Equal columns with different biases are no copies.
    kernel, outgoing = normal(rng, (2, 1)).repeat(4, axis=1), normal(rng, (4, 2))
    bias = np.array([0.5, -0.5, 0.5, 0.25], np.float32)
    inputs = (kernel, bias, outgoing)
    yield Case("break-bias", "break", CHALLENGE, "function", {"amount": 0.5}, inputs)


def _network(
    key: str,
    group: str,
    pattern: list[int],
    shape: tuple[int, int, int],
    rng: np.random.Generator,
    values: Values,
    config: dict[str, Any],
) -> Case:
    """A network whose hidden units of the same number are copies, but for what they report to."""
    features, units, outputs = shape
    kernel = values(rng, (features, max(pattern) + 1))
    kernel[0] = np.arange(max(pattern) + 1)  # so that different numbers are different units
    bias = values(rng, (max(pattern) + 1,))[pattern]
    inputs = (kernel[:, pattern], bias, values(rng, (units, outputs)))
    return Case(key, group, CHALLENGE, "function", config, inputs)


def _count(key: str, group: str, kernel: np.ndarray, config: dict[str, Any] | None = None) -> Case:
    return Case(key, group, DISTINCT, "function", config or {}, (kernel,))


def _draw(
    key: str,
    group: str,
    target: str,
    config: dict[str, Any],
    shape: tuple[int, ...],
    options: dict[str, Any] | None = None,
) -> Case:
    """An initializer's draw; the global seed is set, so that even what ignores its own repeats."""
    every = {"shape": list(shape), "seed": sum(key.encode()), **(options or {})}
    return Case(key, group, target, "initializer", config, options=every)


def weight_shapes(config: dict[str, Any], shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Shapes of the layer's weights for an input shape."""
    kernel = (shape[-1], config["units"])
    if not config.get("use_bias", True):
        return {"kernel": kernel}
    return {"kernel": kernel, "bias": (config["units"],)}


def output_shape(config: dict[str, Any], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of the layer's output for an input shape."""
    return (*shape[:-1], config["units"])


_layer = LayerCases(LAYER, weight_shapes, output_shape)
