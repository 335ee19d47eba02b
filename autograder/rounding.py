"""A-priori rounding bounds of compositions: first-order error analysis through TensorFlow's tapes.

An oracle marks where its computation rounds (`Rounding.step`). There a perturbation enters that is
zero, once on the way forward and once on the way back; the derivative of every result by every
perturbation, times the size that rounding can give it, summed in absolute value, is the largest
error to first order (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 2002,
sections 1.6 and 3.1). Sums of products need none of this: `autograder.oracle.multilinear`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from autograder.arithmetic import POLICY, Arithmetic
from autograder.oracle import compute_dtype
from layerlab.case import Case
from layerlab.compare import Expected

Forward = Callable[["Rounding", list[Any], list[tf.Tensor]], Mapping[str, tf.Tensor]]
"""Gives the results by aspect, `output` among them, from the calls' inputs and the weights."""


class Rounding:
    """Marks where a computation in float64 would round in a coarser arithmetic.

    Args:
        arithmetic: The coarser arithmetic.
        tape: Watches the perturbations.
        inner: Takes the gradients of the results.
    """

    def __init__(self, arithmetic: Arithmetic, tape: tf.GradientTape, inner: tf.GradientTape):
        self._arithmetic = arithmetic
        self._tape = tape
        self._inner = inner
        self.perturbations: list[tf.Tensor] = []
        self.sizes: list[np.ndarray] = []
        self.kinks: list[tuple[tf.Tensor, int]] = []

    def step(
        self,
        value: tf.Tensor,
        magnitude: tf.Tensor | None = None,
        terms: int = 1,
        consumers: int = 1,
    ) -> tf.Tensor:
        """An intermediate result, rounded.

        Args:
            value: The result of one operation, or of a few.
            magnitude: Of its shape: what rounding is relative to. For a sum the sum of the
                absolute terms; by default the absolute value.
            terms: Number of terms of the sum that it is.
            consumers: Number of later results that each of its elements goes into: its gradient
                is a sum of so many terms.
        """
        size = np.abs((value if magnitude is None else magnitude).numpy())
        forward = self._perturbation(value, self._arithmetic.error(size, terms))
        share = self._arithmetic.share(consumers)
        backward = self._perturbation(value, np.full(value.shape, share))
        # The last summand is zero, and its derivative by `value` is the perturbation.
        return value + forward + (value - tf.stop_gradient(value)) * backward

    def relu(self, value: tf.Tensor, most: float = np.inf) -> tf.Tensor:
        """max(value, 0), at most `most`; near a kink either slope is right.

        Args:
            value: A rounded result.
            most: Upper limit (6 for ReLU6).
        """
        slope = tf.cast((value > 0) & (value < most), value.dtype)
        result = tf.clip_by_value(tf.stop_gradient(value), 0.0, most)
        for kink in (0.0, most):
            if np.isfinite(kink):
                self.kinks.append((value - kink, len(self.perturbations)))
                other = self._perturbation(value, np.zeros(value.shape))
                slope = slope + other
        return result + (value - tf.stop_gradient(value)) * slope

    def earlier(self) -> AbstractContextManager[None]:
        """Within it the results of earlier calls are computed: they round, but no gradient of the
        last call reaches what they were computed from.
        """
        return self._inner.stop_recording()

    def _perturbation(self, value: tf.Tensor, size: np.ndarray) -> tf.Tensor:
        zero = tf.zeros_like(value)
        self._tape.watch(zero)
        self.perturbations.append(zero)
        self.sizes.append(size)
        return zero


def first_order(forward: Forward, case: Case, names: list[str]) -> dict[str, Expected]:
    """Results and gradients of a composition, with their first-order rounding bounds.

    Args:
        forward: The computation, with its rounding marked.
        case: The case; gradients are by the floating-point arrays of its last input.
        names: Names of the weights.

    Returns:
        The results of `forward` by aspect, and if the case has a cotangent (for `output`)
        `gradient of input` (`gradient of input 0` … of several) and of each weight.
    """
    dtype = compute_dtype(case)
    arithmetic = POLICY[dtype.name]

    def exact(array: Any) -> Any:
        if not (isinstance(array, np.ndarray) and array.dtype.kind == "f"):
            return array
        return tf.constant(array.astype(dtype).astype(np.float64))

    inputs = keras.tree.map_structure(exact, list(case.inputs))
    weights = [exact(array) for array in case.weights]
    sources = [x for x in keras.tree.flatten(inputs[-1]) if tf.is_tensor(x)]
    labels = ["input"] if len(sources) == 1 else [f"input {i}" for i in range(len(sources))]
    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape() as inner:
            rounding = Rounding(arithmetic, outer, inner)
            inner.watch([*sources, *weights])
            results = dict(forward(rounding, inputs, weights))
        if case.cotangent is not None:
            gradients = inner.gradient(
                results["output"],
                [*sources, *weights],
                output_gradients=exact(case.cotangent),
                unconnected_gradients="zero",
            )
            for label, gradient in zip([*labels, *names], gradients, strict=True):
                results[f"gradient of {label}"] = tf.convert_to_tensor(gradient)
        kinks = [value for value, _ in rounding.kinks]
        everything = tf.concat([tf.reshape(r, [-1]) for r in (*kinks, *results.values())], axis=0)
    with _one_trace_a_case():
        jacobians = outer.jacobian(everything, rounding.perturbations)
    slopes = [
        np.zeros((everything.shape[0], size.size))
        if jacobian is None
        else np.abs(tf.reshape(jacobian, (everything.shape[0], -1)).numpy())
        for jacobian, size in zip(jacobians, rounding.sizes, strict=True)
    ]
    bounds = sum(s @ e.ravel() for s, e in zip(slopes, rounding.sizes, strict=True))
    start = 0
    for value, place in rounding.kinks:  # where the other slope may be met, it is a full step away
        near = np.abs(value.numpy()).ravel() <= bounds[start : start + value.numpy().size]
        bounds = bounds + slopes[place] @ near.astype(np.float64)
        start += near.size
    truth = {}
    for aspect, value in results.items():
        array = value.numpy()
        stop = start + array.size
        own = arithmetic.error(np.abs(array).ravel(), terms=0)
        truth[aspect] = Expected(array, (bounds[start:stop] + own).reshape(array.shape))
        start = stop
    return truth


@contextmanager
def _one_trace_a_case() -> Iterator[None]:
    """Within it TensorFlow does not warn of what is meant: `jacobian` traces anew for each case."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)
