"""A list of output capsules, each with its own predictions and logits; the pictures cut into
patches; logits that start at one."""

import keras
import numpy as np


def squash(s, axis=-1, epsilon=1e-7):
    """Shortens vectors to a length below 1."""
    square = keras.ops.sum(s**2, axis=axis, keepdims=True) + epsilon
    return square / (1 + square) * (s / keras.ops.sqrt(square))


@keras.saving.register_keras_serializable(package="layerlab")
class PrimaryCapsules(keras.layers.Layer):
    """Capsules made by a convolution."""

    def __init__(
        self, dim_capsule, num_channels, kernel_size, strides=1, padding="valid", **kwargs
    ):
        super().__init__(**kwargs)
        for name, value in (("dim_capsule", dim_capsule), ("num_channels", num_channels)):
            if not isinstance(value, int) or value <= 0:
                raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value}")
        self.dim_capsule = dim_capsule
        self.num_channels = num_channels
        self.conv = keras.layers.Conv2D(
            num_channels * dim_capsule,
            kernel_size,
            strides=strides,
            padding=padding,
            dtype=self.dtype_policy,
        )

    def build(self, input_shape):
        filters = self.num_channels * self.dim_capsule
        self.kernel = self.add_weight(
            name="kernel", shape=(*self.conv.kernel_size, input_shape[-1], filters)
        )
        self.bias = self.add_weight(name="bias", shape=(filters,), initializer="zeros")

    def call(self, inputs):
        (height, width), (down, right) = self.conv.kernel_size, self.conv.strides
        _, rows, columns, filters = self.conv.compute_output_shape(inputs.shape)
        borders = []
        for n, out, k, s in zip(
            inputs.shape[1:3], (rows, columns), (height, width), (down, right), strict=True
        ):
            missing = max((out - 1) * s + k - n, 0)
            borders.append((missing // 2, missing - missing // 2))
        x = keras.ops.pad(inputs, [(0, 0), *borders, (0, 0)])
        patches = [
            x[:, i : i + (rows - 1) * down + 1 : down, j : j + (columns - 1) * right + 1 : right]
            for i in range(height)
            for j in range(width)
        ]
        kernel = keras.ops.reshape(self.kernel, (-1, filters))
        features = keras.ops.matmul(keras.ops.concatenate(patches, axis=-1), kernel) + self.bias
        capsules = keras.ops.reshape(
            features, (-1, rows, columns, self.num_channels, self.dim_capsule)
        )
        return keras.ops.reshape(
            squash(capsules), (-1, rows * columns * self.num_channels, self.dim_capsule)
        )

    def compute_output_shape(self, input_shape):
        batch, rows, columns, _ = self.conv.compute_output_shape(input_shape)
        return (batch, rows * columns * self.num_channels, self.dim_capsule)

    def get_config(self):
        config = super().get_config()
        config.update(
            {
                "dim_capsule": self.dim_capsule,
                "num_channels": self.num_channels,
                "kernel_size": self.conv.kernel_size,
                "strides": self.conv.strides,
                "padding": self.conv.padding,
            }
        )
        return config


@keras.saving.register_keras_serializable(package="layerlab")
class Capsule(keras.layers.Layer):
    """Capsules that are routed to by agreement."""

    def __init__(
        self, num_capsules, dim_capsule, routings=3, kernel_initializer="glorot_uniform", **kwargs
    ):
        super().__init__(**kwargs)
        for name, value in (
            ("num_capsules", num_capsules),
            ("dim_capsule", dim_capsule),
            ("routings", routings),
        ):
            if not isinstance(value, int) or value <= 0:
                raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value}")
        self.num_capsules = num_capsules
        self.dim_capsule = dim_capsule
        self.routings = routings
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.input_spec = keras.layers.InputSpec(ndim=3)

    def build(self, input_shape):
        _, in_capsules, in_dim = input_shape
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.num_capsules, in_capsules, in_dim, self.dim_capsule),
            initializer=self.kernel_initializer,
        )

    def call(self, inputs):
        votes = [
            keras.ops.sum(inputs[..., None] * self.kernel[j], axis=2)
            for j in range(self.num_capsules)
        ]
        logits = [keras.ops.ones_like(vote[..., :1]) for vote in votes]
        for _ in range(self.routings):
            highest = keras.ops.max(keras.ops.concatenate(logits, axis=-1), -1, keepdims=True)
            powers = [keras.ops.exp(logit - highest) for logit in logits]
            total = sum(powers)
            outputs = [
                squash(keras.ops.sum(power / total * vote, axis=1))
                for power, vote in zip(powers, votes, strict=True)
            ]
            logits = [
                logit + keras.ops.matmul(vote, v[..., None])
                for logit, vote, v in zip(logits, votes, outputs, strict=True)
            ]
        return keras.ops.stack(outputs, axis=1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.num_capsules, self.dim_capsule)

    def get_config(self):
        config = super().get_config()
        config.update(
            {
                "num_capsules": self.num_capsules,
                "dim_capsule": self.dim_capsule,
                "routings": self.routings,
                "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            }
        )
        return config


@keras.saving.register_keras_serializable(package="layerlab")
class MarginLoss(keras.losses.Loss):
    """The margin loss of capsule networks."""

    def __init__(self, m_plus=0.9, m_minus=0.1, lam=0.5, **kwargs):
        super().__init__(**kwargs)
        self.m_plus = m_plus
        self.m_minus = m_minus
        self.lam = lam

    def call(self, y_true, y_pred):
        y_true = keras.ops.cast(y_true, y_pred.dtype)
        present = y_true * keras.ops.square(keras.ops.maximum(0.0, self.m_plus - y_pred))
        absent = (1 - y_true) * keras.ops.square(keras.ops.maximum(0.0, y_pred - self.m_minus))
        return keras.ops.sum(present + self.lam * absent, axis=-1)

    def get_config(self):
        config = super().get_config()
        config.update({"m_plus": self.m_plus, "m_minus": self.m_minus, "lam": self.lam})
        return config


@keras.saving.register_keras_serializable(package="layerlab")
class MaskCapsules(keras.layers.Layer):
    """Keeps one capsule of each picture."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)

    def call(self, inputs):
        if isinstance(inputs, (list, tuple)):
            capsules, kept = inputs
        else:
            capsules = inputs
            longest = keras.ops.argmax(keras.ops.sum(keras.ops.square(capsules), axis=-1), axis=-1)
            kept = keras.ops.one_hot(longest, capsules.shape[1])
        masked = capsules * keras.ops.cast(kept, capsules.dtype)[..., np.newaxis]
        return keras.ops.reshape(masked, (-1, capsules.shape[1] * capsules.shape[2]))

    def compute_output_shape(self, input_shape):
        if isinstance(input_shape[0], (list, tuple)):
            input_shape = input_shape[0]
        batch, num_capsules, dim_capsule = input_shape
        return (batch, num_capsules * dim_capsule)
