"""Answers with observations of wrong types: errors that are lists, names that are numbers.

start: stub
deserves: nothing
flag: yes
"""

# %%
import layerlab.probe

ODD = [
    {"error": [1, 2], "output": {"a": 1}},
    {"error": {"type": 5, "where": None, "text": {}}, "names": 7},
    {"error": {}, "ops": {"Conv2D": 1}, "calls": [None]},
    {"error": True, "weights": "kernel", "names": [None, 1.5], "bases": [[]]},
    {"error": {"type": "X", "where": "call", "line": ["x"], "text": "x" * 10**6}},
    {"names": None, "ops": None, "calls": None, "bases": None, "output": float("nan")},
    [],
    "observation",
    None,
]
asked = []


def run(case, namespace):
    asked.append(case)
    return ODD[len(asked) % len(ODD)]


layerlab.probe.run = run


# %%
@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        super().__init__()

    def call(self, inputs):
        return inputs
