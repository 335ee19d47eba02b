"""Arrays and plain data as JSON text: readable, diffable, and unable to execute anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

_TAG = "__array__"


def dump(value: Any, path: Path) -> None:
    """Writes plain data with NumPy arrays in it to `path`, the same bytes on every machine.

    Args:
        value: Nested dictionaries, lists, tuples, strings, numbers, booleans, `None`, arrays.
        path: File to write.
    """
    text = json.dumps(_encode(value), separators=(",", ":"), ensure_ascii=False)
    path.write_text(text.replace('{"key":', '\n{"key":') + "\n", encoding="utf-8")


def load(path: Path) -> Any:
    """Reads what `dump` wrote.

    Raises:
        ValueError: The file is not what `dump` writes.
    """
    return json.loads(path.read_text(encoding="utf-8"), object_hook=_decode)


def _encode(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        flat = [_number(item) for item in value.ravel().tolist()]
        return {_TAG: [str(value.dtype), list(value.shape), flat]}
    if isinstance(value, dict):
        return {name: _encode(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encode(item) for item in value]
    return value


def _number(item: Any) -> Any:
    """Whole floats are written without their `.0`, others so that they read back bit for bit."""
    return int(item) if isinstance(item, float) and item.is_integer() else item


def _decode(value: dict[str, Any]) -> Any:
    if set(value) != {_TAG}:
        return value
    dtype, shape, flat = value[_TAG]
    return np.array(flat, dtype=dtype).reshape(shape)
