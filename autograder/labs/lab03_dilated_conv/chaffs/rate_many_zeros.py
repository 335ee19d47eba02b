"""You put `rate` zeros between two taps of the kernel; taps that are `rate` pixels apart have one
less between them."""

import tensorflow as tf


def dilate_kernel(kernel, rate):
    """A kernel with zeros between its taps."""
    kernel = tf.convert_to_tensor(kernel)
    down, right = (rate, rate) if isinstance(rate, int) else rate
    down, right = down + 1, right + 1
    height, width, *rest = kernel.shape
    cells = tf.reshape(kernel, (height, 1, width, 1, *rest))
    cells = tf.pad(cells, [(0, 0), (0, down - 1), (0, 0), (0, right - 1)] + [(0, 0)] * len(rest))
    wide = tf.reshape(cells, (height * down, width * right, *rest))
    return wide[: (height - 1) * down + 1, : (width - 1) * right + 1]
