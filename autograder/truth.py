"""What is true of a lab's hidden cases: computed once for a course, kept on disk."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import layerlab
from autograder import imports
from autograder.course import Course
from autograder.graphs import provable, twin
from autograder.lab import Lab
from autograder.subject.wire import pack, unpack
from layerlab.case import Case
from layerlab.compare import Expected


@dataclass(frozen=True)
class Truth:
    """The truth about a lab's cases.

    Args:
        lab: The lab.
        all_cases: Its cases, those that only look for banned ops included.
        twins: The twins of those that can be held against a graph, by the case's key.
        expected: What is expected of cases and twins, by key and aspect.
        seeds: What the cases, the twins and the choice of graphs are drawn from.
    """

    lab: Lab
    all_cases: list[Case]
    twins: dict[str, Case]
    expected: dict[str, dict[str, Expected]]
    seeds: dict[str, int]

    @property
    def secret(self) -> str:
        """What chooses the cases that are held against their graphs."""
        return str(self.seeds["graphs"])

    @cached_property
    def cases(self) -> list[Case]:
        """The cases that have a truth."""
        return [case for case in self.all_cases if case.probe != "graph"]

    @cached_property
    def graph_cases(self) -> dict[str, list[Case]]:
        """The cases that show what an exercise is made of, by target."""
        found: dict[str, list[Case]] = {}
        for case in self.all_cases:
            if case.probe == "graph":
                found.setdefault(case.target, []).append(case)
        return found

    @cached_property
    def provable(self) -> dict[str, list[Case]]:
        """The cases that can be held against a graph, by target."""
        found: dict[str, list[Case]] = {}
        for case in self.cases:
            if case.key in self.twins:
                found.setdefault(case.target, []).append(case)
        return found

    @cached_property
    def targets(self) -> dict[str, str]:
        """Target of each case."""
        return {case.key: case.target for case in self.all_cases}

    def as_data(self) -> dict[str, Any]:
        """What cannot be drawn anew from the lab, as plain data and arrays."""
        return {"seeds": self.seeds, "expected": _plain(self.expected)}

    @classmethod
    def from_data(cls, lab: Lab, data: dict[str, Any]) -> Truth:
        """The inverse of `as_data`, for the same lab."""
        expected = {
            key: {aspect: Expected(**fields) for aspect, fields in aspects.items()}
            for key, aspects in data["expected"].items()
        }
        return cls(lab, *_draw(lab, data["seeds"]), expected, data["seeds"])


def load(course: Course, lab: Lab) -> Truth:
    """The truth about a lab for a course's seed, from disk, or from the oracle and kept there.

    Args:
        course: The course.
        lab: The lab.
    """
    seeds = {
        "cases": course.seed_for(lab.name),
        "twins": course.seed_for(f"{lab.name}/twins"),
        "graphs": course.seed_for(f"{lab.name}/graphs"),
    }
    path = kept(course, lab, "truth")
    if path.is_file():
        return Truth.from_data(lab, {"seeds": seeds, "expected": unpack(path.read_bytes())})
    cases, twins = _draw(lab, seeds)
    asked = [*(case for case in cases if case.probe != "graph"), *twins.values()]
    expected = {case.key: lab.expect(case) for case in asked}
    keep(path, _plain(expected))
    return Truth(lab, cases, twins, expected, seeds)


def _draw(lab: Lab, seeds: dict[str, int]) -> tuple[list[Case], dict[str, Case]]:
    """The cases, and the twins of those that have one."""
    cases = lab.hidden_cases(seeds["cases"])
    rng = np.random.default_rng(seeds["twins"])
    banned = lab.banned
    return cases, {
        case.key: twin(case, rng) for case in cases if provable(case, banned.get(case.target))
    }


def _plain(expected: dict[str, dict[str, Expected]]) -> dict[str, dict[str, Any]]:
    return {
        key: {aspect: vars(item) for aspect, item in aspects.items()}
        for key, aspects in expected.items()
    }


def kept(course: Course, lab: Lab, what: str, *depends: str) -> Path:
    """Where something is kept that depends on the lab, the seed, the code and its versions.

    Args:
        course: The course.
        lab: The lab.
        what: Its name.
        *depends: What else it depends on.
    """
    digest = hashlib.sha256()
    for part in (course.seed, lab.fingerprint, *depends, *_versions(), _engine(lab)):
        digest.update(f"{len(part)}:{part}".encode())
    return course.state / what / f"{lab.name}-{digest.hexdigest()[:24]}.msgpack"


def keep(path: Path, data: Any) -> None:
    """Writes data, whole or not at all, for its owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(pack(data))
    unfinished.replace(path)


def _versions() -> list[str]:
    packages = ("tensorflow", "keras", "numpy", "msgpack")
    return [importlib.metadata.version(name) for name in packages]


def _engine(lab: Lab) -> str:
    """Changes with the code that draws, probes, compares and judges."""
    here, there = Path(__file__).parent, Path(str(layerlab.__file__)).parent
    inside = [*(here / "subject").rglob("*.py"), *there.rglob("*.py")]  # in the sandbox
    grades = (here / "grading.py", here / "bank.py")
    return imports.digest(*grades, *inside, *lab.hidden.glob("*.py"))
