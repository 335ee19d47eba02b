"""Says for every pixel and every window whether one lies in the other: a mask for the maximum, a
matrix for the mean."""

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
        x = inputs
        shape = self.compute_output_shape(inputs.shape)
        for axis, k, s in zip((1, 2), self.pool_size, self.strides):
            n, out = inputs.shape[axis], shape[axis]
            front = max((out - 1) * s + k - n, 0) // 2
            distance = np.arange(n) - (np.arange(out)[:, np.newaxis] * s - front)
            member = ((distance >= 0) & (distance < k)).reshape([out, n] + [1] * (3 - axis))
            x = ops.max(ops.where(member, ops.expand_dims(x, axis), -np.inf), axis=axis + 1)
        return ops.cast(x, inputs.dtype)

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
        matrices = []
        shape = self.compute_output_shape(inputs.shape)
        for n, out, k, s in zip(inputs.shape[1:3], shape[1:3], self.pool_size, self.strides):
            front = max((out - 1) * s + k - n, 0) // 2
            distance = np.arange(n) - (np.arange(out)[:, np.newaxis] * s - front)
            member = (distance >= 0) & (distance < k)
            matrices.append(ops.cast(member / member.sum(axis=1, keepdims=True), inputs.dtype))
        return ops.einsum("oh,bhwc,pw->bopc", matrices[0], inputs, matrices[1])

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
        height, width = inputs.shape[1:3]
        share = ops.full((height, width), 1 / (height * width), dtype=inputs.dtype)
        x = ops.einsum("bhwc,hw->bc", inputs, share)
        return x[:, np.newaxis, np.newaxis] if self.keepdims else x

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
        matrices = []
        for n, k, s in zip(inputs.shape[1:3], self.pool_size, self.strides):
            matrix = np.zeros((-(-n // s), n))
            for o in range(len(matrix)):
                for i in range(k):
                    place = abs(o * s + i - (k - 1) // 2)
                    matrix[o, min(place, 2 * n - 2 - place)] += math.comb(k - 1, i) / 2 ** (k - 1)
            matrices.append(ops.cast(matrix, inputs.dtype))
        return ops.einsum("oh,bhwc,pw->bopc", matrices[0], inputs, matrices[1])

    def compute_output_shape(self, input_shape):
        batch, *lengths, channels = input_shape
        sizes = [None if n is None else -(-n // s) for n, s in zip(lengths, self.strides)]
        return (batch, *sizes, channels)

    def get_config(self):
        config = super().get_config()
        config.update({"pool_size": self.pool_size, "strides": self.strides})
        return config
