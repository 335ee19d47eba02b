"""The cases of lab07: what students see, and what hidden tests draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder.banned import Banned
from autograder.draw import normal, pairs, whole
from layerlab.case import Case

BLOCK, MODEL = "DepthwiseSeparableBlock", "build_mobilenet"
FOLD, INVERTED = "fold_batch_norm", "InvertedResidual"

_NAMES = ("SeparableConv1D", "SeparableConv2D", "separable_conv", "separable_conv2d")
BANNED = {
    BLOCK: Banned(
        functions=(
            "keras.src.layers.convolutional.separable_conv",
            "keras.src.layers.convolutional.base_separable_conv",
            "keras.src.ops.nn:separable_conv",
            "tensorflow.python.ops.nn_impl:separable_conv2d",
        ),
        names=frozenset({*_NAMES, "SeparableConvolution1D", "SeparableConvolution2D"}),
    )
}

DEFAULTS: dict[str, Any] = {
    "strides": 1,
    "variant": "mobilenet",
    "momentum": 0.99,
    "epsilon": 1e-3,
    "expansion": 6,
}
_ARGUMENTS: dict[str, list[Any]] = {
    "variant": ["mobilenet", "xception"],
    "strides": [1, 2, 3],
    "filters": [1, 2, 4],
    "momentum": [0.99, 0.25],
    "epsilon": [1e-3, 0.5],
    "flags": [None, [False], [True], [True, False], [True, True]],
    "picture": [(1, 1), (4, 4), (5, 3), (2, 5)],
    "channels": [1, 2, 3],
    "batch": [1, 3],
}
_INVALID: list[dict[str, Any]] = [
    {"filters": 0},
    {"filters": -2},
    {"filters": 3, "strides": 0},
    {"filters": 3, "strides": -1},
    {"filters": 3, "variant": "inception"},
]
Values = Callable[..., np.ndarray]
Flags = list[bool] | None


def visible() -> Iterator[Case]:
    """The cases that students see: whole numbers, but for the weights of the batch norm."""
    rng = np.random.default_rng(7)
    settings: list[tuple[dict[str, Any], tuple[int, ...], Flags]] = [
        ({"filters": 1, "epsilon": 3.0}, (1, 1, 1, 1), None),
        ({"filters": 1, "epsilon": 3.0, "variant": "xception"}, (1, 1, 1, 1), None),
        ({"filters": 1, "strides": 2}, (1, 2, 2, 1), None),
        ({"filters": 1, "variant": "xception", "strides": 2}, (1, 3, 2, 1), [True]),
        ({"filters": 1, "momentum": 0.75}, (2, 2, 1, 1), [True]),
        ({"filters": 1, "momentum": 0.5, "epsilon": 1.0}, (1, 2, 2, 2), [True, False]),
        ({"filters": 2, "strides": 2, "momentum": 0.5, "epsilon": 0.25}, (1, 4, 4, 1), [True]),
        ({"filters": 2, "variant": "xception", "momentum": 0.5}, (2, 2, 2, 1), [True, False]),
    ]
    for number, (config, shape, flags) in enumerate(settings):
        yield _layer(f"see-{number}", "visible", BLOCK, config, shape, flags, rng, _readable)
    config = {"filters": 2, "variant": "xception", "momentum": 0.75, "epsilon": 0.5}
    options = {"route": "config"}
    shape = (1, 2, 2, 2)
    yield _layer("see-config", "visible", BLOCK, config, shape, None, rng, _readable, options)
    yield Case("see-refuse", "visible", BLOCK, "refuse", {"filters": 2, "variant": "resnet"})
    yield _model("see-model", "visible", 0.25, (32, 32, 3), 10)
    folds: list[tuple[dict[str, Any], tuple[int, ...]]] = [
        ({"filters": 1, "epsilon": 3.0}, (1, 2, 2, 1)),
        ({"filters": 2, "variant": "xception"}, (1, 2, 2, 2)),
    ]
    for number, (config, shape) in enumerate(folds):
        yield _fold(f"see-fold-{number}", "visible", config, shape, rng, _readable)
    residuals: list[tuple[dict[str, Any], tuple[int, ...], Flags]] = [
        ({"filters": 1, "expansion": 1}, (1, 2, 1, 1), None),
        ({"filters": 2, "expansion": 2}, (1, 2, 2, 2), [True]),
        ({"filters": 2, "expansion": 3, "strides": 2}, (1, 3, 3, 1), [True]),
    ]
    for number, (config, shape, flags) in enumerate(residuals):
        key = f"see-residual-{number}"
        yield _layer(key, "visible", INVERTED, config, shape, flags, rng, _readable)


def hidden(rng: np.random.Generator) -> Iterator[Case]:
    """The cases of the hidden tests, drawn anew for every course.

    Args:
        rng: Seeded from the course's seed.
    """
    for number, chosen in enumerate(pairs(rng, _ARGUMENTS)):
        height, width = chosen.pop("picture")
        shape: tuple[int, ...] = (chosen.pop("batch"), height, width, chosen.pop("channels"))
        flags = chosen.pop("flags")
        config = {name: value for name, value in chosen.items() if DEFAULTS.get(name) != value}
        yield _layer(f"plain-{number}", "plain", BLOCK, config, shape, flags, rng, _drawn)
    # Activations far above 6.
    for number, variant in enumerate(_ARGUMENTS["variant"]):
        config = {"filters": 2, "variant": variant}
        yield _layer(f"large-{number}", "plain", BLOCK, config, (2, 3, 3, 2), None, rng, _large)
    yield from _modes(rng)
    for number, config in enumerate(_INVALID):
        yield Case(f"invalid-{number}", "invalid", BLOCK, "refuse", config)
    yield _model("model-0", "model", 0.3, (32, 64, 3), 7)
    yield _model("model-1", "model", 1.0, (64, 32, 1), 1000)
    folds: list[tuple[dict[str, Any], tuple[int, ...]]] = [
        ({"filters": 3, "strides": 2}, (2, 4, 5, 2)),
        ({"filters": 2, "epsilon": 0.5}, (1, 3, 4, 3)),
        ({"filters": 4, "variant": "xception", "epsilon": 0.1}, (2, 3, 3, 2)),
    ]
    for number, (config, shape) in enumerate(folds):
        yield _fold(f"fold-{number}", "fold", config, shape, rng, _drawn)
    residuals: list[tuple[dict[str, Any], tuple[int, ...], Flags]] = [
        ({"filters": 2}, (1, 3, 2, 2), None),
        ({"filters": 2, "expansion": 1}, (2, 3, 3, 2), [True]),
        ({"filters": 3, "expansion": 2, "strides": 2}, (2, 4, 3, 3), [True]),
        ({"filters": 2, "expansion": 3}, (2, 3, 3, 1), [True, False]),
    ]
    for number, (config, shape, flags) in enumerate(residuals):
        draw = _large if number == 0 else _drawn
        options = {"route": "config"} if number == 3 else {}
        key = f"residual-{number}"
        yield _layer(key, "residual", INVERTED, config, shape, flags, rng, draw, options)
    for variant in _ARGUMENTS["variant"]:
        config = {"filters": 3, "variant": variant}
        picture = normal(rng, (1, 4, 4, 2))
        yield Case(f"graph-{variant}", "graph", BLOCK, "graph", config, (picture,))


def _modes(rng: np.random.Generator) -> Iterator[Case]:
    """The same layer by other routes, in other modes, under another policy."""
    mobile = {"filters": 3, "strides": 2, "momentum": 0.5, "epsilon": 0.25}
    xception = {"filters": 2, "variant": "xception", "momentum": 0.25, "epsilon": 0.5}
    settings: list[tuple[str, dict[str, Any], Flags, dict[str, Any]]] = [
        ("config-0", mobile, None, {"route": "config"}),
        ("config-1", xception, [True], {"route": "config"}),
        ("save-0", mobile, [True, False], {"route": "save"}),
        ("unknown-0", mobile, None, {"mode": "function", "unknown_batch": True}),
        ("xla-0", mobile, [True], {"mode": "xla"}),
        ("half-0", mobile, [True], {"policy": "mixed_float16"}),
        ("half-1", xception, None, {"policy": "mixed_float16"}),
    ]
    for key, config, flags, options in settings:
        group, shape = key.split("-")[0], (2, 4, 3, 2)
        yield _layer(key, group, BLOCK, config, shape, flags, rng, _drawn, options)


def _layer(
    key: str,
    group: str,
    target: str,
    config: dict[str, Any],
    shape: tuple[int, ...],
    flags: Flags,
    rng: np.random.Generator,
    values: Values,
    options: dict[str, Any] | None = None,
) -> Case:
    weights = weight_shapes(target, config, shape[-1])
    every = {
        **(options or {}),
        "weight_names": list(weights),
        "state_names": list(state_shapes(weights)),
    }
    if flags is not None:
        every["training"] = flags
    return Case(
        key,
        group,
        target,
        config=config,
        inputs=tuple(values(rng, shape, "input") for _ in flags or [False]),
        weights=tuple(values(rng, size, name) for name, size in weights.items()),
        cotangent=values(rng, output_shape(config, shape), "cotangent"),
        options=every,
    )


def _model(key: str, group: str, alpha: float, input_shape: tuple[int, ...], classes: int) -> Case:
    config = {"alpha": alpha, "input_shape": input_shape, "classes": classes}
    picture = np.zeros((1, *input_shape), np.float32)
    return Case(key, group, MODEL, "model", config, (picture,), options={"layer": BLOCK})


def _fold(
    key: str,
    group: str,
    config: dict[str, Any],
    shape: tuple[int, ...],
    rng: np.random.Generator,
    values: Values,
) -> Case:
    weights = weight_shapes(BLOCK, config, shape[-1])
    block = {
        "make": BLOCK,
        "config": config,
        "build": list(shape),
        "trainable": [values(rng, size, name) for name, size in weights.items()],
        "state": [values(rng, size, name) for name, size in state_shapes(weights).items()],
    }
    inputs = (block, values(rng, shape, "input"))
    return Case(key, group, FOLD, "function", inputs=inputs, options={"then_call": True})


def _readable(rng: np.random.Generator, shape: tuple[int, ...], name: str) -> np.ndarray:
    """Whole numbers without a zero, where a slope would be open; halves for the batch norm."""
    if "variance" in name:
        return rng.integers(1, 4, shape).astype(np.float32)
    signs = rng.choice([-1.0, 1.0, 1.0], shape)
    if "gamma" in name or "beta" in name:
        return (signs * rng.integers(0, 3, shape) + 0.5).astype(np.float32)
    values = whole(rng, shape, 2)
    return np.where(values == 0, 3 if name == "input" else 1, values).astype(np.float32)


def _drawn(rng: np.random.Generator, shape: tuple[int, ...], name: str) -> np.ndarray:
    """Values that float16 holds; what is normalized is off center."""
    values = normal(rng, shape)
    if "variance" in name:
        values = np.abs(values) + np.float32(0.25)
    elif "gamma" in name:
        values = np.sign(values) * (np.abs(values) + np.float32(0.5))
    elif name == "input":
        values = values + np.float32(0.375)
    return values.astype(np.float16).astype(np.float32)


def _large(rng: np.random.Generator, shape: tuple[int, ...], name: str) -> np.ndarray:
    values = _drawn(rng, shape, name)
    return values * np.float32(8) if name == "input" or "gamma" in name else values


def weight_shapes(target: str, config: Any, channels: int) -> dict[str, tuple[int, ...]]:
    """Shapes of the trainable weights, by names that the cases give them, in their order.

    Args:
        target: The block or the inverted residual.
        config: Its arguments.
        channels: Channels of the input.
    """
    full = {**DEFAULTS, **config}
    filters = full["filters"]
    if target == INVERTED:
        wide = channels * full["expansion"]
        first = {} if full["expansion"] == 1 else _normed("expansion", (1, 1, channels, wide), 0)
        depthwise = _normed("depthwise", (3, 3, wide, 1), 1)
        return {**first, **depthwise, **_normed("projection", (1, 1, wide, filters), 2)}
    depthwise = _normed("depthwise", (3, 3, channels, 1), 1)
    if full["variant"] == "xception":
        depthwise = {"depthwise kernel": (3, 3, channels, 1)}
    return {**depthwise, **_normed("pointwise", (1, 1, channels, filters), 2)}


def _normed(name: str, shape: tuple[int, ...], number: int) -> dict[str, tuple[int, ...]]:
    size = (shape[2] if name == "depthwise" else shape[3],)
    return {f"{name} kernel": shape, f"gamma {number}": size, f"beta {number}": size}


def state_shapes(weights: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Shapes of the moving statistics, by name, in their order."""
    return {
        f"{moving} {name.split()[1]}": shape
        for name, shape in weights.items()
        if name.startswith("gamma")
        for moving in ("moving mean", "moving variance")
    }


def output_shape(config: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of the output for an input shape: `same` padding."""
    strides = config.get("strides", 1)
    return (shape[0], -(-shape[1] // strides), -(-shape[2] // strides), config["filters"])
