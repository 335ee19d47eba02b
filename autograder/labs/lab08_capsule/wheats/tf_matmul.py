"""TensorFlow's own functions: `matmul` with broadcasting, the published form of squash, a
convolution with weights of its own."""

import keras
import tensorflow as tf


def squash(s, axis=-1, epsilon=1e-7):
    """Shortens vectors to a length below 1."""
    square = tf.reduce_sum(tf.square(s), axis=axis, keepdims=True)
    return square / (1 + square) * s * tf.math.rsqrt(square + epsilon)


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
        features = tf.nn.conv2d(
            inputs,
            tf.cast(self.kernel, inputs.dtype),
            strides=self.conv.strides,
            padding=self.conv.padding.upper(),
        )
        features = tf.nn.bias_add(features, tf.cast(self.bias, inputs.dtype))
        count = features.shape[1] * features.shape[2] * self.num_channels
        return squash(tf.reshape(features, (tf.shape(features)[0], count, self.dim_capsule)))

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
        kernel = tf.cast(self.kernel, inputs.dtype)
        # (b, 1, i, 1, d) times (j, i, d, e): (b, j, i, 1, e)
        votes = tf.matmul(inputs[:, tf.newaxis, :, tf.newaxis, :], kernel)
        logits = tf.zeros_like(votes[..., :1])
        for _ in range(self.routings - 1):
            v = self._outputs(logits, votes)
            logits += tf.matmul(votes, v, transpose_b=True)
        return self._outputs(logits, votes)[:, :, 0, 0]

    def _outputs(self, logits, votes):
        shares = tf.nn.softmax(logits, axis=1)
        return squash(tf.reduce_sum(shares * votes, axis=2, keepdims=True))

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
        y_true = tf.cast(y_true, y_pred.dtype)
        present = tf.nn.relu(self.m_plus - y_pred) ** 2
        absent = tf.nn.relu(y_pred - self.m_minus) ** 2
        return tf.reduce_sum(y_true * present + self.lam * (1.0 - y_true) * absent, axis=-1)

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
            place = tf.argmax(true, axis=-1)
        else:
            capsules = inputs
            place = tf.argmax(tf.norm(capsules, axis=-1), axis=-1)
        keep = tf.one_hot(place, capsules.shape[1], dtype=capsules.dtype)
        return tf.reshape(
            tf.einsum("bj,bje->bje", keep, capsules),
            (-1, capsules.shape[1] * capsules.shape[2]),
        )

    def compute_output_shape(self, input_shape):
        if isinstance(input_shape[0], (list, tuple)):
            input_shape = input_shape[0]
        batch, num_capsules, dim_capsule = input_shape
        return (batch, num_capsules * dim_capsule)
