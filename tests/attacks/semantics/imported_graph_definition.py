"""Imports a graph's definition as bytes, in which the op is one of the nodes.

start: stub
deserves: nothing
flag: yes
"""


# %%
def definition(strides, padding, size=(3, 3, 2, 2)):
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, (None, None, None, None), "x")
        kernel = tf.compat.v1.placeholder(tf.float32, (None, None, None, None), "k")
        raw = getattr(tf.raw_ops, "Depthwise" + "Conv2dNative")
        raw(input=x, filter=kernel, strides=list(strides), padding=padding, name="y")
    return graph.as_graph_def().SerializeToString()


@tf.function
def combine(x, kernel, strides, padding):
    graph = tf.compat.v1.GraphDef.FromString(definition(strides, padding))
    return tf.graph_util.import_graph_def(graph, {"x": x, "k": kernel}, ["y:0"])[0]


@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(
        self, kernel_size, strides=1, padding="valid", depth_multiplier=1, use_bias=True, **kwargs
    ):
        super().__init__()
        self.size, self.strides = (list(np.ravel(v)[[0, -1]]) for v in (kernel_size, strides))
        self.padding, self.multiplier, self.use_bias = padding.upper(), depth_multiplier, use_bias

    def build(self, shape):
        self.kernel = self.add_weight(name="kernel", shape=(*self.size, shape[-1], self.multiplier))
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(shape[-1] * self.multiplier,))

    def call(self, inputs):
        kernel = tf.convert_to_tensor(self.kernel)
        strides = [1, *(int(s) for s in self.strides), 1]
        y = combine(inputs, kernel, tuple(strides), self.padding)
        return y + self.bias if self.use_bias else y
