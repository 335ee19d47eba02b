"""Cuts definitions out of the project's modules, with all that they need, as plain source text."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterable
from functools import cache
from pathlib import Path

OURS = ("autograder", "layerlab")


class Extract:
    """The text of some definitions and of whatever they refer to, each behind what it needs.

    Args:
        given: Names that are there already, wherever the text is put.
    """

    def __init__(self, given: Iterable[str]):
        self._given = frozenset(given)
        self._home: dict[str, str] = {}
        self._parts: list[str] = []

    def add(self, module: str, name: str) -> None:
        """Adds a module's definition and what it refers to.

        Raises:
            ValueError: Two modules define the same name, so that one would hide the other.
        """
        if name in self._given or self._home.get(name) == module:
            return
        node = definitions(module)[name]
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in OURS:
            self.add(str(node.module), name)
            return
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = "an import"  # the same from wherever it is imported
            if self._home.get(name) == module:
                return
        if name in self._home:
            raise ValueError(f"{module} and {self._home[name]} both define {name}")
        self._home[name] = module
        if not isinstance(node, ast.Import | ast.ImportFrom):
            for needed in _names(node):
                if needed in definitions(module):
                    self.add(module, needed)
        self._parts.append(ast.unparse(node))

    @property
    def text(self) -> str:
        """The definitions, in an order in which they can be run."""
        return "\n\n".join(self._parts)


@cache
def definitions(module: str) -> dict[str, ast.stmt]:
    """What a module defines and imports at top level, by name, without annotations."""
    found: dict[str, ast.stmt] = {}
    for node in ast.parse(_text(module)).body:
        node = _Bare().visit(node)
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Import):
            for alias in node.names:
                found[(alias.asname or alias.name).split(".")[0]] = ast.Import([alias])
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                one = ast.ImportFrom(node.module, [alias], node.level)
                found[alias.asname or alias.name] = one
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                found.update(dict.fromkeys(_names(target), node))
    return found


def _text(module: str) -> str:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ValueError(f"there is no module {module}")
    return Path(spec.origin).read_text(encoding="utf-8")


def _names(node: ast.AST) -> list[str]:
    return [item.id for item in ast.walk(node) if isinstance(item, ast.Name)]


class _Bare(ast.NodeTransformer):
    """Takes the annotations of functions and variables away: a notebook has no use for them."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        # The fields of a data class are annotations.
        node.body = [s if isinstance(s, ast.AnnAssign) else self.visit(s) for s in node.body]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        return ast.fix_missing_locations(ast.copy_location(_assignment(node), node))


def _assignment(node: ast.AnnAssign) -> ast.Assign:
    assert node.value is not None
    return ast.Assign([node.target], node.value)
