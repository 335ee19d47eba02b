"""`Case`: as data and back, its size, its line for a reader."""

import dataclasses

import numpy as np
import pytest

from layerlab import arrays
from layerlab.case import Case

CASE = Case(
    "plain-0",
    "plain",
    "Layer",
    config={"kernel_size": (3, 2), "padding": "same"},
    inputs=(np.ones((1, 4, 4, 2), np.float32), (3, 4), "text"),
    weights=(np.zeros((3, 2, 2, 1), np.float32),),
    cotangent=np.ones(3, np.float32),
    options={"mode": "xla"},
)


def test_as_data_and_back():
    data = CASE.as_data()
    assert Case.from_data(data).as_data().keys() == data.keys()
    np.testing.assert_equal(Case.from_data(data).as_data(), data)


def test_data_holds_only_plain_containers_and_arrays():
    data = CASE.as_data()
    assert type(data["config"]) is dict and type(data["options"]) is dict
    assert type(data["inputs"]) is list and type(data["weights"]) is list


def test_through_a_file_and_back(tmp_path):
    arrays.dump(CASE.as_data(), tmp_path / "case.json")
    found = Case.from_data(arrays.load(tmp_path / "case.json"))
    assert found.inputs[0].tobytes() == CASE.inputs[0].tobytes()
    assert found.inputs[1] == [3, 4]
    assert found.options == {"mode": "xla"}


def test_a_case_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        CASE.key = "other"


@pytest.mark.parametrize(
    ("inputs", "weights", "size"),
    [((), (), 0), ((np.ones((2, 3)),), (), 6), ((np.ones(2), (3, 4)), (np.ones((1, 5)),), 7)],
)
def test_size_counts_the_elements_of_arrays(inputs, weights, size):
    assert Case("k", "g", "t", inputs=inputs, weights=weights).size == size


def test_description_names_arguments_shapes_and_options():
    line = CASE.describe()
    assert line == (
        "kernel_size=(3, 2), padding='same', input (1, 4, 4, 2) float32, (3, 4), 'text', mode 'xla'"
    )


def test_a_list_is_described_as_a_tuple():
    assert Case("k", "g", "t", config={"strides": [1, 2]}).describe() == "strides=(1, 2)"


def test_no_arguments_are_said():
    assert Case("k", "g", "t").describe() == "no arguments"


def test_unknown_fields_are_refused():
    with pytest.raises(TypeError):
        Case.from_data({**CASE.as_data(), "expected": 1})


def test_a_made_object_is_described_with_what_it_is_made_of():
    layer = {"make": "keras.layers.Conv2D", "config": {"filters": 1, "kernel_size": [3, 2]}}
    model = {"make": "keras.Sequential", "config": {"layers": [layer, layer]}}
    conv = "Conv2D(filters=1, kernel_size=(3, 2))"
    line = Case("k", "g", "t", inputs=(model,)).describe()
    assert line == f"Sequential(layers={conv}, {conv})"


def test_a_description_leaves_out_what_results_are_called():
    options = {"training": True, "weight_names": ("a", "b")}
    assert Case("k", "g", "t", options=options).describe() == "training True"
