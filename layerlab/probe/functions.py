"""Probes of functions, losses, models and initializers."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from layerlab.probe.asked import (
    Asked,
    ProbeError,
    argument,
    array,
    by_route,
    find,
    float_tensors,
    input_names,
    keywords,
    result,
    tensor,
)


def probe_function(target: Any, asked: Asked) -> None:
    """Calls a function with the inputs by position and the configuration by keyword.

    A class is made with the configuration first, and what it makes is called with the inputs; its
    `route` may be `direct` or `config`. Options: `parts` (what is observed, instead of `value`, of
    the several values that a function returns: for each aspect the positions of those it is made
    of; two or more are factors that are free in sign and scale, of which only the matrix product is
    observed), `then_call` (the function receives the first input only, and what it returns, a layer
    or a model, is called with the others).
    """
    case = asked.case
    inputs = [argument(item, asked.namespace) for item in case.inputs]
    watched = float_tensors(inputs)
    first, others = (inputs[:1], inputs[1:]) if case.options.get("then_call") else (inputs, None)
    config = keywords(case)
    if inspect.isclass(target):
        asked.where = "the constructor"
        target, config = by_route(target(**config), asked), {}
    asked.where = case.target
    with tf.GradientTape() as tape:
        tape.watch(watched)
        value = target(*first, **config)
        if others is not None and value is not None:
            _made_of(value, asked, keras.layers.Layer)
            asked.where = f"a call of what {case.target} returns"
            value = value(*others)
    if value is None:
        raise ProbeError(f"{case.target} returns None: is a return missing?")
    if "parts" in case.options:
        _observe_parts(result(value), asked)
        return
    asked.observed["value"] = result(value)
    if isinstance(asked.observed["value"], np.ndarray):
        asked.observed["dtype"] = asked.observed["value"].dtype.name
    shape = getattr(asked.observed["value"], "shape", ())
    if case.cotangent is None or shape != case.cotangent.shape:
        return
    asked.where = "the gradient"
    if not tf.is_tensor(value):
        raise ProbeError(f"{case.target} returns a {type(value).__name__}: no gradient can pass.")
    gradients = tape.gradient(value, watched, output_gradients=tf.cast(case.cotangent, value.dtype))
    for name, gradient in zip(input_names(len(watched)), gradients, strict=True):
        asked.observed[f"gradient of {name}"] = array(gradient)


def _observe_parts(values: Any, asked: Asked) -> None:
    """What the option `parts` asks for, and the `shapes` of all that is returned."""
    parts = asked.case.options["parts"]
    count = sum(map(len, parts.values()))
    if not isinstance(values, list) or len(values) != count:
        raise ProbeError(f"{asked.case.target} must return {count} values, as a tuple.")
    asked.observed["shapes"] = [np.shape(value) for value in values]
    for aspect, positions in parts.items():
        chosen = [values[position] for position in positions]
        if len(chosen) == 1:
            asked.observed[aspect] = chosen[0]
            continue
        try:  # in float64: the product adds no error of its own
            product = functools.reduce(np.matmul, [np.asarray(x, np.float64) for x in chosen])
        except (ValueError, TypeError):
            shapes = " and ".join(str(np.shape(x)) for x in chosen)
            raise ProbeError(f"Factors of the shapes {shapes} have no matrix product.") from None
        asked.observed[aspect] = product


def probe_model(target: Any, asked: Asked) -> None:
    """Calls a function that makes a model, with the configuration by keyword, and counts.

    Options: `layer` (a name of the student's: how many layers of this class there are). If there
    are inputs, the model is called with them.
    """
    case = asked.case
    inputs = [argument(item, asked.namespace) for item in case.inputs]
    asked.where = case.target
    model = target(**keywords(case))
    if model is None:
        raise ProbeError(f"{case.target} returns None: is a return missing?")
    _made_of(model, asked, keras.Model)
    layers = [layer for layer in model._flatten_layers() if layer is not model]
    if "layer" in case.options:
        kind = find(case.options["layer"], asked.namespace)
        count = sum(isinstance(layer, kind) for layer in layers)
        asked.observed[f"number of {case.options['layer']} layers"] = count
    asked.where = "the model's layers"
    asked.observed["input shape"] = model.input_shape
    asked.observed["output shape"] = model.output_shape
    shapes = [_shape_of(layer) for layer in layers]
    asked.observed["layers' output shapes"] = [list(x) for x in dict.fromkeys(shapes) if x]
    if inputs:
        asked.where = "a call of the model"
        asked.observed["output"] = tensor(model(*inputs), "the model")


def _made_of(value: Any, asked: Asked, kind: Any) -> None:
    """Notes how many weights something has."""
    if not isinstance(value, kind):
        raise ProbeError(
            f"{asked.case.target} returns a {type(value).__name__}, which is no "
            f"keras.{kind.__name__}."
        )
    for name, held in (("", value.weights), ("trainable ", value.trainable_weights)):
        asked.observed[f"number of {name}parameters"] = sum(int(np.prod(w.shape)) for w in held)


def _shape_of(layer: Any) -> tuple[int | None, ...]:
    """Shape of a layer's output in a model; of what has none or several, an empty tuple."""
    try:
        return tuple(layer.output.shape)
    except (AttributeError, ValueError):
        return ()


def probe_initializer(target: Any, asked: Asked) -> None:
    """Draws from an initializer.

    Options: `shape`, `dtype` (left out of the call where it is not given), `draws` (how often the
    same object is called), `route` (`direct` or `config`).
    """
    case, options = asked.case, asked.case.options
    asked.where = "the constructor"
    initializer = target(**keywords(case))
    initializer = by_route(initializer, asked)
    asked.where = "__call__"
    arguments = {"dtype": options["dtype"]} if "dtype" in options else {}
    draws = [
        initializer(tuple(options["shape"]), **arguments) for _ in range(options.get("draws", 1))
    ]
    asked.observed["values"] = tensor(draws[0], "__call__")
    asked.observed["dtype"] = asked.observed["values"].dtype.name
    if len(draws) > 1:
        asked.observed["repetition by one object"] = bool(np.array_equal(*draws[:2]))
        other = target(**keywords(case))(tuple(options["shape"]), **arguments)
        asked.observed["repetition by a second object"] = bool(np.array_equal(draws[0], other))
