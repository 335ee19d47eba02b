"""What of a cell's outputs may be shown to others: pictures that are pictures, and plain text."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping
from typing import Any

from nbformat.v4 import new_output
from PIL import Image

KINDS = {"image/png": "PNG", "image/jpeg": "JPEG"}
"""SVG and HTML can run scripts: they are never shown."""

LARGEST = 2**20
"""Bytes of a picture."""
MOST_PIXELS = 20_000_000
ROOM = 3 * 2**20
"""Characters for all that a student's own run left in a notebook."""
LONGEST_TEXT = 20_000

OWN = "autograder_own"
"""Key in the metadata of an output that the student's own run left."""


def sound(data: Mapping[str, Any]) -> dict[str, str]:
    """What may be shown of an output's data, by MIME type."""
    kept: dict[str, str] = {}
    for kind in KINDS:
        picture = _text(data.get(kind))
        if picture and is_picture(picture, kind):
            kept[kind] = "".join(picture.split())
            return kept
    plain = _text(data.get("text/plain"))
    return {"text/plain": plain[:LONGEST_TEXT]} if plain else {}


def is_picture(encoded: str, kind: str) -> bool:
    """Whether it is a picture of that kind, and no larger than a page can bear."""
    try:
        raw = base64.b64decode("".join(encoded.split()), validate=True)
        if len(raw) > LARGEST:
            return False
        with Image.open(io.BytesIO(raw), formats=[KINDS[kind]]) as picture:
            return picture.width * picture.height <= MOST_PIXELS
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def own(outputs: Iterable[Mapping[str, Any]], room: int, *, texts: bool) -> list[Any]:
    """What a student's own run left in a cell.

    Args:
        outputs: The cell's outputs as they were handed in.
        room: Characters that there is room for.
        texts: Whether plain text is kept, too.
    """
    kept: list[Any] = []
    for output in outputs:
        data: Any = output.get("data", {})
        if output.get("output_type") == "stream" and output.get("name") == "stdout":
            data = {"text/plain": output.get("text")}
        data = sound(data) if isinstance(data, Mapping) else {}
        if not data or ("text/plain" in data and not texts):
            continue
        room -= sum(map(len, data.values()))
        if room < 0:
            data = {"text/plain": "(More of your own outputs is left out here: it is too large.)"}
        kept.append(new_output("display_data", data, metadata={OWN: True}))
        if room < 0:
            break
    return kept


def size(outputs: Iterable[Mapping[str, Any]]) -> int:
    """Characters of what `own` kept."""
    return sum(len(text) for output in outputs for text in output["data"].values())


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = "".join(map(str, value))
    return value if isinstance(value, str) else ""
