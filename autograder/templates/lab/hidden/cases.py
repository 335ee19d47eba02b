"""The cases of LAB_NAME: what students see, and what hidden tests draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder.banned import Banned
from autograder.draw import normal, pairs, whole
from layerlab.case import Case

LAYER = "Scale"
BANNED = {LAYER: Banned(names=frozenset({"Rescaling", "Normalization", "BatchNormalization"}))}

_ARGUMENTS: dict[str, list[Any]] = {
    "use_offset": [True, False],
    "places": [(), (1,), (4,), (3, 2)],
    "batch": [1, 2],
    "channels": [1, 2, 3],
}


def visible() -> Iterator[Case]:
    """The cases that students see: whole numbers, small enough to follow by hand."""
    rng = np.random.default_rng(1)
    yield _layer("see-0", "visible", {"use_offset": False}, (2, 1), rng, whole)
    yield _layer("see-1", "visible", {}, (2, 3), rng, whole)
    yield _layer("see-2", "visible", {}, (1, 2, 3), rng, whole)
    yield _layer("see-config", "visible", {"use_offset": False}, (1, 2), rng, whole, route="config")
    yield Case("see-refuse", "visible", LAYER, "refuse", {"use_offset": "yes"})


def hidden(rng: np.random.Generator) -> Iterator[Case]:
    """The cases of the hidden tests, drawn anew for every course.

    Args:
        rng: Seeded from the course's seed.
    """
    for number, chosen in enumerate(pairs(rng, _ARGUMENTS)):
        shape = (chosen["batch"], *chosen["places"], chosen["channels"])
        config = {"use_offset": chosen["use_offset"]}
        yield _layer(f"plain-{number}", "plain", config, shape, rng, normal)
    modes: dict[str, dict[str, Any]] = {
        "config": {"route": "config"},
        "save": {"route": "save"},
        "unknown": {"mode": "function", "unknown_batch": True},
        "xla": {"mode": "xla"},
        "half": {"policy": "mixed_float16"},
    }
    for name, options in modes.items():
        yield _layer(
            name, "modes", {"use_offset": name != "config"}, (2, 4, 3), rng, normal, **options
        )
    yield Case("invalid", "invalid", LAYER, "refuse", {"use_offset": None})
    yield Case("graph", "graph", LAYER, "graph", {}, (normal(rng, (2, 3)),))


def _layer(
    key: str,
    group: str,
    config: dict[str, Any],
    shape: tuple[int, ...],
    rng: np.random.Generator,
    values: Callable[..., np.ndarray],
    **options: Any,
) -> Case:
    weights = tuple(values(rng, s) for s in weight_shapes(config, shape).values())
    inputs, cotangent = (values(rng, shape),), values(rng, shape)
    return Case(key, group, LAYER, "layer", config, inputs, weights, cotangent, options)


def weight_shapes(config: dict[str, Any], shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Shapes of the layer's weights for an input shape."""
    names = ["gain", "offset"] if config.get("use_offset", True) else ["gain"]
    return {name: (shape[-1],) for name in names}
