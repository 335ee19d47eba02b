"""The same submission has the same result: whoever grades it, in which order, on which CPU."""

import pytest
from nbformat.v4 import new_code_cell

from autograder import bank, sandbox
from autograder.notebook import grade_id
from autograder.workers import Grader, Workers
from layerlab.compare import compare
from layerlab.diagnose import Misconception

WINDOWS = "windows_gathered"
"""A right solution whose float32 sums end in other last bits with oneDNN than without."""
FLIPPED = "kernel_flipped"
OTHER_CPU = {"TF_ENABLE_ONEDNN_OPTS": "1", "ONEDNN_MAX_CPU_ISA": "ALL"}
"""What makes TensorFlow add up in another order, as it does on another kind of CPU."""


def named(entries, name):
    (entry,) = [entry for entry in entries if entry.name == name]
    return entry


@pytest.fixture(scope="module")
def submissions(lab06):
    """One that is right, one with the kernel flipped, one that ends its process in two places."""

    def submission(name, old, new):
        notebook = bank.notebook(lab06, named(lab06.wheats, WINDOWS))
        (cell,) = [cell for cell in notebook.cells if grade_id(cell) == name]
        assert old in cell.source
        cell.source = cell.source.replace(old, new)
        return notebook

    crashes = "import os\nos.abort()\nreturn"
    crashing = submission("equivalent_conv_kernel", "return", crashes.replace("\n", "\n    "))
    crashing.cells.insert(2, new_code_cell("import os\nos._exit(1)"))
    return {
        "right": submission("depthwise_conv2d", "", ""),
        "wrong": submission("depthwise_conv2d", "windows, kernel)", "windows, kernel[::-1, ::-1])"),
        "crashing": crashing,
    }


@pytest.fixture(scope="module")
def misconceptions(grader, lab06):
    """The one of the wrong submission, as another layer has it: no other chaff has to run."""
    chaff, expected = named(lab06.chaffs, FLIPPED), grader.truth.expected
    seen = grader.examine(FLIPPED, bank.notebook(lab06, chaff)).observations
    wrong = {key: answer for key, answer in seen.items() if compare(expected[key], answer)}
    return [Misconception(FLIPPED, chaff.message, wrong)]


@pytest.fixture(autouse=True)
def known(misconceptions, monkeypatch):
    know(monkeypatch, misconceptions)


def know(patch, misconceptions):
    patch.setattr(bank, "known", lambda *_: True)
    patch.setattr(bank, "misconceptions", lambda *_: misconceptions)


def without_seconds(data):
    """A result as data, but for the time that it took."""
    if isinstance(data, dict):
        return {key: without_seconds(value) for key, value in data.items() if key != "seconds"}
    return [without_seconds(item) for item in data] if isinstance(data, list) else data


def told(results):
    return {result.submission: without_seconds(result.as_data()) for result in results}


@pytest.fixture(scope="module")
def twice(course, lab06, submissions, misconceptions):
    """What one worker says, and what it says when it is asked again, in reversed order."""
    with pytest.MonkeyPatch.context() as patch:
        know(patch, misconceptions)
        with Workers(course, lab06, jobs=1) as workers:
            first = told(workers.grade(submissions.items()))
            return first, told(workers.grade(reversed(submissions.items())))


def test_the_class_is_one_of_many_kinds(twice):
    results, _ = twice
    scores = {name: sum(cell["score"] or 0 for cell in results[name]["cells"]) for name in results}
    assert {result["status"] for result in results.values()} == {"graded"}
    assert scores["right"] == 11 and 0 < scores["wrong"] < 11 and scores["crashing"] == 10
    found = [name for cell in results["wrong"]["cells"] for name in cell["misconceptions"]]
    assert {*found} == {FLIPPED}


def test_graded_again_in_another_order_it_is_the_same(twice):
    assert twice[0] == twice[1]


def test_graded_by_three_workers_it_is_the_same(twice, course, lab06, submissions):
    with Workers(course, lab06, jobs=3) as workers:
        assert told(workers.grade(submissions.items())) == twice[0]


def test_graded_on_another_cpu_it_is_the_same(twice, course, lab06, submissions, monkeypatch):
    environment = sandbox.environment
    monkeypatch.setattr(sandbox, "environment", lambda device: environment(device) | OTHER_CPU)
    grader = Grader(course, lab06)
    try:
        results = [grader.grade(name, notebook) for name, notebook in submissions.items()]
    finally:
        grader.close()
    assert told(results) == twice[0]
