"""Proves a lab whole: the solution passes, the stub is not attempted, every wheat gets full marks,
every chaff is caught and named, and the release keeps its secrets.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from autograder import bank, hints
from autograder.course import Course
from autograder.grading import judge
from autograder.lab import Lab
from autograder.proof import leaks, structure_problems
from autograder.result import GRADED, NOT_ATTEMPTED, Result
from autograder.scaffold import blanks
from autograder.subject.wire import unpack
from autograder.truth import keep, kept
from autograder.workers import Workers


@dataclass
class Proof:
    """What `verify` found out about one lab. `problems` are sentences; none means all is well."""

    lab: str
    solution: dict[str, float] = field(default_factory=dict)
    stub: dict[str, float] = field(default_factory=dict)
    wheats: dict[str, int] = field(default_factory=dict)
    chaffs: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing falls short."""
        return not self.problems

    def as_data(self) -> dict[str, Any]:
        """The proof as `autograder verify --json` prints it."""
        data = asdict(self)
        return {"lab": data.pop("lab"), "ok": self.ok, **data}


def verify(course: Course, lab: Lab, workers: Workers) -> Proof:
    """Grades the solution, the stub and the whole bank of a lab, and looks through its release.

    Args:
        course: The course.
        lab: The lab.
        workers: Who examines.
    """
    proof = Proof(lab.name)
    proof.problems += [*blanks(lab), *structure_problems(lab), *hints.problems(lab)]
    notebooks: dict[str, Any] = {"the solution": lab.solution, "the stub": lab.release}
    notebooks |= {f"wheat {wheat.name}": bank.notebook(lab, wheat) for wheat in lab.wheats}
    examined = dict(zip(notebooks, workers.examine(notebooks.items()), strict=True))
    graded = {name: judge(found, workers.truth, []) for name, found in examined.items()}
    proof.solution = _full_marks("the solution", graded.pop("the solution"), proof.problems)
    proof.stub = _nothing(graded.pop("the stub"), proof.problems)
    passed = 0
    for name, result in graded.items():
        before = len(proof.problems)
        _full_marks(name, result, proof.problems)
        passed += len(proof.problems) == before
    proof.wheats = {"total": len(lab.wheats), "passed": passed}
    proof.chaffs = _chaffs(lab, workers, proof.problems)
    proof.problems += list(leaks(course, lab))
    return proof


def verified(course: Course, lab: Lab, jobs: int | None = None) -> tuple[Proof, bool]:
    """The proof of a lab, made now or kept from before for the same lab, seed, code and versions.

    Args:
        course: The course.
        lab: The lab.
        jobs: Number of workers; by default one a core.

    Returns:
        The proof, and whether it was kept from before. Only one without problems is kept.
    """
    path = kept(course, lab, "proofs", _code())
    if path.is_file():
        return Proof(**unpack(path.read_bytes())), True
    with Workers(course, lab, "cpu", jobs) as workers:
        proof = verify(course, lab, workers)
    if proof.ok:
        keep(path, asdict(proof))
    return proof, False


def _code() -> str:
    """Changes with any code of ours: what a proof says depends on nearly all of it."""
    here, digest = Path(__file__).parent, hashlib.sha256()
    for path in sorted(here.rglob("*.py")):
        if "labs" not in path.relative_to(here).parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _chaffs(lab: Lab, workers: Workers, problems: list[str]) -> dict[str, int]:
    chaffs, truth = lab.chaffs, workers.truth
    examined = list(workers.examine(bank.chaff_notebooks(lab)))
    known = bank.remember(workers.course, truth, examined, workers.device)
    caught = named = 0
    for chaff, found in zip(chaffs, examined, strict=True):
        result = judge(found, truth, known)
        if result.status != GRADED:
            problems.append(f"Chaff {chaff.name} was not graded: {result.reason}")
        elif result.score >= result.max_score:
            problems.append(f"Chaff {chaff.name} gets full marks.")
        else:
            caught += 1
            names = {name for cell in result.cells for name in cell.misconceptions}
            if names == {chaff.name}:
                named += 1
            else:
                said = ", ".join(sorted(names)) or "nothing"
                problems.append(f"Chaff {chaff.name} is taken for {said}.")
    return {"total": len(chaffs), "caught": caught, "named": named}


def _full_marks(name: str, result: Result, problems: list[str]) -> dict[str, float]:
    if result.status != GRADED:
        problems.append(f"{_capital(name)} was not graded: {result.reason}")
    elif result.score < result.max_score:
        cells = [cell for cell in result.cells if cell.score not in (None, cell.max_score)]
        said = "; ".join(f"{cell.cell}: {cell.message}" for cell in cells)
        problems.append(f"{_capital(name)} loses marks: {said}")
    return {"score": result.score, "max_score": result.max_score}


def _nothing(result: Result, problems: list[str]) -> dict[str, float]:
    if result.status != GRADED:
        problems.append(f"The stub was not graded: {result.reason}")
    for cell in result.cells:
        if cell.score is not None and (cell.score or cell.status != NOT_ATTEMPTED):
            problems.append(f"The stub's {cell.cell} is {cell.status} with {cell.score} points.")
    return {"score": result.score, "max_score": result.max_score}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
