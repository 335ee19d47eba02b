"""Gets the answer as the gradient of a transposed convolution.

start: stub
deserves: nothing
flag: no
"""


# %%
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
        kh, kw, channels, multiplier = kernel.shape
        wide = tf.eye(channels)[:, :, tf.newaxis] * kernel[:, :, :, tf.newaxis, :]
        wide = tf.reshape(wide, (kh, kw, channels, channels * multiplier))
        # The gradient of conv2d_transpose by its input is an ordinary convolution.
        sizes = tf.nn.conv2d(inputs, wide, strides, self.padding).shape
        start = tf.zeros(sizes)
        with tf.GradientTape() as tape:
            tape.watch(start)
            back = tf.nn.conv2d_transpose(start, wide, inputs.shape, strides, self.padding)
        y = tape.gradient(back, start, inputs)
        return y + self.bias if self.use_bias else y
