"""You put zeros behind the last pixel too; they belong between pixels only, and the grid ends with
a pixel."""

import tensorflow as tf


def insert_zeros(x, strides):
    """Returns a picture with zeros between its pixels."""
    x = tf.convert_to_tensor(x)
    down, right = (strides, strides) if isinstance(strides, int) else strides
    _, height, width, channels = x.shape
    # Give every pixel a cell of `down` x `right` numbers of its own: itself and zeros.
    cells = tf.reshape(x, (-1, height, 1, width, 1, channels))
    cells = tf.pad(cells, [(0, 0), (0, 0), (0, down - 1), (0, 0), (0, right - 1), (0, 0)])
    grid = tf.reshape(cells, (-1, height * down, width * right, channels))
    return grid
