"""Probes of layers: built, given weights, called, a cotangent pulled back; or refused."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
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
    float_tensors,
    input_names,
    keywords,
    tensor,
)

MOST_WEIGHTS = 50
"""Weights that are told of one layer: no lab's has a tenth of that."""


def probe_layer(target: Any, asked: Asked) -> None:
    """Builds a layer, sets its weights, calls it, pulls back the cotangent.

    Options: `route` (`direct`, `config`: rebuilt from its own configuration, `save`: saved in a
    model and loaded again), `mode` (`eager`, `function`, `xla`), `unknown_batch`, `policy`,
    `training` (one flag for each call; the inputs are then one batch a call). An input that is a
    list is one call's list of arrays.
    """
    case, options = asked.case, asked.case.options
    inputs = [argument(item, asked.namespace) for item in case.inputs]
    asked.where = "the constructor"
    layer = target(**keywords(case))
    if not isinstance(layer, keras.layers.Layer):
        raise ProbeError(f"{case.target} is not a keras.layers.Layer: subclass it.")
    layer = by_route(layer, asked)
    asked.where = "build"
    shape = keras.tree.map_structure(lambda x: _batched(x.shape, options), inputs[0])
    layer.build(shape)
    if len(layer.weights) > MOST_WEIGHTS:
        raise ProbeError(f"The layer has {len(layer.weights)} weights: make those it needs.")
    asked.observed["weights"] = [(w.name, tuple(w.shape)) for w in layer.trainable_weights]
    asked.observed["state"] = [(w.name, tuple(w.shape)) for w in layer.non_trainable_weights]
    asked.observed["weight dtypes"] = sorted({w.dtype for w in layer.weights})
    for name, weight in zip(weight_names(layer, options), layer.trainable_weights, strict=False):
        asked.observed[f"initial {name}"] = np.asarray(weight)
    _assign(layer.trainable_weights, case.weights)
    if options.get("route") == "save":
        asked.where = "saving and loading"
        layer = _reload(layer, shape)
    _call(layer, asked, inputs)
    given, left = keras.tree.flatten(list(case.inputs)), keras.tree.flatten(inputs)
    if any(not np.array_equal(x, a, equal_nan=True) for x, a in zip(left, given, strict=True)):
        raise ProbeError("The call changes its input: work on a copy.")
    for name, weight in zip(_states(layer, options), layer.non_trainable_weights, strict=False):
        asked.observed[f"{name} after the call"] = np.asarray(weight)
    asked.where = "compute_output_shape"
    asked.observed["computed output shape"] = tuple(layer.compute_output_shape(shape))


def _call(layer: Any, asked: Asked, inputs: list[tf.Tensor]) -> None:
    case, options = asked.case, asked.case.options
    training = options.get("training")
    flags = [{}] * len(inputs) if training is None else [{"training": flag} for flag in training]
    pulled = [] if case.cotangent is None else [tf.constant(case.cotangent)]
    step = _traced(_step(layer, asked), [inputs[0], *pulled], options)
    for x, flag in zip(inputs, flags, strict=True):
        asked.where = "call"
        y, gradients = step(x, *pulled, **flag)
    asked.observed["output"] = tensor(y, "call")
    asked.observed["output dtype"] = y.dtype.name
    names = [*input_names(len(float_tensors(inputs[-1]))), *weight_names(layer, options)]
    for name, gradient in zip(names, gradients, strict=bool(gradients)):
        asked.observed[f"gradient of {name}"] = array(gradient)


def _step(layer: Any, asked: Asked) -> Callable[..., tuple[Any, list[Any]]]:
    """A call of the layer and, where its output is as a cotangent, the gradients by input and
    weights: what `fit` does to a batch, and traces as one function.
    """

    def step(x: Any, cotangent: Any = None, **flags: Any) -> tuple[Any, list[Any]]:
        sources = float_tensors(x)
        with tf.GradientTape(watch_accessed_variables=cotangent is not None) as tape:
            tape.watch(sources)
            y = layer(x, **flags)
        if cotangent is None or not tf.is_tensor(y):
            return y, []
        if not y.shape.is_compatible_with(cotangent.shape):
            return y, []
        asked.where = "the gradient"
        upstream = tf.cast(cotangent, y.dtype)
        variables = [w.value for w in layer.trainable_weights]
        gradients = tape.gradient(y, [*sources, *variables], output_gradients=upstream)
        asked.where = "call"  # of a trace, which has not run yet
        return y, [None if g is None else tf.convert_to_tensor(g) for g in gradients]

    return step


def _batched(shape: Any, options: Mapping[str, Any]) -> tuple[int | None, ...]:
    batch = None if options.get("unknown_batch") else shape[0]
    return (batch, *shape[1:])


def _traced(
    step: Callable[..., Any], arguments: list[Any], options: Mapping[str, Any]
) -> Callable[..., Any]:
    """A step, eager or as a `tf.function` of such arguments."""
    mode = options.get("mode", "eager")
    if mode == "eager":
        return step

    def spec(x: tf.Tensor) -> tf.TensorSpec:
        return tf.TensorSpec(_batched(x.shape, options), x.dtype)

    given = keras.tree.map_structure(spec, arguments)

    def traced(x: Any, *cotangent: Any, **flags: Any) -> Any:
        if mode == "xla":  # the batch's shape is known to XLA
            x = keras.tree.map_structure(lambda x, s: tf.ensure_shape(x, s.shape), x, given[0])
        return step(x, *cotangent, **flags)

    signature = {"input_signature": given} if "training" not in options else {}
    return tf.function(traced, jit_compile=mode == "xla", autograph=False, **signature)


def _reload(layer: Any, shape: Any) -> Any:
    """The layer after a save and a load of a model that holds it."""
    shapes = shape if isinstance(shape, list) else [shape]
    inputs = [keras.Input(shape[1:]) for shape in shapes]
    inputs = inputs if isinstance(shape, list) else inputs[0]
    model = keras.Model(inputs, layer(inputs))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return keras.saving.load_model(path).layers[-1]


def weight_names(layer: Any, options: Mapping[str, Any]) -> list[str]:
    """Names of the trainable weights; where the contract leaves them free, the case names them."""
    return list(options.get("weight_names", [w.name for w in layer.trainable_weights]))


def _states(layer: Any, options: Mapping[str, Any]) -> list[str]:
    return list(options.get("state_names", [w.name for w in layer.non_trainable_weights]))


def _assign(weights: list[Any], values: tuple[np.ndarray, ...]) -> None:
    found = [(w.name, tuple(w.shape)) for w in weights]
    if len(weights) != len(values) or any(
        tuple(w.shape) != value.shape for w, value in zip(weights, values, strict=True)
    ):
        expected = ", ".join(str(value.shape) for value in values) or "none"
        raise ProbeError(
            f"The trainable weights should have the shapes {expected}; the layer has "
            f"{', '.join(f'{name} {shape}' for name, shape in found) or 'none'}."
        )
    for weight, value in zip(weights, values, strict=True):
        weight.assign(value)


def probe_refusal(target: Any, asked: Asked) -> None:
    """Calls the constructor with an invalid argument and reports what it raises, if anything."""
    asked.where = "the constructor"
    try:
        target(**keywords(asked.case))
    except NotImplementedError:
        raise
    except Exception as error:
        asked.observed["refusal"] = type(error).__name__
    else:
        asked.observed["refusal"] = None
