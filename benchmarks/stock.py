"""A lab as a teacher would write it for stock nbgrader: all hidden tests in the notebook's cells.

The first graded cell holds, between `### BEGIN HIDDEN TESTS` and `### END HIDDEN TESTS`, the hidden
cases as data and the code that asks, computes what is expected and compares (`teacher.py`, the
probes and the lab's oracle as source text). Each graded cell then goes through the cases that the
lab's own hidden tests name for it. What the teacher does not do: derive error bounds, look for
banned ops, go on after the first difference, say which misconception it is.
"""

from __future__ import annotations

import ast
import base64
import copy
import importlib
import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

import numpy as np
from extract import Extract, definitions

from autograder.errors import UsageError
from autograder.lab import Lab
from autograder.notebook import grade_id, tags
from layerlab.case import Case

BEGIN, END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
PROBE = "layerlab.probe"
TEACHER = Path(__file__).with_name("teacher.py")

_OURS = re.compile(r"^(?:from|import) layerlab\b.*\n?", re.MULTILINE)


def notebook(ours: Any, tests: dict[str, str] | None = None) -> Any:
    """A notebook of ours as stock nbgrader's.

    Cells that the autograder does not run (experiments, checks) are left out.

    Args:
        ours: The solution or a submission.
        tests: Hidden tests by graded cell, for the teacher's notebook.

    Returns:
        A copy.
    """
    theirs = copy.deepcopy(ours)
    theirs.cells = [c for c in theirs.cells if not {"experiment", "check"} & set(tags(c))]
    for cell in theirs.cells:
        if cell.cell_type != "code":
            continue
        cell.source = _OURS.sub("", cell.source).rstrip()
        if cell.metadata.get("nbgrader", {}).get("grade"):
            lines = [line for line in cell.source.splitlines() if line.startswith("#")]
            if tests is not None:
                lines += [BEGIN, tests[grade_id(cell)].strip(), END]
            cell.source = "\n".join(lines)
    return theirs


def hidden_tests(lab: Lab, cases: list[Case]) -> dict[str, str]:
    """The hidden tests of each graded cell of code.

    Args:
        lab: The lab.
        cases: Its hidden cases.

    Raises:
        UsageError: It has a hidden test that cannot be written in this way.
    """
    asked = [case for case in cases if case.probe != "graph"]
    loops: dict[str, list[str]] = {
        cell.grade_id: [] for cell in lab.graded_cells if not cell.by_hand
    }
    for cell, groups, aspects in _tests(lab):
        lines = f"for case in hidden.cases({_quoted(groups)}):"
        loops[cell].append(f"{lines}\n    hidden.must_match(case, {_quoted(aspects)})")
    texts = {cell: "\n".join(parts) for cell, parts in loops.items()}
    first = next(iter(texts))
    texts[first] = f"{_helper(lab, asked)}\n{texts[first]}"
    return texts


class _Recorder:
    """Stands for an examined case, and notes what a hidden test asks of it."""

    def __init__(self) -> None:
        self.aspects: list[str] = []

    def must_match(self, *aspects: str) -> None:
        self.aspects += aspects


def _tests(lab: Lab) -> Iterator[tuple[str, tuple[str, ...], list[str]]]:
    """Graded cell, groups of cases and aspects of each hidden test."""
    for path in sorted(lab.hidden.glob("test_*.py")):
        module = importlib.import_module(f"autograder.labs.{lab.name}.{path.stem}")
        for name, test in vars(module).items():
            if name.startswith("test_"):
                yield _test(lab, name, test)


def _test(lab: Lab, name: str, test: Callable[..., None]) -> tuple[str, tuple[str, ...], list[str]]:
    marks = {mark.name: mark.args for mark in getattr(test, "pytestmark", [])}
    if list(inspect.signature(test).parameters) != ["examined"] or "cases" not in marks:
        raise UsageError(f"{name} of {lab.name} asks in a way that has no stock version here.")
    recorder = _Recorder()
    test(recorder)
    return marks["cell"][0], marks["cases"], recorder.aspects


def _quoted(words: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _helper(lab: Lab, cases: list[Case]) -> str:
    """The code that defines `hidden`.

    All else is local to a function: a student's notebook may use the same names.
    """
    oracle = f"autograder.labs.{lab.name}.oracle"
    probes = {kind: name for kind, name in _probes() if kind in {case.probe for case in cases}}
    table = ", ".join(f'"{kind}": {name}' for kind, name in probes.items())
    teachers = ast.Module(_teachers(), [])
    body = "\n\n".join(
        [
            ast.unparse(teachers),
            _scope("probes", [(PROBE, name) for name in probes.values()], f"{{{table}}}"),
            _scope("oracle", [(oracle, "expect")], "expect"),
            _scope("rules", [("layerlab.compare", "RULES")], "RULES"),
            f"cases = {json.dumps(_encoded([case.as_data() for case in cases]))!r}",
            "return HiddenTests(cases, probes(), oracle(), rules(), globals())",
        ]
    )
    return f"def _hidden_tests():\n{indent(body, '    ')}\n\n\nhidden = _hidden_tests()\n"


def _probes() -> Iterator[tuple[str, str]]:
    """Kinds of probes and their functions; read, not imported, which would start TensorFlow."""
    table = definitions(PROBE)["PROBES"]
    assert isinstance(table, ast.Assign) and isinstance(table.value, ast.Dict)
    for kind, function in zip(table.value.keys, table.value.values, strict=True):
        assert isinstance(kind, ast.Constant) and isinstance(function, ast.Name)
        yield str(kind.value), function.id


def _scope(name: str, roots: list[tuple[str, str]], result: str) -> str:
    """A function that defines what is cut out of our modules: they share some private names."""
    extract = Extract(
        node.name for node in _teachers() if isinstance(node, ast.ClassDef | ast.FunctionDef)
    )
    for module, root in roots:
        extract.add(module, root)
    return f"def {name}():\n{indent(extract.text, '    ')}\n    return {result}"


def _teachers() -> list[ast.stmt]:
    """The teacher's own code, without the docstring."""
    return ast.parse(TEACHER.read_text(encoding="utf-8")).body[1:]


def _encoded(value: Any) -> Any:
    """Arrays as base64, all else as JSON has it."""
    if isinstance(value, np.ndarray):
        data = base64.b64encode(value.tobytes()).decode()
        return {"dtype": value.dtype.name, "shape": list(value.shape), "base64": data}
    if isinstance(value, dict):
        return {name: _encoded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encoded(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value
