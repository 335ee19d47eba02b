"""What a subject says, held to its form: nothing of another kind or size gets any further."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.hearsay import retold
from autograder.result import VERDICT
from autograder.scrutiny import Reading

MOST_ASPECTS = 200
"""Aspects that one observation may have."""
MOST_DEPTH = 8
"""Levels of lists in lists that plain data may have."""
LONGEST_TEXT = 100_000
"""Characters of one text. The subject's own limits are below, but it may have changed them."""
MOST_SHOWN = 8 * 2**20
"""Characters that the outputs of one cell may have together."""
MOST_OUTPUTS = 300
"""Outputs that one cell may have."""

_KINDS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "stream": {"name": str, "text": str},
    "error": {"ename": str, "evalue": str, "traceback": list},
    "display_data": {"data": dict},
    "execute_result": {"data": dict, "execution_count": (int, type(None))},
}
"""The fields of an output, as nbformat has them."""


class Unsound(Exception):
    """It is not of the form that a subject of ours gives it; the message is a noun phrase."""


def observation(reply: dict[str, Any], reading: Reading) -> dict[str, Any]:
    """The observation in an answer to a case, its error in words that give nothing away.

    Args:
        reply: The answer.
        reading: The submission's source.

    Raises:
        Unsound: There is none.
    """
    if reply.get("interrupted") is True:  # by the submission itself: nobody else is that quick
        return {"error": {"type": "KeyboardInterrupt", "where": "call", "line": "", "text": ""}}
    found = reply.get("observation")
    if not isinstance(found, dict) or len(found) > MOST_ASPECTS:
        raise Unsound("something that is no observation")
    if not all(isinstance(name, str) and len(name) <= 200 for name in found):
        raise Unsound("aspects without a name")
    if not all(_is_plain(value, MOST_DEPTH) for value in found.values()):
        raise Unsound("data of a form that nothing has")
    error = found.get("error")
    if error is not None:
        if not isinstance(error, dict) or not {"type", "where", "text"} <= {*error}:
            raise Unsound("an error that is none")
        if not all(isinstance(error.get(name, ""), str) for name in (*error, "line")):
            raise Unsound("an error that is none")
        return {**found, "error": retold(error, reading)}
    return dict(found)


def outputs(reply: dict[str, Any]) -> list[dict[str, Any]]:
    """The outputs in an answer to a cell, as nbformat's dictionaries.

    Raises:
        Unsound: There are none, or more than a cell may have.
    """
    if reply.get("interrupted") is True:
        return []
    found = reply.get("outputs")
    if not isinstance(found, list) or len(found) > MOST_OUTPUTS:
        raise Unsound("something that is no list of outputs")
    sound = [_output(item) for item in found]
    if any(VERDICT in item.get("data", ()) for item in sound):
        raise Unsound("a verdict of its own")
    if sum(_length(item) for item in sound) > MOST_SHOWN:
        raise Unsound("more outputs than a cell may have")
    return sound


def _output(item: Any) -> dict[str, Any]:
    fields = _KINDS.get(str(item.get("output_type"))) if isinstance(item, dict) else None
    if fields is None:
        raise Unsound("something that is no output")
    if not all(isinstance(item.get(name), kind) for name, kind in fields.items()):
        raise Unsound("an output with other fields than its kind has")
    if not all(isinstance(line, str) for line in item.get("traceback", ())):
        raise Unsound("a traceback that is none")
    kept = {name: _text(item[name]) for name in ("output_type", *fields)}
    if "data" in kept:
        kept["metadata"] = {}
        kept["data"] = {
            _text(kind): _text(value)
            for kind, value in kept["data"].items()
            if isinstance(kind, str) and _is_text_or_json(value)
        }
    return kept


def _text(value: Any) -> Any:
    """A value without what is no text: halves of characters, which no file can hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_text(item) for item in value]
    return value


def _is_text_or_json(value: Any) -> bool:
    return isinstance(value, str) or (_is_plain(value, MOST_DEPTH) and not _has_arrays(value))


def _has_arrays(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_arrays, value.values()))
    if isinstance(value, list):
        return any(map(_has_arrays, value))
    return isinstance(value, (np.ndarray, bytes))


def _is_plain(value: Any, depth: int) -> bool:
    """Whether it is an array, or data of the plain kinds and of bounded depth."""
    if isinstance(value, (list, dict)):
        if isinstance(value, dict) and not all(isinstance(name, str) for name in value):
            return False
        items = value.values() if isinstance(value, dict) else value
        return depth > 0 and all(_is_plain(item, depth - 1) for item in items)
    if isinstance(value, str):
        return len(value) <= LONGEST_TEXT
    return value is None or isinstance(value, (bool, int, float, bytes, np.ndarray))


def _length(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_length, value.values()))
    if isinstance(value, list):
        return sum(map(_length, value))
    return len(value) if isinstance(value, str) else 8
