"""You count the pointwise step at the pixels of the input; it works on what the depthwise step has
made, which strides and `valid` padding make smaller."""


def conv_cost(input_shape, filters, kernel_size, strides=1, padding="valid", use_bias=True):
    """Returns what an ordinary 2D convolution costs for one picture."""
    height, width, channels = input_shape
    kh, kw = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    sh, sw = (strides, strides) if isinstance(strides, int) else strides
    if padding == "valid":
        height, width = height - kh + 1, width - kw + 1
    places = -(-height // sh) * -(-width // sw)
    weights = kh * kw * channels * filters
    return weights + use_bias * filters, weights * places


def separable_cost(
    input_shape,
    filters,
    kernel_size,
    strides=1,
    padding="valid",
    use_bias=True,
    depth_multiplier=1,
):
    """Returns what a depthwise separable 2D convolution costs for one picture."""
    height, width, channels = input_shape
    filtered = channels * depth_multiplier
    taps, steps = conv_cost((height, width, 1), 1, kernel_size, strides, padding, use_bias=False)
    places = height * width
    parameters = filtered * taps + filtered * filters + use_bias * filters
    return parameters, filtered * steps + filtered * filters * places
