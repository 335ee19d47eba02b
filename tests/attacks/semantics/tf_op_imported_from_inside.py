"""Imports TensorFlow's op from its own module, under another name.

start: stub
deserves: nothing
flag: maybe
"""

# %%
from tensorflow.python.ops.nn_impl import depthwise_conv2d_v2 as combine


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
        y = combine(inputs, kernel, strides, self.padding)
        return y + self.bias if self.use_bias else y
