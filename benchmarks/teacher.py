"""What a teacher writes for the hidden tests of a lab that stock nbgrader grades.

`stock.py` puts the text of this file into a notebook's cell, together with the cases, the probes,
the lab's oracle and the rules for plain data. It computes one value for each aspect, without the
error bounds and the diagnosis of the autograder, and stops at the first difference.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

RTOL, ATOL = 1e-4, 1e-5
HALF = 1e-2


class Expected:
    def __init__(self, value: Any, bound: Any = None, rule: str = "value"):
        self.value, self.bound, self.rule = value, bound, rule


def rounding_bound(*_: Any) -> float:
    return 0.0


def multilinear(forward: Callable[..., Any], case: Any, names: Sequence[str]) -> dict[str, Any]:
    tensors = [tf.constant(array, tf.float64) for array in (case.inputs[-1], *case.weights)]
    if case.cotangent is None:
        return {"output": Expected(forward(*tensors).numpy())}
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        output = forward(*tensors)
    cotangent = tf.constant(case.cotangent, tf.float64)
    gradients = tape.gradient(output, tensors, output_gradients=cotangent)
    expected = {"output": Expected(output.numpy())}
    for name, gradient in zip(["input", *names], gradients, strict=True):
        expected[f"gradient of {name}"] = Expected(tf.convert_to_tensor(gradient).numpy())
    return expected


class HiddenTests:
    def __init__(
        self,
        cases: str,
        probes: Mapping[str, Callable[..., None]],
        expect: Callable[[Any], dict[str, Any]],
        rules: Mapping[str, Callable[..., Any]],
        names: Mapping[str, Any],
    ):
        self.all_cases = [SimpleNamespace(**c) for c in json.loads(cases, object_hook=decoded)]
        self.probes, self.expect, self.rules, self.names = probes, expect, rules, names
        # Each case is asked once, however many cells look at it.
        self.observed: dict[str, dict[str, Any]] = {}
        self.expected: dict[str, dict[str, Any]] = {}

    def cases(self, *groups: str) -> list[Any]:
        return [case for case in self.all_cases if case.group in groups]

    def must_match(self, case: Any, *aspects: str) -> None:
        if case.key not in self.observed:
            self.observed[case.key] = self.observe(case)
            self.expected[case.key] = self.expect(case)
        observed, expected = self.observed[case.key], self.expected[case.key]
        chosen = [
            name
            for name in expected
            if any(name == a or (a[-1] == "*" and name.startswith(a[:-1])) for a in aspects)
        ]
        assert chosen, f"{case.key}: nothing is expected"
        for aspect in chosen:
            assert aspect in observed, f"{case.key}: there is no {aspect}"
            self.compare(case, aspect, expected[aspect], observed[aspect])

    def observe(self, case: Any) -> dict[str, Any]:
        asked = SimpleNamespace(case=case, namespace=self.names, observed={}, where="")
        policy = keras.config.dtype_policy()
        try:
            keras.config.set_dtype_policy(case.options.get("policy", "float32"))
            if "seed" in case.options:
                keras.utils.set_random_seed(case.options["seed"])
            self.probes[case.probe](self.names[case.target], asked)
        finally:
            keras.config.set_dtype_policy(policy)
        return dict(asked.observed)

    def compare(self, case: Any, aspect: str, expected: Any, actual: Any) -> None:
        if expected.rule != "value" or not isinstance(expected.value, np.ndarray):
            difference = self.rules[expected.rule](aspect, expected, actual)
            assert difference is None, f"{case.key}: {difference.message}"
            return
        assert actual is not None, f"{case.key}: there is no {aspect}"
        half = "float16" in case.options.get("policy", "")
        truth = expected.value.astype(np.float64)
        # Near zero, a sum of large terms is no more accurate than its terms.
        size = float(np.max(np.abs(truth[np.isfinite(truth)]), initial=1.0))
        contract = 0.0 if expected.bound is None else float(np.max(expected.bound))
        np.testing.assert_allclose(
            actual,
            truth,
            rtol=HALF if half else RTOL,
            atol=(HALF if half else ATOL) * size + contract,
            err_msg=f"{case.key}: {aspect}",
        )


def decoded(item: dict[str, Any]) -> Any:
    if "base64" not in item:
        return item
    data = base64.b64decode(item["base64"])
    return np.frombuffer(data, item["dtype"]).reshape(item["shape"])
