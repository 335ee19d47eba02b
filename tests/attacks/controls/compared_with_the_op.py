"""Defines a reference by TensorFlow's op, and compares gradients with it.

start: solution
deserves: full
flag: no
"""


# %%
def reference(x, kernel):
    return tf.nn.depthwise_conv2d(x, kernel, (1, 1, 1, 1), "SAME")


x = tf.random.stateless_normal((1, 5, 5, 2), (1, 2))
layer = DepthwiseConv2D(3, padding="same", use_bias=False)
layer.build(x.shape)
with tf.GradientTape(persistent=True) as tape:
    tape.watch(x)
    mine, theirs = layer(x), reference(x, layer.kernel)
print(np.allclose(tape.gradient(mine, x), tape.gradient(theirs, x), atol=1e-4))
