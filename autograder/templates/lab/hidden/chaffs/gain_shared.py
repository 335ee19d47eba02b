"""You multiply all channels by the gain of the first one; each has a gain of its own."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="layerlab")
class Scale(keras.layers.Layer):
    def __init__(self, use_offset=True, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(use_offset, bool):
            raise ValueError(f"`use_offset` must be True or False. Received: {use_offset}")
        self.use_offset = use_offset

    def build(self, input_shape):
        shape = (input_shape[-1],)
        self.gain = self.add_weight(name="gain", shape=shape, initializer="ones")
        if self.use_offset:
            self.offset = self.add_weight(name="offset", shape=shape, initializer="zeros")

    def call(self, inputs):
        y = inputs * tf.cast(self.gain[0], inputs.dtype)
        return y + tf.cast(self.offset, inputs.dtype) if self.use_offset else y

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "use_offset": self.use_offset}
