"""Forges outputs of cells whose data are nested, huge or of the wrong type.

start: stub
deserves: nothing
flag: yes
"""

# %%
import os
import stat
import struct

import msgpack


def wires():
    """The descriptors that are sockets."""
    found = []
    for fd in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                found.append(fd)
        except OSError:
            continue
    return found


deep = "x"
for _ in range(400):
    deep = [{"data": deep}]
outputs = [None, 4.0, deep, {"output_type": "execute_result", "data": deep, "metadata": deep}]
outputs += [{"output_type": "stream", "name": deep, "text": -1}, {"output_type": {}}, {}]
data = msgpack.packb({"outputs": outputs})
for fd in wires():
    os.write(fd, struct.pack(">I", len(data)) + data)


# %%
@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        super().__init__()

    def call(self, inputs):
        return inputs
