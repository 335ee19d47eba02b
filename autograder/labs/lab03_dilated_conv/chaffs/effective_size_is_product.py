"""You take the reach of a dilated kernel as taps times rate; the last tap is a single pixel, with
no gap after it."""


def effective_kernel_size(kernel_size, rate):
    """Over how many pixels the taps reach."""
    if isinstance(kernel_size, int) and isinstance(rate, int):
        return kernel_size * rate
    sizes = (kernel_size,) * 2 if isinstance(kernel_size, int) else kernel_size
    rates = (rate,) * 2 if isinstance(rate, int) else rate
    return tuple(k * d for k, d in zip(sizes, rates))
