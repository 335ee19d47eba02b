"""You measure the length of the difference of two columns: the docstring asks for its largest
entry, so that many small differences do not add up."""

import numpy as np


def distinct_units(kernel, tolerance=1e-6):
    """Counts the different hidden units, that is, the different columns of a kernel."""
    kept = []
    for column in np.transpose(kernel):
        if all(np.linalg.norm(column - other) > tolerance for other in kept):
            kept.append(column)
    return len(kept)
