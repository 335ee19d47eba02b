"""The probes that look at what an object is made of, and that hand it out as a graph."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from layerlab import graph
from layerlab.probe.asked import (
    Asked,
    ProbeError,
    argument,
    by_route,
    input_names,
    keywords,
)
from layerlab.probe.layers import weight_names


def probe_graph(target: Any, asked: Asked) -> None:
    """Traces the object and reports the ops and Python functions it is made of."""
    case = asked.case
    asked.where = "the trace"
    arguments = [argument(item, asked.namespace) for item in case.inputs]
    call: Any = functools.partial(target, **keywords(case))
    if inspect.isclass(target) and issubclass(target, keras.initializers.Initializer):
        # made and called within the trace
        call, arguments = functools.partial(_draw, call), [tuple(case.options["shape"])]
    elif inspect.isclass(target):
        call = call()
    asked.observed["names"] = graph.names(target)
    asked.observed["bases"] = graph.bases(target)
    entered: set[str] = set()
    try:
        # Run and traced: neither what is hidden from the trace nor what only the trace reaches
        # stays unseen.
        with graph.recorded(entered), contextlib.suppress(Exception):
            call(*arguments)
        with graph.recorded(entered):
            traced = graph.trace(call, arguments)
    finally:
        asked.observed["calls"] = sorted(entered)
    asked.observed["ops"] = graph.ops(traced)


def _draw(make: Callable[[], Any], shape: tuple[int, ...]) -> Any:
    return make()(shape)


def probe_export(target: Any, asked: Asked) -> None:
    """Traces the object's answer to a case, gradients included, as a graph of the case's arrays.

    The observation has `graph`, a serialized `GraphDef`; `feeds`, the names of the tensors that
    stand for the inputs, the weights and the cotangent, in this order; `constants`, the values of
    further tensors by name; `fetches`, the names of the tensors that hold the answer by aspect; and
    what the object is made of, as for `graph`. Options as for `layer`; the mode does not matter.
    """
    asked.observed["names"] = graph.names(target)
    asked.observed["bases"] = graph.bases(target)
    entered: set[str] = set()
    try:
        # Run, which tells the functions and costs a fraction of a trace that is looked at.
        with graph.recorded(entered):
            call = _made(target, asked)
            asked.where = "call"
            call(*map(tf.constant, asked.case.inputs))
    finally:
        asked.observed["calls"] = sorted(entered)
    traced, count = _traced(call, asked)
    asked.observed["graph"] = traced.as_graph_def().SerializeToString()
    asked.observed["feeds"] = [tensor.name for tensor in traced.inputs[:count]]
    asked.observed["fetches"] = {
        name: value.name for name, value in traced.structured_outputs.items()
    }
    asked.observed["constants"] = {inner.name: _held(outer) for outer, inner in traced.captures}


def _made(target: Any, asked: Asked) -> Callable[..., Any]:
    """What answers a case: a layer that is built, or a function with its configuration."""
    case = asked.case
    if not inspect.isclass(target):
        return functools.partial(target, **keywords(case))
    asked.where = "the constructor"
    layer = by_route(target(**keywords(case)), asked)
    asked.where = "build"
    layer.build(case.inputs[0].shape)
    return layer


def _traced(call: Any, asked: Asked) -> tuple[Any, int]:
    """The graph of the answer to a case, and how many arrays of the case it takes."""
    case = asked.case
    inputs = [tf.constant(array) for array in case.inputs]
    weights = [tf.constant(array) for array in case.weights]
    cotangent = [] if case.cotangent is None else [tf.constant(case.cotangent)]
    aspect, names, variables, fixed = "value", [], [], []
    if isinstance(call, keras.layers.Layer):
        aspect = "output"
        variables, names = call.trainable_variables, weight_names(call, case.options)
        fixed = [(v, tf.constant(v.numpy())) for v in call.non_trainable_variables]
    names = [*input_names(len(inputs)), *names]

    def answer(inputs: list[Any], weights: list[Any], *cotangent: Any) -> dict[str, Any]:
        sources = [*inputs, *weights]
        with tf.GradientTape() as tape:
            tape.watch(sources)
            state = [*zip(variables, weights, strict=True), *fixed]
            with keras.StatelessScope(state_mapping=state):
                value = tf.convert_to_tensor(call(*inputs))
        if not cotangent:
            return {aspect: value}
        upstream = tf.cast(cotangent[0], value.dtype)
        gradients = tape.gradient(value, sources, output_gradients=upstream)
        arrived = {
            f"gradient of {name}": tf.convert_to_tensor(gradient)
            for name, gradient in zip(names, gradients, strict=True)
            if gradient is not None
        }
        return {aspect: value, **arrived}

    asked.where = "the trace"
    traced = graph.trace(answer, [inputs, weights, *cotangent])
    return traced, len(inputs) + len(weights) + len(cotangent)


def _held(tensor: Any) -> Any:
    """The value of a tensor that a graph has captured."""
    if tensor.dtype == tf.resource:
        raise ProbeError("It keeps a variable that Keras does not track: use add_weight.")
    return tensor.numpy()
