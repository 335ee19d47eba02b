"""Cuts an array into the two-dimensional grids that a reader can look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, product

import numpy as np

MOST_PLANES = 4
MOST_ROWS = 12

Index = tuple[int | slice, ...]
"""Cuts a grid out of an array."""


def planes(
    name: str, array: np.ndarray, wrong: np.ndarray | None = None
) -> Iterator[tuple[str, Index]]:
    """The first few grids of an array.

    Args:
        name: What the array is: anything with `kernel` in it is cut as (height, width, in, out),
            other arrays of rank 4 as (batch, height, width, channels).
        array: Array of any rank.
        wrong: If given, where the array is wrong: only grids with something wrong in them are
            shown, and of a large one a part with something wrong in it.

    Yields:
        A title and the index that cuts the grid out of `array`.
    """
    for whole in islice(_wholes(name, array, wrong), MOST_PLANES):
        index = _cut(whole, array.shape, wrong)
        labels = [_label(item, size) for item, size in zip(index, array.shape, strict=True)]
        yield name if set(labels) <= {":"} else f"{name}[{', '.join(labels)}]", index


def left_out(name: str, wrong: np.ndarray) -> int:
    """How many grids with something wrong in them `planes` does not show."""
    return max(sum(1 for _ in _wholes(name, wrong, wrong)) - MOST_PLANES, 0)


def grid(array: np.ndarray, index: Index) -> np.ndarray:
    """The grid that `index` cuts out, always two-dimensional."""
    return np.atleast_2d(array[index])


def number(value: float) -> str:
    """A number of a grid, as short as a reader needs it."""
    return f"{value:.4g}"


def places(index: Index) -> tuple[range, range]:
    """Where the rows and the columns of a grid stand in their array; empty where it has no axis."""
    axes = [range(item.start, item.stop) for item in index if isinstance(item, slice)]
    rows, columns = [range(0), range(0), *axes][-2:]
    return rows, columns


def _wholes(name: str, array: np.ndarray, wrong: np.ndarray | None) -> Iterator[Index]:
    axes = _grid_axes(name, array.ndim)
    choices: list[Iterable[int | slice]] = [
        [slice(0, size)] if axis in axes else range(size) for axis, size in enumerate(array.shape)
    ]
    for index in product(*choices):
        if wrong is None or np.any(wrong[index]):
            yield index


def _grid_axes(name: str, rank: int) -> tuple[int, ...]:
    if rank == 4:
        return (0, 1) if "kernel" in name else (1, 2)
    return tuple(range(max(rank - 2, 0), rank))


def _cut(whole: Index, shape: tuple[int, ...], wrong: np.ndarray | None) -> Index:
    """At most `MOST_ROWS` of each axis, with the first wrong value among them."""
    place = iter([0, 0] if wrong is None else np.argwhere(np.atleast_1d(wrong[whole]))[0].tolist())
    cut: list[int | slice] = []
    for item, size in zip(whole, shape, strict=True):
        if isinstance(item, slice):
            start = max(0, min(next(place) - MOST_ROWS // 2, size - MOST_ROWS))
            cut.append(slice(start, min(size, start + MOST_ROWS)))
        else:
            cut.append(item)
    return tuple(cut)


def _label(item: int | slice, size: int) -> str:
    if not isinstance(item, slice):
        return str(item)
    return ":" if item.stop - item.start == size else f"{item.start}:{item.stop}"
