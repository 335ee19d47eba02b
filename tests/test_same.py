"""The same submission has the same result: whoever grades it, in which order, on which CPU."""

import pytest
from nbformat.v4 import new_code_cell

from autograder import bank, sandbox
from autograder.notebook import grade_id
from autograder.workers import Grader, Workers
from layerlab.compare import compare
from layerlab.diagnose import Misconception

WRONG = "kernel_flipped"
CRASHES = "import os\n\ndef equivalent_conv_kernel(kernel):\n    os.abort()\n"

CPUS = {
    "oneDNN": {"TF_ENABLE_ONEDNN_OPTS": "1"},
    "an older CPU": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
}
"""What makes TensorFlow compute as on another machine: its float32 sums end in other last bits."""


def crashing(lab):
    """One exercise is right, one ends the process, and so does a cell of its own."""
    notebook = bank.notebook(lab, lab.wheats[0])
    (cell,) = [cell for cell in notebook.cells if grade_id(cell) == "equivalent_conv_kernel"]
    cell.source = CRASHES
    notebook.cells.insert(2, new_code_cell("import os\nos._exit(1)"))
    return notebook


@pytest.fixture(scope="module")
def submissions(lab06):
    (wrong,) = [chaff for chaff in lab06.chaffs if chaff.name == WRONG]
    return {
        "right": lab06.solution,
        "wrong": bank.notebook(lab06, wrong),
        "crashing": crashing(lab06),
    }


@pytest.fixture(scope="module")
def misconceptions(grader, submissions):
    """The one of the wrong submission: no other chaff has to run for it."""
    seen = grader.examine(WRONG, submissions["wrong"]).observations
    expected = grader.truth.expected
    wrong = {key: answer for key, answer in seen.items() if compare(expected[key], answer)}
    return [Misconception(WRONG, "The kernel is flipped.", wrong)]


def without_seconds(data):
    """A result as data, but for the time that it took."""
    if isinstance(data, dict):
        return {key: without_seconds(value) for key, value in data.items() if key != "seconds"}
    return [without_seconds(item) for item in data] if isinstance(data, list) else data


def told(results):
    return {result.submission: without_seconds(result.as_data()) for result in results}


@pytest.fixture(scope="module")
def first(course, lab06, submissions, misconceptions):
    """What one worker says, and what it says when it is asked again, in reversed order."""
    with pytest.MonkeyPatch.context() as patch:
        known(patch, misconceptions)
        with Workers(course, lab06, jobs=1) as workers:
            yield (
                told(workers.grade(submissions.items())),
                told(workers.grade(reversed(submissions.items()))),
            )


def known(patch, misconceptions):
    patch.setattr(bank, "known", lambda *_: True)
    patch.setattr(bank, "misconceptions", lambda *_: misconceptions)


def test_the_class_is_one_of_many_kinds(first):
    results, _ = first
    scores = {name: sum(cell["score"] or 0 for cell in results[name]["cells"]) for name in results}
    assert scores["right"] == 11 and 0 < scores["wrong"] < 11 and scores["crashing"] == 10
    named = {name for cell in results["wrong"]["cells"] for name in cell["misconceptions"]}
    assert named == {WRONG}
    assert {result["status"] for result in results.values()} == {"graded"}


def test_graded_again_in_another_order_it_is_the_same(first):
    assert first[0] == first[1]


def test_graded_by_three_workers_it_is_the_same(
    first, course, lab06, submissions, misconceptions, monkeypatch
):
    known(monkeypatch, misconceptions)
    with Workers(course, lab06, jobs=3) as workers:
        assert told(workers.grade(submissions.items())) == first[0]


@pytest.mark.parametrize("cpu", CPUS)
def test_graded_on_another_cpu_it_is_the_same(
    first, course, lab06, submissions, misconceptions, monkeypatch, cpu
):
    environment = sandbox._environment
    monkeypatch.setattr(sandbox, "_environment", lambda device: environment(device) | CPUS[cpu])
    known(monkeypatch, misconceptions)
    grader = Grader(course, lab06)
    try:
        results = [grader.grade(name, notebook) for name, notebook in submissions.items()]
    finally:
        grader.close()
    assert told(results) == first[0]
