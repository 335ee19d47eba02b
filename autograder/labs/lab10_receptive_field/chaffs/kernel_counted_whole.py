"""You add the whole kernel for each layer; its first tap falls on pixels that were seen before, so
a layer adds one less."""


def minimum_depth(target, kernel_size, growth=1):
    """Returns the smallest number of layers whose receptive field reaches a size."""
    size, rate, depth = 0, 1, 0
    while size < target:
        size += kernel_size * rate
        rate *= growth
        depth += 1
    return depth if target > 1 else 0
