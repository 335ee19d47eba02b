"""A case while it is asked, and what every kind of probe does with its arguments and results."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

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


def find(target: str, namespace: Mapping[str, Any]) -> Any:
    """What the student has called so.

    Raises:
        ProbeError: Nothing has that name; the message says which near one there is.
    """
    found = namespace.get(target)
    if found is not None:
        return found
    names = [name for name in namespace if not name.startswith("_")]
    near = difflib.get_close_matches(target, names, n=1, cutoff=0.75)
    hint = f" (is {near[0]} meant to be it?)" if near else ""
    raise ProbeError(f"{target} is not defined{hint}: define it by exactly this name.")


def argument(item: Any, namespace: Mapping[str, Any]) -> Any:
    """What an input stands for: an array for a tensor, a list for a tuple or for several tensors,
    a dictionary with a `make` for what that makes.

    Such a dictionary has `make` (a name of the student's, or a dotted one that begins with
    `keras.`), `config` (its keyword arguments), and if it is to have weights `build` (an input
    shape) and the values of all of them in order: `weights`, or `trainable` and `state`. Its
    arguments may be such dictionaries themselves, as the layers of a model are.
    """
    if isinstance(item, np.ndarray):
        return tf.constant(item)
    if isinstance(item, (list, tuple)) and any(isinstance(x, np.ndarray | Mapping) for x in item):
        return [argument(x, namespace) for x in item]
    if not (isinstance(item, Mapping) and "make" in item):
        return hashable(item)
    name = item["make"]
    make = operator.attrgetter(name[6:])(keras) if name[:6] == "keras." else find(name, namespace)
    config = item.get("config", {})
    made = make(**{key: argument(value, namespace) for key, value in config.items()})
    if "build" in item:
        made.build(tuple(item["build"]))
    held = {
        "weights": "weights",
        "trainable": "trainable_weights",
        "state": "non_trainable_weights",
    }
    for name, attribute in held.items():
        if name in item:
            for weight, value in zip(getattr(made, attribute), item[name], strict=True):
                weight.assign(value)
    return made


def hashable(value: Any) -> Any:
    """Lists as tuples, at any depth: what a person would write."""
    return tuple(hashable(item) for item in value) if isinstance(value, (list, tuple)) else value


def keywords(case: Case) -> dict[str, Any]:
    """Keyword arguments as a person would write them: pairs are tuples."""
    return {name: hashable(value) for name, value in case.config.items()}


def by_route(made: Any, asked: Asked) -> Any:
    """What was made, or what its own configuration makes again."""
    if asked.case.options.get("route") != "config":
        return made
    asked.where = "get_config"
    config = made.get_config()
    asked.observed["configuration"] = plain_items(config)
    asked.observed["configuration keys"] = sorted(config)
    return type(made).from_config(config)


def plain_items(config: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a configuration that are plain data."""
    return {
        name: value
        for name, value in config.items()
        if value is None or isinstance(value, (bool, int, float, str))
    }


def tensor(value: Any, where: str) -> np.ndarray:
    """One tensor as an array.

    Raises:
        ProbeError: It is none; the message says what `where` returns instead.
    """
    if value is None:
        raise ProbeError(f"{where} returns None: is a return missing?")
    if not tf.is_tensor(value):
        raise ProbeError(f"{where} returns a {type(value).__name__}; it must return one tensor.")
    return tf.convert_to_tensor(value).numpy()


def result(value: Any) -> Any:
    """What a function returns, as arrays and plain data."""
    if tf.is_tensor(value) or isinstance(value, keras.Variable):
        value = tf.convert_to_tensor(value).numpy()
    if isinstance(value, (list, tuple)):
        return [result(item) for item in value]
    if isinstance(value, np.ndarray) and value.ndim:
        return value
    return value.item() if isinstance(value, (np.generic, np.ndarray)) else value


def float_tensors(inputs: Any) -> list[tf.Tensor]:
    """The tensors among some inputs that a gradient can reach."""
    return [x for x in keras.tree.flatten(inputs) if tf.is_tensor(x) and x.dtype.is_floating]


def input_names(count: int) -> list[str]:
    """What the gradients by so many inputs are called."""
    return ["input"] if count == 1 else [f"input {position}" for position in range(count)]


def array(gradient: Any) -> np.ndarray | None:
    """A gradient as an array; `None` where none arrives."""
    return None if gradient is None else tf.convert_to_tensor(gradient).numpy()
