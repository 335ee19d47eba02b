"""You compare the rows of the kernel: a row holds the weights out of one feature, a column holds
the weights into one unit."""

import numpy as np


def distinct_units(kernel, tolerance=1e-6):
    """Counts the different hidden units, that is, the different columns of a kernel."""
    kept = []
    for column in np.asarray(kernel):
        if all(np.max(np.abs(column - other)) > tolerance for other in kept):
            kept.append(column)
    return len(kept)
