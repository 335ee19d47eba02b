"""Takes three gigabytes by TensorFlow, in its call.

start: stub
deserves: nothing
flag: no
run: seldom
"""


# %%
@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        self.hoard = [tf.ones((2**22,)) for _ in range(192)]

    def call(self, inputs):
        return inputs
