"""You have the momentum the wrong way round: it is the share of the old value that is kept, not
the weight of the new batch."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="layerlab")
class MomentProbe(keras.layers.Layer):
    """A layer that watches what passes through it and leaves it unchanged."""

    def __init__(self, momentum=0.9, saturation=0.99, **kwargs):
        super().__init__(**kwargs)
        if not 0.0 <= momentum <= 1.0:
            raise ValueError(f"`momentum` must lie in [0, 1]. Received: momentum={momentum}")
        if not saturation > 0.0:
            raise ValueError(f"`saturation` must be positive. Received: saturation={saturation}")
        self.momentum = momentum
        self.saturation = saturation

    def build(self, input_shape):
        def statistic(name, initializer):
            return self.add_weight(
                shape=(),
                initializer=initializer,
                dtype="float32",
                trainable=False,
                autocast=False,
                name=name,
            )

        self.mean = statistic("mean", "zeros")
        self.variance = statistic("variance", "ones")
        self.saturated = statistic("saturated", "zeros")

    def call(self, inputs, training=None):
        if training:
            x = ops.cast(inputs, "float32")
            beyond = ops.cast(ops.abs(x) > self.saturation, "float32")
            for weight, statistic in (
                (self.mean, ops.mean(x)),
                (self.variance, ops.var(x)),
                (self.saturated, ops.mean(beyond)),
            ):
                weight.assign((1.0 - self.momentum) * weight + self.momentum * statistic)
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = super().get_config()
        config.update({"momentum": self.momentum, "saturation": self.saturation})
        return config
