"""Draws hidden cases: every pair of argument values at least once, arrays from a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

import numpy as np
from allpairspy import AllPairs

from autograder.shapes import pair, reach
from layerlab.case import Case

Values = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
"""Draws an array of a shape."""


def pairs(
    rng: np.random.Generator,
    arguments: Mapping[str, Sequence[Any]],
    allowed: Callable[[dict[str, Any]], bool] = lambda chosen: True,
) -> Iterator[dict[str, Any]]:
    """Combinations in which every allowed pair of values of two arguments occurs.

    Args:
        rng: Decides which combinations; the pairs are covered whatever it draws.
        arguments: The values of each argument.
        allowed: Whether a combination, possibly of the first few arguments only, makes sense.
    """
    names = list(arguments)
    values = [[arguments[name][i] for i in rng.permutation(len(arguments[name]))] for name in names]

    def fits(row: Sequence[Any]) -> bool:
        return allowed(dict(zip(names, row, strict=False)))

    met: set[tuple[int, int, int, int]] = set()
    for row in AllPairs(values, filter_func=fits):
        met |= _pairs_of(row, values)
        yield dict(zip(names, row, strict=True))
    # With a filter AllPairs loses some pairs that are allowed: rows are added until each is met.
    for place, other in combinations(range(len(names)), 2):
        for i, j in product(range(len(values[place])), range(len(values[other]))):
            start = {place: i, other: j}
            named = {names[p]: values[p][k] for p, k in start.items()}
            if (place, i, other, j) not in met and allowed(named):
                row = _completed(start, names, values, allowed, met)
                met |= _pairs_of(row, values)
                yield dict(zip(names, row, strict=True))


def _pairs_of(row: Sequence[Any], values: list[list[Any]]) -> set[tuple[int, int, int, int]]:
    """The pairs that a row holds, as places and positions in the lists of values."""
    positions = [choices.index(value) for choices, value in zip(values, row, strict=True)]
    return {(i, positions[i], j, positions[j]) for i, j in combinations(range(len(row)), 2)}


def _completed(
    start: dict[int, int],
    names: list[str],
    values: list[list[Any]],
    allowed: Callable[[dict[str, Any]], bool],
    met: set[tuple[int, int, int, int]],
) -> list[Any]:
    """A row that holds some values; the others are filled in so that it meets many new pairs.

    Args:
        start: Positions of the values that it holds, by place.
        names: Names of the arguments.
        values: Their values.
        allowed: Whether a combination makes sense.
        met: Pairs that are met already.
    """
    chosen = dict(start)
    for place in range(len(names)):
        if place in chosen:
            continue
        fitting = [
            (sum(_pair(place, position, p, k) not in met for p, k in chosen.items()), -position)
            for position in range(len(values[place]))
            if allowed({names[p]: values[p][k] for p, k in {**chosen, place: position}.items()})
        ]
        chosen[place] = -max(fitting)[1]
    return [values[place][chosen[place]] for place in range(len(names))]


def _pair(place: int, position: int, other: int, its: int) -> tuple[int, int, int, int]:
    first, second = sorted([(place, position), (other, its)])
    return (*first, *second)


def normal(rng: np.random.Generator, shape: Sequence[int], scale: float = 1.0) -> np.ndarray:
    """Normal values that float16 holds exactly, so that every dtype policy sees the same ones."""
    return rng.standard_normal(tuple(shape)).astype(np.float16).astype(np.float32) * np.float32(
        scale
    )


def whole(rng: np.random.Generator, shape: Sequence[int], most: int = 3) -> np.ndarray:
    """Small whole numbers: their products and sums are exact in any order, and easy to read."""
    return rng.integers(-most, most + 1, tuple(shape)).astype(np.float32)


@dataclass(frozen=True)
class LayerCases:
    """Draws the cases of a layer whose weights and output have shapes that its arguments give.

    Args:
        target: Name of the layer.
        weight_shapes: Shapes of the weights by name, from arguments and input shape.
        output_shape: Shape of the output, from arguments and input shape.
    """

    target: str
    weight_shapes: Callable[[dict[str, Any], tuple[int, ...]], Mapping[str, tuple[int, ...]]]
    output_shape: Callable[[dict[str, Any], tuple[int, ...]], tuple[int, ...]]

    def __call__(
        self,
        key: str,
        group: str,
        config: dict[str, Any],
        shape: tuple[int, ...],
        rng: np.random.Generator,
        values: Values,
        options: dict[str, Any] | None = None,
    ) -> Case:
        """A case whose input, weights and cotangent are drawn by `values`, in this order."""
        return Case(
            key,
            group,
            self.target,
            config=config,
            inputs=(values(rng, shape),),
            weights=tuple(values(rng, s) for s in self.weight_shapes(config, shape).values()),
            cotangent=values(rng, self.output_shape(config, shape)),
            options=options or {},
        )


def image(original: Case, group: str, **changes: Any) -> Case:
    """A case made from another by a change whose effect on the answer is known.

    A hidden test of the group receives the answers to both, as `examined` and `original`.

    Args:
        original: The other case, which is asked as well.
        group: Its group, named after the change.
        **changes: The fields that the change concerns.
    """
    options = {**original.options, "image_of": original.key}
    key = f"{group} of {original.key}"
    return replace(original, key=key, group=group, options=options, **changes)


def arguments(chosen: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the chosen values that are arguments of a layer on pictures and not its defaults.

    Args:
        chosen: A row of `pairs`, with `picture` (height and width), `batch` and `channels`.
        defaults: The layer's defaults.
    """
    return {
        name: value
        for name, value in chosen.items()
        if name not in ("picture", "batch", "channels")
        and not (name in defaults and defaults[name] == value)
    }


def input_shape(chosen: Mapping[str, Any]) -> tuple[int, ...]:
    """Shape (batch, height, width, channels) of the chosen picture, enlarged until a dilated window
    fits into it, or with `"same"` padding until some of its taps do: with none the output would be
    zero whatever the layer does.
    """
    height, width = chosen["picture"]
    rates = pair(chosen["dilation_rate"])
    inside = chosen["padding"] == "valid"
    least = reach(chosen["kernel_size"], chosen["dilation_rate"]) if inside else rates
    height, width = max(height, least[0]), max(width, least[1])
    return chosen["batch"], height, width, chosen["channels"]


def strides_or_dilation(chosen: Mapping[str, Any]) -> bool:
    """Whether not both strides and dilation are above 1, which no built-in op takes."""
    strides, rate = chosen.get("strides", 1), chosen.get("dilation_rate", 1)
    return not (max(pair(strides)) > 1 and max(pair(rate)) > 1)
