"""Turns a TensorFlow op into the truth about a case: values in float64 and a-priori error bounds.

A sum of n products, in any order of summation, in an arithmetic of unit roundoff u, is off by at
most n·u·Σ|x||w| (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 2002, section
3.1, first order in u). Σ|x||w| is what the same op gives on absolute values; n is what it gives on
ones. Gradients are sums of products as well, so the same holds for them with the cotangent among
the factors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from autograder.arithmetic import POLICY
from autograder.shapes import same_padding
from layerlab.case import Case
from layerlab.compare import Expected

Forward = Callable[..., tf.Tensor]
"""A function of the input and the weights, linear in each of them, of any float dtype."""


def compute_dtype(case: Case) -> np.dtype[Any]:
    """The dtype that a case computes in."""
    policy = case.options.get("policy", "float32")
    return np.dtype(policy.removeprefix("mixed_"))


def multilinear(forward: Forward, case: Case, names: list[str]) -> dict[str, Expected]:
    """Output and gradients of an op that is linear in its input and in each of its weights.

    Args:
        forward: The op.
        case: The case; its last input is the one that counts.
        names: Names of the weights.

    Returns:
        `output`, and if the case has a cotangent `gradient of input` and of each weight.
    """
    dtype = compute_dtype(case)
    arrays = [case.inputs[-1], *case.weights]
    arrays = [array.astype(dtype).astype(np.float64) for array in arrays]
    cotangent = case.cotangent
    if cotangent is not None:
        cotangent = cotangent.astype(dtype).astype(np.float64)
    aspects = ["output", *(f"gradient of {name}" for name in ("input", *names))]

    def pull(arrays: list[np.ndarray], cotangent: np.ndarray | None) -> list[np.ndarray]:
        tensors = [tf.constant(array) for array in arrays]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            output = forward(*tensors)
        if cotangent is None:
            return [output.numpy()]
        gradients = tape.gradient(output, tensors, output_gradients=tf.constant(cotangent))
        return [output.numpy(), *(tf.convert_to_tensor(item).numpy() for item in gradients)]

    def like(function: Callable[[np.ndarray], np.ndarray]) -> list[np.ndarray]:
        clean = [function(np.nan_to_num(array, posinf=0.0, neginf=0.0)) for array in arrays]
        return pull(clean, None if cotangent is None else function(cotangent))

    values, magnitudes, terms = pull(arrays, cotangent), like(np.abs), like(np.ones_like)
    return {
        aspect: Expected(value, rounding_bound(magnitude, count, dtype))
        for aspect, value, magnitude, count in zip(aspects, values, magnitudes, terms, strict=False)
    }


def rounding_bound(
    magnitude: np.ndarray, terms: np.ndarray | float, dtype: np.dtype[Any]
) -> np.ndarray:
    """Largest error of a sum of products.

    Args:
        magnitude: Sum of the absolute products.
        terms: Number of products.
        dtype: What is computed in.

    Returns:
        Bound for each element, by the tolerance policy (`autograder.arithmetic`).
    """
    return POLICY[dtype.name].error(magnitude, terms)


def thinned_out(
    step: Callable[[tf.Tensor], tf.Tensor],
    x: tf.Tensor,
    window: tuple[int, int],
    strides: tuple[int, int],
    dilations: tuple[int, int],
    padding: str,
) -> tf.Tensor:
    """A windowed op at any strides, where TensorFlow refuses unequal ones.

    Args:
        step: The op at stride 1 without padding.
        x: Pictures, channels last.
        window: Taps along height and width.
        strides: Along height and width.
        dilations: Along height and width.
        padding: `valid` or `same`.
    """
    borders = [(0, 0), (0, 0)]
    if padding == "same":
        borders = [
            same_padding(int(n), k, s, d)
            for n, k, s, d in zip(x.shape[1:3], window, strides, dilations, strict=True)
        ]
    y = step(tf.pad(x, [(0, 0), *borders, (0, 0)]))
    return y[:, :: strides[0], :: strides[1], :]


def layer_facts(
    case: Case, weights: Mapping[str, tuple[int, ...]], output_shape: tuple[int | None, ...]
) -> dict[str, Expected]:
    """What holds for every layer: its weights, dtypes and computed output shape.

    Args:
        case: The case.
        weights: Shapes of the trainable weights by name, in order.
        output_shape: Expected from `compute_output_shape`; the batch may be `None`.
    """
    return {
        "weights": Expected(list(weights.items()), rule="weights"),
        "weight dtypes": Expected(["float32"] if weights else []),
        "computed output shape": Expected(output_shape),
        "output dtype": Expected(compute_dtype(case).name),
    }
