"""Names the misconception that explains what went wrong, from what wrong solutions do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerlab.compare import (
    Expected,
    Observation,
    comparable,
    compare,
    plain,
    wrong_elements,
)

Failure = tuple[str, str]
"""Key of a case and name of an aspect."""


@dataclass(frozen=True)
class Misconception:
    """What one wrong solution (a chaff) does on the cases of a lab.

    Args:
        name: Its name, such as `kernel_flipped`.
        message: The sentence that explains it to a student.
        observations: What it does, by case; only cases on which it is wrong.
    """

    name: str
    message: str
    observations: Mapping[str, Observation]


def diagnose(
    targets: Mapping[str, str],
    expectations: Mapping[str, Mapping[str, Expected]],
    observations: Mapping[str, Observation],
    misconceptions: list[Misconception],
) -> dict[str, set[Failure]]:
    """Explains failures by as few misconceptions as possible.

    A misconception is a candidate for a target (an exercise) if the submission fails wherever the
    misconception does, and in at least one place in just the same way. The one that explains most
    is named first, then the one that explains most of the rest.

    Args:
        targets: Target of each case.
        expectations: Truth of each case, by aspect.
        observations: What the submission did, for the cases it was asked.
        misconceptions: The known ones.

    Returns:
        For each misconception that is recognised, the failures that it explains.
    """
    asked = {key: expectations[key] for key in observations if key in expectations}
    failed = {
        (key, aspect)
        for key, expectation in asked.items()
        for aspect in compare(expectation, observations[key])
    }
    if not failed:
        return {}
    explained = {}
    extent = {item.name: len(item.observations) for item in misconceptions}
    for misconception in misconceptions:
        found = _explains(misconception, targets, asked, observations, failed)
        if found:
            explained[misconception.name] = found
    named: dict[str, set[Failure]] = {}
    rest = set(failed)
    while rest and explained:
        # Of two that explain the same, the one that expects fewer failures elsewhere.
        best = max(explained, key=lambda name: (len(explained[name] & rest), -extent[name]))
        if not explained[best] & rest:
            break
        named[best] = explained.pop(best)
        rest -= named[best]
    return named


def _explains(
    misconception: Misconception,
    targets: Mapping[str, str],
    asked: Mapping[str, Mapping[str, Expected]],
    observations: Mapping[str, Observation],
    failed: set[Failure],
) -> set[Failure]:
    by_target: dict[str, set[Failure]] = {}
    ruled_out = set()
    for key, theirs in misconception.observations.items():
        if key not in asked or targets[key] in ruled_out:
            continue
        predicted = {(key, aspect) for aspect in compare(asked[key], theirs)}
        if not predicted <= failed:
            ruled_out.add(targets[key])
            continue
        by_target.setdefault(targets[key], set()).update(
            failure
            for failure in predicted
            if _alike(theirs, observations[key], failure[1], asked[key][failure[1]])
        )
    found: set[Failure] = set()
    for target, failures in by_target.items():
        if target not in ruled_out:
            found |= failures
    return found


def _alike(theirs: Observation, ours: Observation, aspect: str, expected: Expected) -> bool:
    """Whether two wrong answers are wrong in the same way."""
    if (aspect in theirs) != (aspect in ours):
        return False
    if aspect not in theirs:
        return _cause(theirs) == _cause(ours)
    one, other = (comparable(expected, item[aspect]) for item in (theirs, ours))
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return (
            one.shape == other.shape
            and not wrong_elements(one, other, _slack(one, expected.bound)).any()
        )
    return bool(type(one) is type(other) and plain(one) == plain(other))


def _cause(observation: Observation) -> tuple[Any, ...]:
    error = observation.get("error") or {}
    return (error.get("type"), error.get("where"))


def _slack(values: np.ndarray, bound: np.ndarray | None) -> np.ndarray:
    """Two wrong answers may round differently, and more than right ones do: naming is generous."""
    finite = np.abs(values[np.isfinite(values)].astype(np.float64))
    eps = np.finfo(values.dtype).eps if values.dtype.kind == "f" else 0.0
    slack = np.full(values.shape, 64 * eps * (finite.max() if finite.size else 0.0))
    return slack if bound is None or bound.shape != values.shape else slack + 4 * bound
