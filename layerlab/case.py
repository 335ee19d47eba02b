"""A case: one question put to a student's layer, function or initializer, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """One question, complete: nothing about it has to be computed to ask it.

    Args:
        key: Name of the case, unique within its lab and stable for one course seed.
        group: Name of the set of cases it belongs to; a hidden test runs over one group.
        target: Name of the class or function that is asked.
        probe: Kind of question: a key of `layerlab.probe.PROBES`.
        config: Keyword arguments of the constructor (or of the function).
        inputs: The arrays that the layer (or the function, by position) receives; also plain data,
            lists of arrays, and Keras objects described as data (`layerlab.probe`).
        weights: Values of the trainable weights, in the layer's order.
        cotangent: Array of the output's shape that is pulled back, or `None` for no gradients.
        options: What else the kind of probe understands, for instance `mode` or `policy`; also
            `image_of`, the key of the case that this one was made from.
    """

    key: str
    group: str
    target: str
    probe: str = "layer"
    config: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[Any, ...] = ()
    weights: tuple[np.ndarray, ...] = ()
    cotangent: np.ndarray | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of elements in it: the smallest failing case is the one to show."""
        return sum(array.size for array in (*self.arrays, *self.weights))

    @property
    def arrays(self) -> list[np.ndarray]:
        """The arrays among the inputs."""
        return [item for item in _flat(self.inputs) if isinstance(item, np.ndarray)]

    def as_data(self) -> dict[str, Any]:
        """The case as a dictionary of plain data and arrays."""
        return {
            **vars(self),
            "config": dict(self.config),
            "inputs": list(self.inputs),
            "weights": list(self.weights),
            "options": dict(self.options),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Case:
        """The inverse of `as_data`."""
        return cls(
            **{**data, "inputs": tuple(data["inputs"]), "weights": tuple(data["weights"])},
        )

    def describe(self) -> str:
        """The case in a line for a reader, such as `kernel_size=3, input (1, 4, 4, 2)`."""
        parts = [f"{name}={_brief(value)}" for name, value in self.config.items()]
        parts += [_brief(item) for item in self.inputs]
        parts += [
            f"{name} {_brief(value)}"
            for name, value in self.options.items()
            if not name.endswith("_names")  # what results are called asks nothing
        ]
        return ", ".join(parts) or "no arguments"


def _flat(items: Any) -> list[Any]:
    return [
        x for item in items for x in (_flat(item) if isinstance(item, list | tuple) else [item])
    ]


def _brief(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"input {value.shape} {value.dtype}"
    if isinstance(value, Mapping) and "make" in value:
        config = ", ".join(f"{name}={_brief(item)}" for name, item in value["config"].items())
        text = f"{value['make'].rpartition('.')[2]}({config})"
        return text if len(text) <= 200 else text[:200] + " …"
    if isinstance(value, (list, tuple)) and any(isinstance(x, np.ndarray | Mapping) for x in value):
        return ", ".join(map(_brief, value))
    return str(tuple(value)) if isinstance(value, list) else repr(value)
