"""Python's search for garbage, in processes that import much and then work for long."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_FEW = (100_000, 50, 100)
"""Thresholds: a submission makes cycles by the thousand, and all are small."""


@contextmanager
def importing() -> Iterator[None]:
    """Within it nothing is searched: what an import makes stays. Afterwards, see `settle`."""
    gc.disable()
    try:
        yield
    finally:
        settle()
        gc.enable()


def settle() -> None:
    """Leaves what there is by now, which is what was imported, out of all searches to come: no
    child of this process copies it, and its end does not take it apart. The rest is searched
    seldom.
    """
    gc.freeze()
    gc.set_threshold(*_FEW)
