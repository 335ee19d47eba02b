"""You use one matrix per output capsule for all input capsules; each pair of an input and an
output capsule has a matrix of its own."""

import keras


def squash(s, axis=-1, epsilon=1e-7):
    """Shortens vectors to a length below 1."""
    square = keras.ops.sum(keras.ops.square(s), axis=axis, keepdims=True) + epsilon
    return s * (keras.ops.sqrt(square) / (1 + square))


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
        _, _, in_dim = input_shape
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.num_capsules, in_dim, self.dim_capsule),
            initializer=self.kernel_initializer,
        )

    def call(self, inputs):
        # Letters: b picture, i input capsule, j output capsule, d and e numbers of a vector.
        predictions = keras.ops.einsum("bid,jde->bjie", inputs, self.kernel)
        logits = keras.ops.zeros_like(predictions[..., 0])
        for iteration in range(self.routings):
            coupling = keras.ops.softmax(logits, axis=1)
            outputs = squash(keras.ops.einsum("bji,bjie->bje", coupling, predictions))
            if iteration < self.routings - 1:
                logits = logits + keras.ops.einsum("bjie,bje->bji", predictions, outputs)
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
