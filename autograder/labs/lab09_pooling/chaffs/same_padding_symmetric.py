"""For `"same"` you let half of the window reach beyond the picture on both sides, whatever the
stride and the size of the picture are; how far it reaches depends on both."""

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
            front = k // 2 if self.padding == "same" else 0
            borders.append((front, max((out - 1) * s + k - n - front, 0)))
        x = ops.pad(inputs, [(0, 0), *borders, (0, 0)])
        inside = np.pad(np.ones(inputs.shape[1:3]), borders)
        total, count = 0, 0
        for i in range(self.pool_size[0]):
            for j in range(self.pool_size[1]):
                down = slice(i, i + (rows - 1) * self.strides[0] + 1, self.strides[0])
                right = slice(j, j + (columns - 1) * self.strides[1] + 1, self.strides[1])
                total = total + x[:, down, right]
                count = count + inside[down, right]
        return total / ops.cast(count[:, :, np.newaxis], total.dtype)

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
