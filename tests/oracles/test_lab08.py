"""The oracle of lab08 against the procedures of Sabour, Frosst and Hinton (2017), written out
number by number, and its gradients against numerical ones.

The derivative of f by x is the imaginary part of f(x + ih) / h, for so small an h that nothing is
lost but what float64 rounds (Squire & Trapp 1998). Each number below stands for a row of numbers:
copy k of all has the step ih in place k, so that one pass gives every derivative.
"""

import math

import numpy as np
import pytest

from autograder import truth as truths
from layerlab.case import Case
from layerlab.compare import wrong_elements

STEP = 1e-30


@pytest.fixture(scope="module")
def lab08(course):
    return course.lab("lab08_capsule")


@pytest.fixture(scope="module")
def cases08(course, lab08):
    """Every case that has a truth, with it: those of a course, and the visible ones."""
    truth = truths.load(course, lab08)
    hidden = [(case, truth.expected[case.key]) for case in truth.cases]
    return [*hidden, *((case, lab08.expect(case)) for case in lab08.visible_cases())]


def of_target(cases, target):
    return [(c, e) for c, e in cases if c.target == target and {"output", "value"} & e.keys()]


def squashed(s, epsilon=1e-7):
    """Equation 1."""
    square = sum(number * number for number in s) + epsilon
    return [square / (1 + square) * number / np.sqrt(square) for number in s]


def routed(u, kernel, routings):
    """Procedure 1: the outputs of one picture, for `u[i][d]` and `kernel[j][i][d][e]`."""
    outputs, inputs = range(len(kernel)), range(len(u))
    numbers = range(len(kernel[0][0][0]))
    votes = [
        [
            [sum(u[i][d] * kernel[j][i][d][e] for d in range(len(u[i]))) for e in numbers]
            for i in inputs
        ]
        for j in outputs
    ]
    b = [[0.0 * votes[j][i][0] for j in outputs] for i in inputs]
    for _ in range(routings):
        c = []
        for i in inputs:
            powers = [np.exp(logit) for logit in b[i]]
            c.append([power / sum(powers) for power in powers])
        v = []
        for j in outputs:
            v.append(squashed([sum(c[i][j] * votes[j][i][e] for i in inputs) for e in numbers]))
        for i in inputs:
            for j in outputs:
                b[i][j] = b[i][j] + sum(votes[j][i][e] * v[j][e] for e in numbers)
    return v


def convolved(x, kernel, bias, strides, padding):
    """The filters' numbers at each place of one picture, `x[row][column][channel]`."""
    sizes, fronts = [], []
    for n, k, s in zip(x.shape[:2], kernel.shape[:2], strides, strict=True):
        places = math.ceil(n / s) if padding == "same" else (n - k) // s + 1
        over = max((places - 1) * s + k - n, 0) if padding == "same" else 0
        sizes.append(places)
        fronts.append(over // 2)
    features = []
    for i, j in np.ndindex(*sizes):
        numbers = [bias[f] for f in range(len(bias))]
        for p, q, c in np.ndindex(*kernel.shape[:3]):
            row, column = i * strides[0] - fronts[0] + p, j * strides[1] - fronts[1] + q
            if 0 <= row < x.shape[0] and 0 <= column < x.shape[1]:
                numbers = [
                    y + x[row, column, c] * kernel[p, q, c, f] for f, y in enumerate(numbers)
                ]
        features.append(numbers)
    return features


def primary(x, kernel, bias, config):
    strides = config.get("strides", 1)
    strides = (strides, strides) if isinstance(strides, int) else strides
    dim = config["dim_capsule"]
    result = []
    for picture in x:
        features = convolved(picture, kernel, bias, strides, config.get("padding", "valid"))
        groups = [f[n : n + dim] for f in features for n in range(0, len(f), dim)]
        result.append([squashed(group) for group in groups])
    return result


def margin_loss(true, lengths, m_plus=0.9, m_minus=0.1, lam=0.5):
    """Equation 4, the mean over the batch."""

    def positive(number):
        return np.where(number.real > 0, number, 0)

    total = 0.0
    for classes, row in zip(true, lengths, strict=True):
        for present, length in zip(classes, row, strict=True):
            if present:
                total = total + positive(m_plus - length) ** 2
            else:
                total = total + lam * positive(length - m_minus) ** 2
    return total / len(true)


def of_the_policy(case, array):
    return array.astype(case.options.get("policy", "float32").removeprefix("mixed_")).astype(float)


def differentiated(function, case, arrays):
    """Value and pulled-back gradients of a function of arrays of numbers."""
    arrays = [of_the_policy(case, array) for array in arrays]
    ends = np.cumsum([array.size for array in arrays])
    numbers = []
    for array, end in zip(arrays, ends, strict=True):
        steps = np.zeros((array.size, ends[-1]))
        steps[np.arange(array.size), np.arange(end - array.size, end)] = STEP
        steps = steps.reshape(*array.shape, -1)
        numbers.append(array[..., np.newaxis] + 1j * steps)
    result = np.array(function(*numbers))
    slopes = result.imag / STEP
    if case.cotangent is None:
        return result.real[..., 0], []
    upstream = of_the_policy(case, case.cotangent)[..., np.newaxis]
    gradient = (upstream * slopes).reshape(-1, ends[-1]).sum(0)
    parts = np.split(gradient, ends[:-1])
    return result.real[..., 0], [p.reshape(a.shape) for p, a in zip(parts, arrays, strict=True)]


def close(truth, other):
    scale = np.abs(other).max(initial=1e-300)
    np.testing.assert_allclose(truth, other, rtol=1e-10, atol=1e-11 * scale)


def agrees(case, expected, output, function, arrays, labels):
    value, gradients = differentiated(function, case, arrays)
    close(expected[output].value, value)
    for label, gradient in zip(labels, gradients, strict=bool(gradients)):
        close(expected[f"gradient of {label}"].value, gradient)


def test_squash_agrees_with_the_paper(cases08):
    cases = of_target(cases08, "squash")
    for case, expected in cases:
        axis, epsilon = case.config.get("axis", -1), case.config.get("epsilon", 1e-7)
        axis %= case.inputs[0].ndim

        def squash(s, axis=axis, epsilon=epsilon):
            return np.moveaxis(squashed(np.moveaxis(s, axis, 0), epsilon), 0, axis)

        agrees(case, expected, "value", squash, case.inputs, ["input"])
    assert len(cases) > 15


def test_primary_capsules_agree_with_loops(cases08):
    cases = of_target(cases08, "PrimaryCapsules")
    for case, expected in cases:

        def capsules(x, kernel, bias, config=case.config):
            return primary(x, kernel, bias[:, :], config)

        arrays = [case.inputs[0], *case.weights]
        agrees(case, expected, "output", capsules, arrays, ["input", "kernel", "bias"])
    assert len(cases) > 15


def test_routing_agrees_with_the_paper(cases08):
    cases = of_target(cases08, "Capsule")
    for case, expected in cases:

        def capsules(u, kernel, config=case.config):
            return [routed(picture, kernel, config.get("routings", 3)) for picture in u]

        arrays = [case.inputs[-1], *case.weights]
        agrees(case, expected, "output", capsules, arrays, ["input", "kernel"])
    assert len(cases) > 25
    assert {case.config.get("routings", 3) for case, _ in cases} == {1, 2, 3, 4}


def test_the_margin_loss_agrees_with_the_paper(cases08):
    cases = of_target(cases08, "MarginLoss")
    for case, expected in cases:
        true, lengths = case.inputs

        def loss(lengths, true=true, margins=case.config):
            return margin_loss(true, lengths, **margins)

        (label,) = [name for name in expected if name.startswith("gradient of ")]
        agrees(case, expected, "value", loss, [lengths], [label.removeprefix("gradient of ")])
    assert len(cases) > 8


def test_masks_keep_one_capsule(cases08):
    cases = of_target(cases08, "MaskCapsules")
    for case, expected in cases:
        given = case.inputs[0]
        vectors, true = given if isinstance(given, list) else (given, None)
        output, gradient = np.zeros(vectors.shape), np.zeros(vectors.shape)
        for number, picture in enumerate(vectors.astype(float)):
            lengths = [math.hypot(*vector) for vector in picture]
            kept = lengths.index(max(lengths)) if true is None else list(true[number]).index(1)
            output[number, kept] = picture[kept]
            gradient[number, kept] = case.cotangent.reshape(vectors.shape)[number, kept]
        (label,) = [name for name in expected if name.startswith("gradient of ")]
        assert np.array_equal(expected["output"].value, output.reshape(len(output), -1))
        assert np.array_equal(expected[label].value, gradient)
    assert len(cases) > 10


def test_shapes_are_those_of_the_outputs(cases08):
    for _, expected in cases08:
        if "computed output shape" in expected and "output" in expected:
            computed, output = expected["computed output shape"].value, expected["output"].value
            assert computed[0] in (None, len(output))
            assert tuple(computed[1:]) == output.shape[1:]


def test_the_example_of_the_written_question(lab08):
    """Two inputs that agree on output 1 and contradict each other on output 2."""
    votes = np.array([[[2, 0], [2, 0]], [[0, 2], [0, -2]]], np.float32)
    lengths = []
    for routings in (1, 2):
        config = {"num_capsules": 2, "dim_capsule": 2, "routings": routings}
        kernel = votes[:, :, np.newaxis]
        case = Case(
            "", "", "Capsule", config=config, inputs=(np.ones((1, 2, 1)),), weights=(kernel,)
        )
        output = lab08.expect(case)["output"].value[0]
        lengths.append(np.linalg.norm(output, axis=-1))
    share = math.exp(1.6) / (math.exp(1.6) + 1)
    square = (4 * share) ** 2
    assert lengths[0] == pytest.approx([0.8, 0], abs=1e-6)
    assert lengths[1] == pytest.approx([square / (1 + square), 0], abs=1e-6)


def test_loops_in_float32_are_within_the_bound(cases08):
    for case, expected in of_target(cases08, "Capsule"):
        if case.options.get("policy"):
            continue
        u, kernel = case.inputs[-1][:, ::-1], case.weights[0][:, ::-1]  # summed from the end
        output = [routed(picture, kernel, case.config.get("routings", 3)) for picture in u]
        truth = expected["output"]
        output = np.array(output, np.float32)
        assert not wrong_elements(truth.value, output, truth.bound).any(), case.key


def test_bounds_catch_an_error_of_one_in_a_hundred(cases08):
    for target in ("PrimaryCapsules", "Capsule"):
        caught = total = 0
        for case, expected in of_target(cases08, target):
            if not case.options.get("policy"):
                for aspect in ("output", "gradient of kernel"):
                    truth = expected[aspect]
                    wrong = wrong_elements(truth.value, truth.value * 1.01, truth.bound)
                    large = np.abs(truth.value) > 0.01 * np.abs(truth.value).max()
                    caught, total = caught + (wrong & large).sum(), total + large.sum()
        assert caught > 0.99 * total > 100


def test_every_refusal_is_a_value_error(cases08):
    refused = [expected for case, expected in cases08 if case.probe == "refuse"]
    assert len(refused) > 9
    assert all(expected["refusal"].value == "ValueError" for expected in refused)
