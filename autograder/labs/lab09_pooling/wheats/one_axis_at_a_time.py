"""Pools the rows first and then the columns of what is left."""

import functools

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
        x = inputs
        shape = self.compute_output_shape(inputs.shape)
        for axis, k, s in zip((1, 2), self.pool_size, self.strides):
            out = shape[axis]
            beyond = max((out - 1) * s + k - inputs.shape[axis], 0)
            border = [[0, 0]] * 4
            border[axis] = [beyond // 2, beyond - beyond // 2]
            x = tf.pad(x, border, constant_values=float("-inf"))
            place = [slice(None)] * 4
            slices = []
            for i in range(k):
                place[axis] = slice(i, i + (out - 1) * s + 1, s)
                slices.append(x[tuple(place)])
            x = functools.reduce(tf.maximum, slices)
        return x

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
        x = inputs
        shape = self.compute_output_shape(inputs.shape)
        for axis, k, s in zip((1, 2), self.pool_size, self.strides):
            out = shape[axis]
            beyond = max((out - 1) * s + k - inputs.shape[axis], 0)
            border = [[0, 0]] * 4
            border[axis] = [beyond // 2, beyond - beyond // 2]
            count = np.pad(np.ones(x.shape[axis]), border[axis])
            x = tf.pad(x, border)
            place = [slice(None)] * 4
            slices, counts = [], 0
            for i in range(k):
                place[axis] = slice(i, i + (out - 1) * s + 1, s)
                slices.append(x[tuple(place)])
                counts = counts + count[place[axis]]
            counts = counts.reshape([-1] + [1] * (3 - axis))
            x = tf.add_n(slices) / tf.cast(counts, x.dtype)
        return x

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
        x = ops.mean(ops.mean(inputs, axis=2), axis=1)
        return x[:, tf.newaxis, tf.newaxis] if self.keepdims else x

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
        for axis, k, s in zip((1, 2), self.pool_size, self.strides):
            border = [[0, 0]] * 4
            border[axis] = [(k - 1) // 2, k // 2]
            x = tf.pad(x, border, "REFLECT")
            every, front, back = ([slice(None)] * 4 for _ in range(3))
            front[axis], back[axis], every[axis] = (
                slice(None, -1),
                slice(1, None),
                slice(None, None, s),
            )
            for _ in range(k - 1):  # the mean of two neighbors, k - 1 times
                x = (x[tuple(front)] + x[tuple(back)]) / 2
            x = x[tuple(every)]
        return x

    def compute_output_shape(self, input_shape):
        batch, *lengths, channels = input_shape
        sizes = [None if n is None else -(-n // s) for n, s in zip(lengths, self.strides)]
        return (batch, *sizes, channels)

    def get_config(self):
        config = super().get_config()
        config.update({"pool_size": self.pool_size, "strides": self.strides})
        return config
