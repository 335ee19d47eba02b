"""Gives TensorFlow the gradients itself: spread for the input, correlated for the kernel."""

import keras
import numpy as np
import tensorflow as tf


def dilate_kernel(kernel, rate):
    """A kernel with zeros between its taps."""
    kernel = tf.convert_to_tensor(kernel)
    down, right = (rate, rate) if isinstance(rate, int) else rate
    height, width, *rest = kernel.shape
    cells = tf.reshape(kernel, (height, 1, width, 1, *rest))
    cells = tf.pad(cells, [(0, 0), (0, down - 1), (0, 0), (0, right - 1)] + [(0, 0)] * len(rest))
    wide = tf.reshape(cells, (height * down, width * right, *rest))
    return wide[: (height - 1) * down + 1, : (width - 1) * right + 1]


def effective_kernel_size(kernel_size, rate):
    """Over how many pixels the taps reach."""
    if isinstance(kernel_size, int) and isinstance(rate, int):
        return (kernel_size - 1) * rate + 1
    sizes = (kernel_size,) * 2 if isinstance(kernel_size, int) else kernel_size
    rates = (rate,) * 2 if isinstance(rate, int) else rate
    return tuple((k - 1) * d + 1 for k, d in zip(sizes, rates))


def correlate(x, kernel, sizes, strides, dilation_rate):
    """Correlates the padded `x` with `kernel`; both gradients are written out."""
    (sh, sw), (dh, dw) = strides, dilation_rate
    height, width = x.shape[1:3]
    taps = [(i, j) for i in range(kernel.shape[0]) for j in range(kernel.shape[1])]
    spans = [(size - 1) * s + 1 for size, s in zip(sizes, strides)]

    def under(x, i, j):
        """The pixels under a tap, for every window."""
        return x[:, i * dh : i * dh + spans[0] : sh, j * dw : j * dw + spans[1] : sw]

    def spread(grad, i, j):
        """Puts numbers back to the pixels under a tap."""
        channels = grad.shape[-1]
        grad = grad[:, :, tf.newaxis, :, tf.newaxis]
        grad = tf.pad(grad, ((0, 0), (0, 0), (0, sh - 1), (0, 0), (0, sw - 1), (0, 0)))
        grad = tf.reshape(grad, (-1, sizes[0] * sh, sizes[1] * sw, channels))
        grad = grad[:, : spans[0], : spans[1]]
        below, right = height - i * dh - spans[0], width - j * dw - spans[1]
        return tf.pad(grad, ((0, 0), (i * dh, below), (j * dw, right), (0, 0)))

    @tf.custom_gradient
    def apply(x, kernel):
        def grad(upstream):
            by_input = tf.add_n(
                [spread(tf.einsum("brcf,kf->brck", upstream, kernel[i, j]), i, j) for i, j in taps]
            )
            by_kernel = [tf.einsum("brck,brcf->kf", under(x, i, j), upstream) for i, j in taps]
            return by_input, tf.reshape(tf.stack(by_kernel), kernel.shape)

        return tf.add_n([tf.matmul(under(x, i, j), kernel[i, j]) for i, j in taps]), grad

    return apply(x, kernel)


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
        _, rows, columns, _ = self.compute_output_shape(inputs.shape)
        borders = []
        for n, out, k, s, d in zip(
            inputs.shape[1:3], (rows, columns), self.kernel_size, self.strides, self.dilation_rate
        ):
            missing = max((out - 1) * s + (k - 1) * d + 1 - n, 0)
            borders.append((missing // 2, missing - missing // 2))
        x = tf.pad(inputs, [(0, 0), *borders, (0, 0)])
        kernel = tf.convert_to_tensor(self.kernel)
        outputs = correlate(x, kernel, (rows, columns), self.strides, self.dilation_rate)
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
                "use_bias": self.use_bias,
                "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
                "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            }
        )
        return config


def tap_coverage(kernel_size, rates):
    """Share of the receptive field that is seen."""
    reached = {0}
    for rate in rates:
        reached = {place + tap * rate for place in reached for tap in range(kernel_size)}
    side = max(reached) - min(reached) + 1
    return (len(reached) / side) ** 2
