"""You put the copies of one filter side by side in the kernel; tf.nn.depth_to_space goes through
all filters of one sub-pixel before it comes to the next sub-pixel."""

import keras


@keras.saving.register_keras_serializable(package="layerlab")
class ICNR(keras.initializers.Initializer):
    """Initializer of the convolution kernel in front of `tf.nn.depth_to_space`."""

    def __init__(self, initializer, scale):
        if not isinstance(scale, int) or scale <= 0:
            raise ValueError(
                f"The `scale` argument must be a positive integer. Received: scale={scale}"
            )
        self.initializer = keras.initializers.get(initializer)
        self.scale = scale

    def __call__(self, shape, dtype=None):
        *window, channels, outputs = shape
        filters = outputs // self.scale**2
        kernel = self.initializer((*window, channels, filters), dtype=dtype)
        return keras.ops.repeat(kernel, self.scale**2, axis=-1)

    def get_config(self):
        return {
            "initializer": keras.initializers.serialize(self.initializer),
            "scale": self.scale,
        }
