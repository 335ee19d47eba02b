"""What the oracles are held against: plain NumPy in float64, by other ways than theirs."""

import math

import numpy as np

from autograder import truth
from layerlab.compare import wrong_elements

SEEDS = [1, 2]
STEP = 1e-30


def asked(cases, function):
    """Those of the cases, with their truth, that call a function."""
    return [(c, truth) for c, truth in cases if (c.target, c.probe) == (function, "function")]


def close(found, other):
    scale = np.nanmax(np.abs(np.where(np.isfinite(other), other, 0)), initial=1e-300)
    np.testing.assert_allclose(found, other, rtol=1e-12, atol=1e-12 * scale)


def agree(case, expected, other):
    """The truth about a case and another value of it in float64 differ by rounding in float64.

    A bound is a multiple of the eps that the case computes with; each of the two is allowed the
    same multiple of float64's.
    """
    dtype = case.options.get("policy", "float32").removeprefix("mixed_")
    share = 2 * np.finfo(np.float64).eps / np.finfo(dtype).eps
    assert expected.value.shape == other.shape, case.key
    assert not wrong_elements(expected.value, other, share * expected.bound).any(), case.key


def caught(expected, relative):
    """Which elements of the truth are called wrong if they are off by this share."""
    return wrong_elements(expected.value, expected.value * (1 + relative), expected.bound)


def large(expected, share=0.1):
    """Elements that are not the small remainder of a cancellation."""
    return np.abs(expected.value) > share * np.abs(expected.value).max()


def kept(course, lab):
    """The hidden cases for the course's seed, with their truth: on disk once they are proved."""
    known = truth.load(course, lab)
    return [(case, known.expected[case.key]) for case in known.cases]


def gradients(function, arrays, cotangent):
    """Gradients of sum(function(*arrays) * cotangent), by differences along the imaginary axis.

    The central difference with a step of ih is Im f(x + ih) / h for a real function: nothing
    cancels, so that h can be too small for any error but rounding (Squire and Trapp 1998, Using
    complex variables to estimate derivatives of real functions).
    """
    found = []
    for place, array in enumerate(arrays):
        gradient = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            moved = list(arrays)
            moved[place] = array.astype(complex)
            moved[place][index] += 1j * STEP
            gradient[index] = (function(*moved).imag * cotangent).sum() / STEP
        found.append(gradient)
    return found


def windows(x, size, strides=(1, 1), rates=(1, 1), padding="valid"):
    """What each output sees: (batch, rows, columns, kh, kw, channels), zero beside the picture."""
    for axis, k, s, d in zip((1, 3), size, strides, rates, strict=True):
        length, span = x.shape[axis], (k - 1) * d + 1
        places, missing = len(range(0, length - span + 1, s)), 0
        if padding == "same":
            places = math.ceil(length / s)
            missing = max((places - 1) * s + span - length, 0)
        border = [(0, 0)] * x.ndim
        border[axis] = (missing // 2, missing - missing // 2)
        seen = s * np.arange(places)[:, np.newaxis] + d * np.arange(k)
        x = np.take(np.pad(x, border), seen, axis=axis)
    return x.transpose(0, 1, 3, 2, 4, 5)


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)
