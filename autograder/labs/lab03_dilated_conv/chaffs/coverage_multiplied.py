"""You multiply the shares of the single layers; a layer can fill the gaps of another, so look at
where all taps together end up."""


def tap_coverage(kernel_size, rates):
    """Share of the receptive field, layer by layer."""
    share = 1.0
    for rate in rates:
        share *= (kernel_size / ((kernel_size - 1) * rate + 1)) ** 2
    return share
