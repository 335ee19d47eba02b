"""You count only the channels of a convolution kernel: each output unit also sums over every
position of the window, so both fans grow with the height and width of the kernel."""


def compute_fans(shape):
    """Computes the number of input and output units of a weight's shape."""
    shape = tuple(shape)
    if len(shape) == 0:
        return 1, 1
    if len(shape) == 1:
        return int(shape[0]), int(shape[0])
    *_, channels_in, channels_out = shape
    return int(channels_in), int(channels_out)
