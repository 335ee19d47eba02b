"""You add the counts of the rows and of the columns; each of the rows that touch a pixel meets each
of the columns, so the counts are multiplied."""

import numpy as np


def overlap_counts(size, kernel_size, stride):
    """Counts the input pixels that touch each output pixel."""
    side = (size - 1) * stride + max(kernel_size, stride)
    along = np.zeros(side, int)
    for pixel in range(size):
        along[pixel * stride : pixel * stride + kernel_size] += 1
    return np.add.outer(along, along)
