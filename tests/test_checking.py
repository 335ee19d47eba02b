"""`check` as a student meets it: in a folder with the released data file."""

import types

import pytest

from layerlab import check, graded
from layerlab.visible import FILENAME

LAYER = "DepthwiseConv2D"


def defined(notebook, lab):
    """The exercises of a notebook, as its kernel would define them."""
    from autograder.notebook import code_cells

    namespace = {"__name__": "student"}
    for cell in code_cells(notebook, lab):
        exec(cell.source, namespace)
    return types.SimpleNamespace(**{k: v for k, v in namespace.items() if not k.startswith("__")})


@pytest.fixture
def stubs(stub, lab06):
    return defined(stub, lab06)


@pytest.fixture
def solved(solution, lab06):
    return defined(solution, lab06)


def test_the_solution_passes(folder, solved, capsys):
    check(solved.DepthwiseConv2D)
    check(solved.equivalent_conv_kernel)
    assert capsys.readouterr().out == (
        "✓ DepthwiseConv2D: all 10 visible cases pass.\n"
        "lab06_depthwise_conv: 1 of 2 exercises pass their visible cases; "
        "✓ passes: DepthwiseConv2D; ? not checked yet: equivalent_conv_kernel\n"
        "✓ equivalent_conv_kernel: the visible case passes.\n"
        "lab06_depthwise_conv: 2 of 2 exercises pass their visible cases; "
        "✓ passes: DepthwiseConv2D, equivalent_conv_kernel\n"
    )


def test_two_at_once(folder, solved, capsys):
    check(solved.DepthwiseConv2D, solved.equivalent_conv_kernel)
    lines = capsys.readouterr().out.splitlines()
    assert [line[0] for line in lines] == ["✓", "✓", "l"]


def test_the_stub_is_not_started(folder, stubs, capsys):
    check(stubs.DepthwiseConv2D)
    assert capsys.readouterr().out == (
        "· DepthwiseConv2D: not started yet.\n"
        "lab06_depthwise_conv: 0 of 2 exercises pass their visible cases; "
        "– not started: DepthwiseConv2D; ? not checked yet: equivalent_conv_kernel\n"
    )


@pytest.mark.parametrize("name", ["kernel_flipped", "multiplier_major", "same_padding_symmetric"])
def test_a_misconception_is_named_with_its_sentence(folder, lab06, capsys, name):
    from autograder import bank

    (chaff,) = [chaff for chaff in lab06.chaffs if chaff.name == name]
    check(defined(bank.notebook(lab06, chaff), lab06).DepthwiseConv2D)
    out = capsys.readouterr().out
    assert out.startswith("✗") and f"{name}: {chaff.message}" in out
    assert "smallest failing case" in out


def test_a_layer_that_raises_is_a_result(folder, solved, capsys):
    class DepthwiseConv2D(solved.DepthwiseConv2D):
        def call(self, inputs):
            raise RuntimeError("oh no")

    check(DepthwiseConv2D)
    out = capsys.readouterr().out
    assert "oh no" in out and "Traceback" not in out


def test_an_exercise_of_another_lab_is_told(folder, capsys):
    def other():
        pass

    check(other)
    assert capsys.readouterr().out == (
        "check: lab06_depthwise_conv has no exercise called other: "
        "it has DepthwiseConv2D, equivalent_conv_kernel.\n"
    )


def test_what_has_no_name_is_told(folder, capsys):
    check(5)
    assert "has no exercise called 5" in capsys.readouterr().out


def test_a_name_in_quotes_is_told_how(folder, capsys):
    check(LAYER)
    out = capsys.readouterr().out
    assert out.startswith("check: ") and LAYER in out and "without quotes" in out


def test_no_exercise_at_all_is_told_which_there_are(folder, capsys):
    check()
    assert capsys.readouterr().out == (
        "check: say of which exercise, as in check(DepthwiseConv2D); "
        "lab06_depthwise_conv has DepthwiseConv2D, equivalent_conv_kernel.\n"
    )


def test_nothing_is_shown_of_other_exercises(folder, solved, capsys):
    check(solved.equivalent_conv_kernel)
    report, progress = capsys.readouterr().out.splitlines()
    assert LAYER not in report and f"not checked yet: {LAYER}" in progress


def test_a_missing_data_file_is_a_sentence(folder, solved, capsys):
    (folder / FILENAME).unlink()
    check(solved.DepthwiseConv2D)
    out = capsys.readouterr().out
    assert out.startswith(f"check: {FILENAME} is not in {folder}") and out.count("\n") == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema":99}', '{"schema":1,"lab":"x"}', "\0"])
def test_a_damaged_data_file_is_a_sentence(folder, solved, capsys, text):
    (folder / FILENAME).write_text(text)
    check(solved.DepthwiseConv2D)
    out = capsys.readouterr().out
    assert out.startswith(f"check: {FILENAME} is damaged") and out.count("\n") == 1
    assert "copy it anew" in out


def test_a_folder_in_place_of_the_data_file_is_a_sentence(folder, solved, capsys):
    (folder / FILENAME).unlink()
    (folder / FILENAME).mkdir()
    check(solved.DepthwiseConv2D)
    assert capsys.readouterr().out.startswith("check: ")


@pytest.mark.parametrize("value", [None, "validate", ""])
def test_a_graded_cell_does_nothing_in_a_notebook(monkeypatch, value):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    if value is not None:
        monkeypatch.setenv("NBGRADER_EXECUTION", value)
    assert graded("depthwise_outputs") is None


def test_a_graded_cell_refuses_to_be_run_by_nbgrader(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(RuntimeError, match=r"depthwise_outputs.*autograder grade"):
        graded("depthwise_outputs")


def test_the_package_has_nothing_else():
    import layerlab

    assert layerlab.__all__ == ["about", "check", "graded", "hint", "progress"]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        layerlab.nothing  # noqa: B018
