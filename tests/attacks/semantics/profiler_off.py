"""Switches the profiler off around the built-in.

start: stub
deserves: nothing
flag: yes
"""

# %%
import sys


def unseen(*arguments, **keywords):
    profiler = sys.getprofile()
    sys.setprofile(None)
    made = getattr(keras.layers, "Depthwise" + "Conv2D")(*arguments, **keywords)
    sys.setprofile(profiler)
    return made


@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        super().__init__(dtype=kwargs.pop("dtype", None), name=kwargs.pop("name", None))
        self.inner = unseen(kernel_size, **kwargs)

    def build(self, input_shape):
        self.inner.build(input_shape)

    def call(self, inputs):
        profiler = sys.getprofile()
        sys.setprofile(None)
        y = self.inner(inputs)
        sys.setprofile(profiler)
        return y

    def compute_output_shape(self, input_shape):
        return self.inner.compute_output_shape(input_shape)

    def get_config(self):
        return {**self.inner.get_config(), **super().get_config()}
