"""Lets Keras make its layer from a configuration with a computed class name.

start: stub
deserves: nothing
flag: yes
"""


# %%
def make(kernel_size, **kwargs):
    config = {"kernel_size": kernel_size, **kwargs}
    kind = "".join(["Depth", "wise", "Conv", "2D"])
    return keras.layers.deserialize(
        {"module": "keras.layers", "class_name": kind, "config": config, "registered_name": None}
    )


@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        super().__init__(dtype=kwargs.pop("dtype", None), name=kwargs.pop("name", None))
        self.inner = make(kernel_size, **kwargs)

    def build(self, input_shape):
        self.inner.build(input_shape)

    def call(self, inputs):
        return self.inner(inputs)

    def compute_output_shape(self, input_shape):
        return self.inner.compute_output_shape(input_shape)

    def get_config(self):
        return {**self.inner.get_config(), **super().get_config()}
