"""You return the share along one axis; the receptive field is a square, and a pixel is seen if
both its row and its column are reached."""


def tap_coverage(kernel_size, rates):
    """Share of the receptive field that is seen."""
    reached = {0}
    for rate in rates:
        reached = {place + tap * rate for place in reached for tap in range(kernel_size)}
    side = max(reached) - min(reached) + 1
    return len(reached) / side
