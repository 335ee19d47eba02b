"""`arrays`: what is written reads back bit for bit, and is the same text everywhere."""

import json

import numpy as np
import pytest

from layerlab import arrays

ARRAYS = {
    "whole": np.array([[1.0, -2.0], [3.0, 4096.0]], np.float32),
    "fractions": np.array([0.1, 1 / 3, 1e-45, 3.4e38], np.float32),
    "double": np.array([0.1, np.pi, 5e-324, 1.7e308]),
    "half": np.array([0.1, 65504.0, 6e-8], np.float16),
    "whole numbers": np.array([[-(2**40), 2**40]], np.int64),
    "truth values": np.array([True, False]),
    "not finite": np.array([np.nan, np.inf, -np.inf]),
    "scalar": np.asarray(2.5),
    "empty": np.zeros((0, 4), np.float32),
    "rank 5": np.arange(24.0).reshape(1, 2, 3, 4, 1),
}


def round_trip(value, tmp_path):
    path = tmp_path / "data.json"
    arrays.dump(value, path)
    return arrays.load(path)


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_read_back_bit_for_bit(name, tmp_path):
    array = ARRAYS[name]
    found = round_trip({"x": array}, tmp_path)["x"]
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.tobytes() == array.tobytes()


def test_zero_loses_its_sign(tmp_path):
    """Nothing that is compared depends on it, and a card that says -0 puzzles."""
    assert np.signbit(round_trip(np.array([-0.0, -0.5]), tmp_path)).tolist() == [False, True]


def test_plain_data_reads_back(tmp_path):
    data = {"a": [1, 2.5, None, True, 'ünï "quoted"'], "b": {"c": {}}, "d": []}
    assert round_trip(data, tmp_path) == data


def test_tuples_come_back_as_lists(tmp_path):
    assert round_trip((1, (2, 3)), tmp_path) == [1, [2, 3]]


def test_text_that_looks_like_the_layout_is_left_alone(tmp_path):
    data = [{"key": 'a {"key": b', "message": '{"key":"x"}'}]
    assert round_trip(data, tmp_path) == data


def test_the_same_content_gives_the_same_bytes(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    arrays.dump({"a": ARRAYS["fractions"], "b": 1}, one)
    arrays.dump({"a": ARRAYS["fractions"].copy(), "b": 1}, other)
    assert one.read_bytes() == other.read_bytes()


def test_memory_order_does_not_matter(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    array = np.arange(6.0).reshape(2, 3)
    arrays.dump(array, one)
    arrays.dump(np.asfortranarray(array), other)
    assert one.read_bytes() == other.read_bytes()


def test_a_second_round_trip_changes_no_byte(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    arrays.dump(ARRAYS, one)
    arrays.dump(arrays.load(one), other)
    assert one.read_bytes() == other.read_bytes()


def test_whole_floats_are_written_short(tmp_path):
    path = tmp_path / "data.json"
    arrays.dump(ARRAYS["whole"], path)
    assert json.loads(path.read_text())["__array__"][2] == [1, -2, 3, 4096]
    assert "." not in path.read_text().replace("__", "")


def test_the_file_ends_with_a_newline(tmp_path):
    path = tmp_path / "data.json"
    arrays.dump([], path)
    assert path.read_bytes() == b"[]\n"


@pytest.mark.parametrize("text", ["", "{", "not json", '{"__array__":["float32",[2],[1]]}'])
def test_what_dump_did_not_write_is_a_value_error(text, tmp_path):
    path = tmp_path / "data.json"
    path.write_text(text)
    with pytest.raises(ValueError):
        arrays.load(path)


def test_an_object_array_is_not_loaded(tmp_path):
    path = tmp_path / "data.json"
    path.write_text('{"__array__":["unknown",[1],[1]]}')
    with pytest.raises((ValueError, TypeError)):
        arrays.load(path)
