"""Says itself what flows back: a maximum's gradient goes to the last of the largest values."""

import functools
import math

import keras
import numpy as np
import tensorflow as tf
from keras import ops


def pair(name, value):
    """Height and width."""
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


@keras.saving.register_keras_serializable(package="layerlab")
class MaxPooling2D(keras.layers.Layer):
    """2D max pooling."""

    def __init__(self, pool_size=2, strides=None, padding="valid", **kwargs):
        super().__init__(**kwargs)
        self.pool_size = pair("pool_size", pool_size)
        self.strides = self.pool_size if strides is None else pair("strides", strides)
        self.padding = padding
        if padding not in ("valid", "same"):
            raise ValueError(
                f"The `padding` argument must be 'valid' or 'same'. Received: padding={padding}"
            )

    def call(self, inputs):
        _, rows, columns, _ = self.compute_output_shape(inputs.shape)
        borders = []
        for n, out, k, s in zip(inputs.shape[1:3], (rows, columns), self.pool_size, self.strides):
            missing = max((out - 1) * s + k - n, 0)
            borders.append((missing // 2, missing - missing // 2))
        x = ops.pad(inputs, [(0, 0), *borders, (0, 0)], constant_values=-np.inf)
        taps = []
        for i in range(self.pool_size[0]):
            for j in range(self.pool_size[1]):
                pixels = x[
                    :,
                    i : i + (rows - 1) * self.strides[0] + 1 : self.strides[0],
                    j : j + (columns - 1) * self.strides[1] + 1 : self.strides[1],
                ]
                taps.append(pixels)

        @tf.custom_gradient
        def largest(*taps):
            best = functools.reduce(tf.maximum, taps)

            def upstream(gradient):
                shares, left = [], tf.ones_like(best, dtype=tf.bool)
                for tap in reversed(taps):
                    wins = left & (tap == best)
                    left &= ~wins
                    shares.append(tf.where(wins, gradient, tf.zeros_like(gradient)))
                return shares[::-1]

            return best, upstream

        return largest(*taps)

    def compute_output_shape(self, input_shape):
        batch, *lengths, channels = input_shape
        sizes = []
        for n, k, s in zip(lengths, self.pool_size, self.strides):
            if n is None:
                sizes.append(None)
            elif self.padding == "same":
                sizes.append(-(-n // s))
            elif n < k:
                raise ValueError(
                    "The window does not fit into the picture. Received: "
                    f"input_shape={tuple(input_shape)}, pool_size={self.pool_size}"
                )
            else:
                sizes.append((n - k) // s + 1)
        return (batch, *sizes, channels)

    def get_config(self):
        config = super().get_config()
        config.update(
            {"pool_size": self.pool_size, "strides": self.strides, "padding": self.padding}
        )
        return config


@keras.saving.register_keras_serializable(package="layerlab")
class AveragePooling2D(keras.layers.Layer):
    """2D average pooling."""

    def __init__(self, pool_size=2, strides=None, padding="valid", **kwargs):
        super().__init__(**kwargs)
        self.pool_size = pair("pool_size", pool_size)
        self.strides = self.pool_size if strides is None else pair("strides", strides)
        self.padding = padding
        if padding not in ("valid", "same"):
            raise ValueError(
                f"The `padding` argument must be 'valid' or 'same'. Received: padding={padding}"
            )

    def call(self, inputs):
        _, rows, columns, _ = self.compute_output_shape(inputs.shape)
        borders = []
        for n, out, k, s in zip(inputs.shape[1:3], (rows, columns), self.pool_size, self.strides):
            missing = max((out - 1) * s + k - n, 0)
            borders.append((missing // 2, missing - missing // 2))
        x = ops.pad(inputs, [(0, 0), *borders, (0, 0)])
        inside = np.pad(np.ones((*inputs.shape[1:3], 1)), [*borders, (0, 0)])
        taps, count = [], 0
        for i in range(self.pool_size[0]):
            for j in range(self.pool_size[1]):
                down = slice(i, i + (rows - 1) * self.strides[0] + 1, self.strides[0])
                right = slice(j, j + (columns - 1) * self.strides[1] + 1, self.strides[1])
                taps.append(x[:, down, right])
                count = count + inside[down, right]
        count = tf.cast(count, x.dtype)

        @tf.custom_gradient
        def mean(*taps):
            def upstream(gradient):
                return [gradient / count] * len(taps)

            return tf.add_n(taps) / count, upstream

        return mean(*taps)

    def compute_output_shape(self, input_shape):
        batch, *lengths, channels = input_shape
        sizes = []
        for n, k, s in zip(lengths, self.pool_size, self.strides):
            if n is None:
                sizes.append(None)
            elif self.padding == "same":
                sizes.append(-(-n // s))
            elif n < k:
                raise ValueError(
                    "The window does not fit into the picture. Received: "
                    f"input_shape={tuple(input_shape)}, pool_size={self.pool_size}"
                )
            else:
                sizes.append((n - k) // s + 1)
        return (batch, *sizes, channels)

    def get_config(self):
        config = super().get_config()
        config.update(
            {"pool_size": self.pool_size, "strides": self.strides, "padding": self.padding}
        )
        return config


@keras.saving.register_keras_serializable(package="layerlab")
class GlobalAveragePooling2D(keras.layers.Layer):
    """The mean of each channel."""

    def __init__(self, keepdims=False, **kwargs):
        super().__init__(**kwargs)
        self.keepdims = keepdims

    def call(self, inputs):
        size = inputs.shape[1] * inputs.shape[2]

        @tf.custom_gradient
        def mean(x):
            def upstream(gradient):
                return tf.zeros_like(x) + gradient / size

            return tf.reduce_sum(x / size, axis=(1, 2), keepdims=True), upstream

        x = mean(inputs)
        return x if self.keepdims else tf.squeeze(x, (1, 2))

    def compute_output_shape(self, input_shape):
        batch, _, _, channels = input_shape
        return (batch, 1, 1, channels) if self.keepdims else (batch, channels)

    def get_config(self):
        return {**super().get_config(), "keepdims": self.keepdims}


@keras.saving.register_keras_serializable(package="layerlab")
class BlurPool2D(keras.layers.Layer):
    """A binomial blur, sampled."""

    def __init__(self, pool_size=3, strides=2, **kwargs):
        super().__init__(**kwargs)
        self.pool_size = pair("pool_size", pool_size)
        self.strides = pair("strides", strides)

    def call(self, inputs):
        x = inputs
        for axis in (1, 2):
            k, s = self.pool_size[axis - 1], self.strides[axis - 1]
            out = self.compute_output_shape(inputs.shape)[axis]
            border = [(0, 0)] * 4
            border[axis] = ((k - 1) // 2, k // 2)
            x = ops.pad(x, border, mode="reflect")
            place = [slice(None)] * 4
            total = 0
            for i in range(k):
                place[axis] = slice(i, i + (out - 1) * s + 1, s)
                total = total + math.comb(k - 1, i) / 2 ** (k - 1) * x[tuple(place)]
            x = total
        return x

    def compute_output_shape(self, input_shape):
        batch, *lengths, channels = input_shape
        sizes = [None if n is None else -(-n // s) for n, s in zip(lengths, self.strides)]
        return (batch, *sizes, channels)

    def get_config(self):
        config = super().get_config()
        config.update({"pool_size": self.pool_size, "strides": self.strides})
        return config
