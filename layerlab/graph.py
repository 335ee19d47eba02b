"""What a student's object is made of: the ops of its traced graph, the functions it enters,
the names in its source.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable
from types import FrameType
from typing import Any

import tensorflow as tf


def trace(call: Callable[..., Any], arguments: list[Any]) -> tuple[list[str], list[str]]:
    """Traces a call into a graph.

    Args:
        call: What is traced.
        arguments: Tensors (or plain data) that it is called with.

    Returns:
        Types of all ops in the graph, nested functions included, and qualified names
        (`module:Class.method`) of the Python functions that were entered on the way.
    """
    entered: set[str] = set()

    def enter(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            module = frame.f_globals.get("__name__", "")
            entered.add(f"{module}:{frame.f_code.co_qualname}")

    previous = sys.getprofile()
    sys.setprofile(enter)
    try:
        graph = _graph(call, arguments)
    finally:
        sys.setprofile(previous)
    definition = graph.as_graph_def()
    nodes = [*definition.node]
    for function in definition.library.function:
        nodes += function.node_def
    return sorted({node.op for node in nodes}), sorted(entered)


def _graph(call: Callable[..., Any], arguments: list[Any]) -> Any:
    """The graph, traced as Keras traces a layer; one that needs AutoGraph gets a second try."""
    try:
        return tf.function(call, autograph=False).get_concrete_function(*arguments).graph
    except Exception:
        return tf.function(call).get_concrete_function(*arguments).graph


def names(target: Any) -> list[str]:
    """Attribute and imported names in the source of a class or function (`self.x` left out)."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(target)))
    except (OSError, TypeError, SyntaxError):
        return []
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not _own(node):
            found.add(ast.unparse(node))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update(alias.name for alias in node.names)
    return sorted(found)


def bases(target: Any) -> list[str]:
    """Qualified names (`module:Class`) of a class and all that it inherits from."""
    return [f"{base.__module__}:{base.__qualname__}" for base in getattr(target, "__mro__", ())]


def _own(node: ast.Attribute) -> bool:
    root: ast.expr = node
    while isinstance(root, ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and root.id in ("self", "cls")
