"""You count one window for every pixel of the picture; strides and `valid` padding leave fewer
places at which a window stands."""


def conv_cost(input_shape, filters, kernel_size, strides=1, padding="valid", use_bias=True):
    """Returns what an ordinary 2D convolution costs for one picture."""
    height, width, channels = input_shape
    kh, kw = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    places = height * width
    weights = kh * kw * channels * filters
    return weights + use_bias * filters, weights * places
