"""You put a ReLU between the convolution and `squash`: a capsule loses the signs of its numbers,
and with them half of its directions."""

import keras


def squash(s, axis=-1, epsilon=1e-7):
    """Shortens vectors to a length below 1."""
    square = keras.ops.sum(keras.ops.square(s), axis=axis, keepdims=True) + epsilon
    return s * (keras.ops.sqrt(square) / (1 + square))


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
            activation="relu",
            dtype=self.dtype_policy,
        )

    def build(self, input_shape):
        self.conv.build(input_shape)

    def call(self, inputs):
        features = self.conv(inputs)
        rows, columns = features.shape[1:3]
        capsules = keras.ops.reshape(
            features, (-1, rows * columns * self.num_channels, self.dim_capsule)
        )
        return squash(capsules)

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
