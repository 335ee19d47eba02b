"""Runs the graph that a submission handed in, in a process where none of its code has run."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_def_registry

from layerlab.graph import ops_of

_FAMILIES = frozenset(
    f"gen_{name}_ops"
    for name in (
        "array",
        "bitwise",
        "control_flow",
        "linalg",
        "list",
        "manip",
        "math",
        "nn",
        "special_math",
        "spectral",
        "stateless_random",
    )
) | {"gen_stateless_random_ops_v2"}
"""TensorFlow's modules of ops that compute: of these every op that keeps no state is allowed."""

_SINGLE = frozenset(
    [
        "Assert",
        "Case",
        "DynamicPartition",
        "DynamicStitch",
        "If",
        "ParallelDynamicStitch",
        "PartitionedCall",
        "PrintV2",
        "StatefulPartitionedCall",
        "StatelessCase",
        "StatelessIf",
        "StatelessWhile",
        "StringFormat",
        "While",
    ]
)
"""Ops that are allowed beside: control flow, whose bodies are looked at as well, and messages."""


def run(graph: bytes, feeds: list[dict[str, Any]], fetches: Mapping[str, str]) -> dict[str, Any]:
    """Evaluates a graph, if it is made of nothing but ops that compute.

    Args:
        graph: A serialized `GraphDef`.
        feeds: For each evaluation the values of tensors, by name.
        fetches: Names of the tensors that are wanted, by aspect.

    Returns:
        `ops`, the types of all its ops, functions included; and either `refused`, the first that is
        not allowed, or `results`, what is wanted by aspect for each evaluation, or `error`.
    """
    try:
        definition = tf.compat.v1.GraphDef.FromString(graph)
    except Exception as error:  # whatever a parser raises on bytes that are no graph
        return {"ops": [], "error": _brief(error)}
    found = ops_of(definition)
    # A node may call a function of the graph by its name; its body is among what was found. (Where
    # a function has the name of an op of TensorFlow, the op is what runs.)
    own = {function.signature.name for function in definition.library.function} - _known()
    refused = [op for op in found if op not in allowed() | own]
    if refused:
        name = refused[0] if refused[0] in _known() else "of no known name"
        return {"ops": found, "refused": name}
    try:
        return {"ops": found, "results": _evaluate(definition, feeds, fetches)}
    except Exception as error:  # a graph can be wrong in as many ways as a program
        return {"ops": found, "error": _brief(error)}


def _evaluate(
    definition: Any, feeds: list[dict[str, Any]], fetches: Mapping[str, str]
) -> list[dict[str, np.ndarray]]:
    graph = tf.Graph()
    with graph.as_default():
        tf.graph_util.import_graph_def(definition, name="")
    settings = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=1, inter_op_parallelism_threads=1
    )
    settings.graph_options.rewrite_options.disable_meta_optimizer = True
    with tf.compat.v1.Session(graph=graph, config=settings) as session:
        return [session.run(dict(fetches), feed) for feed in feeds]


_NOT = frozenset(["Abort", "ImmutableConst"])
"""Of those families: an op that ends the process, and one that maps a file."""


@functools.cache
def _known() -> frozenset[str]:
    return frozenset(name for name in dir(tf.raw_ops) if not name.startswith("_"))


@functools.cache
def allowed() -> frozenset[str]:
    """The ops that a graph may be made of. The template asks, so that its children know."""
    family = {name: _module(getattr(tf.raw_ops, name)) for name in _known()}
    computing = {name for name, module in family.items() if module in _FAMILIES}
    return _SINGLE | {name for name in computing - _NOT if not _stateful(name)}


def _module(function: Any) -> str:
    return Path(inspect.unwrap(function).__code__.co_filename).stem


def _stateful(op: str) -> bool:
    described = op_def_registry.get(op)
    return described is None or described.is_stateful


def _brief(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
