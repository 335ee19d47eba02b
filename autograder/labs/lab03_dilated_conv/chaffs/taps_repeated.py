"""You fill the gaps with copies of the taps, as if the kernel were a picture to be enlarged;
between the taps there are zeros."""

import tensorflow as tf


def dilate_kernel(kernel, rate):
    """A kernel with its taps repeated."""
    kernel = tf.convert_to_tensor(kernel)
    down, right = (rate, rate) if isinstance(rate, int) else rate
    height, width = kernel.shape[:2]
    wide = tf.repeat(tf.repeat(kernel, down, axis=0), right, axis=1)
    return wide[: (height - 1) * down + 1, : (width - 1) * right + 1]
