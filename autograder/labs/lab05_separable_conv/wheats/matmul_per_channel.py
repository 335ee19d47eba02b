"""One matrix product per channel for each step; Keras's SVD."""

import keras
import numpy as np
from keras import ops


def separate(kernel):
    """Returns the column and the row whose product is closest to a kernel."""
    left, values, right = ops.svd(kernel, full_matrices=False)
    columns = ops.matmul(left[:, :1], ops.diag(values[:1]))
    missed = ops.sqrt(ops.sum(ops.square(values[1:])))
    return columns, right[:1], missed


@keras.saving.register_keras_serializable(package="layerlab")
class SeparableConv2D(keras.layers.Layer):
    """2D depthwise separable convolution: filters each channel, then mixes channels."""

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        dilation_rate=1,
        depth_multiplier=1,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
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

        self.filters = filters
        self.kernel_size = pair("kernel_size", kernel_size)
        self.strides = pair("strides", strides)
        self.padding = str(padding).lower()
        self.dilation_rate = pair("dilation_rate", dilation_rate)
        self.depth_multiplier = depth_multiplier
        self.use_bias = use_bias
        self.depthwise_initializer = keras.initializers.get(depthwise_initializer)
        self.pointwise_initializer = keras.initializers.get(pointwise_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        for name, value in (("filters", filters), ("depth_multiplier", depth_multiplier)):
            if value <= 0:
                raise ValueError(
                    f"The `{name}` argument must be positive. Received: {name}={value}"
                )
        if self.padding not in ("valid", "same"):
            raise ValueError(
                f"The `padding` argument must be 'valid' or 'same'. Received: padding={padding}"
            )

    def build(self, input_shape):
        self.compute_output_shape(input_shape)  # raises if the window does not fit
        channels = input_shape[-1]
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={-1: channels})
        self.depthwise_kernel = self.add_weight(
            name="depthwise_kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
        )
        self.pointwise_kernel = self.add_weight(
            name="pointwise_kernel",
            shape=(1, 1, channels * self.depth_multiplier, self.filters),
            initializer=self.pointwise_initializer,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(self.filters,), initializer=self.bias_initializer
            )

    def call(self, inputs):
        _, rows, columns, _ = self.compute_output_shape(inputs.shape)
        channels = inputs.shape[-1]
        x = keras.ops.transpose(inputs, (3, 0, 1, 2))
        for axis, out, k, s, d in zip(
            (2, 3), (rows, columns), self.kernel_size, self.strides, self.dilation_rate
        ):
            missing = max((out - 1) * s + (k - 1) * d + 1 - x.shape[axis], 0)
            # Room behind, so that a stride can be cut into whole steps.
            border = [(0, 0)] * 4
            border[axis] = (missing // 2, missing - missing // 2 + s)
            x = keras.ops.pad(x, border)
        (kh, kw), (sh, sw), (dh, dw) = self.kernel_size, self.strides, self.dilation_rate
        taps = [
            x[:, :, i * dh : i * dh + rows * sh : sh, j * dw : j * dw + columns * sw : sw]
            for i in range(kh)
            for j in range(kw)
        ]
        # One matrix product for each channel: (windows, taps) times (taps, multiplier).
        windows = keras.ops.reshape(keras.ops.stack(taps, axis=-1), (channels, -1, kh * kw))
        kernel = keras.ops.reshape(
            self.depthwise_kernel, (kh * kw, channels, self.depth_multiplier)
        )
        filtered = keras.ops.matmul(windows, keras.ops.transpose(kernel, (1, 0, 2)))
        # And one for each channel again, added up.
        mix = keras.ops.reshape(
            self.pointwise_kernel, (channels, self.depth_multiplier, self.filters)
        )
        outputs = keras.ops.sum(keras.ops.matmul(filtered, mix), axis=0)
        outputs = keras.ops.reshape(outputs, (-1, rows, columns, self.filters))
        return outputs + self.bias if self.use_bias else outputs

    def compute_output_shape(self, input_shape):
        batch, *lengths, _ = input_shape
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
        return (batch, *sizes, self.filters)

    def get_config(self):
        config = super().get_config()
        config.update(
            {
                "filters": self.filters,
                "kernel_size": self.kernel_size,
                "strides": self.strides,
                "padding": self.padding,
                "dilation_rate": self.dilation_rate,
                "depth_multiplier": self.depth_multiplier,
                "use_bias": self.use_bias,
                "depthwise_initializer": keras.initializers.serialize(self.depthwise_initializer),
                "pointwise_initializer": keras.initializers.serialize(self.pointwise_initializer),
                "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            }
        )
        return config


def conv_cost(input_shape, filters, kernel_size, strides=1, padding="valid", use_bias=True):
    """Returns what an ordinary 2D convolution costs for one picture."""
    height, width, channels = input_shape
    kh, kw = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    sh, sw = (strides, strides) if isinstance(strides, int) else strides
    if padding == "valid":
        height, width = height - kh + 1, width - kw + 1
    places = -(-height // sh) * -(-width // sw)
    weights = kh * kw * channels * filters
    return weights + use_bias * filters, weights * places


def separable_cost(
    input_shape,
    filters,
    kernel_size,
    strides=1,
    padding="valid",
    use_bias=True,
    depth_multiplier=1,
):
    """Returns what a depthwise separable 2D convolution costs for one picture."""
    height, width, channels = input_shape
    filtered = channels * depth_multiplier
    taps, steps = conv_cost((height, width, 1), 1, kernel_size, strides, padding, use_bias=False)
    places = steps // taps
    parameters = filtered * taps + filtered * filters + use_bias * filters
    return parameters, filtered * steps + filtered * filters * places


def separable_terms(kernel, rank):
    """Returns the sum of separable kernels that is closest to a kernel."""
    left, values, right = ops.svd(kernel, full_matrices=False)
    columns = ops.matmul(left[:, :rank], ops.diag(values[:rank]))
    missed = ops.sqrt(ops.sum(ops.square(values[rank:])))
    return columns, right[:rank], missed
