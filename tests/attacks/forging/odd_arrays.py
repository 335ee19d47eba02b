"""Answers with arrays of odd dtypes and shapes: objects, negative sizes, billions of elements.

start: stub
deserves: nothing
flag: yes
"""

# %%
import msgpack

from autograder.subject import wire

ODD = [
    ["object", [1], bytes(8)],
    ["|V8", [1], bytes(8)],
    ["float32", [-1], bytes(8)],
    ["float32", [2**40], b""],
    ["float32", [0, 2**62], b""],
    ["float32", [1] * 70, bytes(4)],
    ["float32", "shape", bytes(4)],
    ["bool", [4], b"\x00\x01\x02\xff"],
    [["f4", "f8"], [1], bytes(8)],
    ["float32", [1.5], None],
]
answers = []


def pack(message):
    header = msgpack.packb(ODD[len(answers) % len(ODD)])
    answers.append(header)
    odd = msgpack.ExtType(1, header)
    names = ("output", "value", "gradient of input", "weights", "error", "ops", "output dtype")
    return msgpack.packb({"outputs": [], "observation": dict.fromkeys(names, odd)})


wire.pack = pack


# %%
@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        super().__init__()

    def call(self, inputs):
        return inputs
