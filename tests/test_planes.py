"""`planes`: the grids that a reader can look at."""

import numpy as np
import pytest

from layerlab.planes import MOST_PLANES, MOST_ROWS, grid, left_out, places, planes


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


def where(shape, *indices):
    wrong = np.zeros(shape, bool)
    for index in indices:
        wrong[index] = True
    return wrong


def test_only_grids_with_something_wrong_are_shown():
    wrong = where((1, 2, 2, 9), (0, 1, 1, 2), (0, 0, 0, 8))
    found = [title for title, _ in planes("x", np.zeros(wrong.shape), wrong)]
    assert found == ["x[0, :, :, 2]", "x[0, :, :, 8]"]
    assert left_out("x", wrong) == 0


def test_how_many_more_are_wrong_is_known():
    wrong = np.ones((2, 2, 2, 3), bool)
    assert len(list(planes("x", wrong, wrong))) == MOST_PLANES
    assert left_out("x", wrong) == 2


@pytest.mark.parametrize("place", [(0, 0, 0, 0), (0, 30, 5, 0), (0, 49, 59, 0)])
def test_of_a_large_grid_the_part_with_the_error_is_shown(place):
    wrong = where((1, 50, 60, 1), place)
    ((title, index),) = planes("x", np.zeros(wrong.shape), wrong)
    rows, columns = places(index)
    assert len(rows) == len(columns) == MOST_ROWS
    assert place[1] in rows and place[2] in columns
    assert grid(wrong, index)[place[1] - rows[0], place[2] - columns[0]]
    assert f"{rows[0]}:{rows[-1] + 1}, {columns[0]}:{columns[-1] + 1}" in title


@pytest.mark.parametrize(("shape", "sizes"), [((), (0, 0)), ((3,), (0, 3)), ((2, 3), (2, 3))])
def test_places_of_rows_and_columns(shape, sizes):
    ((_, index),) = planes("x", np.zeros(shape), np.ones(shape, bool))
    assert tuple(map(len, places(index))) == sizes
