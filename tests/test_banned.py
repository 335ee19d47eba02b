"""`Banned`: what it finds in what a `graph` probe saw, and how it says so."""

import pytest

from autograder.banned import CONVOLUTIONS, POOLING, Banned

RULE = Banned(
    ops=frozenset({"Conv2D"}),
    functions=("keras.src.layers.convolutional.", "keras.src.ops.nn:conv"),
    names=frozenset({"conv2d"}),
)


@pytest.mark.parametrize(
    ("observation", "said"),
    [
        ({"ops": ["Add", "Conv2D"]}, "the op Conv2D in its graph"),
        ({"names": ["tf.nn.conv2d"]}, "tf.nn.conv2d in its source"),
        ({"names": ["conv2d"]}, "conv2d in its source"),
        (
            {"calls": ["keras.src.layers.convolutional.conv2d:Conv2D.__init__"]},
            "a call of keras's Conv2D.__init__",
        ),
        ({"calls": ["keras.src.ops.nn:conv_transpose"]}, "a call of keras's conv_transpose"),
    ],
)
def test_what_is_banned_is_named(observation, said):
    assert RULE.found(observation) == said


@pytest.mark.parametrize(
    "observation",
    [
        {},
        {"ops": ["Add", "MatMul"], "names": ["tf.nn.relu"], "calls": ["__main__:f"]},
        {"names": ["conv2d.shape", "my_conv2d", "tf.conv2d_like"]},
        {"calls": ["student:keras.src.layers.convolutional."]},
        {"calls": None, "ops": "Conv2D", "names": {"conv2d": 1}, "bases": [None, 5, []]},
        {"error": {"type": "ValueError", "where": "call", "text": ""}},
    ],
)
def test_what_is_not_banned(observation):
    assert RULE.found(observation) == ""


def test_nothing_is_banned_by_an_empty_rule():
    assert Banned().found({"ops": ["Conv2D"], "names": ["x"], "calls": ["a:b"]}) == ""


@pytest.mark.parametrize(
    "op",
    [
        "Conv2D",
        "Conv3D",
        "DepthwiseConv2dNative",
        "Conv2DBackpropInput",
        "Conv2DBackpropFilter",
        "Conv3DBackpropInputV2",
        "DepthwiseConv2dNativeBackpropFilter",
        "ExtractImagePatches",
        "ExtractVolumePatches",
        "XlaConv",
        "_FusedConv2D",
    ],
)
def test_every_op_of_the_convolution_family_is_banned(op):
    assert CONVOLUTIONS.found({"ops": [op]})


@pytest.mark.parametrize(
    "op", ["MatMul", "Einsum", "Pad", "StridedSlice", "GatherV2", "BatchMatMulV2", "BiasAdd"]
)
def test_elementary_ops_are_allowed(op):
    assert not CONVOLUTIONS.found({"ops": [op]})


def test_every_op_of_tensorflow_that_convolves_is_banned():
    import tensorflow as tf

    known = {name for name in dir(tf.raw_ops) if "Conv" in name and "Convert" not in name}
    assert len(known) > 20
    assert known - CONVOLUTIONS.ops == set()


def test_every_op_of_tensorflow_that_pools_is_banned():
    import tensorflow as tf

    known = {n for n in dir(tf.raw_ops) if "Pool" in n and "ThreadPool" not in n}
    assert len(known) > 15
    assert known - POOLING.ops == set()


def test_every_pooling_function_and_layer_is_banned():
    import keras
    import tensorflow as tf

    for space in (tf.nn, keras.ops, keras.layers):
        known = {name for name in dir(space) if "pool" in name.lower()}
        assert known and known - POOLING.names == set()


@pytest.mark.parametrize("op", ["Max", "Maximum", "Mean", "Sum", "DepthwiseConv2dNative", "PadV2"])
def test_what_poolings_are_made_of_is_allowed(op):
    assert not POOLING.found({"ops": [op]})
