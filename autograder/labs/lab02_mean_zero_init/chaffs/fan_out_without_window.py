"""You multiply fan_in by the size of the window but not fan_out: going backward, each input unit
collects a gradient from every position of the window too."""

import math


def compute_fans(shape):
    """Computes the number of input and output units of a weight's shape."""
    shape = tuple(shape)
    if len(shape) == 0:
        return 1, 1
    if len(shape) == 1:
        return int(shape[0]), int(shape[0])
    *window, channels_in, channels_out = shape
    receptive_field = math.prod(window)  # 1 for a dense kernel
    return int(receptive_field * channels_in), int(channels_out)
