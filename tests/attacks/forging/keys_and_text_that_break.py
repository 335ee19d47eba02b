"""Answers with keys and text that break JSON, YAML, HTML or a terminal.

start: stub
deserves: nothing
flag: yes
"""

# %%
import layerlab.probe

TEXT = "\ud800\x00\x1b[2J\u2028]]>--></script>{{7*7}}${x}%s%n\r\n\ufeff" * 50


def run(case, namespace):
    error = {"type": TEXT, "where": TEXT, "line": TEXT, "text": TEXT}
    return {"error": error, TEXT: TEXT, "names": [TEXT], "ops": [TEXT], "output": 10**300 * 1.0}


layerlab.probe.run = run
print(TEXT)


# %%
@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        super().__init__()

    def call(self, inputs):
        return inputs
