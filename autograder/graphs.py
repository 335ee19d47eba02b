"""Holds what a submission answered against what its graph computes.

A subject reports on itself, so code that wants to hide a banned op only has to lie. This is where
that ends. After all answers are given, the subject hands out, for some of the cases that it has
answered, the traced graph of its layer, gradients included. A process in which none of its code has
run says what ops the graph is made of, and evaluates it: on the case's own values, where it has to
agree with the answer, and on a *twin*, other values of the same order and signs that the subject
has never seen, where it has to be as right. So whoever forges answers has to hand in a right graph
of allowed ops, which is what was asked for in the first place.

Which cases are held against their graphs depends on the submission and on the course's seed: no
code can tell beforehand. Where the source could hide something, all are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.banned import Banned
from autograder.session import Session
from layerlab.case import Case
from layerlab.compare import Expected, compare

PICKED = 1
"""How many cases of an exercise are held against their graphs where nothing is in doubt."""

_OPTIONS = frozenset(["weight_names", "state_names", "policy", "mode", "unknown_batch", "route"])
"""Options of a case of which a graph can be had."""


@dataclass(frozen=True)
class Finding:
    """Why an exercise earns nothing.

    Args:
        reason: A sentence for the student.
        conduct: What the submission did, in a clause for the instructor, if no honest one does it.
        uses: What it uses that is banned, if that is why.
    """

    reason: str
    conduct: str = ""
    uses: str = ""


def banned_use(target: str, uses: str) -> Finding:
    """The finding that an exercise uses something banned, open or hidden."""
    return Finding(f"{target} uses {uses}: build it from elementary ops.", uses=uses)


def provable(case: Case, banned: Banned | None) -> bool:
    """Whether a case can be held against a graph, and has a reason to be: an op that is banned."""
    return (
        banned is not None
        and bool(banned.ops)
        and case.probe in ("layer", "function")
        and set(case.options) <= _OPTIONS
        and all(isinstance(item, np.ndarray) and item.dtype.kind == "f" for item in case.inputs)
    )


def twin(case: Case, rng: np.random.Generator) -> Case:
    """A case with other values that compare with each other, and with zero, as the case's do.

    So whatever decides by comparing (a maximum, a sign) decides alike, and a layer that is right
    there is right here; but no answer can be had from the other's by scaling it.
    """

    def bent(array: np.ndarray) -> np.ndarray:
        power, scale = rng.uniform(0.8, 1.25), rng.uniform(0.5, 1.5)
        values = np.sign(array) * np.abs(array.astype(np.float64)) ** power * scale
        return values.astype(array.dtype)

    return replace(
        case,
        key=twin_key(case.key),
        inputs=tuple(map(bent, case.inputs)),
        weights=tuple(map(bent, case.weights)),
        cotangent=None if case.cotangent is None else bent(case.cotangent),
    )


def twin_key(key: str) -> str:
    """Key of a case's twin."""
    return f"{key}, twin"


def picked(cases: list[Case], secret: str, content: str) -> list[Case]:
    """The cases that are held against their graphs: the same for the same submission, and nobody
    knows them who does not know the secret. Where something is pulled back in some, it is those:
    the others do not show what is done on the way back.
    """
    telling = [case for case in cases if case.cotangent is not None] or cases

    def order(case: Case) -> bytes:
        return hashlib.sha256("\0".join((secret, content, case.key)).encode()).digest()

    return sorted(telling, key=order)[:PICKED]


@dataclass(frozen=True)
class Known:
    """What is known of the cases that can be held against graphs.

    Args:
        expected: What is expected of cases and twins, by key and aspect.
        twins: The twin of each case, by the case's key.
        banned: What each exercise must not use.
    """

    expected: Mapping[str, Mapping[str, Expected]]
    twins: Mapping[str, Case]
    banned: Mapping[str, Banned]


def hold(
    session: Session, cases: list[Case], answers: Mapping[str, Mapping[str, Any]], known: Known
) -> dict[str, Finding]:
    """Holds a submission's answers against its graphs. Its own process ends.

    Args:
        session: The submission.
        cases: The cases that are looked at.
        answers: What the submission answered, by key.
        known: What is known of the cases.

    Returns:
        Why an exercise earns nothing, by exercise; those that their graphs bear out are not there.
    """
    findings: dict[str, Finding] = {}
    traced = []
    for case in cases:
        if case.target in findings:
            continue
        exhibit = session.probe(replace(case, probe="export"))
        used = known.banned[case.target].found(_claims(exhibit))
        if used:  # it says so itself
            findings[case.target] = banned_use(case.target, used)
            continue
        if "graph" in exhibit and "error" not in exhibit:
            traced.append((case, exhibit))
            continue
        said = compare({"graph": Expected(None)}, {"error": exhibit.get("error")})["graph"]
        reason = (
            f"{case.target} cannot be traced ({said.brief}), so nobody can see what it is made of: "
            "compute with TensorFlow's ops alone."
        )
        findings[case.target] = Finding(reason)
    for case, exhibit in traced:
        if case.target not in findings:
            found = session.replay(_request(exhibit, [case, known.twins[case.key]]))
            finding = _judge(case, found, answers[case.key], known)
            if finding is not None:
                findings[case.target] = finding
    return findings


def _claims(exhibit: Mapping[str, Any]) -> dict[str, Any]:
    """What the submission itself says that an exercise is made of."""
    return {name: exhibit.get(name) for name in ("names", "calls", "bases")}


def _judge(
    case: Case, found: Mapping[str, Any], answer: Mapping[str, Any], known: Known
) -> Finding | None:
    """What the replay of a case's graph says of the answer to the case.

    Args:
        case: The case.
        found: What `autograder.subject.replay.run` returned, on the case and on its twin.
        answer: What the submission answered.
        known: What is known of the case.
    """
    target, twin = case.target, known.twins[case.key]
    used = known.banned[target].found(found)
    if used:
        return banned_use(target, used)
    if "results" not in found:
        what = f"has an op {found['refused']} in it" if "refused" in found else "does not run"
        return Finding(f"The graph of {target} {what}: compute with TensorFlow's ops alone.")
    own, others = found["results"]
    numbers = {
        aspect: expected
        for aspect, expected in known.expected[case.key].items()
        if aspect in ("output", "value") or aspect.startswith("gradient of ")
    }
    computed = compare(numbers, own)
    if {*computed} - {*compare(numbers, answer)}:
        return Finding(
            f"What {target} answers when it is run, its graph does not compute: it has to compute "
            "the same however it is called.",
            f"{target} answers other than its graph computes",
        )
    elsewhere = compare({name: known.expected[twin.key][name] for name in numbers}, others)
    if {*elsewhere} - {*computed}:
        return Finding(
            f"The graph of {target} holds answers to the cases it was asked, instead of computing "
            "them.",
            f"{target} hands in a graph that is right for what it was asked, and for nothing else",
        )
    return None


def _request(exhibit: Mapping[str, Any], cases: list[Case]) -> dict[str, Any]:
    """The replay of a graph on the values of some cases. What the subject says of its graph's
    tensors is a claim as any other: if it is wrong, the graph does not run.
    """
    feeds, constants = exhibit.get("feeds"), exhibit.get("constants")
    names = [name for name in feeds if isinstance(name, str)] if isinstance(feeds, list) else []
    held = dict(constants) if isinstance(constants, dict) else {}
    fetches = exhibit.get("fetches")
    wanted = fetches if isinstance(fetches, dict) else {}
    return {
        "graph": exhibit["graph"] if isinstance(exhibit["graph"], bytes) else b"",
        "feeds": [
            {**held, **dict(zip(names, (*c.inputs, *c.weights, *_pulled(c)), strict=False))}
            for c in cases
        ],
        "fetches": {name: value for name, value in wanted.items() if isinstance(value, str)},
    }


def _pulled(case: Case) -> list[np.ndarray]:
    return [] if case.cotangent is None else [case.cotangent]
