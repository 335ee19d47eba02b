"""What a student's object is made of: the ops of its traced graph, the functions it enters,
the names in its source.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import linecache
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

import tensorflow as tf


@contextlib.contextmanager
def recorded(entered: set[str]) -> Iterator[None]:
    """Adds the Python functions that are entered meanwhile.

    Args:
        entered: Receives their qualified names, `module:Class.method`, also if something is raised.
    """
    codes: dict[int, tuple[CodeType, str]] = {}  # by identity: equal code may stand in two modules

    def enter(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and id(frame.f_code) not in codes:
            codes[id(frame.f_code)] = frame.f_code, frame.f_globals.get("__name__", "")

    previous = sys.getprofile()
    sys.setprofile(enter)
    try:
        yield
    finally:
        sys.setprofile(previous)
        entered.update(f"{module}:{code.co_qualname}" for code, module in codes.values())


def trace(call: Callable[..., Any], arguments: list[Any]) -> Any:
    """The graph, traced as Keras traces a layer; one that needs AutoGraph gets a second try.

    Args:
        call: What is traced.
        arguments: Tensors (or plain data, or lists of these) that it is called with.

    Returns:
        The `FuncGraph`, with its `inputs`, `captures` and `structured_outputs`.
    """
    try:
        return _drawn(call, arguments)
    except Exception:
        return tf.function(call).get_concrete_function(*arguments).graph


def _drawn(call: Callable[..., Any], arguments: list[Any]) -> Any:
    """The graph of a call, drawn and not made a function of: that takes as long once more."""
    traced = tf.__internal__.FuncGraph("traced")
    with traced.as_default():
        given = tf.nest.map_structure(_placeholder, arguments)
        result = call(*given)
    traced.inputs = [*filter(tf.is_tensor, tf.nest.flatten(given)), *traced.internal_captures]
    traced.structured_outputs = result
    return traced


def _placeholder(argument: Any) -> Any:
    if not tf.is_tensor(argument):
        return argument
    return tf.compat.v1.placeholder(argument.dtype, argument.shape)


def ops(graph: Any) -> list[str]:
    """Types of all ops in a graph, nested functions included."""
    return ops_of(graph.as_graph_def())


def ops_of(definition: Any) -> list[str]:
    """Types of all ops in a `GraphDef`, nested functions included."""
    nodes = [*definition.node]
    for function in definition.library.function:
        nodes += function.node_def
    return sorted({node.op for node in nodes})


def names(target: Any) -> list[str]:
    """Attribute and imported names in the source of a class or function (`self.x` left out)."""
    found: set[str] = set()
    for node in ast.walk(_definition(target)):
        if isinstance(node, ast.Attribute) and not _own(node):
            found.add(ast.unparse(node))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update(alias.name for alias in node.names)
    return sorted(found)


def _definition(target: Any) -> ast.AST:
    """The last definition of that name in the file or cell that its code comes from.

    `inspect.getsource` finds no class of a notebook: it looks for the module's file.
    """
    members = [target, *vars(target).values()] if inspect.isclass(target) else [target]
    for member in members:
        code = getattr(member, "__code__", None)
        if code is None:
            continue
        try:
            tree = ast.parse("".join(linecache.getlines(code.co_filename)))
        except SyntaxError:
            continue
        found = [n for n in ast.walk(tree) if getattr(n, "name", None) == target.__name__]
        if found:
            return found[-1]
    return ast.Module([], [])


def bases(target: Any) -> list[str]:
    """Qualified names (`module:Class`) of a class and all that it inherits from."""
    return [f"{base.__module__}:{base.__qualname__}" for base in getattr(target, "__mro__", ())]


def _own(node: ast.Attribute) -> bool:
    root: ast.expr = node
    while isinstance(root, ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and root.id in ("self", "cls")
