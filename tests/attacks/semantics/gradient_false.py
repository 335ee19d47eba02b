"""An honest layer with a gradient of its own that is wrong.

start: solution
deserves: 7.5
flag: no
"""


# %%
@tf.custom_gradient
def ones_back(y):
    return y, lambda dy: tf.ones_like(dy)


honest = DepthwiseConv2D.call


def call(self, inputs):
    return ones_back(honest(self, inputs))


DepthwiseConv2D.call = call
