"""`hint`: one step a call, from a question to the idea; and the file it is written in."""

import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from autograder import hints as written
from autograder.errors import UsageError
from autograder.lab import Lab
from layerlab import hint, render, session
from layerlab.report import Hint, make_report
from layerlab.visible import FILENAME, Hints, VisibleCases

LAYER = "DepthwiseConv2D"
KNOWN = "kernel_flipped"


@pytest.fixture
def visible(folder):
    return VisibleCases.load(folder / FILENAME)


def checked(visible, name=None):
    """What `check` leaves behind: the report of a right layer, or of one with a misconception."""
    cases = {key: case for key, case in visible.cases.items() if case.target == LAYER}
    seen = {
        key: {aspect: expected.value for aspect, expected in visible.expectations[key].items()}
        for key in cases
    }
    for item in visible.misconceptions:
        if item.name == name:
            seen |= {key: value for key, value in item.observations.items() if key in cases}
    report = make_report(LAYER, cases, visible.expectations, seen, visible.misconceptions)
    session.last_reports[visible.lab, LAYER] = report
    return report


def shown(capsys, target=LAYER):
    hint(target)
    return capsys.readouterr().out


def test_each_call_gives_the_next_step(visible, capsys):
    steps = visible.hints.steps[LAYER]
    for number, step in enumerate(steps, 1):
        assert shown(capsys) == f"? {LAYER}: hint {number} of {len(steps)}\n    {step}\n"


def test_after_the_last_step_all_of_them_are_shown(visible, capsys):
    steps = visible.hints.steps[LAYER]
    for _ in steps:
        shown(capsys)
    for _ in range(2):
        out = shown(capsys)
        assert out.startswith(f"? {LAYER}: that was the last hint; here are all {len(steps)}")
        assert [line.strip() for line in out.splitlines()[1:]] == [
            f"{number}. {step}" for number, step in enumerate(steps, 1)
        ]


def test_a_class_is_as_good_as_its_name(visible, capsys):
    assert "hint 1 of" in shown(capsys, LAYER)
    assert "hint 2 of" in shown(capsys, type(LAYER, (), {}))


def test_exercises_have_steps_of_their_own(visible, capsys):
    shown(capsys)
    out = shown(capsys, "equivalent_conv_kernel")
    assert "hint 1 of" in out and visible.hints.steps["equivalent_conv_kernel"][0] in out


def test_a_recognised_misconception_is_asked_about_first(visible, capsys):
    assert [item.name for item in checked(visible, KNOWN).misconceptions] == [KNOWN]
    total = len(visible.hints.steps[LAYER]) + 1
    assert shown(capsys) == (
        f"? {LAYER}: hint 1 of {total}, about your last check (kernel flipped)\n"
        f"    {visible.hints.questions[KNOWN]}\n"
    )
    assert visible.hints.steps[LAYER][0] in shown(capsys)


def test_a_misconception_that_comes_up_later_is_asked_about_next(visible, capsys):
    first = shown(capsys)
    checked(visible, KNOWN)
    out = shown(capsys)
    assert "hint 2 of" in out and visible.hints.questions[KNOWN] in out
    assert first.splitlines()[1] not in out
    assert visible.hints.steps[LAYER][1] in shown(capsys)


def test_a_misconception_that_is_mended_is_not_asked_about(visible, capsys):
    checked(visible, KNOWN)
    assert not checked(visible).misconceptions
    assert visible.hints.questions[KNOWN] not in shown(capsys)


def test_a_lab_without_hints_says_so(folder, visible, capsys):
    replace(visible, hints=Hints({}, {})).save(folder / FILENAME)
    assert shown(capsys) == f"hint: {visible.lab} has no hints for {LAYER}.\n"


def test_an_exercise_of_another_lab_is_told(folder, capsys):
    assert shown(capsys, "Dense") == (
        "hint: lab06_depthwise_conv has no exercise called Dense: "
        "it has DepthwiseConv2D, equivalent_conv_kernel.\n"
    )


def test_no_exercise_at_all_is_told_which_there_are(folder, capsys):
    hint()
    out = capsys.readouterr().out
    assert out.startswith("hint: say of which exercise, as in hint(DepthwiseConv2D); ")


def test_a_missing_data_file_is_a_sentence(folder, capsys):
    (folder / FILENAME).unlink()
    assert shown(capsys).startswith(f"hint: {FILENAME} is not in {folder}")


def test_hints_need_no_tensorflow(folder, course):
    code = f"import sys, layerlab; layerlab.hint({LAYER!r}); assert 'tensorflow' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(course.root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "hint 1 of" in done.stdout, done.stderr


def test_the_card_of_a_step():
    shown = Hint(LAYER, ["Is `a` < *your* b?"], 2, 3)
    (section,) = BeautifulSoup(render.card(shown), "html.parser").select("section")
    assert section["aria-label"] == f"Hint for {LAYER}"
    head, body = section.find_all("p")
    assert head["role"] == "status" and shown.headline() in head.text
    assert body.text == "Is a < your b?" and body.code.text == "a" and body.em.text == "your"


def test_the_card_of_all_steps_is_a_numbered_list():
    soup = BeautifulSoup(render.card(Hint(LAYER, ["One?", "Two?"], 1, 2)), "html.parser")
    assert [item.text for item in soup.select("section ol > li")] == ["One?", "Two?"]


# The file that an instructor writes.


@pytest.fixture
def lab(course, lab06, tmp_path):
    """A lab whose hints can be changed."""
    copy = Lab(lab06.name, tmp_path)
    copy.source.parent.mkdir(parents=True)
    shutil.copyfile(written.path(lab06), written.path(copy))
    shutil.copytree(course.root / "labs" / lab06.name, tmp_path / "labs" / lab06.name)
    return copy


def change(lab, old, new):
    file = written.path(lab)
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_the_hints_of_this_lab_have_no_problem(lab):
    assert list(written.problems(lab)) == []


def test_a_lab_without_the_file_lacks_everything(lab):
    written.path(lab).unlink()
    problems = list(written.problems(lab))
    assert f"The exercise {LAYER} has 0 hints, not 2 to 4." in problems
    assert any(f"no question about the misconception {KNOWN}" in problem for problem in problems)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (f"{LAYER} = [", "Elsewhere = [", f"The exercise {LAYER} has 0 hints"),
        (f"{LAYER} = [", "Elsewhere = [", "There are hints for Elsewhere, which is no exercise."),
        (f"{LAYER} = [", f"{LAYER} = ['a', ", f"The exercise {LAYER} has 5 hints"),
        (f"\n{KNOWN} =", "\nnobody =", "The hints ask about nobody, which is no chaff."),
        (f"\n{KNOWN} =", "\nnobody =", f"no question about the misconception {KNOWN}"),
    ],
)
def test_what_does_not_fit_is_a_problem(lab, old, new, problem):
    change(lab, old, new)
    assert any(problem in found for found in written.problems(lab))


@pytest.mark.parametrize(
    "text",
    [
        "[steps",
        "",
        "[steps]",
        "steps = 1\nquestions = 2",
        "[steps]\nf = 'a'\n[questions]",
        "[steps]\nf = [1]\n[questions]",
        "[steps]\n[questions]\nf = 1",
        "\0",
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence(lab, text):
    written.path(lab).write_text(text)
    with pytest.raises(UsageError, match=r"hints\.toml cannot be read .*it needs \[steps\]"):
        written.read(lab)


def test_a_lab_that_was_not_released_since_is_a_sentence(lab):
    (lab.root / "labs" / lab.name / FILENAME).write_text("{}")
    with pytest.raises(UsageError, match="has to be released anew"):
        list(written.problems(lab))
