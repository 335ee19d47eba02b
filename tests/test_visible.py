"""`VisibleCases`: the data file beside a notebook."""

import json

import numpy as np
import pytest

from autograder import visible
from autograder.errors import UsageError
from layerlab.case import Case
from layerlab.compare import Expected
from layerlab.visible import FILENAME, VisibleCases, as_shipped, find


@pytest.fixture(params=["lab02_mean_zero_init", "lab06_depthwise_conv"])
def released(request, course):
    return course.root / "labs" / request.param / FILENAME


def test_the_file_reads_and_writes_the_same_bytes(released, tmp_path):
    VisibleCases.load(released).save(tmp_path / FILENAME)
    assert (tmp_path / FILENAME).read_bytes() == released.read_bytes()


def test_every_case_has_a_truth(released):
    visible = VisibleCases.load(released)
    assert visible.cases.keys() == visible.expectations.keys()
    assert all(visible.expectations.values())


def test_a_whole_number_keeps_the_tolerance_that_the_contract_grants(course):
    visible = VisibleCases.load(course.root / "labs" / "lab02_mean_zero_init" / FILENAME)
    gains = [key for key, case in visible.cases.items() if case.target == "variance_gain"]
    for key in gains:
        expected = visible.expectations[key]["value"]
        assert expected.bound / expected.value > 0.004
    assert any(visible.expectations[key]["value"].value == 2 for key in gains)


def test_misconceptions_are_of_known_cases_and_show_no_code(released):
    visible = VisibleCases.load(released)
    for misconception in visible.misconceptions:
        assert misconception.message
        assert misconception.observations.keys() <= visible.cases.keys()
        for observation in misconception.observations.values():
            assert not observation.get("error", {}).get("text")
            assert "line" not in observation.get("error", {})


def test_an_observation_is_shipped_without_lines_and_texts():
    error = {"type": "ValueError", "where": "call", "line": "secret = 1", "text": "secret"}
    shipped = as_shipped({"output": 1, "error": error})
    assert shipped == {"output": 1, "error": {"type": "ValueError", "where": "call", "text": ""}}


def test_a_missing_file_says_where_it_belongs(tmp_path):
    with pytest.raises(FileNotFoundError, match="keep it beside the notebook"):
        find(tmp_path)


def first_case(**changes):
    def change(data):
        case = {**data["cases"][0], **changes}
        return {**data, "cases": [{k: v for k, v in case.items() if v is not ...}]}

    return change


OVERFLOW = {"output": {"value": {"__array__": ["int8", [1], [300]]}}}
DAMAGE = {
    "another schema": lambda data: {**data, "schema": 99},
    "a list": lambda data: [data],
    "nothing": lambda data: None,
    "no schema": lambda data: {k: v for k, v in data.items() if k != "schema"},
    "no lab": lambda data: {k: v for k, v in data.items() if k != "lab"},
    "no cases": lambda data: {k: v for k, v in data.items() if k != "cases"},
    "no misconceptions": lambda data: {k: v for k, v in data.items() if k != "misconceptions"},
    "cases a number": lambda data: {**data, "cases": 5},
    "cases of numbers": lambda data: {**data, "cases": [5]},
    "cases a text": lambda data: {**data, "cases": "text"},
    "misconceptions of numbers": lambda data: {**data, "misconceptions": [5]},
    "no hints": lambda data: {k: v for k, v in data.items() if k != "hints"},
    "hints a list": lambda data: {**data, "hints": []},
    "hints without questions": lambda data: {**data, "hints": {"steps": {}}},
    "steps a text": lambda data: {**data, "hints": {"steps": {"x": "abc"}, "questions": {}}},
    "steps of numbers": lambda data: {**data, "hints": {"steps": {"x": [1]}, "questions": {}}},
    "questions of lists": lambda data: {**data, "hints": {"steps": {}, "questions": {"x": []}}},
    "case without a key": first_case(key=...),
    "case without a case": first_case(case=...),
    "case of other fields": first_case(case={"a": 1}),
    "case a list": first_case(case=[1]),
    "case without a truth": first_case(expected=...),
    "truth a list": first_case(expected=[1]),
    "truth a text": first_case(expected="text"),
    "truth nothing": first_case(expected=None),
    "truth of an aspect a list": first_case(expected={"output": [1]}),
    "truth without a value": first_case(expected={"output": {"rule": "value"}}),
    "a number that its type cannot hold": first_case(expected=OVERFLOW),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_says_what_to_do(course, tmp_path, name):
    data = json.loads((course.root / "labs" / "lab06_depthwise_conv" / FILENAME).read_text())
    path = tmp_path / FILENAME
    path.write_text(json.dumps(DAMAGE[name](data)))
    with pytest.raises(ValueError, match="copy it anew from the released lab"):
        VisibleCases.load(path)


@pytest.mark.parametrize("text", ["", "<html></html>", '{"cases":[{"case":{"config"'])
def test_a_file_that_is_no_json_says_what_to_do(tmp_path, text):
    path = tmp_path / FILENAME
    path.write_text(text)
    with pytest.raises(ValueError, match="copy it anew from the released lab"):
        VisibleCases.load(path)


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / FILENAME
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="copy it anew"):
        VisibleCases.load(path)


def test_a_whole_number_keeps_its_bound_unless_whole_numbers_make_it():
    truth = {"value": Expected(np.asarray(2.0), np.asarray(0.01))}
    made = Case("k", "visible", "f", inputs=(np.asarray([1.0, 2.0]),))
    (exact,) = visible._readable(made, truth).values()
    assert exact.bound is None
    (kept,) = visible._readable(Case("k", "visible", "f", inputs=("relu",)), truth).values()
    assert kept.bound >= 0.01


def test_a_release_whose_solution_fails_a_visible_case_is_refused(lab06):
    truth = {"k": {"output": Expected(np.zeros(2))}}
    visible._prove(lab06, {"k": {"output": np.zeros(2)}}, truth)
    with pytest.raises(UsageError, match="fails its own visible case k: The output is wrong in 1"):
        visible._prove(lab06, {"k": {"output": np.array([0.0, 1.0])}}, truth)
