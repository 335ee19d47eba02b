"""Draws hidden cases: every pair of argument values at least once, arrays from a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np
from allpairspy import AllPairs


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
    # With a filter AllPairs loses some pairs that are allowed: each gets a row, shared if possible.
    for place, other in combinations(range(len(names)), 2):
        for i, j in product(range(len(values[place])), range(len(values[other]))):
            start = {names[place]: values[place][i], names[other]: values[other][j]}
            if (place, i, other, j) not in met and allowed(start):
                row = _completed(start, names, values, allowed)
                met |= _pairs_of(row, values)
                yield dict(zip(names, row, strict=True))


def _pairs_of(row: Sequence[Any], values: list[list[Any]]) -> set[tuple[int, int, int, int]]:
    """The pairs that a row holds, as places and positions in the lists of values."""
    positions = [choices.index(value) for choices, value in zip(values, row, strict=True)]
    return {(i, positions[i], j, positions[j]) for i, j in combinations(range(len(row)), 2)}


def _completed(
    start: dict[str, Any],
    names: list[str],
    values: list[list[Any]],
    allowed: Callable[[dict[str, Any]], bool],
) -> list[Any]:
    """A row that holds some values, the others filled in as they fit."""
    chosen = dict(start)
    for name, choices in zip(names, values, strict=True):
        if name not in chosen:
            chosen[name] = next(value for value in choices if allowed({**chosen, name: value}))
    return [chosen[name] for name in names]


def normal(rng: np.random.Generator, shape: Sequence[int], scale: float = 1.0) -> np.ndarray:
    """Normal values that float16 holds exactly, so that every dtype policy sees the same ones."""
    return rng.standard_normal(tuple(shape)).astype(np.float16).astype(np.float32) * np.float32(
        scale
    )


def whole(rng: np.random.Generator, shape: Sequence[int], most: int = 3) -> np.ndarray:
    """Small whole numbers: their products and sums are exact in any order, and easy to read."""
    return rng.integers(-most, most + 1, tuple(shape)).astype(np.float32)
