"""Binds the exercise's name to Keras's layer.

start: stub
deserves: nothing
flag: no
"""

# %%
DepthwiseConv2D = keras.layers.DepthwiseConv2D
