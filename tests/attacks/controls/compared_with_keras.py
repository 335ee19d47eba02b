"""Compares its layer with Keras's in a cell of its own.

start: solution
deserves: full
flag: no
"""

# %%
x = np.random.default_rng(0).normal(size=(2, 6, 5, 3)).astype("float32")
mine, theirs = DepthwiseConv2D(3, padding="same"), keras.layers.DepthwiseConv2D(3, padding="same")
mine.build(x.shape)
theirs.build(x.shape)
mine.set_weights(theirs.get_weights())
assert np.allclose(mine(x), theirs(x), atol=1e-5)
print(float(tf.reduce_max(tf.abs(mine(x) - theirs(x)))))
