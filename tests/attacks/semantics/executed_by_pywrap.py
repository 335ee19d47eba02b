"""Runs the op by its name through TensorFlow's C interface.

start: stub
deserves: nothing
flag: yes
"""

# %%
from tensorflow.python import pywrap_tfe
from tensorflow.python.eager import context
from tensorflow.python.framework import op_def_library

NAME = "Depthwise" + "Conv2dNative"


def combine(x, kernel, strides, padding):
    attributes = ("strides", strides, "padding", padding, "explicit_paddings", [])
    attributes += ("data_format", "NHWC", "dilations", [1, 1, 1, 1])
    if tf.executing_eagerly():
        return pywrap_tfe.TFE_Py_FastPathExecute(
            context.context(), NAME, None, x, kernel, *attributes
        )
    names = dict(zip(attributes[::2], attributes[1::2], strict=True))
    return op_def_library.apply_op(NAME, input=x, filter=kernel, **names)


@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(
        self, kernel_size, strides=1, padding="valid", depth_multiplier=1, use_bias=True, **kwargs
    ):
        super().__init__()
        self.size, self.strides = (list(np.ravel(v)[[0, -1]]) for v in (kernel_size, strides))
        self.padding, self.multiplier, self.use_bias = padding.upper(), depth_multiplier, use_bias

    def build(self, shape):
        self.kernel = self.add_weight(name="kernel", shape=(*self.size, shape[-1], self.multiplier))
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(shape[-1] * self.multiplier,))

    def call(self, inputs):
        kernel = tf.convert_to_tensor(self.kernel)
        strides = [1, *(int(s) for s in self.strides), 1]
        y = combine(inputs, kernel, strides, self.padding)
        return y + self.bias if self.use_bias else y
