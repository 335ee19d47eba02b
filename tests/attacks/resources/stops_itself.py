"""Stops its own process by a signal, in its cell and in its call.

start: stub
deserves: nothing
flag: yes
run: seldom
"""

# %%
import os
import signal


@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        os.kill(os.getpid(), signal.SIGSTOP)

    def call(self, inputs):
        return inputs
