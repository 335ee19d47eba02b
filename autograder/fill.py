"""Fills the exercise cells of a notebook with the definitions of a plain Python file."""

from __future__ import annotations

import ast
import copy
from pathlib import Path
from typing import Any

from autograder.errors import UsageError
from autograder.lab import Lab

Definition = ast.ClassDef | ast.FunctionDef


def fill(notebook: Any, lab: Lab, path: Path) -> Any:
    """The notebook with its exercise cells filled.

    Each class or function of the file that an exercise cell defines takes the place of the cell's
    own. What stands in front of it in the file goes in front of its cell, the file's beginning (its
    imports) in front of the first; what stands behind the last one goes behind the last cell.

    Args:
        notebook: The released notebook, or the solution; it is not changed.
        lab: The lab.
        path: The Python file.

    Returns:
        A copy.

    Raises:
        UsageError: The file cannot be read, or defines nothing that the lab asks for.
    """
    notebook = copy.deepcopy(notebook)
    names = [name for group in lab.exercises.values() for name in group]
    pieces, rest = _cut(path, names)
    if not pieces:
        raise UsageError(
            f"{path.name} defines none of the names that {lab.name} asks for: {', '.join(names)}."
        )
    cells = [
        cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") in lab.exercises
    ]
    used = [cell for cell in cells if _held(cell.source, pieces)]
    top, *others = pieces.values()  # the imports have to come first, whatever the cells' order
    for cell in used:
        beside = [top.before] if cell is used[0] else []
        beside += [piece.before for piece in others if piece in _held(cell.source, pieces)]
        cell.source = "\n\n\n".join([*filter(None, beside), _replace(cell.source, pieces)])
    if rest:
        used[-1].source += f"\n\n\n{rest}"
    return notebook


class _Piece:
    """A definition of the file and what stands between it and the one before."""

    def __init__(self, before: str, source: str, decorated: bool):
        self.before = before
        self.source = source
        self.decorated = decorated


def _cut(path: Path, names: list[str]) -> tuple[dict[str, _Piece], str]:
    try:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from None
    except SyntaxError as error:
        raise UsageError(f"{path.name}, line {error.lineno}: {error.msg}.") from None
    lines = text.split("\n")
    body = tree.body
    start = 0
    if ast.get_docstring(tree) is not None:  # it speaks of the file, not of the exercise
        start, body = body[0].end_lineno or 0, body[1:]
    pieces: dict[str, _Piece] = {}
    for node in body:
        if isinstance(node, Definition) and node.name in names:
            first = _first_line(node)
            twice = pieces.get(node.name)  # the last one counts, as in Python
            before = [twice.before] if twice else []
            pieces[node.name] = _Piece(
                "\n".join([*before, *lines[start : first - 1]]).strip("\n"),
                "\n".join(lines[first - 1 : node.end_lineno]),
                bool(node.decorator_list),
            )
            start = node.end_lineno or 0
    return pieces, "\n".join(lines[start:]).strip("\n")


def _first_line(node: Definition) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _held(source: str, pieces: dict[str, _Piece]) -> list[_Piece]:
    """The pieces whose definitions a cell has."""
    return [pieces[node.name] for node in _definitions(source) if node.name in pieces]


def _definitions(source: str) -> list[Definition]:
    return [node for node in ast.parse(source).body if isinstance(node, Definition)]


def _replace(source: str, pieces: dict[str, _Piece]) -> str:
    lines = source.split("\n")
    for node in reversed(_definitions(source)):
        piece = pieces.get(node.name)
        if piece is None:
            continue
        # A definition without decorators keeps the stub's, such as the registration for saving.
        first = _first_line(node) if piece.decorated else node.lineno
        lines[first - 1 : node.end_lineno] = piece.source.split("\n")
    return "\n".join(lines)
