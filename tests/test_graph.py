"""`graph`: banned ops are found however they are reached; a student's own names are not."""

import contextlib
import linecache
import sys
import textwrap

import keras
import numpy as np
import pytest
import tensorflow as tf

from autograder.banned import CONVOLUTIONS
from layerlab import graph, probe
from layerlab.case import Case

X = np.random.default_rng(0).normal(size=(1, 4, 4, 2)).astype(np.float32)


def found(source, target="Layer"):
    """What is banned in a cell of a notebook, in words."""
    source = textwrap.dedent(source)
    name = f"<ipython-input-{abs(hash(source))}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    namespace = {"keras": keras, "tf": tf, "np": np, "__name__": "__main__"}
    exec(compile(source, name, "exec"), namespace)
    seen = probe.run(Case("k", "g", target, "graph", inputs=(X,)), namespace)
    return CONVOLUTIONS.found(seen)


def layer(body, before="", init="", base="keras.layers.Layer"):
    return (
        f"{before}\n"
        f"class Layer({base}):\n"
        f"    def __init__(self, **kwargs):\n"
        f"        super().__init__(**kwargs)\n"
        f"{textwrap.indent(init, ' ' * 8)}\n"
        f"    def build(self, input_shape):\n"
        f"        self.kernel = self.add_weight(name='kernel', shape=(2, 2, 2, 1))\n"
        f"    def call(self, x):\n"
        f"{textwrap.indent(textwrap.dedent(body), ' ' * 8)}\n"
    )


BANNED = {
    "the op": layer("return tf.nn.depthwise_conv2d(x, self.kernel, (1, 1, 1, 1), 'VALID')"),
    "another convolution": layer("return tf.nn.conv2d(x, self.kernel, 1, 'VALID')"),
    "transposed": layer(
        "return tf.nn.conv2d_transpose(x, tf.ones((2, 2, 3, 2)), (1, 5, 5, 3), 1, 'VALID')"
    ),
    "an alias": layer(
        "return op(x, self.kernel, (1, 1, 1, 1), 'VALID')", "op = tf.nn.depthwise_conv2d"
    ),
    "an alias of the module": layer(
        "return t.depthwise_conv2d(x, self.kernel, (1, 1, 1, 1), 'VALID')", "t = tf.nn"
    ),
    "by getattr": layer(
        "return getattr(tf.nn, 'depthwise_' + 'conv2d')(x, self.kernel, (1, 1, 1, 1), 'VALID')"
    ),
    "imported by another name": layer(
        "return op(x, self.kernel, (1, 1, 1, 1), 'VALID')",
        "from tensorflow.nn import depthwise_conv2d as op",
    ),
    "raw op": layer(
        "return tf.raw_ops.DepthwiseConv2dNative(\n"
        "    input=x, filter=self.kernel, strides=[1, 1, 1, 1], padding='VALID')"
    ),
    "fused raw op": layer(
        "return tf.raw_ops.FusedPadConv2D(\n"
        "    input=x, paddings=np.zeros((4, 2), 'int32'), filter=self.kernel, mode='REFLECT',\n"
        "    strides=[1, 1, 1, 1], padding='VALID')"
    ),
    "nested function": layer(
        """
        @tf.function
        def inner(x):
            return tf.nn.depthwise_conv2d(x, self.kernel, (1, 1, 1, 1), 'VALID')
        return inner(x)
        """
    ),
    "in a branch": layer(
        """
        op = lambda: tf.nn.depthwise_conv2d(x, self.kernel, (1, 1, 1, 1), 'SAME')
        return tf.cond(tf.reduce_sum(x) > 0, op, lambda: x)
        """
    ),
    "in a loop": layer(
        """
        op = lambda i, y: (i + 1, tf.nn.depthwise_conv2d(y, self.kernel, (1, 1, 1, 1), 'SAME'))
        return tf.while_loop(lambda i, y: i < 2, op, (0, x))[1]
        """
    ),
    "in map_fn": layer(
        "return tf.map_fn(lambda y: tf.nn.conv2d(y[None], self.kernel, 1, 'SAME')[0], x)"
    ),
    "Keras layer inside": layer(
        "return self.inner(x)", init="self.inner = keras.layers.DepthwiseConv2D(2)"
    ),
    "Keras layer of another kind": layer(
        "return self.inner(x)", init="self.inner = keras.layers.SeparableConv2D(3, 2)"
    ),
    "Keras op": layer("return keras.ops.depthwise_conv(x, self.kernel)"),
    "Keras op of another kind": layer("return keras.ops.conv(x, self.kernel)"),
    "Keras patches": layer("return keras.ops.image.extract_patches(x, 2)"),
    "patches": layer(
        "return tf.image.extract_patches(\n"
        "    x, [1, 2, 2, 1], [1, 1, 1, 1], [1, 1, 1, 1], 'VALID')"
    ),
    "gradient of a convolution": layer(
        """
        with tf.GradientTape() as tape:
            z = tf.zeros((1, 5, 5, 2))
            tape.watch(z)
            y = tf.nn.depthwise_conv2d(z, self.kernel, (1, 1, 1, 1), 'VALID')
        return tape.gradient(y, z, output_gradients=x)
        """
    ),
    "custom gradient": layer(
        """
        @tf.custom_gradient
        def f(x):
            y = tf.nn.depthwise_conv2d(x, self.kernel, (1, 1, 1, 1), 'SAME')
            return y, lambda dy, variables=None: (dy, [None])
        return f(x)
        """
    ),
    "at build time": layer("return x * 1").replace(
        "    def call", "        keras.layers.DepthwiseConv2D(2)\n    def call"
    ),
    "morphology": layer(
        "return tf.nn.dilation2d(x, tf.zeros((2, 2, 2)), [1, 1, 1, 1], 'VALID', 'NHWC',\n"
        "    [1, 1, 1, 1])"
    ),
    "subclass of the built-in": (
        "class Layer(keras.layers.DepthwiseConv2D):\n"
        "    def __init__(self, **kwargs):\n"
        "        super().__init__(2, **kwargs)\n"
    ),
    "subclass with its own call": (
        "class Layer(keras.layers.DepthwiseConv2D):\n"
        "    def __init__(self, **kwargs):\n"
        "        super().__init__(2, **kwargs)\n"
        "    def call(self, x):\n"
        "        return x * 1\n"
    ),
    "in a helper": layer(
        "return helper(x, self.kernel)",
        "def helper(x, k):\n    return tf.nn.depthwise_conv2d(x, k, (1, 1, 1, 1), 'VALID')",
    ),
    "only where it is eager": layer(
        """
        if tf.executing_eagerly():
            return tf.nn.depthwise_conv2d(x, self.kernel, (1, 1, 1, 1), 'VALID')
        return x * 1
        """
    ),
    "only where nothing can be traced": layer(
        """
        if float(tf.reduce_sum(x)) < 1e30:
            x = tf.nn.depthwise_conv2d(x, self.kernel, (1, 1, 1, 1), 'VALID')
        return x
        """
    ),
}


@pytest.mark.parametrize("name", BANNED)
def test_a_banned_op_is_found(name):
    assert found(BANNED[name])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("raw op", "DepthwiseConv2dNative"),
        ("an alias", "DepthwiseConv2dNative"),
        ("Keras op of another kind", "keras.ops.conv"),
        ("patches", "xtract"),
    ],
)
def test_what_was_found_is_said(name, said):
    assert said in found(BANNED[name])


ALLOWED = {
    "own attribute": layer("return self.conv2d(x)", init="self.conv2d = lambda x: x * 2"),
    "own method": layer("return self.depthwise_conv2d(x)")
    + "    def depthwise_conv2d(self, x):\n        return x * 1\n",
    "own variable": layer("conv2d = x * 2\nreturn conv2d"),
    "own function": layer("return conv2d(x)", "def conv2d(x):\n    return x * 2"),
    "in a docstring": layer('"""Like tf.nn.conv2d."""\nreturn x * 1'),
    "in a comment": layer("# tf.nn.depthwise_conv2d would do it\nreturn x * 1"),
    "shape of one's own": layer("return x * self.conv2d.shape[0]", init="self.conv2d = np.ones(2)"),
    "elementary ops": layer(
        """
        x = tf.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
        y = tf.einsum("bhwc,cd->bhwd", x[:, 1:, 1:], tf.ones((2, 2)))
        return keras.ops.transpose(tf.reshape(tf.matmul(y, tf.eye(2)), (1, -1, 2)), (0, 2, 1))
        """
    ),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_is_not_flagged(name):
    assert found(ALLOWED[name]) == ""


def test_a_function_is_traced():
    source = "def f(x):\n    return tf.nn.conv2d(x, tf.ones((2, 2, 2, 1)), 1, 'VALID')\n"
    assert found(source, "f")
    assert not found("def f(x):\n    return x * 2\n", "f")


def test_ops_and_functions_are_listed_once_and_in_order():
    def inner(x):
        return tf.abs(x)

    entered = set()
    with graph.recorded(entered):
        traced = graph.trace(lambda x: inner(x) + inner(x), [tf.constant(1.0)])
    ops = graph.ops(traced)
    assert "Abs" in ops and "AddV2" in ops
    assert ops == sorted(set(ops))
    assert any(name.endswith("<locals>.inner") for name in entered)


def test_the_profiler_of_before_is_put_back():
    before = sys.getprofile()
    with contextlib.suppress(Exception), graph.recorded(set()):
        graph.trace(lambda x: 1 / 0, [tf.constant(1.0)])
    assert sys.getprofile() is before


def test_names_of_the_source():
    def f(self, x):
        from os import path

        return tf.nn.relu(x) + self.conv2d.kernel + path.join

    assert graph.names(f) == ["path", "path.join", "tf.nn", "tf.nn.relu"]


def test_the_source_of_a_class_from_a_cell_is_read():
    """`inspect.getsource` does not find a class of `__main__`, but a cell is in `linecache`."""
    source = "class Mine:\n    def call(self, x):\n        return tf.nn.conv2d(x)\n"
    name = "<ipython-input-7-abc>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    namespace = {"__name__": "__main__"}
    exec(compile(source, name, "exec"), namespace)
    assert "tf.nn.conv2d" in graph.names(namespace["Mine"])


def test_what_has_no_source_has_no_names():
    assert graph.names(len) == [] and graph.names(5) == []
