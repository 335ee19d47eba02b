"""You read a convolution kernel as if its channels were its first two axes; in Keras the window
comes first, then the input channels, then the output channels."""

import math


def compute_fans(shape):
    """Computes the number of input and output units of a weight's shape."""
    shape = tuple(shape)
    if len(shape) == 0:
        return 1, 1
    if len(shape) == 1:
        return int(shape[0]), int(shape[0])
    if len(shape) == 2:
        return int(shape[0]), int(shape[1])
    channels_out, channels_in, *window = shape
    receptive_field = math.prod(window)
    return int(receptive_field * channels_in), int(receptive_field * channels_out)
