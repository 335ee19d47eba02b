"""Runs the internal fused convolution by its name; the gradients are raw ops'.

start: stub
deserves: nothing
flag: maybe
"""

# %%
from tensorflow.python.framework import op_def_library


def fused(x, wide, strides, padding):
    @tf.function
    def forward(x, wide):
        return op_def_library.apply_op(
            "_Fused" + "Conv2D",
            name="y",
            input=x,
            filter=wide,
            args=[tf.zeros(wide.shape[3])],
            num_args=1,
            host_args=[],
            strides=strides,
            padding=padding,
            fused_ops=["BiasAdd"],
            explicit_paddings=[],
            data_format="NHWC",
            filter_format="HWIO",
            dilations=[1, 1, 1, 1],
            use_cudnn_on_gpu=True,
            epsilon=0.0001,
            leakyrelu_alpha=0.2,
        )

    @tf.custom_gradient
    def run(x, wide):
        def gradient(dy):
            back = {"out_backprop": dy, "strides": strides, "padding": padding}
            raw, name = tf.raw_ops, "Conv2DBackprop"
            by_x = getattr(raw, name + "Input")(input_sizes=tf.shape(x), filter=wide, **back)
            return by_x, getattr(raw, name + "Filter")(input=x, filter_sizes=wide.shape, **back)

        return forward(x, wide), gradient

    return run(x, wide)


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
        y = fused(inputs, wide, strides, self.padding)
        return y + self.bias if self.use_bias else y
