"""The bound of a sum of products: large enough for any order, no larger than it must be."""

import numpy as np
import pytest

from autograder.oracle import rounding_bound


def test_the_bound_grows_with_the_length_of_the_sum():
    short, long = (rounding_bound(np.ones(1), n, np.dtype("float32"))[0] for n in (9, 900))
    assert 80 < long / short < 100
    assert short == pytest.approx(11 * 2.0**-23, rel=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_long_sums_stay_within_the_bound(dtype):
    rng = np.random.default_rng(0)
    for n in (3, 50, 700):
        a, b = (rng.normal(size=(200, n)).astype(dtype) for _ in range(2))
        total = np.zeros(200, dtype)
        for i in range(n):
            total = total + a[:, i] * b[:, i]
        exact = (a.astype(np.longdouble) * b.astype(np.longdouble)).sum(1)
        magnitude = np.abs(a.astype(float) * b.astype(float)).sum(1)
        error = np.abs(total.astype(np.longdouble) - exact)
        assert (error <= rounding_bound(magnitude, n, np.dtype(dtype))).all()
