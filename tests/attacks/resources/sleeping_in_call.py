"""The layer sleeps for days.

start: stub
deserves: nothing
flag: no
run: seldom
"""

# %%
import time


@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        time.sleep(10**6)

    def call(self, inputs):
        return inputs
