"""Draws hidden cases: every pair of argument values at least once, arrays from a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
    for chosen in AllPairs(
        values, filter_func=lambda row: allowed(dict(zip(names, row, strict=False)))
    ):
        yield dict(zip(names, chosen, strict=True))


def normal(rng: np.random.Generator, shape: Sequence[int], scale: float = 1.0) -> np.ndarray:
    """Normal values that float16 holds exactly, so that every dtype policy sees the same ones."""
    return rng.standard_normal(tuple(shape)).astype(np.float16).astype(np.float32) * np.float32(
        scale
    )


def whole(rng: np.random.Generator, shape: Sequence[int], most: int = 3) -> np.ndarray:
    """Small whole numbers: their products and sums are exact in any order, and easy to read."""
    return rng.integers(-most, most + 1, tuple(shape)).astype(np.float32)
