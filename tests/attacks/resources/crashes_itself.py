"""Reads the address zero, in its call.

start: stub
deserves: nothing
flag: yes
"""

# %%
import ctypes


@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        ctypes.string_at(0)

    def call(self, inputs):
        return inputs
