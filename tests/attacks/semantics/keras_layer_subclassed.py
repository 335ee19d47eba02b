"""Subclasses Keras's layer of the same name.

start: stub
deserves: nothing
flag: no
"""


# %%
@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.DepthwiseConv2D):
    pass
