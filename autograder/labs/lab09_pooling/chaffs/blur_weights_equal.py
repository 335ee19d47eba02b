"""Your blur gives all taps the same weight, which is an average; the weights are binomial
coefficients, the largest in the middle."""

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
                total = total + 1 / k * x[tuple(place)]
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
