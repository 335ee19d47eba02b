"""You compare each column with the last new one only: a copy of an earlier column is counted
again."""

import numpy as np


def distinct_units(kernel, tolerance=1e-6):
    """Counts the different hidden units, that is, the different columns of a kernel."""
    kept = []
    for column in np.transpose(kernel):
        if all(np.max(np.abs(column - other)) > tolerance for other in kept[-1:]):
            kept.append(column)
    return len(kept)
