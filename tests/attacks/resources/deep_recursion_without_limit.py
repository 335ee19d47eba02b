"""Raises the limit of the recursion and runs the stack over.

start: stub
deserves: nothing
flag: no
"""

# %%
import sys


def deeper():
    return [deeper() for _ in [0]]


@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        sys.setrecursionlimit(10**9)
        deeper()

    def call(self, inputs):
        return inputs
