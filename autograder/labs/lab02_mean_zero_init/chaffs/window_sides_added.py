"""You add up the sides of the window where the number of its positions is wanted, which is their
product."""


def compute_fans(shape):
    """Computes the number of input and output units of a weight's shape."""
    shape = tuple(shape)
    if len(shape) == 0:
        return 1, 1
    if len(shape) == 1:
        return int(shape[0]), int(shape[0])
    *window, channels_in, channels_out = shape
    receptive_field = sum(window) if window else 1
    return int(receptive_field * channels_in), int(receptive_field * channels_out)
