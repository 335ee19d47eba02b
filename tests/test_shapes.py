"""`shapes`: sizes by TensorFlow's rule, against a window that is slid by hand."""

from itertools import product

import pytest

from autograder.shapes import output_length, pair, same_padding

SETTINGS = list(product(range(1, 9), (1, 2, 3, 4), (1, 2, 3), (1, 2, 3)))


@pytest.mark.parametrize(("size", "window", "stride", "dilation"), SETTINGS[::5])
def test_valid_counts_the_windows_that_fit(size, window, stride, dilation):
    reach = (window - 1) * dilation + 1
    places = [start for start in range(0, size, stride) if start + reach <= size]
    assert output_length(size, window, stride, dilation, "valid") == len(places)


@pytest.mark.parametrize(("size", "window", "stride", "dilation"), SETTINGS[::5])
def test_same_padding_makes_the_window_fit_as_often(size, window, stride, dilation):
    front, behind = same_padding(size, window, stride, dilation)
    assert behind - front in (0, 1)
    places = output_length(size, window, stride, dilation, "same")
    assert places == len(range(0, size, stride))
    padded = size + front + behind
    assert output_length(padded, window, stride, dilation, "valid") >= places


@pytest.mark.parametrize(("value", "expected"), [(3, (3, 3)), ((1, 2), (1, 2)), ([4, 5], (4, 5))])
def test_pair(value, expected):
    assert pair(value) == expected


@pytest.mark.parametrize("value", [(1,), (1, 2, 3)])
def test_what_is_no_pair(value):
    with pytest.raises(ValueError):
        pair(value)
