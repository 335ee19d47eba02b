"""The oracle of lab02 against sums by hand, another quadrature, and Keras's initializers."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from by_hand import SEEDS, close

from autograder.labs.lab02_mean_zero_init import oracle
from layerlab.compare import compare, wrong_elements


def fans(shape):
    """Keras's convention, from its documentation."""
    if len(shape) < 1:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


@pytest.fixture(scope="module")
def cases02(lab02):
    return [
        (case, lab02.expect(case))
        for seed in SEEDS
        for case in lab02.hidden_cases(seed)
        if case.probe != "graph"
    ]


def test_fans_agree_with_the_convention(cases02):
    seen = 0
    for case, expected in cases02:
        if case.group == "fans":
            assert tuple(expected["value"].value) == fans(case.inputs[0])
            seen += 1
    assert seen >= 20


def test_moments_agree_with_sums_by_hand(cases02):
    seen = 0
    for case, expected in cases02:
        if "mean after the call" not in expected or case.options.get("policy") == "float16":
            continue
        dtype = np.dtype(case.options.get("policy", "float32").removeprefix("mixed_"))
        momentum = case.config.get("momentum", 0.9)
        threshold = case.config.get("saturation", 0.99)
        mean, variance, saturated = 0.0, 1.0, 0.0
        flags = case.options.get("training", [False])
        for batch, training in zip(case.inputs, flags, strict=True):
            values = [float(v) for v in batch.astype(dtype).ravel()]
            if training:
                now = math.fsum(values) / len(values)
                spread = math.fsum((v - now) ** 2 for v in values) / len(values)
                share = sum(abs(v) > threshold for v in values) / len(values)
                mean = momentum * mean + (1 - momentum) * now
                variance = momentum * variance + (1 - momentum) * spread
                saturated = momentum * saturated + (1 - momentum) * share
        pairs = {"mean": mean, "variance": variance, "saturated": saturated}
        for name, value in pairs.items():
            close(expected[f"{name} after the call"].value, np.asarray(value))
        assert np.array_equal(expected["output"].value, case.inputs[-1].astype(dtype))
        assert np.array_equal(expected["gradient of input"].value, case.cotangent)
        seen += 1
    assert seen > 25


def test_moments_of_tensorflow_are_within_the_bound(cases02):
    for case, expected in cases02:
        if case.group != "probe":
            continue
        momentum = np.float32(case.config.get("momentum", 0.9))
        mean, variance = np.float32(0), np.float32(1)
        flags = case.options.get("training", [False])
        for batch, training in zip(case.inputs, flags, strict=True):
            if training:
                now, spread = (m.numpy() for m in tf.nn.moments(batch, list(range(batch.ndim))))
                mean = momentum * mean + (1 - momentum) * now
                variance = momentum * variance + (1 - momentum) * spread
        for name, value in {"mean": mean, "variance": variance}.items():
            truth = expected[f"{name} after the call"]
            assert not wrong_elements(truth.value, np.asarray(value), truth.bound).any(), case.key


def test_bounds_of_moments_catch_an_error_of_one_in_a_thousand(cases02):
    for case, expected in cases02:
        if case.group == "probe":
            for name in ("mean", "variance"):
                truth = expected[f"{name} after the call"]
                if abs(truth.value) > 0.01:
                    assert wrong_elements(truth.value, truth.value * 1.001, truth.bound).all()


def quadrature(function, nodes=120_001):
    """The mean of f(z)^2 by Simpson's rule, in plain Python floats."""
    z = np.linspace(-14, 14, nodes)
    weights = np.ones(nodes)
    weights[1:-1:2], weights[2:-1:2] = 4, 2
    values = function(z) ** 2 * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return float((weights * values).sum() * (z[1] - z[0]) / 3)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def erf(z):
    return np.array([math.erf(v) for v in z])


ACTIVATIONS = {
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "leaky_relu": lambda z: np.where(z > 0, z, 0.2 * z),
    "selu": lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(z)),
    "gelu": lambda z: z * (1 + erf(z / math.sqrt(2))) / 2,
    "silu": lambda z: z * sigmoid(z),
    "softplus": lambda z: np.logaddexp(0, z),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_gain_agrees_with_another_quadrature(name):
    value = 1 / quadrature(ACTIVATIONS[name])
    assert oracle.gain(name) == pytest.approx(value, rel=1e-3 * oracle.GAIN_ACCURACY * 100)


@pytest.mark.parametrize(
    ("name", "gain"), [("linear", 1.0), ("relu", 2.0), ("leaky_relu", 2 / 1.04)]
)
def test_gains_that_are_known(name, gain):
    assert oracle.gain(name) == pytest.approx(gain, rel=1e-6)


def test_the_gains_asked_for_are_all_tested(cases02):
    asked = {case.inputs[0] for case, _ in cases02 if case.group == "gain"}
    assert asked == set(ACTIVATIONS)


def test_scales_of_the_distributions_are_by_definition(cases02):
    for case, expected in cases02:
        if case.group != "statistics":
            continue
        fan_in, fan_out = fans(case.options["shape"])
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
        variance = case.config["scale"] / fan[case.config["mode"]]
        kind = case.config["distribution"]
        value = expected["values"].value
        spread = {"uniform": value["scale"] / math.sqrt(3), "untruncated_normal": value["scale"]}
        cut = quadrature(lambda z: np.where(np.abs(z) <= 2, z, 0), 1_200_001)
        kept = math.erf(math.sqrt(2))
        spread["truncated_normal"] = value["scale"] * math.sqrt(cut / kept)
        assert spread[kind] ** 2 == pytest.approx(variance, rel=1e-4)


def test_draws_of_keras_are_taken_for_right(cases02):
    for case, expected in cases02:
        if case.group in ("statistics", "named", "scaling") and "values" in expected:
            initializer = getattr(keras.initializers, case.target)(**case.config)
            values = np.asarray(
                initializer(tuple(case.options["shape"]), dtype=case.options.get("dtype"))
            )
            assert compare({"values": expected["values"]}, {"values": values}) == {}, case.key


def test_draws_are_the_same_bits(cases02):
    for case, expected in cases02:
        if case.group == "scaling" and "values" in expected and expected["values"].value.size:
            truth = expected["values"]
            assert truth.bound is None
            other = np.nextafter(truth.value, np.inf, dtype=truth.value.dtype)
            assert wrong_elements(truth.value, other, truth.bound).all()
