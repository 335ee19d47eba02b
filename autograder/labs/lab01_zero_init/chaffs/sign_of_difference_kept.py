"""You forget the absolute value: a column that is smaller than another is different, too."""

import numpy as np


def distinct_units(kernel, tolerance=1e-6):
    """Counts the different hidden units, that is, the different columns of a kernel."""
    kept = []
    for column in np.transpose(kernel):
        if all(np.max(column - other) > tolerance for other in kept):
            kept.append(column)
    return len(kept)
