"""You give a vector of weights, such as a bias, one input unit; by the convention here both of its
fans are its length."""

import math


def compute_fans(shape):
    """Computes the number of input and output units of a weight's shape."""
    shape = tuple(shape)
    if len(shape) == 0:
        return 1, 1
    if len(shape) == 1:
        return 1, int(shape[0])
    *window, channels_in, channels_out = shape
    receptive_field = math.prod(window)  # 1 for a dense kernel
    return int(receptive_field * channels_in), int(receptive_field * channels_out)
