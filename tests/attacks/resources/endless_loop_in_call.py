"""The layer's call never ends.

start: stub
deserves: nothing
flag: no
"""


# %%
@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        super().__init__()

    def call(self, inputs):
        while True:
            inputs = inputs + 0
