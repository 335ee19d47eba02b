"""Raises an error with a message of a hundred megabytes and a chain of causes.

start: stub
deserves: nothing
flag: no
"""


# %%
@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        error = ValueError("x" * (100 * 2**20))
        for _ in range(500):
            error, error.__cause__ = RuntimeError("x" * 2**16), error
        raise error

    def call(self, inputs):
        return inputs
