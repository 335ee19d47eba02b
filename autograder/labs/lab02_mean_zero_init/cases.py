"""The cases of lab02: what students see, and what hidden tests draw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.banned import Banned
from autograder.draw import normal, pairs, whole
from layerlab.case import Case

FANS, SCALING, PROBE, GAIN = "compute_fans", "VarianceScaling", "MomentProbe", "variance_gain"
NAMED = ("GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunNormal")

_KERAS = "keras.src.initializers.random_initializers:"
_INITIALIZERS = Banned(
    functions=tuple(f"{_KERAS}{name}" for name in (SCALING, *NAMED, "LecunUniform", FANS)),
    names=frozenset({SCALING, *NAMED, "LecunUniform", "variance_scaling", FANS}),
)
BANNED = dict.fromkeys((FANS, SCALING, *NAMED), _INITIALIZERS)

_SHAPES = [(5,), (7, 4), (4, 9), (3, 3, 2, 5), (2, 3, 6, 1), (4, 3, 2), (2, 2, 2, 3, 4)]
_ARGUMENTS: dict[str, list[Any]] = {
    "scale": [1.0, 2.0, 0.3],
    "mode": ["fan_in", "fan_out", "fan_avg"],
    "distribution": ["truncated_normal", "untruncated_normal", "uniform"],
    "shape": _SHAPES,
    "dtype": ["float32", "float16", None],
}
_LARGE = [(160, 250), (5, 4, 40, 50)]
_INVALID: list[tuple[str, dict[str, Any]]] = [
    (SCALING, {"scale": 0.0}),
    (SCALING, {"scale": -1.0}),
    (SCALING, {"mode": "fan_out_in"}),
    (SCALING, {"distribution": "cauchy"}),
    (SCALING, {"seed": "today"}),
]
_INVALID_PROBE: list[dict[str, Any]] = [
    {"momentum": -0.1},
    {"momentum": 1.5},
    {"saturation": 0.0},
    {"saturation": -1.0},
]
_GAINS = ["relu", "tanh", "linear", "leaky_relu", "sigmoid", "selu", "gelu", "silu", "softplus"]


def visible() -> Iterator[Case]:
    """The cases that students see."""
    for number, shape in enumerate([(), (4,), (3, 2), (3, 3, 2, 4), (5, 2, 3)]):
        yield Case(f"see-fans-{number}", "visible", FANS, "function", inputs=(shape,))
    settings: list[dict[str, Any]] = [
        {"distribution": "uniform"},
        {"mode": "fan_out"},
        {"mode": "fan_avg", "distribution": "untruncated_normal"},
        {"scale": 2.0, "distribution": "uniform", "mode": "fan_avg"},
    ]
    for number, config in enumerate(settings):
        shape = (1, 2, 2, 3) if number else (2, 3)
        yield _draw(f"see-scaling-{number}", "visible", SCALING, {**config, "seed": number}, shape)
    yield Case("see-refuse", "visible", SCALING, "refuse", {"mode": "fan_between"})
    for name in NAMED:
        for number, shape in enumerate([(2, 3), (2, 1, 2, 1)]):
            yield _draw(f"see-{name}-{number}", "visible", name, {"seed": 7 + number}, shape)
    rng = np.random.default_rng(2)
    for number, flags in enumerate([[False], [True], [True, True, False]]):
        batches = tuple(whole(rng, (2, 2)) / 2 for _ in flags)
        config = {"momentum": 0.5, "saturation": 1.25}
        yield _watch(f"see-probe-{number}", "visible", config, batches, flags, rng)
    for number, activation in enumerate(["relu", "linear", "tanh"]):
        yield Case(f"see-gain-{number}", "visible", GAIN, "function", inputs=(activation,))


def hidden(rng: np.random.Generator) -> Iterator[Case]:
    """The cases of the hidden tests, drawn anew for every course.

    Args:
        rng: Seeded from the course's seed.
    """
    ranks = [0, 1, 1, 2, 2, 2, 3, 3, 4, 4, 4, 5]
    for number, rank in enumerate(ranks):
        shape = tuple(int(size) for size in rng.permutation(np.arange(1, 10))[:rank])
        yield Case(f"fans-{number}", "fans", FANS, "function", inputs=(shape,))
    for number, chosen in enumerate(pairs(rng, _ARGUMENTS)):
        shape, dtype = chosen.pop("shape"), chosen.pop("dtype")
        config = {**chosen, "seed": int(rng.integers(2**31))}
        route = {"route": "config"} if number % 4 == 0 else {}
        options = route if dtype is None else {**route, "dtype": dtype}
        yield _draw(f"scaling-{number}", "scaling", SCALING, config, shape, options)
    for name, config, shape in (
        ("empty", {"mode": "fan_in"}, (0, 4)),
        ("case", {"distribution": "Uniform"}, (4, 3)),
    ):
        seeded = {**config, "seed": int(rng.integers(2**31))}
        yield _draw(f"scaling-{name}", "scaling", SCALING, seeded, shape)
    yield _draw("scaling-unseeded", "scaling", SCALING, {}, (3, 2), {"route": "config"})
    for name in NAMED:
        for number, dtype in enumerate(["float32", "float16", "float32"]):
            shape = _SHAPES[int(rng.integers(len(_SHAPES)))]
            config = {"seed": int(rng.integers(2**31))}
            options = {"dtype": dtype, **({"route": "config"} if number == 2 else {})}
            yield _draw(f"{name}-{number}", "named", name, config, shape, options)
    yield from _statistics(rng)
    for number, (name, config) in enumerate(_INVALID):
        yield Case(f"invalid-{number}", "invalid", name, "refuse", config)
    yield from _probe(rng)
    for activation in _GAINS:
        yield Case(f"gain-{activation}", "gain", GAIN, "function", inputs=(activation,))
    for name in (SCALING, *NAMED):
        yield Case(f"graph-{name}", "graph", name, "graph", options={"shape": [3, 3, 2, 4]})
    yield Case("graph-fans", "graph", FANS, "graph", inputs=((3, 3, 2, 4),))


def _statistics(rng: np.random.Generator) -> Iterator[Case]:
    """Many draws without a seed of their own."""
    for number, distribution in enumerate(_ARGUMENTS["distribution"]):
        for place, shape in enumerate(_LARGE):
            mode = _ARGUMENTS["mode"][(number + place) % 3]
            config = {"distribution": distribution, "mode": mode, "scale": 2.0}
            key = f"large-{number}-{place}"
            yield _draw(key, "statistics", SCALING, config, shape, {"dtype": "float32"})
    for number, seed in enumerate([None, int(rng.integers(2**31))]):
        config = {} if seed is None else {"seed": seed}
        yield _draw(f"again-{number}", "again", SCALING, config, (6, 5), {"draws": 2})


def _probe(rng: np.random.Generator) -> Iterator[Case]:
    settings: list[tuple[dict[str, Any], list[bool] | None, tuple[int, ...]]] = [
        ({}, None, (3, 4)),
        ({}, [False], (1, 1)),
        ({}, [True], (4, 3)),
        ({"momentum": 0.6}, [True], (2, 3, 5)),
        ({"momentum": 0.8, "saturation": 0.5}, [True, True], (2, 4, 3, 2)),
        ({"momentum": 0.0, "saturation": 1.5}, [True, True, True], (1, 7)),
        ({"momentum": 1.0}, [True, False], (5, 2)),
        ({"momentum": 0.3, "saturation": 2.0}, [True, False, True, False], (6, 2)),
    ]
    for number, (config, flags, shape) in enumerate(settings):
        batches = _batches(rng, shape, len(flags or [None]), config)
        yield _watch(f"probe-{number}", "probe", config, batches, flags, rng)
    at_threshold = (whole(rng, (5, 4)) / 2,)
    config = {"saturation": 0.5, "momentum": 0.25}
    yield _watch("probe-threshold", "probe", config, at_threshold, [True], rng)
    config = {"momentum": 0.7, "saturation": 0.6}
    modes: dict[str, dict[str, Any]] = {
        "config": {"route": "config"},
        "save": {"route": "save"},
        "mixed": {"policy": "mixed_float16"},
        "half": {"policy": "float16"},
        "function": {"mode": "function"},
        "xla": {"mode": "xla"},
    }
    for name, options in modes.items():
        batches = _batches(rng, (4, 5), 2, config)
        flags = [True, True]
        yield _watch(f"probe-{name}", "probe modes", config, batches, flags, rng, options)
    # Squares of such values overflow in half precision; the statistics are float32's.
    large = (np.float32(400) * np.sign(normal(rng, (4, 5)) + 0.01),)
    half = {"policy": "mixed_float16"}
    yield _watch("probe-large", "probe modes", config, large, [True], rng, half)
    batches = _batches(rng, (4, 5), 1, config)
    options = {"mode": "function", "unknown_batch": True}
    yield _watch("probe-unknown", "probe modes", config, batches, None, rng, options)
    for number, config in enumerate(_INVALID_PROBE):
        yield Case(f"invalid-probe-{number}", "invalid probe", PROBE, "refuse", config)


def _batches(
    rng: np.random.Generator, shape: tuple[int, ...], count: int, config: dict[str, Any]
) -> tuple[np.ndarray, ...]:
    """Batches off centre, with no value so near the threshold that rounding could move it over."""
    threshold = config.get("saturation", 0.99)
    found = []
    for _ in range(count):
        batch = normal(rng, shape) + np.float32(0.25)
        near = np.abs(np.abs(batch) - threshold) < 0.01
        found.append(np.where(near, np.sign(batch) * np.float32(threshold + 0.125), batch))
    return tuple(batch.astype(np.float16).astype(np.float32) for batch in found)


def _draw(
    key: str,
    group: str,
    target: str,
    config: dict[str, Any],
    shape: tuple[int, ...],
    options: dict[str, Any] | None = None,
) -> Case:
    """An initializer's draw; the global seed is set, so that even what ignores its own repeats."""
    number = sum(key.encode())
    every = {"shape": list(shape), "seed": number, **(options or {})}
    return Case(key, group, target, "initializer", config, options=every)


def _watch(
    key: str,
    group: str,
    config: dict[str, Any],
    batches: tuple[np.ndarray, ...],
    flags: list[bool] | None,
    rng: np.random.Generator,
    options: dict[str, Any] | None = None,
) -> Case:
    every = dict(options or {})
    if flags is not None:
        every["training"] = flags
    cotangent = whole(rng, batches[-1].shape)
    return Case(key, group, PROBE, "layer", config, batches, (), cotangent, every)
