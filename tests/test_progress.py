"""`progress`: which exercises of the lab pass, by the last check of each in this session."""

import pytest
from bs4 import BeautifulSoup

from layerlab import progress, render, session
from layerlab.case import Case
from layerlab.compare import Expected
from layerlab.report import FAILS, NOT_CHECKED, NOT_STARTED, PASSES, Progress, make_report
from layerlab.visible import FILENAME

LAB = "lab06_depthwise_conv"
LAYER, KERNEL = "DepthwiseConv2D", "equivalent_conv_kernel"
SEEN = {
    PASSES: {"output": 1},
    FAILS: {"output": 2},
    NOT_STARTED: {"error": {"type": "NotImplementedError", "where": "call", "text": ""}},
}


def checked(name, standing):
    """As `check` leaves it behind."""
    case, truth = Case("k", "visible", name), {"k": {"output": Expected(1)}}
    report = make_report(name, {"k": case}, truth, {"k": SEEN[standing]}, [])
    session.last_reports[LAB, name] = report


def test_before_any_check(folder, capsys):
    progress()
    assert capsys.readouterr().out == (
        f"{LAB}: 0 of 2 exercises pass their visible cases; ? not checked yet: {LAYER}, {KERNEL}\n"
    )


@pytest.mark.parametrize(
    ("standing", "passing"), [(PASSES, 1), (FAILS, 0), (NOT_STARTED, 0)], ids=str
)
def test_what_the_last_check_said_counts(folder, capsys, standing, passing):
    checked(LAYER, FAILS if standing != FAILS else PASSES)
    checked(LAYER, standing)
    progress()
    assert capsys.readouterr().out == (
        f"{LAB}: {passing} of 2 exercises pass their visible cases; "
        f"{standing}: {LAYER}; ? not checked yet: {KERNEL}\n"
    )


def test_all_pass(folder, capsys):
    checked(KERNEL, PASSES)
    checked(LAYER, PASSES)
    progress()
    line = capsys.readouterr().out
    assert line.startswith(f"{LAB}: 2 of 2 ") and line.endswith(f"✓ passes: {LAYER}, {KERNEL}\n")


def test_checks_of_another_lab_do_not_count(folder, capsys):
    checked(LAYER, PASSES)
    session.last_reports["another", LAYER] = session.last_reports.pop((LAB, LAYER))
    progress()
    assert f"? not checked yet: {LAYER}, {KERNEL}" in capsys.readouterr().out


def test_a_missing_data_file_is_a_sentence(folder, capsys):
    (folder / FILENAME).unlink()
    progress()
    assert capsys.readouterr().out.startswith(f"progress: {FILENAME} is not in {folder}")


def test_one_exercise_is_not_many():
    assert (
        Progress("lab", {"f": PASSES})
        .headline()
        .endswith("1 of 1 exercise passes its visible cases")
    )


def test_the_card_says_in_words_what_the_text_says():
    shown = Progress("lab<1>", {"a": PASSES, "b": NOT_CHECKED, "c": PASSES})
    soup = BeautifulSoup(render.card(shown), "html.parser")
    (group,) = soup.select('.layerlab [role="group"]')
    assert group["aria-label"] == "Progress in lab<1>"
    assert group.p.text == shown.headline()
    items = [" ".join(item.text.split()) for item in group.select("li")]
    assert items == ["✓ passes: a, c", "? not checked yet: b"]
    assert all(item in shown.text() for item in items)
