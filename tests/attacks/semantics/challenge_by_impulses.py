"""Solves the challenge by sending impulses through the built-in.

start: stub
deserves: nothing
flag: no
"""


# %%
def equivalent_conv_kernel(kernel):
    kernel = tf.convert_to_tensor(kernel)
    height, width, channels, _ = kernel.shape
    impulses = tf.eye(channels, dtype=kernel.dtype)[:, None, None, :]
    around = [(0, 0), (height - 1, height - 1), (width - 1, width - 1), (0, 0)]
    answer = tf.nn.depthwise_conv2d(tf.pad(impulses, around), kernel, (1, 1, 1, 1), "VALID")
    return tf.transpose(answer[:, ::-1, ::-1, :], (1, 2, 0, 3))
