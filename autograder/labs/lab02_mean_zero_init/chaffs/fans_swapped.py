"""You have fan_in and fan_out the wrong way round: the last axis of a kernel counts the units that
it feeds, the one before it the units that it reads."""

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
    return int(receptive_field * channels_out), int(receptive_field * channels_in)
