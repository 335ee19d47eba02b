"""Numbers the pixels of every window and takes them all with one table for each axis."""

import math

import keras
import numpy as np
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
        x = ops.pad(inputs, [(0, 0), (0, 1), (0, 1), (0, 0)], constant_values=-np.inf)
        shape = self.compute_output_shape(inputs.shape)
        for axis, k, s in zip((1, 2), self.pool_size, self.strides):
            n, out = inputs.shape[axis], shape[axis]
            front = max((out - 1) * s + k - n, 0) // 2
            table = np.arange(out)[:, np.newaxis] * s + np.arange(k) - front
            table = np.where((table < 0) | (table >= n), n, table)  # n is the place that never wins
            windows = ops.take(x, table.ravel(), axis=axis)
            split = [-1, *x.shape[1:]]
            split[axis : axis + 1] = table.shape
            x = ops.max(ops.reshape(windows, split), axis=axis + 1)
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
            n, out = inputs.shape[axis], shape[axis]
            front = max((out - 1) * s + k - n, 0) // 2
            table = np.arange(out)[:, np.newaxis] * s + np.arange(k) - front
            inside = (table >= 0) & (table < n)
            windows = ops.take(x, np.clip(table, 0, n - 1).ravel(), axis=axis)
            split = [-1, *x.shape[1:]]
            split[axis : axis + 1] = table.shape
            share = inside / inside.sum(axis=1, keepdims=True)
            share = share.reshape([1] * axis + list(table.shape) + [1] * (3 - axis))
            x = ops.sum(ops.reshape(windows, split) * ops.cast(share, x.dtype), axis=axis + 1)
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
        height, width, channels = inputs.shape[1:]
        x = ops.mean(ops.reshape(inputs, (-1, height * width, channels)), axis=1)
        return ops.reshape(x, (-1, 1, 1, channels)) if self.keepdims else x

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
        shape = self.compute_output_shape(inputs.shape)
        for axis, k, s in zip((1, 2), self.pool_size, self.strides):
            n, out = inputs.shape[axis], shape[axis]
            table = np.abs(np.arange(out)[:, np.newaxis] * s + np.arange(k) - (k - 1) // 2)
            table = np.minimum(table, 2 * (n - 1) - table)
            windows = ops.take(x, table.ravel(), axis=axis)
            split = [-1, *x.shape[1:]]
            split[axis : axis + 1] = table.shape
            weights = np.array([math.comb(k - 1, i) / 2 ** (k - 1) for i in range(k)])
            weights = ops.cast(weights.reshape([k] + [1] * (3 - axis)), x.dtype)
            x = ops.sum(ops.reshape(windows, split) * weights, axis=axis + 1)
        return x

    def compute_output_shape(self, input_shape):
        batch, *lengths, channels = input_shape
        sizes = [None if n is None else -(-n // s) for n, s in zip(lengths, self.strides)]
        return (batch, *sizes, channels)

    def get_config(self):
        config = super().get_config()
        config.update({"pool_size": self.pool_size, "strides": self.strides})
        return config
