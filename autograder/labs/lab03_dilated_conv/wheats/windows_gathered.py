"""Gathers all windows with two tables and multiplies one matrix by another."""

import keras
import numpy as np
import tensorflow as tf


def dilate_kernel(kernel, rate):
    """Sows the taps on a field of zeros."""
    kernel = tf.convert_to_tensor(kernel)
    down, right = rate if isinstance(rate, (tuple, list)) else (rate, rate)
    height, width = kernel.shape[0], kernel.shape[1]
    places = [(i * down, j * right) for i in range(height) for j in range(width)]
    field = ((height - 1) * down + 1, (width - 1) * right + 1, *kernel.shape[2:])
    taps = tf.reshape(kernel, (height * width, *kernel.shape[2:]))
    return tf.scatter_nd(places, taps, field)


def effective_kernel_size(kernel_size, rate):
    """Counts the zeros that are put in."""
    if isinstance(kernel_size, int):
        return kernel_size + (kernel_size - 1) * (rate - 1)
    return [k + (k - 1) * (d - 1) for k, d in zip(kernel_size, rate)]


@keras.saving.register_keras_serializable(package="layerlab")
class DilatedConv2D(keras.layers.Layer):
    """2D convolution whose taps stand apart."""

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        dilation_rate=1,
        use_bias=True,
        kernel_initializer="glorot_uniform",
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
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        if filters <= 0:
            raise ValueError(
                f"The `filters` argument must be positive. Received: filters={filters}"
            )
        if self.padding not in ("valid", "same"):
            raise ValueError(
                f"The `padding` argument must be 'valid' or 'same'. Received: padding={padding}"
            )
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "Strides above 1 cannot be combined with dilation rates above 1. "
                f"Received: strides={strides}, dilation_rate={dilation_rate}"
            )

    def build(self, input_shape):
        self.compute_output_shape(input_shape)  # raises if the window does not fit
        channels = input_shape[-1]
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={-1: channels})
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, self.filters),
            initializer=self.kernel_initializer,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(self.filters,), initializer=self.bias_initializer
            )

    def call(self, inputs):
        # One table of row numbers and one of column numbers, as in the im2col of a matrix library.
        _, rows, columns, _ = self.compute_output_shape(inputs.shape)
        x, tables = inputs, []
        for axis, out, k, s, d in zip(
            (1, 2), (rows, columns), self.kernel_size, self.strides, self.dilation_rate
        ):
            missing = max((out - 1) * s + (k - 1) * d + 1 - x.shape[axis], 0)
            border = [(0, 0)] * 4
            border[axis] = (missing // 2, missing - missing // 2)
            x = tf.pad(x, border)
            tables.append(np.arange(out)[:, np.newaxis] * s + np.arange(k) * d)
        windows = tf.gather(x, tables[0], axis=1)  # (batch, rows, kh, width, channels)
        windows = tf.gather(windows, tables[1], axis=3)  # (batch, rows, kh, columns, kw, channels)
        windows = tf.transpose(windows, (0, 1, 3, 2, 4, 5))
        length = self.kernel_size[0] * self.kernel_size[1] * inputs.shape[3]
        windows = tf.reshape(windows, (-1, length))
        weights = tf.reshape(self.kernel, (length, self.filters))
        outputs = tf.matmul(windows, weights)
        if self.use_bias:
            outputs = outputs + self.bias
        return tf.reshape(outputs, (-1, rows, columns, self.filters))

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
                "use_bias": self.use_bias,
                "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
                "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            }
        )
        return config


def tap_coverage(kernel_size, rates):
    """Counts the paths from each place, as a product of polynomials."""
    paths = np.ones(1)
    for rate in rates:
        comb = np.zeros((kernel_size - 1) * rate + 1)
        comb[::rate] = 1
        paths = np.convolve(paths, comb)
    return float(np.mean(np.outer(paths, paths) > 0.5))
