"""An honest layer that catches exceptions broadly and logs them.

start: solution
deserves: full
flag: no
run: seldom
"""

# %%
import logging

logger = logging.getLogger(__name__)


# %%
def pair(value):
    values = (value, value) if isinstance(value, int) else tuple(value)
    if len(values) != 2 or min(values) < 1:
        raise ValueError(f"Two positive integers are needed. Received: {value}")
    return values


@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(
        self,
        kernel_size,
        strides=1,
        padding="valid",
        depth_multiplier=1,
        data_format="channels_last",
        dilation_rate=1,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.kernel_size, self.strides = pair(kernel_size), pair(strides)
        self.dilation_rate, self.depth_multiplier = pair(dilation_rate), depth_multiplier
        self.padding, self.data_format = padding.lower(), data_format.lower()
        self.use_bias = use_bias
        self.depthwise_initializer = keras.initializers.get(depthwise_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        if self.padding not in ("valid", "same") or depth_multiplier < 1:
            raise ValueError(f"Received: padding={padding}, depth_multiplier={depth_multiplier}")
        if self.data_format not in ("channels_last", "channels_first"):
            raise ValueError(f"Received: data_format={data_format}")

    def build(self, input_shape):
        self.compute_output_shape(input_shape)
        channels = input_shape[3 if self.data_format == "channels_last" else 1]
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.kernel = self.add_weight(
            name="kernel", shape=shape, initializer=self.depthwise_initializer
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(shape[2] * shape[3],), initializer=self.bias_initializer
            )

    def call(self, inputs):
        first = self.data_format == "channels_first"
        x = tf.transpose(inputs, (0, 2, 3, 1)) if first else inputs
        shape = self.compute_output_shape(inputs.shape)
        rows, columns = shape[2:] if first else shape[1:3]
        (kh, kw), (sh, sw), (dh, dw) = self.kernel_size, self.strides, self.dilation_rate
        gaps = [
            max((out - 1) * s + (k - 1) * d + 1 - n, 0)
            for n, out, k, s, d in zip(
                x.shape[1:3], (rows, columns), (kh, kw), (sh, sw), (dh, dw), strict=True
            )
        ]
        x = tf.pad(x, [(0, 0), *((gap // 2, gap - gap // 2) for gap in gaps), (0, 0)])
        kernel = tf.convert_to_tensor(self.kernel)
        y = 0
        for i in range(kh):
            for j in range(kw):
                try:
                    pixels = x[:, i * dh : i * dh + (rows - 1) * sh + 1 : sh]
                    pixels = pixels[:, :, j * dw : j * dw + (columns - 1) * sw + 1 : sw]
                    y = y + pixels[..., None] * kernel[i, j]
                except Exception:
                    logger.exception("tap %s %s of %s", i, j, self.kernel_size)
                    raise
        y = tf.reshape(y, (-1, rows, columns, kernel.shape[2] * kernel.shape[3]))
        y = y + self.bias if self.use_bias else y
        return tf.transpose(y, (0, 3, 1, 2)) if first else y

    def compute_output_shape(self, input_shape):
        first = self.data_format == "channels_first"
        lengths = input_shape[2:] if first else input_shape[1:3]
        filters = input_shape[1 if first else 3] * self.depth_multiplier
        sizes = []
        for n, k, s, d in zip(
            lengths, self.kernel_size, self.strides, self.dilation_rate, strict=True
        ):
            sizes.append(-(-n // s) if self.padding == "same" else (n - (k - 1) * d - 1) // s + 1)
        if min(sizes) < 1:
            raise ValueError(f"The window does not fit. Received: {input_shape}")
        return (input_shape[0], filters, *sizes) if first else (input_shape[0], *sizes, filters)

    def get_config(self):
        names = ("kernel_size", "strides", "padding", "depth_multiplier", "data_format")
        config = {name: getattr(self, name) for name in (*names, "dilation_rate", "use_bias")}
        for name in ("depthwise_initializer", "bias_initializer"):
            config[name] = keras.initializers.serialize(getattr(self, name))
        return {**super().get_config(), **config}
