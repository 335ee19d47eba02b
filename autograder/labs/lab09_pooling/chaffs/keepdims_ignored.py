"""You never use `keepdims`: with it the result keeps height and width, each of length 1."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="layerlab")
class GlobalAveragePooling2D(keras.layers.Layer):
    """The mean of each channel."""

    def __init__(self, keepdims=False, **kwargs):
        super().__init__(**kwargs)
        self.keepdims = keepdims

    def call(self, inputs):
        return ops.mean(inputs, axis=(1, 2))

    def compute_output_shape(self, input_shape):
        batch, _, _, channels = input_shape
        return (batch, 1, 1, channels) if self.keepdims else (batch, channels)

    def get_config(self):
        return {**super().get_config(), "keepdims": self.keepdims}
