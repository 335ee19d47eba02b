"""What the oracles are held against: plain NumPy in float64, by other ways than theirs."""

import numpy as np

SEEDS = [1, 2]


def close(found, other):
    scale = np.nanmax(np.abs(np.where(np.isfinite(other), other, 0)), initial=1e-300)
    np.testing.assert_allclose(found, other, rtol=1e-12, atol=1e-12 * scale)
