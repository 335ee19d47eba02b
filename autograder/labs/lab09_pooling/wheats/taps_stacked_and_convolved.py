"""Stacks the pixels of all windows for the maximum, and lets a depthwise convolution with equal
weights add them up for the mean."""

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
        return ops.max(ops.stack(taps, axis=-1), axis=-1)

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
        ones = tf.ones((*self.pool_size, inputs.shape[3], 1), inputs.dtype)
        _, rows, columns, _ = self.compute_output_shape(inputs.shape)
        borders = [(0, 0)]
        for n, out, k, s in zip(inputs.shape[1:3], (rows, columns), self.pool_size, self.strides):
            missing = max((out - 1) * s + k - n, 0)
            borders.append((missing // 2, missing - missing // 2))
        borders.append((0, 0))
        total, count = (
            tf.nn.depthwise_conv2d(tf.pad(x, borders), ones, (1, 1, 1, 1), "VALID")
            for x in (inputs, tf.ones_like(inputs[:1]))
        )
        return (total / count)[:, :: self.strides[0], :: self.strides[1]][:, :rows, :columns]

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
        x = ops.sum(inputs, axis=(1, 2), keepdims=self.keepdims)
        return x / (inputs.shape[1] * inputs.shape[2])

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
        down, right = (
            np.array([math.comb(k - 1, i) / 2 ** (k - 1) for i in range(k)]) for k in self.pool_size
        )
        kernel = np.repeat(np.outer(down, right)[:, :, None, None], inputs.shape[3], axis=2)
        borders = [((k - 1) // 2, k // 2) for k in self.pool_size]
        x = ops.pad(inputs, [(0, 0), *borders, (0, 0)], mode="reflect")
        x = tf.nn.depthwise_conv2d(x, tf.cast(kernel, x.dtype), (1, 1, 1, 1), "VALID")
        return x[:, :: self.strides[0], :: self.strides[1]]

    def compute_output_shape(self, input_shape):
        batch, *lengths, channels = input_shape
        sizes = [None if n is None else -(-n // s) for n, s in zip(lengths, self.strides)]
        return (batch, *sizes, channels)

    def get_config(self):
        config = super().get_config()
        config.update({"pool_size": self.pool_size, "strides": self.strides})
        return config
