"""Each lab's oracle against an independent one in plain NumPy; the derived bounds against
TensorFlow's own float32 ops, and against errors that they must not let through.
"""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from autograder.labs.lab02_mean_zero_init import oracle as oracle02
from autograder.labs.lab06_depthwise_conv import oracle as oracle06
from autograder.labs.lab06_depthwise_conv.cases import DEFAULTS
from autograder.oracle import rounding_bound
from layerlab.compare import compare, wrong_elements

SEEDS = [1, 2]


def depthwise(x, kernel, bias, config):
    """A depthwise convolution by explicit loops, with the list of its products.

    Returns the output and, for each product, (output index, pixel index, kernel index).
    """
    full = {**DEFAULTS, **config}
    first = full["data_format"] == "channels_first"
    if first:
        x = x.transpose(0, 2, 3, 1)
    (sh, sw), (dh, dw) = (
        (v, v) if isinstance(v, int) else tuple(v) for v in (full["strides"], full["dilation_rate"])
    )
    batch, height, width, channels = x.shape
    kh, kw, _, multiplier = kernel.shape
    sizes, fronts = [], []
    for n, k, s, d in ((height, kh, sh, dh), (width, kw, sw, dw)):
        reach = (k - 1) * d + 1
        if full["padding"] == "same":
            sizes.append(math.ceil(n / s))
            fronts.append(max((sizes[-1] - 1) * s + reach - n, 0) // 2)
        else:
            sizes.append(math.ceil((n - reach + 1) / s))
            fronts.append(0)
    products = []
    output = np.zeros((batch, *sizes, channels * multiplier))
    for b, i, j, c, q in np.ndindex(batch, *sizes, channels, multiplier):
        place = (b, i, j, c * multiplier + q)
        for u, v in np.ndindex(kh, kw):
            row, column = i * sh - fronts[0] + u * dh, j * sw - fronts[1] + v * dw
            if 0 <= row < height and 0 <= column < width:
                output[place] += x[b, row, column, c] * kernel[u, v, c, q]
                products.append((place, (b, row, column, c), (u, v, c, q)))
        if bias is not None:
            output[place] += bias[place[3]]
    return (output.transpose(0, 3, 1, 2) if first else output), products, first


def depthwise_by_hand(case):
    """Output and gradients of a case of lab06."""
    x, kernel, *rest = (array.astype(float) for array in (case.inputs[0], *case.weights))
    output, products, first = depthwise(x, kernel, rest[0] if rest else None, dict(case.config))
    found = {"output": output}
    if case.cotangent is None:
        return found
    upstream = case.cotangent.astype(float)
    if first:
        x, upstream = x.transpose(0, 2, 3, 1), upstream.transpose(0, 2, 3, 1)
    by_x, by_kernel = np.zeros_like(x), np.zeros_like(kernel)
    for place, pixel, tap in products:
        by_x[pixel] += upstream[place] * kernel[tap]
        by_kernel[tap] += upstream[place] * x[pixel]
    found["gradient of input"] = by_x.transpose(0, 3, 1, 2) if first else by_x
    found["gradient of kernel"] = by_kernel
    if rest:
        found["gradient of bias"] = upstream.sum((0, 1, 2))
    return found


@pytest.fixture(scope="module")
def cases06(lab06):
    """Hidden cases of lab06 for some seeds, with their truth."""
    return [
        (case, lab06.expect(case))
        for seed in SEEDS
        for case in lab06.hidden_cases(seed)
        if case.probe == "layer"
    ]


def close(truth, other):
    scale = np.nanmax(np.abs(np.where(np.isfinite(other), other, 0)), initial=1e-300)
    np.testing.assert_allclose(truth, other, rtol=1e-12, atol=1e-12 * scale)


def test_depthwise_agrees_with_loops(cases06):
    assert len(cases06) > 80
    for case, expected in cases06:
        for aspect, value in depthwise_by_hand(case).items():
            close(expected[aspect].value, value)


def test_visible_depthwise_agrees_with_loops(lab06):
    for case in lab06.visible_cases():
        if case.probe == "layer":
            for aspect, value in depthwise_by_hand(case).items():
                close(lab06.expect(case)[aspect].value, value)


def test_every_case_expects_its_output_and_all_gradients(cases06):
    for case, expected in cases06:
        assert {"output", "weights", "output dtype", "computed output shape"} <= expected.keys()
        if case.cotangent is not None:
            gradients = {name for name in expected if name.startswith("gradient of ")}
            weights = {f"gradient of {name}" for name, _ in expected["weights"].value}
            assert gradients == {"gradient of input", *weights}


def test_the_computed_shape_is_that_of_the_output(cases06):
    for _, expected in cases06:
        computed, output = expected["computed output shape"].value, expected["output"].value.shape
        assert computed[0] in (None, output[0]) and computed[1:] == output[1:]


def built_in(case):
    """What `tf.nn.depthwise_conv2d` does in the case's own precision, where the CPU has it."""
    tensors = [tf.constant(array) for array in (case.inputs[0], *case.weights)]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        output = oracle06.depthwise_conv2d(*tensors, config=dict(case.config))
    found = {"output": output.numpy()}
    if case.cotangent is not None:
        names = ["input", "kernel", "bias"][: len(tensors)]
        gradients = tape.gradient(output, tensors, output_gradients=tf.constant(case.cotangent))
        for name, gradient in zip(names, gradients, strict=True):
            found[f"gradient of {name}"] = gradient.numpy()
    return found


def test_the_built_in_op_in_float32_is_within_the_bound(cases06):
    for case, expected in cases06:
        if "policy" not in case.options and "special-n" not in case.key:
            seen = built_in(case)
            truth = {aspect: expected[aspect] for aspect in seen}
            assert compare(truth, seen) == {}, case.key


def test_the_layer_of_keras_is_within_the_bound(lab06):
    from layerlab import probe

    layer = type("DepthwiseConv2D", (keras.layers.DepthwiseConv2D,), {})
    for case in lab06.hidden_cases(SEEDS[0]):
        if case.group == "plain" and case.config.get("data_format") != "channels_first":
            unequal = case.config.get("strides", 1)
            if isinstance(unequal, tuple) and unequal[0] != unequal[1]:
                continue  # Keras's needs a GPU for these
            seen = probe.run(case, {"DepthwiseConv2D": layer})
            assert compare(lab06.expect(case), seen) == {}, case.key


def test_a_sum_in_another_order_is_within_the_bound(cases06):
    rng = np.random.default_rng(0)
    for case, expected in cases06[:40]:
        if case.group != "plain":
            continue
        x, kernel, *rest = (array.astype(np.float32) for array in (case.inputs[0], *case.weights))
        _, products, first = depthwise(x, kernel, None, dict(case.config))
        truth = expected["output"]
        total = np.zeros(truth.value.shape, np.float32)
        total = total.transpose(0, 2, 3, 1) if first else total
        x = x.transpose(0, 2, 3, 1) if first else x
        if rest:
            total += rest[0]
        for number in rng.permutation(len(products)):
            place, pixel, tap = products[number]
            total[place] += x[pixel] * kernel[tap]
        total = total.transpose(0, 3, 1, 2) if first else total
        assert not wrong_elements(truth.value, total, truth.bound).any()


@pytest.mark.parametrize("relative", [1e-3, -1e-3])
def test_a_relative_error_of_one_in_a_thousand_is_caught_on_any_element(cases06, relative):
    """On every element that is not itself the small remainder of a cancellation."""
    caught = total = 0
    for case, expected in cases06:
        if case.group != "plain":
            continue
        for aspect, truth in expected.items():
            if aspect == "output" or aspect.startswith("gradient"):
                wrong = wrong_elements(truth.value, truth.value * (1 + relative), truth.bound)
                large = np.abs(truth.value) > 0.1 * np.abs(truth.value).max()
                assert wrong[large].all(), (case.key, aspect)
                caught, total = caught + wrong.sum(), total + np.count_nonzero(truth.value)
    assert caught > 0.98 * total


def test_bounds_are_far_below_the_values(cases06):
    for case, expected in cases06:
        if case.group == "plain":
            for aspect, truth in expected.items():
                if truth.bound is not None:
                    scale = np.abs(truth.value).max()
                    assert truth.bound.max() < 1e-3 * max(scale, 0.1), (case.key, aspect)


@pytest.mark.parametrize("name", ["large", "small"])
def test_bounds_scale_with_the_values(cases06, name):
    for case, expected in cases06:
        if case.key == f"special-{name}":
            truth = expected["output"]
            assert wrong_elements(truth.value, truth.value * 1.001, truth.bound).mean() > 0.9


def test_an_element_outside_the_window_of_a_bad_pixel_is_finite(cases06):
    for case, expected in cases06:
        if case.group == "special" and not np.isfinite(case.inputs[0]).all():
            finite = np.isfinite(expected["output"].value)
            assert 0 < (~finite).sum() < finite.size / 2
            assert np.isfinite(expected["output"].bound).all()


def test_the_wide_kernel_is_the_one_that_convolves_alike(lab06):
    for case in lab06.hidden_cases(SEEDS[0]):
        if case.group == "dense":
            expected = lab06.expect(case)
            kernel = case.inputs[0]
            kh, kw, channels, multiplier = kernel.shape
            wide = np.zeros((kh, kw, channels, channels * multiplier), kernel.dtype)
            for c, q in np.ndindex(channels, multiplier):
                wide[:, :, c, c * multiplier + q] = kernel[:, :, c, q]
            assert np.array_equal(expected["value"].value, wide)
            if case.cotangent is not None:
                by_kernel = np.zeros_like(kernel)
                for c, q in np.ndindex(channels, multiplier):
                    by_kernel[:, :, c, q] = case.cotangent[:, :, c, c * multiplier + q]
                assert np.array_equal(expected["gradient of input"].value, by_kernel)


def test_the_bound_grows_with_the_length_of_the_sum():
    short, long = (rounding_bound(np.ones(1), n, np.dtype("float32"))[0] for n in (9, 900))
    assert 80 < long / short < 100
    assert short == pytest.approx(11 * 2.0**-23, rel=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_long_sums_stay_within_the_bound(dtype):
    rng = np.random.default_rng(0)
    for n in (3, 50, 700):
        a, b = (rng.normal(size=(200, n)).astype(dtype) for _ in range(2))
        total = np.zeros(200, dtype)
        for i in range(n):
            total = total + a[:, i] * b[:, i]
        exact = (a.astype(np.longdouble) * b.astype(np.longdouble)).sum(1)
        magnitude = np.abs(a.astype(float) * b.astype(float)).sum(1)
        error = np.abs(total.astype(np.longdouble) - exact)
        assert (error <= rounding_bound(magnitude, n, np.dtype(dtype))).all()


# lab02


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
    assert oracle02.gain(name) == pytest.approx(value, rel=1e-3 * oracle02.GAIN_ACCURACY * 100)


@pytest.mark.parametrize(
    ("name", "gain"), [("linear", 1.0), ("relu", 2.0), ("leaky_relu", 2 / 1.04)]
)
def test_gains_that_are_known(name, gain):
    assert oracle02.gain(name) == pytest.approx(gain, rel=1e-6)


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


# lab04


@pytest.fixture(scope="module")
def lab04(course):
    return course.lab("lab04_transposed_conv")


@pytest.fixture(scope="module")
def cases04(lab04):
    return [
        (case, lab04.expect(case))
        for seed in SEEDS
        for case in (*lab04.hidden_cases(seed), *lab04.visible_cases())
        if case.probe != "graph"
    ]


def stamped_by_hand(case):
    """Output and gradients of a case of lab04, product by product, by Keras's rule of sizes."""
    x, kernel, *rest = (array.astype(float) for array in (case.inputs[0], *case.weights))
    config = dict(case.config)
    shape = keras.layers.Conv2DTranspose(**config).compute_output_shape(x.shape)
    strides, padding = config.get("strides", 1), config.get("output_padding")
    strides = (strides, strides) if isinstance(strides, int) else strides
    padding = (padding, padding) if padding is None or isinstance(padding, int) else padding
    fronts = [0, 0]
    if config.get("padding", "valid").lower() == "same":
        cuts = [
            k - (s if o is None else k % 2 + o)
            for k, s, o in zip(kernel.shape[:2], strides, padding, strict=True)
        ]
        fronts = [max(cut, 0) // 2 for cut in cuts]
    upstream = np.zeros(shape) if case.cotangent is None else case.cotangent.astype(float)
    output, by_x, by_kernel = np.zeros(shape), np.zeros_like(x), np.zeros_like(kernel)
    for b, u, v, i, j in np.ndindex(*x.shape[:3], *kernel.shape[:2]):
        row, column = u * strides[0] + i - fronts[0], v * strides[1] + j - fronts[1]
        if 0 <= row < shape[1] and 0 <= column < shape[2]:
            output[b, row, column] += kernel[i, j] @ x[b, u, v]
            by_x[b, u, v] += upstream[b, row, column] @ kernel[i, j]
            by_kernel[i, j] += np.outer(upstream[b, row, column], x[b, u, v])
    found = {"gradient of input": by_x, "gradient of kernel": by_kernel}
    if rest:
        output += rest[0]
        found["gradient of bias"] = upstream.sum((0, 1, 2))
    return {"output": output, **(found if case.cotangent is not None else {})}


def test_transposed_convolution_agrees_with_stamps(cases04):
    seen = 0
    for case, expected in cases04:
        if case.probe == "layer":
            for aspect, value in stamped_by_hand(case).items():
                close(expected[aspect].value, value)
            computed = expected["computed output shape"].value
            assert computed[1:] == expected["output"].value.shape[1:]
            seen += 1
    assert seen > 80


def test_the_identity_holds_for_any_picture(cases04):
    rng = np.random.default_rng(0)
    seen = 0
    for case, expected in cases04:
        if case.group == "adjoint":
            y, kernel = (array.astype(float) for array in (case.inputs[0], *case.weights))
            output, config = expected["output"].value, case.config
            x = rng.normal(size=output.shape)
            padding = config.get("padding", "valid").upper()
            small = tf.nn.conv2d(x, kernel, config["strides"], padding).numpy()
            assert (small * y).sum() == pytest.approx((x * output).sum(), rel=1e-10)
            seen += 1
    assert seen >= 8


def test_no_case_aborts_the_process(cases04):
    """TensorFlow aborts for `same` with an even kernel and an output padding of 0."""
    for case, _ in cases04:
        padding = case.config.get("output_padding")
        if case.probe == "layer" and case.config.get("padding") == "same" and padding is not None:
            kernel = case.weights[0].shape[:2]
            padding = (padding, padding) if isinstance(padding, int) else padding
            assert all(k % 2 or o for k, o in zip(kernel, padding, strict=True))


def test_transposed_convolutions_of_keras_are_within_the_bound(lab04):
    from layerlab import probe

    layer = type("Conv2DTranspose", (keras.layers.Conv2DTranspose,), {})
    for case in lab04.hidden_cases(SEEDS[0]):
        if case.group in ("plain", "adjoint"):
            seen = probe.run(case, {"Conv2DTranspose": layer})
            assert compare(lab04.expect(case), seen) == {}, case.key


def test_overlaps_agree_with_loops(cases04):
    for case, expected in cases04:
        if case.target == "overlap_counts":
            size, kernel, stride = case.inputs
            side = (size - 1) * stride + max(kernel, stride)
            counts = np.zeros((side, side))
            for u, v, i, j in np.ndindex(size, size, kernel, kernel):
                counts[u * stride + i, v * stride + j] += 1
            assert np.array_equal(expected["value"].value, counts)


def test_sub_pixels_start_equal(cases04):
    seen = 0
    for case, expected in cases04:
        if case.target == "ICNR" and case.probe == "initializer":
            kernel, scale = expected["values"].value, case.config["scale"]
            height, width, channels, outputs = kernel.shape
            x = np.random.default_rng(0).normal(size=(1, height, width, channels))
            y = tf.nn.conv2d(x, kernel.astype(float), 1, "VALID")
            block = tf.nn.depth_to_space(y, scale).numpy()[0] if scale > 1 else y[0].numpy()
            assert block.shape == (scale, scale, outputs // scale**2)
            np.testing.assert_allclose(block, block[:1, :1] + np.zeros_like(block), rtol=1e-12)
            draw = keras.initializers.GlorotUniform(**case.config["initializer"]["config"])
            one = np.asarray(draw((height, width, channels, outputs // scale**2)))
            assert np.array_equal(kernel[..., : one.shape[-1]], one)
            seen += 1
    assert seen > 8


@pytest.mark.parametrize("name", ["lab02", "lab04", "lab06"])
def test_every_expected_refusal_is_a_value_error(name, request):
    lab = request.getfixturevalue(name)
    refused = [case for case in lab.hidden_cases(SEEDS[0]) if case.probe == "refuse"]
    assert len(refused) >= 9
    for case in refused:
        assert lab.expect(case)["refusal"].value == "ValueError"
