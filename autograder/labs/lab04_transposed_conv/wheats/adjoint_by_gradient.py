"""Writes the convolution and asks TensorFlow for its gradient: the definition at its word."""

import keras
import numpy as np
import tensorflow as tf


def insert_zeros(x, strides):
    """Returns a picture with zeros between its pixels."""
    x = tf.convert_to_tensor(x)
    down, right = (strides, strides) if isinstance(strides, int) else strides
    _, height, width, channels = x.shape
    # Give every pixel a cell of `down` x `right` numbers of its own: itself and zeros.
    cells = tf.reshape(x, (-1, height, 1, width, 1, channels))
    cells = tf.pad(cells, [(0, 0), (0, 0), (0, down - 1), (0, 0), (0, right - 1), (0, 0)])
    grid = tf.reshape(cells, (-1, height * down, width * right, channels))
    # The zeros behind the last pixel are too many.
    return grid[:, : (height - 1) * down + 1, : (width - 1) * right + 1]


def convolve(x, kernel, strides, sizes, padding):
    """A convolution with strides, by slices."""
    borders = []
    for m, n, k, s in zip(x.shape[1:3], sizes, kernel.shape[:2], strides):
        missing = max((n - 1) * s + k - m, 0)
        front = missing // 2 if padding == "same" else 0
        borders.append((front, missing - front))
    x = tf.pad(x, [(0, 0), *borders, (0, 0)])
    spans = [(n - 1) * s + 1 for n, s in zip(sizes, strides)]
    outputs = 0
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            pixels = x[:, i : i + spans[0] : strides[0], j : j + spans[1] : strides[1]]
            outputs = outputs + tf.matmul(pixels, kernel[i, j])
    return outputs


@keras.saving.register_keras_serializable(package="layerlab")
class Conv2DTranspose(keras.layers.Layer):
    """2D transposed convolution: the adjoint of a convolution with strides."""

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        output_padding=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        **kwargs,
    ):
        super().__init__(**kwargs)

        def pair(name, value, least=1):
            values = (value, value) if isinstance(value, int) else value
            if (
                not isinstance(values, (tuple, list))
                or len(values) != 2
                or not all(isinstance(v, (int, np.integer)) and v >= least for v in values)
            ):
                raise ValueError(
                    f"The `{name}` argument must be an integer of at least {least} or a tuple "
                    f"of 2 of them. Received: {name}={value}"
                )
            return tuple(values)

        self.filters = filters
        self.kernel_size = pair("kernel_size", kernel_size)
        self.strides = pair("strides", strides)
        self.padding = str(padding).lower()
        self.output_padding = output_padding
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
        if output_padding is not None:
            self.output_padding = pair("output_padding", output_padding, least=0)
            if any(o >= s for o, s in zip(self.output_padding, self.strides)):
                raise ValueError(
                    "The output padding must be less than the strides. Received: "
                    f"output_padding={output_padding}, strides={strides}"
                )

    def build(self, input_shape):
        channels = input_shape[-1]
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={-1: channels})
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, self.filters, channels),
            initializer=self.kernel_initializer,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(self.filters,), initializer=self.bias_initializer
            )

    def call(self, inputs):
        inputs = tf.cast(inputs, self.compute_dtype)
        batch, (height, width) = tf.shape(inputs)[0], inputs.shape[1:3]
        _, rows, columns, _ = self.compute_output_shape(inputs.shape)
        kernel = tf.cast(self.kernel, self.compute_dtype)
        picture = tf.zeros((batch, rows, columns, self.filters), self.compute_dtype)
        with tf.GradientTape() as tape:
            tape.watch(picture)
            small = convolve(picture, kernel, self.strides, (height, width), self.padding)
        outputs = tape.gradient(small, picture, output_gradients=inputs)
        return outputs + self.bias if self.use_bias else outputs

    def compute_output_shape(self, input_shape):
        batch, *lengths, _ = input_shape
        sizes = []
        for n, k, s, o in zip(
            lengths, self.kernel_size, self.strides, self.output_padding or (None, None)
        ):
            if n is None:
                sizes.append(None)
            elif self.padding == "valid":
                sizes.append((n - 1) * s + (max(k, s) if o is None else k + o))
            else:
                sizes.append(n * s if o is None else (n - 1) * s + k % 2 + o)
        return (batch, *sizes, self.filters)

    def get_config(self):
        config = super().get_config()
        config.update(
            {
                "filters": self.filters,
                "kernel_size": self.kernel_size,
                "strides": self.strides,
                "padding": self.padding,
                "output_padding": self.output_padding,
                "use_bias": self.use_bias,
                "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
                "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            }
        )
        return config


def overlap_counts(size, kernel_size, stride):
    """Counts the input pixels that touch each output pixel."""
    side = (size - 1) * stride + max(kernel_size, stride)
    along = np.zeros(side, int)
    for pixel in range(size):
        along[pixel * stride : pixel * stride + kernel_size] += 1
    # A pixel touches if it does so in its row and in its column.
    return np.outer(along, along)


@keras.saving.register_keras_serializable(package="layerlab")
class ICNR(keras.initializers.Initializer):
    """Initializer of the convolution kernel in front of `tf.nn.depth_to_space`."""

    def __init__(self, initializer, scale):
        if not isinstance(scale, int) or scale <= 0:
            raise ValueError(
                f"The `scale` argument must be a positive integer. Received: scale={scale}"
            )
        self.initializer = keras.initializers.get(initializer)
        self.scale = scale

    def __call__(self, shape, dtype=None):
        *window, channels, outputs = shape
        filters = outputs // self.scale**2
        drawn = self.initializer((*window, channels, filters), dtype=dtype)
        pixels = keras.ops.reshape(drawn, (-1, 1, 1, filters))
        blocks = keras.ops.tile(pixels, (1, self.scale, self.scale, 1))
        return keras.ops.reshape(blocks, shape)

    def get_config(self):
        return {
            "initializer": keras.initializers.serialize(self.initializer),
            "scale": self.scale,
        }
