"""Asks a student's object one case and writes down what it does.

The same code runs in the student's notebook (`check`) and in the grader's subject process. It
knows no expected value: it only builds, calls, pulls back a cotangent and reports.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import os
import re
import tempfile
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from layerlab import graph
from layerlab.case import Case


class ProbeError(Exception):
    """Something that the contract asks for is not there; the message is for the student."""


def run(case: Case, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Asks `case` of the object named `case.target`.

    Args:
        case: The question.
        namespace: Where the student's names are.

    Returns:
        The observed aspects by name. If something is raised, what had been observed until then
        and an `error`: a dictionary with `type`, `where`, `line` and `text`.
    """
    observed: dict[str, Any] = {}
    progress = {"where": "looking it up"}
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy(case.options.get("policy", "float32"))
        if "seed" in case.options:
            keras.utils.set_random_seed(case.options["seed"])
        PROBES[case.probe](_find(case.target, namespace), case, observed, progress)
    except Exception as error:  # whatever a student's code raises is an observation
        observed["error"] = _describe(error, progress["where"])
    finally:
        keras.config.set_dtype_policy(policy)
    return observed


def _find(target: str, namespace: Mapping[str, Any]) -> Any:
    found = namespace.get(target)
    if found is not None:
        return found
    names = [name for name in namespace if not name.startswith("_")]
    near = difflib.get_close_matches(target, names, n=1, cutoff=0.75)
    hint = f" (is {near[0]} meant to be it?)" if near else ""
    raise ProbeError(f"{target} is not defined{hint}: define it by exactly this name.")


def _layer(target: Any, case: Case, observed: dict[str, Any], progress: dict[str, str]) -> None:
    """Builds a layer, sets its weights, calls it, pulls back the cotangent.

    Options: `route` (`direct`, `config`: rebuilt from its own configuration, `save`: saved in a
    model and loaded again), `mode` (`eager`, `function`, `xla`), `unknown_batch`, `policy`,
    `training` (one flag for each call; the inputs are then one batch a call).
    """
    options = case.options
    inputs = [tf.constant(array) for array in case.inputs]
    progress["where"] = "the constructor"
    layer = target(**_config(case))
    if not isinstance(layer, keras.layers.Layer):
        raise ProbeError(f"{case.target} is not a keras.layers.Layer: subclass it.")
    progress["where"] = "get_config"
    if options.get("route") == "config":
        config = layer.get_config()
        observed["configuration"] = _plain_items(config)
        observed["configuration keys"] = sorted(config)
        layer = type(layer).from_config(config)
    progress["where"] = "build"
    batch = None if options.get("unknown_batch") else inputs[0].shape[0]
    shape = (batch, *inputs[0].shape[1:])
    layer.build(shape)
    observed["weights"] = [(w.name, tuple(w.shape)) for w in layer.trainable_weights]
    observed["state"] = [(w.name, tuple(w.shape)) for w in layer.non_trainable_weights]
    observed["weight dtypes"] = sorted({w.dtype for w in layer.weights})
    for name, weight in zip(_names(layer, options), layer.trainable_weights, strict=False):
        observed[f"initial {name}"] = np.asarray(weight)
    _assign(layer.trainable_weights, case.weights)
    if options.get("route") == "save":
        progress["where"] = "saving and loading"
        layer = _reload(layer, shape)
    _call(layer, case, inputs, observed, progress)
    if any(
        not np.array_equal(x, a, equal_nan=True) for x, a in zip(inputs, case.inputs, strict=True)
    ):
        raise ProbeError("The call changes its input: work on a copy.")
    for name, weight in zip(_states(layer, options), layer.non_trainable_weights, strict=False):
        observed[f"{name} after the call"] = np.asarray(weight)
    progress["where"] = "compute_output_shape"
    observed["computed output shape"] = tuple(layer.compute_output_shape(shape))


def _names(layer: Any, options: Mapping[str, Any]) -> list[str]:
    """Names of the trainable weights; where the contract leaves them free, the case names them."""
    return list(options.get("weight_names", [w.name for w in layer.trainable_weights]))


def _states(layer: Any, options: Mapping[str, Any]) -> list[str]:
    return list(options.get("state_names", [w.name for w in layer.non_trainable_weights]))


def _call(
    layer: Any,
    case: Case,
    inputs: list[tf.Tensor],
    observed: dict[str, Any],
    progress: dict[str, str],
) -> None:
    options = case.options
    training = options.get("training")
    flags = [{}] * len(inputs) if training is None else [{"training": flag} for flag in training]
    function = _traced(layer, inputs[0], options)
    progress["where"] = "call"
    for x, flag in zip(inputs, flags, strict=True):
        with tf.GradientTape(watch_accessed_variables=case.cotangent is not None) as tape:
            tape.watch(x)
            y = function(x, **flag)
    observed["output"] = _tensor(y, "call")
    observed["output dtype"] = y.dtype.name
    if case.cotangent is None or observed["output"].shape != case.cotangent.shape:
        return
    progress["where"] = "the gradient"
    variables = [w.value for w in layer.trainable_weights]
    gradients = tape.gradient(
        y, [inputs[-1], *variables], output_gradients=tf.cast(case.cotangent, y.dtype)
    )
    for name, gradient in zip(["input", *_names(layer, options)], gradients, strict=True):
        observed[f"gradient of {name}"] = (
            None if gradient is None else tf.convert_to_tensor(gradient).numpy()
        )


def _traced(layer: Any, x: tf.Tensor, options: Mapping[str, Any]) -> Callable[..., Any]:
    """The layer's call, eager or as a `tf.function`."""
    mode = options.get("mode", "eager")
    if mode == "eager":
        return layer
    batch = None if options.get("unknown_batch") else x.shape[0]
    spec = tf.TensorSpec((batch, *x.shape[1:]), x.dtype)

    def call(x: tf.Tensor, **flags: Any) -> Any:
        x = tf.ensure_shape(x, spec.shape) if mode == "xla" else x
        return layer(x, **flags)

    reduce = {"input_signature": [spec]} if "training" not in options else {}
    return tf.function(call, jit_compile=mode == "xla", **reduce)


def _reload(layer: Any, shape: tuple[int | None, ...]) -> Any:
    """The layer after a save and a load of a model that holds it."""
    inputs = keras.Input(shape[1:])
    model = keras.Model(inputs, layer(inputs))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return keras.saving.load_model(path).layers[-1]


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


def _tensor(value: Any, where: str) -> np.ndarray:
    if value is None:
        raise ProbeError(f"{where} returns None: is a return missing?")
    if not tf.is_tensor(value):
        raise ProbeError(f"{where} returns a {type(value).__name__}; it must return one tensor.")
    return tf.convert_to_tensor(value).numpy()


def _refuse(target: Any, case: Case, observed: dict[str, Any], progress: dict[str, str]) -> None:
    """Calls the constructor with an invalid argument and reports what it raises, if anything."""
    progress["where"] = "the constructor"
    try:
        target(**_config(case))
    except NotImplementedError:
        raise
    except Exception as error:
        observed["refusal"] = type(error).__name__
    else:
        observed["refusal"] = None


def _initializer(
    target: Any, case: Case, observed: dict[str, Any], progress: dict[str, str]
) -> None:
    """Draws from an initializer.

    Options: `shape`, `dtype` (left out of the call where it is not given), `draws` (how often the
    same object is called), `route` (`direct` or `config`).
    """
    options = case.options
    progress["where"] = "the constructor"
    initializer = target(**_config(case))
    progress["where"] = "get_config"
    if options.get("route") == "config":
        config = initializer.get_config()
        observed["configuration"] = _plain_items(config)
        observed["configuration keys"] = sorted(config)
        initializer = type(initializer).from_config(config)
    progress["where"] = "__call__"
    arguments = {"dtype": options["dtype"]} if "dtype" in options else {}
    draws = [
        initializer(tuple(options["shape"]), **arguments) for _ in range(options.get("draws", 1))
    ]
    observed["values"] = _tensor(draws[0], "__call__")
    observed["dtype"] = observed["values"].dtype.name
    if len(draws) > 1:
        observed["repetition by one object"] = bool(np.array_equal(*draws[:2]))
        other = target(**_config(case))(tuple(options["shape"]), **arguments)
        observed["repetition by a second object"] = bool(np.array_equal(draws[0], other))


def _function(target: Any, case: Case, observed: dict[str, Any], progress: dict[str, str]) -> None:
    """Calls a function with the inputs by position and the configuration by keyword."""
    inputs = [
        tf.constant(array) if isinstance(array, np.ndarray) else _hashable(array)
        for array in case.inputs
    ]
    watched = [x for x in inputs if tf.is_tensor(x)]
    progress["where"] = case.target
    with tf.GradientTape() as tape:
        tape.watch(watched)
        value = target(*inputs, **_config(case))
    if value is None:
        raise ProbeError(f"{case.target} returns None: is a return missing?")
    observed["value"] = _result(value)
    if isinstance(observed["value"], np.ndarray):
        observed["dtype"] = observed["value"].dtype.name
    if case.cotangent is None or getattr(observed["value"], "shape", None) != case.cotangent.shape:
        return
    progress["where"] = "the gradient"
    if not tf.is_tensor(value):
        raise ProbeError(f"{case.target} returns a {type(value).__name__}: no gradient can pass.")
    gradients = tape.gradient(value, watched, output_gradients=tf.cast(case.cotangent, value.dtype))
    for position, gradient in enumerate(gradients):
        name = "input" if len(watched) == 1 else f"input {position}"
        observed[f"gradient of {name}"] = (
            None if gradient is None else tf.convert_to_tensor(gradient).numpy()
        )


def _result(value: Any) -> Any:
    if tf.is_tensor(value) or isinstance(value, keras.Variable):
        value = tf.convert_to_tensor(value).numpy()
    if isinstance(value, (list, tuple)):
        return [_result(item) for item in value]
    if isinstance(value, np.ndarray) and value.ndim:
        return value
    return value.item() if isinstance(value, (np.generic, np.ndarray)) else value


def _graph(target: Any, case: Case, observed: dict[str, Any], progress: dict[str, str]) -> None:
    """Traces the object and reports the ops and Python functions it is made of."""
    progress["where"] = "the trace"
    arguments = [
        tf.constant(array) if isinstance(array, np.ndarray) else _hashable(array)
        for array in case.inputs
    ]
    call: Any = functools.partial(target, **_config(case))
    if inspect.isclass(target) and issubclass(target, keras.layers.Layer):
        call = call()
    elif inspect.isclass(target):  # an initializer: made and called within the trace
        call, arguments = functools.partial(_draw, call), [tuple(case.options["shape"])]
    observed["names"] = graph.names(target)
    observed["bases"] = graph.bases(target)
    observed["calls"] = graph.calls(call, arguments)
    observed["ops"] = graph.ops(call, arguments)


def _draw(make: Callable[[], Any], shape: tuple[int, ...]) -> Any:
    return make()(shape)


PROBES: dict[str, Callable[[Any, Case, dict[str, Any], dict[str, str]], None]] = {
    "layer": _layer,
    "refuse": _refuse,
    "initializer": _initializer,
    "function": _function,
    "graph": _graph,
}


def _plain_items(config: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a configuration that are plain data."""
    return {
        name: value
        for name, value in config.items()
        if value is None or isinstance(value, (bool, int, float, str))
    }


def _config(case: Case) -> dict[str, Any]:
    """Keyword arguments as a person would write them: pairs are tuples."""
    return {name: _hashable(value) for name, value in case.config.items()}


def _hashable(value: Any) -> Any:
    return tuple(_hashable(item) for item in value) if isinstance(value, (list, tuple)) else value


_KERAS = f"{os.sep}keras{os.sep}"


def _describe(error: Exception, where: str) -> dict[str, str]:
    """An exception as data: `type`, `where` it was raised, the student's `line`, its `text`.

    A sentence of the probe's own has no `where`.
    """
    if isinstance(error, ProbeError):
        return {"type": "ProbeError", "where": "", "text": str(error)}
    frames = traceback.extract_tb(error.__traceback__)
    lines = [
        frame.line
        for frame in frames
        if re.search(r"<ipython|ipykernel_|<cell", frame.filename) and frame.line
    ]
    text = re.sub(r"\x1b\[[\d;]*m", "", str(error)).split("Arguments received by")[0]
    text = " ".join(text.split())
    kind = type(error).__name__
    if isinstance(error, NotImplementedError) and _KERAS in frames[-1].filename:
        kind = "MissingMethod"  # Keras's own complaint: that is no untouched stub
    return {
        "type": kind,
        "where": where,
        "line": lines[-1] if lines else "",
        "text": text if len(text) <= 300 else text[:300] + " …",
    }
