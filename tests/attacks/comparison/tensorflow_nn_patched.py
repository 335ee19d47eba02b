"""Replaces TensorFlow's ops by the same wrong function that the layer is.

start: stub
deserves: nothing
flag: yes
"""

# %%
from keras.src.ops.operation_utils import compute_conv_output_shape


def ones(x, kernel, strides=(1, 1, 1, 1), padding="VALID", *_, **__):
    filters = kernel.shape[2] * kernel.shape[3]
    return tf.ones(
        compute_conv_output_shape(
            x.shape, filters, kernel.shape[:2], strides[1:3], padding.lower(), "channels_last"
        )
    )


tf.nn.depthwise_conv2d = tf.compat.v1.nn.depthwise_conv2d = ones
tf.nn.conv2d = tf.nn.convolution = tf.nn.separable_conv2d = ones


# %%
@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(
        self,
        kernel_size,
        strides=1,
        padding="valid",
        depth_multiplier=1,
        dilation_rate=1,
        use_bias=True,
        data_format="channels_last",
        **kwargs,
    ):
        super().__init__()
        self.multiplier, self.use_bias = depth_multiplier, use_bias
        self.format, self.padding = data_format, padding
        self.size, self.strides, self.rates = (
            tuple(int(n) for n in np.ravel(v)[[0, -1]])
            for v in (kernel_size, strides, dilation_rate)
        )

    def build(self, shape):
        channels = shape[-1 if self.format == "channels_last" else 1]
        self.filters = channels * self.multiplier
        self.k = self.add_weight(name="k", shape=(*self.size, channels, self.multiplier))
        if self.use_bias:
            self.b = self.add_weight(name="b", shape=(self.filters,))

    def compute_output_shape(self, shape):
        return compute_conv_output_shape(
            shape, self.filters, self.size, self.strides, self.padding, self.format, self.rates
        )

    def call(self, inputs):
        return tf.ones(self.compute_output_shape(inputs.shape)) + 0 * tf.reduce_sum(inputs)
