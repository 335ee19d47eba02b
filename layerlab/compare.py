"""What is expected of a case, what was observed, and the sentence that says how they differ."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

_SHAPE = re.compile(r" ?\([\d, ]+\)")

Observation = Mapping[str, Any]
"""What a probe saw: a value (array or plain data) for each aspect, or an `error`."""


@dataclass(frozen=True)
class Expected:
    """The truth about one aspect of a case.

    Args:
        value: Array or plain data.
        bound: Largest error allowed for each element of `value`, in its own units: the a-priori
            rounding bound of the computation. `None` asks for equality.
        rule: How the two are compared: a key of `RULES`.
    """

    value: Any
    bound: np.ndarray | None = None
    rule: str = "value"


@dataclass(frozen=True)
class Difference:
    """One aspect that is wrong.

    Args:
        aspect: What is wrong, such as `output` or `gradient of kernel`.
        message: One sentence to the student, with the values that differ.
        kind: `not started`, `error`, `shape`, `value` or another rule's word.
        brief: The same without a value or a shape of the case: for hidden tests.
    """

    aspect: str
    message: str
    kind: str
    brief: str = ""

    def __post_init__(self) -> None:
        if not self.brief:
            what = "shape" if self.kind == "shape" else "values"
            object.__setattr__(self, "brief", f"the {self.aspect} is wrong ({what})")


def compare(expectation: Mapping[str, Expected], observation: Observation) -> dict[str, Difference]:
    """Compares every expected aspect.

    Args:
        expectation: The truth, by aspect.
        observation: What the probe saw, by aspect.

    Returns:
        The differences by aspect, in the order of `expectation`; empty if all is right.
    """
    differences = {}
    for aspect, expected in expectation.items():
        if aspect in observation:
            found = _held(aspect, expected, observation[aspect])
        else:
            found = _unobserved(aspect, observation.get("error"))
        if found is not None:
            differences[aspect] = found
    return differences


def _held(aspect: str, expected: Expected, actual: Any) -> Difference | None:
    """Holds a value against the truth. What is observed may be of any kind, also of one that no
    rule has in mind: that is a wrong answer, not a failure of the rule.
    """
    try:
        return RULES[expected.rule](aspect, expected, actual)
    except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError):
        return Difference(
            aspect,
            f"The {aspect} is no answer of the kind that was asked for.",
            "value",
            f"the {aspect} is no answer of the kind that was asked for",
        )


def _unobserved(aspect: str, error: Mapping[str, str] | None) -> Difference:
    if error is None:
        return Difference(aspect, f"The {aspect} could not be observed.", "error")
    kind, where, text = error["type"], error["where"], error["text"]
    if kind == "NotImplementedError":
        return Difference(aspect, "Not started yet.", "not started", "not started yet")
    if not where:  # the sentence is the probe's own
        return Difference(aspect, text, "error", _SHAPE.sub("", text).rstrip("."))
    line = f", at `{error['line']}`" if error.get("line") else ""
    brief = f"{where} raises {kind}{line}"
    return Difference(aspect, f"{brief}: {text}", "error", brief)


def _value(aspect: str, expected: Expected, actual: Any) -> Difference | None:
    if isinstance(expected.value, np.ndarray):
        if expected.value.ndim == 0 and isinstance(actual, (int, float)):
            actual = np.asarray(actual, dtype=np.float64)
        return _array(aspect, expected, actual)
    small = not isinstance(actual, np.ndarray) or actual.size <= _MOST_AS_LIST
    if small and plain(actual) == plain(expected.value):
        return None
    return Difference(
        aspect, f"The {aspect} should be {_say(expected.value)}, not {_say(actual)}.", "value"
    )


_MOST_AS_LIST = 10_000
"""Elements of an array that plain data is compared with."""


def _array(aspect: str, expected: Expected, actual: Any) -> Difference | None:
    truth = expected.value
    if actual is None:
        return Difference(
            aspect,
            f"No {aspect} arrives: the computation is cut off from it (None).",
            "value",
            f"no {aspect} arrives",
        )
    if not isinstance(actual, np.ndarray):
        return Difference(aspect, f"The {aspect} is {_say(actual)}, not a tensor.", "value")
    if actual.shape != truth.shape:
        return Difference(
            aspect, f"The {aspect} has shape {actual.shape}, expected {truth.shape}.", "shape"
        )
    wrong = wrong_elements(truth, actual, expected.bound)
    count = int(wrong.sum())
    if count == 0:
        return None
    index = worst(truth, actual, wrong)
    place = f" at {tuple(int(i) for i in index)}" if index else ""
    return Difference(
        aspect,
        f"The {aspect} is wrong in {count} of {truth.size} values;{place} it is "
        f"{actual[index]:.7g}, expected {truth[index]:.7g}.",
        "value",
    )


def wrong_elements(truth: np.ndarray, actual: np.ndarray, bound: np.ndarray | None) -> np.ndarray:
    """Where `actual` is further from `truth` than `bound` (boolean array of their shape).

    Where the truth is infinite or NaN, the actual value must be the same infinity, or NaN.
    """
    truth, actual = truth.astype(np.float64), actual.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        allowed = np.zeros_like(truth) if bound is None else bound
        close = np.abs(actual - truth) <= allowed
    same = (actual == truth) | (np.isnan(actual) & np.isnan(truth))
    return ~np.where(np.isfinite(truth), close, same)


def worst(truth: np.ndarray, actual: np.ndarray, wrong: np.ndarray) -> tuple[int, ...]:
    """Index of the wrong element that is furthest off (NaN counts as furthest)."""
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(actual.astype(np.float64) - truth.astype(np.float64))
    error = np.where(wrong, np.nan_to_num(error, nan=np.inf, posinf=np.inf), -1.0)
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(error)), error.shape))


def _proportional(aspect: str, expected: Expected, actual: Any) -> Difference | None:
    """An array that is known up to a positive factor; the bound is in the units of the truth.

    Errors e within the bound change the factor by a share of at most |e . truth| / |truth|^2.
    """
    truth, bound = expected.value, expected.bound
    if bound is not None:
        share = float(np.sum(bound * np.abs(truth)) / np.sum(truth**2))
        bound = (bound + share * np.abs(truth)) / (1 - share)
    return _array(aspect, Expected(truth, bound), comparable(expected, actual))


def comparable(expected: Expected, actual: Any) -> Any:
    """`actual` in the units of the truth: where a factor is free, scaled by a positive one.

    Of all factors it is the one with which both have the same product with the truth.
    """
    truth = expected.value
    if expected.rule != "proportional" or not isinstance(actual, np.ndarray):
        return actual
    if actual.shape != truth.shape:
        return actual
    with np.errstate(invalid="ignore", over="ignore"):
        product = float(np.sum(actual.astype(np.float64) * truth))
        return actual * (float(np.sum(truth**2)) / product if product > 0 else 0.0)


def _weights(aspect: str, expected: Expected, actual: Any) -> Difference | None:
    """Weights by name, shape and order; an expected name of `None` leaves the name free."""
    truth = [(name, tuple(shape)) for name, shape in expected.value]
    found = [(name, tuple(shape)) for name, shape in actual]
    if len(truth) == len(found) and all(
        shape == other and name in (None, label)
        for (name, shape), (label, other) in zip(truth, found, strict=True)
    ):
        return None
    text = (
        f"the {aspect} should be {_weight_list(truth)}, in this order; "
        f"the layer has {_weight_list(found)}"
    )
    names = ", ".join(name or "one" for name, _ in truth) or "none"
    ours = ", ".join(name for name, _ in found) or "none"
    brief = f"the {aspect} have other names or shapes than asked for: {names}; found {ours}"
    return Difference(aspect, f"{text[0].upper()}{text[1:]}.", "weights", brief)


def _weight_list(weights: list[tuple[str | None, tuple[int, ...]]]) -> str:
    return ", ".join(f"{name or 'one'} {shape}" for name, shape in weights) or "none"


def _contains(aspect: str, expected: Expected, actual: Any) -> Difference | None:
    missing = [item for item in expected.value if item not in actual]
    if not missing:
        return None
    text = f"the {aspect} lack {', '.join(map(repr, missing))}"
    return Difference(aspect, f"{text[0].upper()}{text[1:]}.", "value", text)


def _includes(aspect: str, expected: Expected, actual: Any) -> Difference | None:
    for name, value in expected.value.items():
        if name not in actual or plain(actual[name]) != plain(value):
            found = repr(actual[name]) if name in actual else "missing"
            text = f"{name} in the {aspect} should be {value!r}; it is {found}"
            return Difference(aspect, f"{text}.", "value", f"{name} in the {aspect} is wrong")
    return None


def _raises(aspect: str, expected: Expected, actual: Any) -> Difference | None:
    """An invalid argument must raise the expected error, and nothing else."""
    if actual == expected.value:
        return None
    outcome = f"it raises {actual}" if actual else "it is accepted"
    return Difference(
        aspect,
        f"This argument must raise a {expected.value} in the constructor; {outcome}.",
        "value",
        f"an invalid argument must raise a {expected.value} in the constructor",
    )


def _distribution(aspect: str, expected: Expected, actual: Any) -> Difference | None:
    """Independent draws from a distribution, by support, moments and Kolmogorov–Smirnov.

    `expected.value` has `shape`, `distribution` (`uniform`, `normal` or `truncated_normal`, all
    with mean zero), `scale` (half-width of the uniform, standard deviation of the *untruncated*
    normal) and `false_alarm`, the probability that right draws are turned down.
    """
    truth = expected.value
    if np.shape(actual) != tuple(truth["shape"]):
        text = f"The {aspect} have shape {np.shape(actual)}, expected {tuple(truth['shape'])}."
        return Difference(aspect, text, "shape")
    draws = np.sort(np.asarray(actual, dtype=np.float64).ravel())
    scale, kind = truth["scale"], truth["distribution"]
    cut = {"uniform": 1.0, "truncated_normal": 2.0, "normal": math.inf}[kind]
    if not np.all(np.isfinite(draws)) or np.max(np.abs(draws)) > cut * scale * (1 + 1e-6):
        return Difference(
            aspect,
            f"A {kind} draw should stay within ±{cut * scale:.6g}; "
            f"the largest is {np.max(np.abs(draws)):.6g}.",
            "value",
        )
    cumulative = (
        _uniform_cdf(draws / scale) if kind == "uniform" else _normal_cdf(draws / scale, cut)
    )
    n = draws.size
    ranks = np.arange(n)
    distance = float(max(np.max((ranks + 1) / n - cumulative), np.max(cumulative - ranks / n)))
    # Dvoretzky–Kiefer–Wolfowitz with Massart's constant: P(distance > d) <= 2 exp(-2 n d^2).
    limit = math.sqrt(math.log(2 / truth["false_alarm"]) / (2 * n))
    if distance <= limit:
        return None
    return Difference(
        aspect,
        f"{n} draws do not follow the {kind} distribution asked for: standard deviation "
        f"{draws.std():.6g}, expected {_spread(kind, scale):.6g} "
        f"(Kolmogorov–Smirnov distance {distance:.3f}, at most {limit:.3f}).",
        "value",
    )


TRUNCATED_STDDEV = 0.8796256610342398
"""Standard deviation of a standard normal cut off at ±2."""


def _spread(kind: str, scale: float) -> float:
    return scale * {"uniform": 1 / math.sqrt(3), "truncated_normal": TRUNCATED_STDDEV}.get(
        kind, 1.0
    )


def _uniform_cdf(z: np.ndarray) -> np.ndarray:
    return np.clip((z + 1) / 2, 0, 1)


def _normal_cdf(z: np.ndarray, cut: float) -> np.ndarray:
    phi = np.array([0.5 * (1 + math.erf(value / math.sqrt(2))) for value in z])
    if math.isinf(cut):
        return phi
    tail = 0.5 * (1 - math.erf(cut / math.sqrt(2)))
    return (phi - tail) / (1 - 2 * tail)


def _shared(aspect: str, expected: Expected, actual: Any) -> Difference | None:
    """A sum that several places may share as they like, and zero at all others.

    `expected.value` has `labels`, an array of the right shape with the number of the group that a
    place belongs to or -1 for a place that must hold zero, and `sums`, the sum of each group;
    `expected.bound` is for the sums.
    """
    labels, sums = expected.value["labels"], expected.value["sums"]
    if not isinstance(actual, np.ndarray) or actual.shape != labels.shape:
        return _array(aspect, Expected(np.zeros(labels.shape)), actual)
    values, free = actual.astype(np.float64), labels >= 0
    if np.any(values[~free] != 0):
        outside = np.where(free, 0, values)
        index = worst(np.zeros_like(outside), outside, outside != 0)
        place = tuple(int(i) for i in index)
        text = f"The {aspect} should be zero at {place}; it is {outside[index]:.7g}."
        return Difference(aspect, text, "value")
    found = np.bincount(labels[free], values[free], minlength=sums.size)
    wrong = wrong_elements(sums, found, expected.bound)
    if not wrong.any():
        return None
    group = worst(sums, found, wrong)
    text = (
        f"The {aspect} may be shared in any way among {int((labels == group).sum())} places with "
        f"equal rights, but should add up to {sums[group]:.7g} there; it adds up to "
        f"{found[group]:.7g}."
    )
    return Difference(aspect, text, "value")


RULES: dict[str, Callable[[str, Expected, Any], Difference | None]] = {
    "value": _value,
    "proportional": _proportional,
    "weights": _weights,
    "contains": _contains,
    "includes": _includes,
    "raises": _raises,
    "shared": _shared,
    "distribution": _distribution,
}


def plain(value: Any) -> Any:
    """Tuples and arrays as lists, NumPy scalars as numbers: plain data compares by value."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value


def _say(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (list, tuple)):
        return "(" + ", ".join(_say(item) for item in value) + ")"
    return str(value)
