"""`planes`: the grids that a reader can look at."""

import numpy as np
import pytest

from layerlab.planes import MOST_PLANES, MOST_ROWS, grid, planes


def titles(name, array):
    return [title for title, _ in planes(name, array)]


def test_a_picture_is_cut_by_batch_and_channel():
    array = np.arange(12).reshape(1, 2, 3, 2)
    assert titles("output", array) == ["output[0, :, :, 0]", "output[0, :, :, 1]"]
    (_, first), (_, second) = planes("output", array)
    assert np.array_equal(grid(array, first), array[0, :, :, 0])
    assert np.array_equal(grid(array, second), array[0, :, :, 1])


def test_a_kernel_is_cut_by_its_channels():
    array = np.zeros((3, 2, 1, 2))
    assert titles("gradient of kernel", array) == [
        "gradient of kernel[:, :, 0, 0]",
        "gradient of kernel[:, :, 0, 1]",
    ]


@pytest.mark.parametrize(
    ("shape", "shown"), [((), (1, 1)), ((3,), (1, 3)), ((2, 3), (2, 3)), ((2, 2, 3), (2, 3))]
)
def test_other_ranks_show_their_last_two_axes(shape, shown):
    array = np.zeros(shape)
    (_, index), *_ = planes("x", array)
    assert grid(array, index).shape == shown


def test_a_matrix_needs_no_index():
    assert titles("x", np.zeros((2, 3))) == ["x"]


def test_only_the_first_few_grids():
    assert len(titles("x", np.zeros((9, 2, 2, 9)))) == MOST_PLANES


def test_large_grids_are_cut_off():
    array = np.zeros((1, 50, 60, 1))
    (_, index), *_ = planes("x", array)
    assert grid(array, index).shape == (MOST_ROWS, MOST_ROWS)


def test_an_empty_array_has_no_grid_to_show():
    assert titles("x", np.zeros((0, 2, 2, 1))) == []
