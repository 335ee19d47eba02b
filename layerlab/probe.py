"""Asks a student's object one case and writes down what it does.

The same code runs in the student's notebook (`check`) and in the grader's subject process. It
knows no expected value: it only builds, calls, pulls back a cotangent and reports.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import inspect
import operator
import os
import re
import tempfile
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from layerlab import graph
from layerlab.case import Case


class ProbeError(Exception):
    """Something that the contract asks for is not there; the message is for the student."""


@dataclass
class Asked:
    """A case while it is asked.

    Args:
        case: The question.
        namespace: Where the student's names are.
        observed: What has been seen so far, by aspect.
        where: What is being done, for the message if it raises.
    """

    case: Case
    namespace: Mapping[str, Any]
    observed: dict[str, Any] = field(default_factory=dict)
    where: str = "looking it up"


def run(case: Case, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Asks `case` of the object named `case.target`.

    Args:
        case: The question.
        namespace: Where the student's names are.

    Returns:
        The observed aspects by name. If something is raised, what had been observed until then
        and an `error`: a dictionary with `type`, `where`, `line` and `text`.
    """
    asked = Asked(case, namespace)
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy(case.options.get("policy", "float32"))
        if "seed" in case.options:
            keras.utils.set_random_seed(case.options["seed"])
        PROBES[case.probe](_find(case.target, namespace), asked)
    except Exception as error:  # whatever a student's code raises is an observation
        asked.observed["error"] = _describe(error, asked.where)
    finally:
        keras.config.set_dtype_policy(policy)
    return asked.observed


def _find(target: str, namespace: Mapping[str, Any]) -> Any:
    found = namespace.get(target)
    if found is not None:
        return found
    names = [name for name in namespace if not name.startswith("_")]
    near = difflib.get_close_matches(target, names, n=1, cutoff=0.75)
    hint = f" (is {near[0]} meant to be it?)" if near else ""
    raise ProbeError(f"{target} is not defined{hint}: define it by exactly this name.")


def _layer(target: Any, asked: Asked) -> None:
    """Builds a layer, sets its weights, calls it, pulls back the cotangent.

    Options: `route` (`direct`, `config`: rebuilt from its own configuration, `save`: saved in a
    model and loaded again), `mode` (`eager`, `function`, `xla`), `unknown_batch`, `policy`,
    `training` (one flag for each call; the inputs are then one batch a call). An input that is a
    list is one call's list of arrays.
    """
    case, options = asked.case, asked.case.options
    inputs = [_argument(item, asked.namespace) for item in case.inputs]
    asked.where = "the constructor"
    layer = target(**_config(case))
    if not isinstance(layer, keras.layers.Layer):
        raise ProbeError(f"{case.target} is not a keras.layers.Layer: subclass it.")
    asked.where = "get_config"
    if options.get("route") == "config":
        config = layer.get_config()
        asked.observed["configuration"] = _plain_items(config)
        asked.observed["configuration keys"] = sorted(config)
        layer = type(layer).from_config(config)
    asked.where = "build"
    shape = keras.tree.map_structure(lambda x: _batched(x.shape, options), inputs[0])
    layer.build(shape)
    asked.observed["weights"] = [(w.name, tuple(w.shape)) for w in layer.trainable_weights]
    asked.observed["state"] = [(w.name, tuple(w.shape)) for w in layer.non_trainable_weights]
    asked.observed["weight dtypes"] = sorted({w.dtype for w in layer.weights})
    for name, weight in zip(_names(layer, options), layer.trainable_weights, strict=False):
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


def _names(layer: Any, options: Mapping[str, Any]) -> list[str]:
    """Names of the trainable weights; where the contract leaves them free, the case names them."""
    return list(options.get("weight_names", [w.name for w in layer.trainable_weights]))


def _states(layer: Any, options: Mapping[str, Any]) -> list[str]:
    return list(options.get("state_names", [w.name for w in layer.non_trainable_weights]))


def _call(layer: Any, asked: Asked, inputs: list[tf.Tensor]) -> None:
    case, options = asked.case, asked.case.options
    training = options.get("training")
    flags = [{}] * len(inputs) if training is None else [{"training": flag} for flag in training]
    function = _traced(layer, inputs[0], options)
    sources = _float_tensors(inputs[-1])
    asked.where = "call"
    for x, flag in zip(inputs, flags, strict=True):
        with tf.GradientTape(watch_accessed_variables=case.cotangent is not None) as tape:
            tape.watch(sources)
            y = function(x, **flag)
    asked.observed["output"] = _tensor(y, "call")
    asked.observed["output dtype"] = y.dtype.name
    if case.cotangent is None or asked.observed["output"].shape != case.cotangent.shape:
        return
    asked.where = "the gradient"
    variables = [w.value for w in layer.trainable_weights]
    gradients = tape.gradient(
        y, [*sources, *variables], output_gradients=tf.cast(case.cotangent, y.dtype)
    )
    names = [*_input_names(len(sources)), *_names(layer, options)]
    for name, gradient in zip(names, gradients, strict=True):
        asked.observed[f"gradient of {name}"] = _gradient(gradient)


def _input_names(count: int) -> list[str]:
    return ["input"] if count == 1 else [f"input {position}" for position in range(count)]


def _float_tensors(inputs: Any) -> list[tf.Tensor]:
    """The tensors among some inputs that a gradient can reach."""
    return [x for x in keras.tree.flatten(inputs) if tf.is_tensor(x) and x.dtype.is_floating]


def _gradient(gradient: Any) -> np.ndarray | None:
    return None if gradient is None else tf.convert_to_tensor(gradient).numpy()


def _traced(layer: Any, x: Any, options: Mapping[str, Any]) -> Callable[..., Any]:
    """The layer's call, eager or as a `tf.function`."""
    mode = options.get("mode", "eager")
    if mode == "eager":
        return layer
    spec = keras.tree.map_structure(lambda x: tf.TensorSpec(_batched(x.shape, options), x.dtype), x)

    def call(x: Any, **flags: Any) -> Any:
        if mode == "xla":  # the batch's shape is known to XLA
            x = keras.tree.map_structure(lambda x, s: tf.ensure_shape(x, s.shape), x, spec)
        return layer(x, **flags)

    reduce = {"input_signature": [spec]} if "training" not in options else {}
    return tf.function(call, jit_compile=mode == "xla", autograph=False, **reduce)


def _batched(shape: Any, options: Mapping[str, Any]) -> tuple[int | None, ...]:
    batch = None if options.get("unknown_batch") else shape[0]
    return (batch, *shape[1:])


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


def _refuse(target: Any, asked: Asked) -> None:
    """Calls the constructor with an invalid argument and reports what it raises, if anything."""
    asked.where = "the constructor"
    try:
        target(**_config(asked.case))
    except NotImplementedError:
        raise
    except Exception as error:
        asked.observed["refusal"] = type(error).__name__
    else:
        asked.observed["refusal"] = None


def _initializer(target: Any, asked: Asked) -> None:
    """Draws from an initializer.

    Options: `shape`, `dtype` (left out of the call where it is not given), `draws` (how often the
    same object is called), `route` (`direct` or `config`).
    """
    case, options = asked.case, asked.case.options
    asked.where = "the constructor"
    initializer = target(**_config(case))
    asked.where = "get_config"
    if options.get("route") == "config":
        config = initializer.get_config()
        asked.observed["configuration"] = _plain_items(config)
        asked.observed["configuration keys"] = sorted(config)
        initializer = type(initializer).from_config(config)
    asked.where = "__call__"
    arguments = {"dtype": options["dtype"]} if "dtype" in options else {}
    draws = [
        initializer(tuple(options["shape"]), **arguments) for _ in range(options.get("draws", 1))
    ]
    asked.observed["values"] = _tensor(draws[0], "__call__")
    asked.observed["dtype"] = asked.observed["values"].dtype.name
    if len(draws) > 1:
        asked.observed["repetition by one object"] = bool(np.array_equal(*draws[:2]))
        other = target(**_config(case))(tuple(options["shape"]), **arguments)
        asked.observed["repetition by a second object"] = bool(np.array_equal(draws[0], other))


def _function(target: Any, asked: Asked) -> None:
    """Calls a function with the inputs by position and the configuration by keyword.

    A class is made with the configuration first, and what it makes is called with the inputs.
    Options: `parts` (what is observed, instead of `value`, of the several values that a function
    returns: for each aspect the positions of those it is made of; two or more are factors that are
    free in sign and scale, of which only the matrix product is observed).
    """
    case = asked.case
    inputs = [_argument(item, asked.namespace) for item in case.inputs]
    watched = _float_tensors(inputs)
    config = _config(case)
    if inspect.isclass(target):
        asked.where = "the constructor"
        target, config = target(**config), {}
    asked.where = case.target
    with tf.GradientTape() as tape:
        tape.watch(watched)
        value = target(*inputs, **config)
    if value is None:
        raise ProbeError(f"{case.target} returns None: is a return missing?")
    if "parts" in case.options:
        _observe_parts(_result(value), asked)
        return
    asked.observed["value"] = _result(value)
    if isinstance(asked.observed["value"], np.ndarray):
        asked.observed["dtype"] = asked.observed["value"].dtype.name
    shape = getattr(asked.observed["value"], "shape", ())
    if case.cotangent is None or shape != case.cotangent.shape:
        return
    asked.where = "the gradient"
    if not tf.is_tensor(value):
        raise ProbeError(f"{case.target} returns a {type(value).__name__}: no gradient can pass.")
    gradients = tape.gradient(value, watched, output_gradients=tf.cast(case.cotangent, value.dtype))
    for name, gradient in zip(_input_names(len(watched)), gradients, strict=True):
        asked.observed[f"gradient of {name}"] = _gradient(gradient)


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


def _argument(item: Any, namespace: Mapping[str, Any]) -> Any:
    """What an input stands for: an array for a tensor, a list for a tuple or for several tensors,
    a dictionary with a `make` for what that makes.

    Such a dictionary has `make` (a name of the student's, or a dotted one that begins with
    `keras.`), `config` (its keyword arguments), and if it is to have weights `build` (an input
    shape) and `weights` (the values of all of them, in order). Its arguments may be such
    dictionaries themselves, as the layers of a model are.
    """
    if isinstance(item, np.ndarray):
        return tf.constant(item)
    if isinstance(item, (list, tuple)) and any(isinstance(x, np.ndarray | Mapping) for x in item):
        return [_argument(x, namespace) for x in item]
    if not (isinstance(item, Mapping) and "make" in item):
        return _hashable(item)
    name = item["make"]
    make = operator.attrgetter(name[6:])(keras) if name[:6] == "keras." else _find(name, namespace)
    config = item.get("config", {})
    made = make(**{key: _argument(value, namespace) for key, value in config.items()})
    if "build" in item:
        made.build(tuple(item["build"]))
    for weight, value in (
        zip(made.weights, item["weights"], strict=True) if "weights" in item else ()
    ):
        weight.assign(value)
    return made


def _result(value: Any) -> Any:
    if tf.is_tensor(value) or isinstance(value, keras.Variable):
        value = tf.convert_to_tensor(value).numpy()
    if isinstance(value, (list, tuple)):
        return [_result(item) for item in value]
    if isinstance(value, np.ndarray) and value.ndim:
        return value
    return value.item() if isinstance(value, (np.generic, np.ndarray)) else value


def _graph(target: Any, asked: Asked) -> None:
    """Traces the object and reports the ops and Python functions it is made of."""
    case = asked.case
    asked.where = "the trace"
    arguments = [_argument(item, asked.namespace) for item in case.inputs]
    call: Any = functools.partial(target, **_config(case))
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


PROBES: dict[str, Callable[[Any, Asked], None]] = {
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
