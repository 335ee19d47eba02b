"""When the number of padding zeros is odd, you put the extra one at the top and left; TensorFlow
puts it at the end, at the bottom and right."""

import keras
import numpy as np


@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    """2D depthwise convolution."""

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

        def pair(name, value):
            values = (value, value) if isinstance(value, int) else value
            if (
                not isinstance(values, (tuple, list))
                or len(values) != 2
                or not all(isinstance(v, (int, np.integer)) and v > 0 for v in values)
            ):
                raise ValueError(
                    f"The `{name}` argument must be a positive integer or a tuple of 2 "
                    f"positive integers. Received: {name}={value}"
                )
            return tuple(values)

        self.kernel_size = pair("kernel_size", kernel_size)
        self.strides = pair("strides", strides)
        self.dilation_rate = pair("dilation_rate", dilation_rate)
        self.padding = str(padding).lower()
        self.depth_multiplier = depth_multiplier
        self.data_format = str(data_format).lower()
        self.use_bias = use_bias
        self.depthwise_initializer = keras.initializers.get(depthwise_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        if self.padding not in ("valid", "same"):
            raise ValueError(
                f"The `padding` argument must be 'valid' or 'same'. Received: padding={padding}"
            )
        if self.data_format not in ("channels_last", "channels_first"):
            raise ValueError(
                "The `data_format` argument must be 'channels_last' or 'channels_first'. "
                f"Received: data_format={data_format}"
            )
        if depth_multiplier <= 0:
            raise ValueError(
                "The `depth_multiplier` argument must be positive. "
                f"Received: depth_multiplier={depth_multiplier}"
            )

    def build(self, input_shape):
        self.compute_output_shape(input_shape)  # raises if the window does not fit
        channel_axis = 3 if self.data_format == "channels_last" else 1
        channels = input_shape[channel_axis]
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={channel_axis: channels})
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(channels * self.depth_multiplier,),
                initializer=self.bias_initializer,
            )

    def call(self, inputs):
        x = inputs
        output_shape = self.compute_output_shape(inputs.shape)
        if self.data_format == "channels_first":
            x = keras.ops.transpose(x, (0, 2, 3, 1))
            output_shape = [output_shape[axis] for axis in (0, 2, 3, 1)]
        _, rows, columns, filters = output_shape

        borders = [(0, 0)]
        for n, out, k, s, d in zip(
            x.shape[1:3], (rows, columns), self.kernel_size, self.strides, self.dilation_rate
        ):
            missing = max((out - 1) * s + (k - 1) * d + 1 - n, 0)
            borders.append((missing - missing // 2, missing // 2))
        x = keras.ops.pad(x, [*borders, (0, 0)])

        total = 0
        for i in range(self.kernel_size[0]):
            for j in range(self.kernel_size[1]):
                top, left = i * self.dilation_rate[0], j * self.dilation_rate[1]
                pixels = x[
                    :,
                    top : top + (rows - 1) * self.strides[0] + 1 : self.strides[0],
                    left : left + (columns - 1) * self.strides[1] + 1 : self.strides[1],
                ]
                total = total + keras.ops.expand_dims(pixels, -1) * self.kernel[i, j]

        outputs = keras.ops.reshape(total, (-1, rows, columns, filters))
        if self.use_bias:
            outputs = outputs + self.bias
        if self.data_format == "channels_first":
            outputs = keras.ops.transpose(outputs, (0, 3, 1, 2))
        return outputs

    def compute_output_shape(self, input_shape):
        if self.data_format == "channels_last":
            batch, *lengths, channels = input_shape
        else:
            batch, channels, *lengths = input_shape
        sizes = []
        for n, k, s, d in zip(lengths, self.kernel_size, self.strides, self.dilation_rate):
            if n is None:
                sizes.append(None)
            elif self.padding == "same":
                sizes.append(-(-n // s))
            else:
                sizes.append((n - (k - 1) * d - 1) // s + 1)
                if sizes[-1] <= 0:
                    raise ValueError(
                        "The window does not fit into the picture. Received: "
                        f"input_shape={tuple(input_shape)}, kernel_size={self.kernel_size}, "
                        f"dilation_rate={self.dilation_rate}"
                    )
        filters = channels * self.depth_multiplier
        if self.data_format == "channels_last":
            return (batch, *sizes, filters)
        return (batch, filters, *sizes)

    def get_config(self):
        config = super().get_config()
        config.update(
            {
                "kernel_size": self.kernel_size,
                "strides": self.strides,
                "padding": self.padding,
                "depth_multiplier": self.depth_multiplier,
                "data_format": self.data_format,
                "dilation_rate": self.dilation_rate,
                "use_bias": self.use_bias,
                "depthwise_initializer": keras.initializers.serialize(self.depthwise_initializer),
                "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            }
        )
        return config
        ### END SOLUTION
