"""The oracle of lab04 against stamps in plain NumPy, the identity that defines it, and Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from by_hand import SEEDS, close

from layerlab.compare import compare


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
