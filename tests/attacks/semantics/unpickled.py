"""Gets Keras's layer out of a pickle.

start: stub
deserves: nothing
flag: yes
"""

# %%
import pickle


@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        super().__init__(dtype=kwargs.pop("dtype", None), name=kwargs.pop("name", None))
        self.inner = pickle.loads(b"ckeras.layers\nDepthwise" + b"Conv2D\n.")(kernel_size, **kwargs)

    def build(self, input_shape):
        self.inner.build(input_shape)

    def call(self, inputs):
        return self.inner(inputs)

    def compute_output_shape(self, input_shape):
        return self.inner.compute_output_shape(input_shape)

    def get_config(self):
        return {**self.inner.get_config(), **super().get_config()}
