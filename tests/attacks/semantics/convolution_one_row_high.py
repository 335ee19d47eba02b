"""Calls tf.nn.conv1d on rows, one for each channel and row of the window.

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
        sh, sw = (int(s) for s in self.strides)
        (height, width), kh = inputs.shape[1:3], kernel.shape[0]
        kw = kernel.shape[1]
        if self.padding == "SAME":
            gaps = [
                max((-(-n // s) - 1) * s + k - n, 0)
                for n, s, k in ((height, sh, kh), (width, sw, kw))
            ]
            inputs = tf.pad(inputs, [(0, 0), *((g // 2, g - g // 2) for g in gaps), (0, 0)])
        rows = (inputs.shape[1] - kh) // sh + 1
        y = []
        for c in range(inputs.shape[-1]):
            for r in range(rows):
                y.append(
                    sum(
                        tf.nn.conv1d(
                            inputs[:, r * sh + i, :, c : c + 1],
                            kernel[i, :, c : c + 1],
                            sw,
                            "VALID",
                        )
                        for i in range(kh)
                    )
                )
        y = tf.stack(y, axis=1)
        y = tf.reshape(y, (-1, inputs.shape[-1], rows, *y.shape[2:]))
        y = tf.transpose(y, (0, 2, 3, 1, 4))
        y = tf.reshape(y, (-1, *y.shape[1:3], kernel.shape[2] * kernel.shape[3]))
        return y + self.bias if self.use_bias else y
