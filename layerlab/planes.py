"""Cuts an array into the two-dimensional grids that a reader can look at."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

MOST_PLANES = 4
MOST_ROWS = 12


def planes(name: str, array: np.ndarray) -> Iterator[tuple[str, tuple[int | slice, ...]]]:
    """The first few grids of an array.

    Args:
        name: What the array is: anything with `kernel` in it is cut as (height, width, in, out),
            other arrays of rank 4 as (batch, height, width, channels).
        array: Array of any rank.

    Yields:
        A title and the index that cuts the grid out of `array`.
    """
    axes = _grid_axes(name, array.ndim)
    others = [axis for axis in range(array.ndim) if axis not in axes]
    for count, position in enumerate(product(*(range(array.shape[axis]) for axis in others))):
        if count == MOST_PLANES:
            return
        index: list[int | slice] = [slice(MOST_ROWS)] * array.ndim
        for axis, value in zip(others, position, strict=True):
            index[axis] = value
        yield (
            f"{name}[{', '.join(_label(item) for item in index)}]" if others else name,
            tuple(index),
        )


def _grid_axes(name: str, rank: int) -> tuple[int, ...]:
    if rank == 4:
        return (0, 1) if "kernel" in name else (1, 2)
    return tuple(range(max(rank - 2, 0), rank))


def _label(item: int | slice) -> str:
    return ":" if isinstance(item, slice) else str(item)


def grid(array: np.ndarray, index: tuple[int | slice, ...]) -> np.ndarray:
    """The grid that `index` cuts out, always two-dimensional."""
    return np.atleast_2d(array[index])
