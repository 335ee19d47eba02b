"""Cuts the picture into interleaved small ones, on which the dilated kernel is an ordinary one."""

import keras
import numpy as np
import tensorflow as tf


def dilate_kernel(kernel, rate):
    """Gathers each entry of the wide kernel from the kernel or from a zero."""
    kernel = tf.convert_to_tensor(kernel)
    down, right = (rate, rate) if isinstance(rate, int) else rate
    for axis, step in ((0, down), (1, right)):
        taps = kernel.shape[axis]
        reach = (taps - 1) * step + 1
        zero = tf.zeros_like(tf.gather(kernel, [0], axis=axis))
        table = [place // step if place % step == 0 else taps for place in range(reach)]
        kernel = tf.gather(tf.concat([kernel, zero], axis), table, axis=axis)
    return kernel


def effective_kernel_size(kernel_size, rate):
    """Over how many pixels the taps reach."""
    if isinstance(kernel_size, int) and isinstance(rate, int):
        return (kernel_size - 1) * rate + 1
    sizes = (kernel_size,) * 2 if isinstance(kernel_size, int) else kernel_size
    rates = (rate,) * 2 if isinstance(rate, int) else rate
    return tuple((k - 1) * d + 1 for k, d in zip(sizes, rates))


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
        # Every `d`-th row and column form a small picture, on which the taps are neighbors: there
        # are `dh * dw` such pictures, they are convolved side by side, and put back.
        _, rows, columns, _ = self.compute_output_shape(inputs.shape)
        (kh, kw), (sh, sw), (dh, dw) = self.kernel_size, self.strides, self.dilation_rate
        borders = []
        for n, out, k, s, d in zip(
            inputs.shape[1:3], (rows, columns), self.kernel_size, self.strides, self.dilation_rate
        ):
            missing = max((out - 1) * s + (k - 1) * d + 1 - n, 0)
            borders.append((missing // 2, missing - missing // 2))
        x = tf.pad(inputs, [(0, 0), *borders, (0, 0)])
        _, height, width, channels = x.shape
        down, right = -(-height // dh), -(-width // dw)
        x = tf.pad(x, [(0, 0), (0, down * dh - height), (0, right * dw - width), (0, 0)])
        x = tf.reshape(x, (-1, down, dh, right, dw, channels))
        x = tf.transpose(x, (2, 4, 0, 1, 3, 5))
        y = tf.add_n(
            [
                tf.tensordot(
                    x[:, :, :, i : down - kh + 1 + i, j : right - kw + 1 + j], self.kernel[i, j], 1
                )
                for i in range(kh)
                for j in range(kw)
            ]
        )
        down, right = y.shape[3:5]
        y = tf.transpose(y, (2, 3, 0, 4, 1, 5))
        y = tf.reshape(y, (-1, down * dh, right * dw, self.filters))
        y = y[:, : (rows - 1) * sh + 1 : sh, : (columns - 1) * sw + 1 : sw]
        return tf.nn.bias_add(y, self.bias) if self.use_bias else y

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
    """Keeps the places that are seen as the bits of one whole number."""
    seen, side = 1, 1
    for rate in rates:
        together = 0
        for tap in range(kernel_size):
            together |= seen << (tap * rate)
        seen, side = together, side + (kernel_size - 1) * rate
    count = seen.bit_count()
    return count * count / (side * side)
