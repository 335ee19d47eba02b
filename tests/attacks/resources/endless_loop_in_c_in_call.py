"""The layer's call never ends, in code that takes no interrupt.

start: stub
deserves: nothing
flag: no
"""


# %%
@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        sum(range(10**14))

    def call(self, inputs):
        return inputs
