"""Proves a lab whole: the solution passes, the stub is not attempted, every wheat gets full marks,
every chaff is caught and named, and the release keeps its secrets.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from autograder import bank
from autograder.course import Course
from autograder.grading import judge
from autograder.lab import Lab
from autograder.result import GRADED, NOT_ATTEMPTED, Result
from autograder.scaffold import blanks
from autograder.workers import Workers
from layerlab.visible import FILENAME

_MARKS = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)")
_SHORTEST_SECRET = 24
"""Characters; a shorter line of a solution is no secret (`return inputs`)."""


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
    proof.problems += [*blanks(lab), *structure_problems(lab)]
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


def structure_problems(lab: Lab) -> Iterator[str]:
    """Where text, points and names of a lab disagree between notebook and grader."""
    tested = _tested_cells(lab)
    for cell in lab.graded_cells:
        if cell.points <= 0:
            yield f"The graded cell {cell.grade_id} has no points."
        if not cell.by_hand and cell.grade_id not in tested:
            yield f"No hidden test counts for the graded cell {cell.grade_id}."
    for name in sorted(tested - {cell.grade_id for cell in lab.graded_cells}):
        yield f"A hidden test counts for {name}, which is no graded cell."
    defined = {name for names in lab.exercises.values() for name in names}
    visible = {case.target for case in lab.visible_cases()}
    hidden = {case.target for case in lab.hidden_cases(0)}
    for name in sorted(defined - visible):
        yield f"The exercise {name} has no visible case."
    for name in sorted(defined - hidden):
        yield f"The exercise {name} has no hidden case."
    for name in sorted((visible | hidden) - defined):
        yield f"Cases ask for {name}, which no exercise defines."
    for solution in (*lab.chaffs, *lab.wheats):
        if not solution.message and solution.path.parent.name == "chaffs":
            yield f"The chaff {solution.name} has no docstring that explains it."
    if not (lab.chaffs and lab.wheats):
        yield "The bank lacks a wheat or a chaff: nothing proves the hidden tests."


def _tested_cells(lab: Lab) -> set[str]:
    """Graded cells that the hidden tests name in their `cell` marks."""
    found = set()
    for path in lab.hidden.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.cell":
                found.add(ast.literal_eval(node.args[0]))
    return found


def leaks(course: Course, lab: Lab) -> Iterator[str]:
    """Where the release holds a line of a solution, a marking scheme, a hidden test or the bank."""
    folder = course.root / "labs" / lab.name
    allowed = {f"{lab.name}.ipynb", FILENAME}
    for path in sorted(folder.rglob("*")):
        if path.name not in allowed:
            yield f"The release of {lab.name} holds {path.name}, which is no part of it."
    released = "\n".join(cell.source for cell in lab.release.cells)
    if _MARKS.search(released):
        yield f"The release of {lab.name} still has a mark of a region that should be gone."
    public = {line.strip() for line in released.splitlines()}
    for name, lines in _secrets(lab):
        for line in lines:
            if line in public:
                yield f"The release of {lab.name} holds a line of {name}: {line!r}."
    data = (folder / FILENAME).read_text(encoding="utf-8")
    for name, lines in _secrets(lab):
        for line in lines:
            if line in data:
                yield f"{FILENAME} of {lab.name} holds a line of {name}: {line!r}."


def _secrets(lab: Lab) -> Iterator[tuple[str, list[str]]]:
    """Lines that no student may see, by where they stand."""
    given = {line.strip() for cell in lab.release.cells for line in cell.source.splitlines()}
    for cell in lab.solution.cells:
        info = cell.metadata.get("nbgrader", {})
        if info.get("solution"):
            yield f"the solution of {info['grade_id']}", _lines(_region(cell))
    for path in sorted(lab.hidden.glob("test_*.py")):
        yield path.name, _lines(path.read_text(encoding="utf-8"))
    for solution in (*lab.chaffs, *lab.wheats):
        lines = _lines(_code(solution.path.read_text(encoding="utf-8")))
        yield f"{solution.path.parent.name}/{solution.name}", [x for x in lines if x not in given]


def _region(cell: Any) -> str:
    """What nbgrader takes out of a solution cell."""
    if cell.cell_type == "markdown" or "BEGIN SOLUTION" not in cell.source:
        return str(cell.source)
    inside = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.DOTALL)
    return "\n".join(inside)


def _code(text: str) -> str:
    """A bank entry without its docstring, which is what students are told."""
    tree = ast.parse(text)
    if ast.get_docstring(tree) is None:
        return text
    return "\n".join(text.splitlines()[tree.body[0].end_lineno or 0 :])


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if len(line.strip()) >= _SHORTEST_SECRET]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
