"""You give every tap its zeros, the last one too; the dilated kernel ends with its last tap."""

import tensorflow as tf


def dilate_kernel(kernel, rate):
    """A kernel with zeros between its taps."""
    kernel = tf.convert_to_tensor(kernel)
    down, right = (rate, rate) if isinstance(rate, int) else rate
    height, width, *rest = kernel.shape
    cells = tf.reshape(kernel, (height, 1, width, 1, *rest))
    cells = tf.pad(cells, [(0, 0), (0, down - 1), (0, 0), (0, right - 1)] + [(0, 0)] * len(rest))
    return tf.reshape(cells, (height * down, width * right, *rest))
