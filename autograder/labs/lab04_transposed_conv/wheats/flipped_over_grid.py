"""Moves the flipped kernel over the grid with zeros: the textbook picture, taken at its word."""

import keras
import numpy as np
import tensorflow as tf


def insert_zeros(x, strides):
    """Takes each place of the grid from the picture or from a zero."""
    x = tf.convert_to_tensor(x)
    for axis, step in zip((1, 2), (strides, strides) if isinstance(strides, int) else strides):
        size = x.shape[axis]
        zero = tf.zeros_like(tf.gather(x, [0], axis=axis))
        reach = (size - 1) * step + 1
        table = [place // step if place % step == 0 else size for place in range(reach)]
        x = tf.gather(tf.concat([x, zero], axis), table, axis=axis)
    return x


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
        _, rows, columns, _ = self.compute_output_shape(inputs.shape)
        grid = insert_zeros(inputs, self.strides)
        borders = []
        for n, m, k, s in zip(inputs.shape[1:3], (rows, columns), self.kernel_size, self.strides):
            reach = (n - 1) * s + 1
            front = max(reach + k - 1 - m, 0) // 2 if self.padding == "same" else 0
            # In front k - 1 zeros less what is cut off; behind as many as the output needs.
            borders.append((k - 1 - front, m + front - reach))
        grid = keras.ops.pad(grid, [(0, 0), *borders, (0, 0)])
        kernel = keras.ops.flip(keras.ops.transpose(self.kernel, (0, 1, 3, 2)), axis=(0, 1))
        outputs = sum(
            keras.ops.matmul(grid[:, i : i + rows, j : j + columns], kernel[i, j])
            for i in range(self.kernel_size[0])
            for j in range(self.kernel_size[1])
        )
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
    """Counts stamp by stamp."""
    side = (size - 1) * stride + max(kernel_size, stride)
    counts = np.zeros((side, side))
    for row in range(0, size * stride, stride):
        for column in range(0, size * stride, stride):
            counts[row : row + kernel_size, column : column + kernel_size] += 1
    return counts


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
        kernel = self.initializer((*window, channels, filters), dtype=dtype)
        return keras.ops.concatenate([kernel] * self.scale**2, axis=-1)

    def get_config(self):
        return {
            "initializer": keras.initializers.serialize(self.initializer),
            "scale": self.scale,
        }
