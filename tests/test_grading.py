"""Grading one notebook: what counts, what is said, and that nothing hidden is in it."""

import copy
import json
from dataclasses import replace

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell

from autograder import bank
from autograder.errors import MachineFault
from autograder.grading import Examination, judge
from autograder.notebook import grade_id, tags

OUTPUTS, GRADIENTS, CONTRACT = "depthwise_outputs", "depthwise_gradients", "depthwise_contract"
CHALLENGE, WRITTEN = "challenge_outputs", "written_answer"
EVERYTHING = {OUTPUTS: 4, GRADIENTS: 3, CONTRACT: 3, CHALLENGE: 1}


def cell_of(notebook, name):
    (cell,) = [cell for cell in notebook.cells if grade_id(cell) == name]
    return cell


def scores(result):
    assert result.status == "graded", result.reason
    return {cell.cell: cell.score for cell in result.cells if cell.score is not None}


def verdict(result, name):
    (cell,) = [cell for cell in result.cells if cell.cell == name]
    return cell


@pytest.fixture(scope="module")
def right(grader, lab06):
    return grader.grade("right", lab06.solution)


@pytest.fixture(scope="module")
def untouched(grader, lab06):
    return grader.grade("untouched", lab06.release)


@pytest.fixture(scope="module")
def chaff(grader, lab06):
    """The result of a chaff of this name, and its notebook."""
    known = {}

    def run(name):
        if name not in known:
            (entry,) = [entry for entry in lab06.chaffs if entry.name == name]
            known[name] = grader.grade(name, bank.notebook(lab06, entry))
        return known[name]

    return run


def test_the_solution_gets_full_marks(right):
    assert scores(right) == EVERYTHING
    assert (right.score, right.max_score) == (11, 11)
    assert {cell.status for cell in right.cells} == {"passed", "graded by hand"}


def test_the_stub_is_not_attempted(untouched):
    assert scores(untouched) == dict.fromkeys(EVERYTHING, 0)
    assert {cell.status for cell in untouched.cells} == {"not attempted", "graded by hand"}
    assert verdict(untouched, OUTPUTS).message == "This exercise was not attempted."


def test_cells_come_in_the_order_of_the_notebook(right):
    assert [cell.cell for cell in right.cells] == [
        OUTPUTS,
        GRADIENTS,
        CONTRACT,
        WRITTEN,
        CHALLENGE,
    ]


def test_a_person_grades_the_written_answer(right):
    cell = verdict(right, WRITTEN)
    assert (cell.score, cell.max_score, cell.status) == (None, 3, "graded by hand")


def test_the_summary_has_the_keys_that_were_promised(right):
    summary = right.summary()
    assert list(summary) == [
        "lab",
        "submission",
        "status",
        "reason",
        "device",
        "score",
        "max_score",
        "seconds",
        "cells",
    ]
    for cell in summary["cells"]:
        assert list(cell) == ["cell", "score", "max_score", "status", "message", "misconceptions"]
    assert summary["lab"] == "lab06_depthwise_conv" and summary["submission"] == "right"
    assert summary["status"] == "graded" and summary["reason"] == ""
    assert summary["device"] == "cpu" and summary["seconds"] > 0
    json.dumps(summary, allow_nan=False)


@pytest.mark.parametrize("name", ["kernel_detached", "bias_order_swapped"])
def test_a_doubt_costs_no_marks(grader, lab06, chaff, name):
    """Every case is looked at twice then, those of which only a part is right included."""
    (entry,) = [entry for entry in lab06.chaffs if entry.name == name]
    notebook = bank.notebook(lab06, entry)
    notebook.cells.insert(2, new_code_cell("import os, threading\nx = os.getcwd()"))
    result = grader.grade(name, notebook)
    assert scores(result) == scores(chaff(name)) and 0 < result.score < result.max_score
    assert result.conduct == []


def test_grading_twice_gives_the_same(grader, lab06, chaff):
    (entry,) = [entry for entry in lab06.chaffs if entry.name == "kernel_flipped"]
    again = grader.grade("kernel_flipped", bank.notebook(lab06, entry)).summary()
    first = chaff("kernel_flipped").summary()
    again.pop("seconds"), first.pop("seconds")
    assert again == first


def test_a_syntax_error_in_one_cell_leaves_the_others_their_marks(grader, solution):
    cell_of(solution, "depthwise_conv2d").source = "class DepthwiseConv2D(:\n    pass"
    result = grader.grade("x", solution)
    assert scores(result) == {**dict.fromkeys(EVERYTHING, 0), CHALLENGE: 1}
    assert "SyntaxError" in verdict(result, OUTPUTS).message
    assert verdict(result, OUTPUTS).status == "failed"


def test_a_cell_that_raises_leaves_the_others_their_marks(grader, solution):
    cell_of(solution, "equivalent_conv_kernel").source = "1 / 0"
    result = grader.grade("x", solution)
    assert scores(result) == {**EVERYTHING, CHALLENGE: 0}
    assert "ZeroDivisionError" in verdict(result, CHALLENGE).message
    assert "ZeroDivisionError" not in verdict(result, OUTPUTS).message


def test_a_cell_that_ends_the_process_leaves_the_others_their_marks(grader, solution):
    solution.cells.insert(2, new_code_cell("import os; os._exit(1)"))
    cell_of(solution, "equivalent_conv_kernel").source += "\nos._exit(1)"
    result = grader.grade("x", solution)
    assert scores(result)[OUTPUTS] == 4


def test_half_done_work_gets_part_of_the_marks(grader, solution):
    cell = cell_of(solution, "depthwise_conv2d")
    cell.source += (
        "\nclass _Mine(DepthwiseConv2D):\n"
        "    def call(self, x):\n"
        "        if self.padding == 'same':\n"
        "            raise NotImplementedError\n"
        "        return super().call(x)\n"
        "DepthwiseConv2D = _Mine\n"
    )
    result = grader.grade("x", solution)
    found = verdict(result, OUTPUTS)
    assert 0 < found.score < 4 and found.status == "partly passed"
    assert "tests pass" in found.message


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        (
            "equivalent_conv_kernel",
            "def equivalent_conv_kernel(kernel):\n"
            "    e = tf.eye(kernel.shape[2])[:, None, None, :]\n"
            "    e = tf.pad(e, [(0, 0)] + [(k - 1, k - 1) for k in kernel.shape[:2]] + [(0, 0)])\n"
            "    y = tf.nn.depthwise_conv2d(e, kernel, (1, 1, 1, 1), 'VALID')\n"
            "    return tf.transpose(y[:, ::-1, ::-1], (1, 2, 0, 3))\n",
            "tf.nn.depthwise_conv2d",
        ),
        (
            "depthwise_conv2d",
            "@keras.saving.register_keras_serializable(package='layerlab')\n"
            "class DepthwiseConv2D(keras.layers.DepthwiseConv2D):\n    pass\n",
            "DepthwiseConv2D",
        ),
    ],
    ids=["an op", "a subclass"],
)
def test_a_banned_op_earns_no_marks_and_is_named(grader, solution, name, source, said):
    cell_of(solution, name).source = source
    result = grader.grade("x", solution)
    refused = [CHALLENGE] if name == "equivalent_conv_kernel" else [OUTPUTS, GRADIENTS, CONTRACT]
    assert scores(result) == {**EVERYTHING, **dict.fromkeys(refused, 0)}
    for cell in refused:
        message = verdict(result, cell).message
        assert "uses" in message and said in message and "elementary ops" in message


def test_a_banned_op_in_a_cell_of_ones_own_costs_nothing(grader, solution):
    own = "tf.nn.depthwise_conv2d(tf.ones((1, 3, 3, 1)), tf.ones((2, 2, 1, 1)), (1,) * 4, 'VALID')"
    solution.cells.append(new_code_cell(own))
    assert scores(grader.grade("x", solution)) == EVERYTHING


def test_edited_and_deleted_and_duplicated_cells_are_graded_with_a_note(grader, solution):
    cell_of(solution, OUTPUTS).source = "4.0"
    solution.cells.remove(cell_of(solution, GRADIENTS))
    double = copy.deepcopy(cell_of(solution, CONTRACT))
    double.id = "double"
    solution.cells.insert(3, double)
    result = grader.grade("x", solution)
    assert scores(result) == EVERYTHING
    assert "had been edited" in verdict(result, OUTPUTS).message
    assert "was missing" in verdict(result, GRADIENTS).message
    assert "more than once" in verdict(result, CONTRACT).message


@pytest.mark.parametrize("tag", ["experiment", "check", "skip-execution", "remove_cell"])
def test_tags_earn_nothing(grader, stub, tag):
    for cell in stub.cells:
        cell.metadata["tags"] = [tag]
    assert grader.grade("x", stub).score == 0


def test_points_in_the_metadata_earn_nothing(grader, stub):
    cell_of(stub, OUTPUTS).metadata.nbgrader.points = 1000
    result = grader.grade("x", stub)
    assert (result.score, result.max_score) == (0, 11)


@pytest.mark.parametrize(
    "trick",
    [
        "import numpy as np\nnp.allclose = lambda *a, **k: True\nnp.array_equal = np.allclose",
        "import layerlab.compare as c\nc.compare = lambda *a: {}",
        "import layerlab.probe as p\np.run = lambda *a: {}",
        "get_ipython().displayhook(4.0)",
        "import keras\nkeras.layers.DepthwiseConv2D.__eq__ = lambda *a: True",
    ],
)
def test_tricks_earn_nothing(grader, stub, trick):
    stub.cells.insert(2, new_code_cell(trick))
    assert grader.grade("x", stub).score == 0


def test_a_notebook_without_any_cell_is_graded(grader):
    result = grader.grade("x", nbformat.v4.new_notebook())
    assert scores(result) == dict.fromkeys(EVERYTHING, 0)
    assert "DepthwiseConv2D is not defined" in verdict(result, OUTPUTS).message


def test_a_notebook_of_another_lab_is_graded(grader, lab02):
    notebook = copy.deepcopy(lab02.solution)
    notebook.cells = [cell for cell in notebook.cells if "experiment" not in tags(cell)]
    assert scores(grader.grade("x", notebook)) == dict.fromkeys(EVERYTHING, 0)


def test_text_that_is_no_unicode_is_graded_or_not_but_nothing_stops(grader, solution):
    solution.cells.append(new_code_cell("x = '\ud800'"))
    result = grader.grade("x", solution)
    assert result.status == "not graded" or scores(result) == EVERYTHING


@pytest.mark.parametrize(
    "body",
    ["return x > 0", "return tf.cast(x, tf.int32)", "return tf.cast(x, tf.complex64)", "return 1"],
)
def test_an_odd_result_is_a_score_and_no_fault_of_the_grader(grader, solution, body):
    cell_of(solution, "depthwise_conv2d").source += (
        "\nclass _Mine(DepthwiseConv2D):\n"
        "    def call(self, inputs):\n"
        "        x = super().call(inputs)\n"
        f"        {body}\n"
        "DepthwiseConv2D = _Mine\n"
    )
    assert scores(grader.grade("x", solution))[OUTPUTS] < 1


# what is said


CHAFFS = ["kernel_flipped", "multiplier_major", "kernel_untracked", "arguments_unchecked"]


def numbers_of(truth):
    """Values and shapes that only hidden cases have, as they would be printed."""
    found = set()
    for aspects in truth.expected.values():
        for expected in aspects.values():
            if isinstance(expected.value, np.ndarray) and expected.value.dtype.kind == "f":
                values = expected.value[np.isfinite(expected.value)].ravel()
                found |= {f"{value:.4g}" for value in values}
    return {number for number in found if "." in number}  # counts are whole, and in messages


@pytest.mark.parametrize("name", CHAFFS)
def test_messages_hold_no_value_and_no_shape_of_a_hidden_case(grader, chaff, name):
    result = chaff(name)
    assert result.score < result.max_score
    secrets = numbers_of(grader.truth)
    shapes = {str(case.inputs[0].shape) for case in grader.truth.cases if case.inputs}
    shapes |= {str(array.shape) for case in grader.truth.cases for array in case.weights}
    keys = {case.key for case in grader.truth.cases}
    for cell in result.cells:
        assert not [secret for secret in secrets if secret in cell.message.split()]
        assert not [shape for shape in shapes if shape in cell.message]
        assert not [key for key in keys if key in cell.message]
        assert "assert" not in cell.message and "Traceback" not in cell.message


def test_messages_count_the_tests(chaff):
    found = verdict(chaff("kernel_flipped"), OUTPUTS)
    assert "tests pass." in found.message and "the output is wrong" in found.message.lower()


def test_a_misconception_is_named_and_explained(grader, chaff, lab06):
    (entry,) = [entry for entry in lab06.chaffs if entry.name == "multiplier_major"]
    found = grader.examine("x", bank.notebook(lab06, entry))
    truth = grader.truth
    known = bank.misconceptions(grader._course, truth, grader._examine_all)
    result = judge(found, truth, known)
    assert {name for cell in result.cells for name in cell.misconceptions} == {"multiplier_major"}
    assert verdict(result, OUTPUTS).explanations == [entry.message]
    assert verdict(result, CHALLENGE).misconceptions == []


# faults of the grader


def test_a_sandbox_that_dies_once_costs_nothing(grader, solution, monkeypatch):
    died = []
    original = type(grader.template).fork

    def fork(self):
        subject = original(self)
        if not died:
            died.append(True)
            self._process.kill()
        return subject

    monkeypatch.setattr(type(grader.template), "fork", fork)
    assert scores(grader.grade("x", solution)) == EVERYTHING


def test_a_sandbox_that_always_dies_is_no_score(grader, solution, monkeypatch):
    from autograder.host import TemplateDied

    def fork(self):
        raise TemplateDied("the sandbox ended unexpectedly")

    monkeypatch.setattr(type(grader.template), "fork", fork)
    result = grader.grade("x", solution)
    assert result.status == "not graded" and "The sandbox failed" in result.reason
    assert result.cells == []


def test_a_sandbox_that_dies_under_a_hidden_test_is_no_score_and_no_fault_of_the_test(
    grader, solution, monkeypatch
):
    from autograder.host import TemplateDied

    fork, forked = type(grader.template).fork, []

    def once(self):
        forked.append(self)
        if len(forked) > 1:
            raise TemplateDied("the sandbox ended unexpectedly")
        return fork(self)

    cell_of(
        solution, "depthwise_conv2d"
    ).source += "\nimport os\nDepthwiseConv2D.call = lambda *_: os._exit(0)"
    with monkeypatch.context() as patch:
        patch.setattr(type(grader.template), "fork", once)
        result = grader.grade("x", solution)
    assert result.status == "not graded"
    assert result.reason == "The sandbox failed: the sandbox ended unexpectedly."
    assert len(forked) == 2, "no further test asks"


@pytest.mark.parametrize(
    ("name", "endless"),
    [
        ("equivalent_conv_kernel", "while True: pass"),
        (
            "depthwise_conv2d",
            "def _hangs(*_):\n    while True: pass\nDepthwiseConv2D.call = _hangs",
        ),
    ],
    ids=["in a cell", "in a call"],
)
def test_a_machine_that_lets_nobody_run_is_no_score(
    grader, solution, nobody_runs, monkeypatch, name, endless
):
    limits = replace(grader.template.limits, cell_seconds=0.5, probe_seconds=0.2)
    monkeypatch.setattr(grader.template, "limits", limits)
    cell_of(solution, name).source += f"\n{endless}"
    result = grader.grade("x", solution)
    assert result.status == "not graded" and "The machine is too busy" in result.reason
    assert result.cells == []


def test_a_chaff_that_could_not_be_observed_is_not_kept(
    course, grader, lab06, tmp_path, monkeypatch
):
    monkeypatch.setattr(bank, "_kept", lambda *_: tmp_path / "kept")
    examined = [Examination(chaff.name, "cpu") for chaff in lab06.chaffs]
    examined[-1].fault = "The machine is too busy."
    with pytest.raises(MachineFault, match=f"{lab06.chaffs[-1].name} does was not observed"):
        bank.remember(course, grader.truth, examined)
    assert not bank.known(course, grader.truth)


def test_a_broken_hidden_test_is_no_score(grader, solution):
    found = grader.examine("x", solution)
    found.outcomes[3].passed, found.outcomes[3].fault = False, "KeyError: 'x'"
    result = judge(found, grader.truth, [])
    assert result.status == "not graded" and "KeyError" in result.reason
    assert result.summary()["cells"] == []


def test_a_graded_cell_without_a_hidden_test_is_no_score(grader, solution):
    found = grader.examine("x", solution)
    found.outcomes = [outcome for outcome in found.outcomes if outcome.cell != CHALLENGE]
    result = judge(found, grader.truth, [])
    assert result.status == "not graded" and CHALLENGE in result.reason
