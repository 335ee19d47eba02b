"""You take the first singular value that is left out for the whole residual; all that are left out
count, as the root of the sum of their squares."""

import numpy as np


def separable_terms(kernel, rank):
    """Returns the sum of separable kernels that is closest to a kernel."""
    kernel = np.asarray(kernel)
    left, values, right = np.linalg.svd(kernel)
    columns = left[:, :rank] * values[:rank]
    rows = right[:rank]
    return columns, rows, np.append(values, 0)[rank]
