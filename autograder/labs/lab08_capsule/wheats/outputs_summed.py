"""The logits of a round written as the scalar product of a prediction with the sum of all outputs
so far; squash by the length."""

import keras


def squash(s, axis=-1, epsilon=1e-7):
    """Shortens vectors to a length below 1."""
    length = keras.ops.sqrt(keras.ops.sum(s * s, axis=axis, keepdims=True) + epsilon)
    return s / length * (1 - 1 / (1 + length**2))


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
        self.conv.build(input_shape)

    def call(self, inputs):
        features = self.conv(inputs)
        rows, columns = features.shape[1:3]
        parts = keras.ops.split(features, self.num_channels, axis=-1)
        capsules = squash(keras.ops.stack(parts, axis=3))
        return keras.ops.reshape(
            capsules, (-1, rows * columns * self.num_channels, self.dim_capsule)
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
        votes = keras.ops.einsum("bid,jide->bije", inputs, self.kernel)
        outputs = squash(keras.ops.sum(votes, axis=1) / self.num_capsules)
        agreed = outputs
        for _ in range(self.routings - 1):
            shares = keras.ops.softmax(keras.ops.sum(votes * agreed[:, None], axis=-1), axis=-1)
            outputs = squash(keras.ops.sum(shares[..., None] * votes, axis=1))
            agreed = agreed + outputs
        return outputs

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
        gap = keras.ops.where(y_true > 0.5, self.m_plus - y_pred, y_pred - self.m_minus)
        weight = keras.ops.where(y_true > 0.5, 1.0, self.lam)
        return keras.ops.sum(weight * keras.ops.relu(gap) ** 2, axis=-1)

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
            capsules, true = inputs
            kept = keras.ops.expand_dims(true, -1) > 0
        else:
            capsules = inputs
            square = keras.ops.sum(capsules * capsules, axis=-1, keepdims=True)
            kept = square == keras.ops.max(square, axis=1, keepdims=True)
        masked = keras.ops.where(kept, capsules, keras.ops.zeros_like(capsules))
        return keras.ops.reshape(masked, (-1, capsules.shape[1] * capsules.shape[2]))

    def compute_output_shape(self, input_shape):
        if isinstance(input_shape[0], (list, tuple)):
            input_shape = input_shape[0]
        batch, num_capsules, dim_capsule = input_shape
        return (batch, num_capsules * dim_capsule)
