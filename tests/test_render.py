"""`render`: what a student reads, as text and as HTML."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from bs4 import BeautifulSoup

from layerlab import render
from layerlab.case import Case
from layerlab.compare import Expected
from layerlab.diagnose import Misconception
from layerlab.report import make_report

SMALL = Case("small", "visible", "Layer", config={"size": 2}, inputs=(np.ones((1, 2, 2, 1)),))
LARGE = Case("large", "visible", "Layer", inputs=(np.ones((1, 4, 4, 1)),))
CASES = {"large": LARGE, "small": SMALL}
TRUTH = {
    "small": {"output": Expected(np.arange(4.0).reshape(1, 2, 2, 1))},
    "large": {"output": Expected(np.ones((1, 4, 4, 1)))},
}
RIGHT = {key: {"output": TRUTH[key]["output"].value} for key in CASES}
WRONG = {"small": {"output": np.array([0, 1, 2, 9.5]).reshape(1, 2, 2, 1)}, "large": RIGHT["large"]}
STUB = {"error": {"type": "NotImplementedError", "where": "call", "line": "", "text": ""}}
KNOWN = Misconception("last_one_off", "You miss the <last> one & more.", {"small": WRONG["small"]})


def report(observations, misconceptions=(), cases=CASES, truth=TRUTH):
    return make_report("Layer", cases, truth, observations, list(misconceptions))


PASSED = report(RIGHT)
FAILED = report(WRONG, [KNOWN])
IDLE = report({key: STUB for key in CASES})


class Balance(HTMLParser):
    """Checks that every element that is opened is closed, in its place."""

    EMPTY = ("br", "rect")

    def __init__(self, text):
        super().__init__()
        self.open = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(*pieces):
    """The card as a tree; its style sheet is looked at elsewhere."""
    card = render.card(*pieces)
    Balance(card)
    soup = BeautifulSoup(card, "html.parser")
    soup.style.decompose()
    return soup


def words(element):
    return " ".join(element.get_text(" ").split())


def table(soup, caption):
    """The cells of the table with this caption, row by row, as a reader sees them."""
    (found,) = [item for item in soup.select("table") if item.caption.text == caption]
    return [[cell.text for cell in row.select("th, td")] for row in found.select("tr")]


def test_text_of_a_pass_is_one_line():
    assert render.text(PASSED) == "✓ Layer: all 2 visible cases pass."


def test_text_of_a_stub_is_one_line():
    assert render.text(IDLE) == "· Layer: not started yet."


def test_text_of_a_failure_has_all_of_it_in_order():
    text = render.text(FAILED)
    parts = [
        "✗ Layer: 1 of 2 visible cases pass.",
        "last_one_off: You miss the <last> one & more.",
        "wrong: output (in 1 of 2 cases)",
        "smallest failing case: size=2, input (1, 2, 2, 1)",
        "it is 9.5, expected 3",
        "expected | yours",
        "input[0, :, :, 0] =",
        "Stuck? `hint(Layer)` leads on",
    ]
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)


def test_text_shows_both_side_by_side_and_marks_the_wrong_value():
    rows = [line.split() for line in render.text(FAILED).splitlines() if "  |  " in line]
    assert rows == [["0", "1", "|", "0", "1"], ["2", "3", "|", "2", "9.5*"]]


def test_the_smallest_failing_case_is_shown():
    both = report({"small": WRONG["small"], "large": {"output": np.zeros((1, 4, 4, 1))}})
    assert "smallest failing case: size=2" in render.text(both)
    assert "wrong: output (in 2 of 2 cases)" in render.text(both)


def test_weights_of_the_case_are_shown():
    case = Case("w", "visible", "Layer", weights=(np.array([5.0, 7.0]),))
    truth = {
        "weights": Expected([("bias", (2,))], rule="weights"),
        "output": Expected(np.zeros((1, 2))),
    }
    seen = {"weights": [("bias", (2,))], "output": np.ones((1, 2))}
    text = render.text(report({"w": seen}, cases={"w": case}, truth={"w": truth}))
    assert "bias =" in text and "5 7" in text


@pytest.mark.parametrize(
    ("options", "name"), [({"weight_names": ("gamma",)}, "gamma"), ({}, "weight 0")]
)
def test_a_weight_that_may_be_called_anything_is_shown(options, name):
    case = Case("w", "visible", "Layer", weights=(np.array([5.0, 7.0]),), options=options)
    truth = {"weights": Expected([(None, (2,))], rule="weights"), "output": Expected(1)}
    seen = {"weights": [("mine", (2,))], "output": 2}
    made = report({"w": seen}, cases={"w": case}, truth={"w": truth})
    assert f"{name} =" in render.text(made)
    assert table(parsed(made), name)[-1] == ["5", "7"]


def test_an_error_is_said_once():
    error = {"type": "ValueError", "where": "call", "line": "y = 1", "text": "oh no"}
    truth = {"output": Expected(np.zeros(2)), "gradient of input": Expected(np.zeros(2))}
    text = render.text(
        report({"small": {"error": error}}, cases={"small": SMALL}, truth={"small": truth})
    )
    assert text.count("oh no") == 1
    assert "wrong: output, gradient of input (in 1 of 1 cases)" in text


def test_only_the_grids_with_something_wrong_are_shown():
    truth = {"small": {"output": Expected(np.zeros((1, 2, 2, 9)))}}
    seen = np.zeros((1, 2, 2, 9))
    seen[0, 1, 1, 1:8] = 5
    text = render.text(report({"small": {"output": seen}}, cases={"small": SMALL}, truth=truth))
    assert re.findall(r"output\[0, :, :, (\d)\]", text) == list("1234")
    assert "… and wrong in 3 more such grids" in text


@pytest.mark.parametrize(("made", "kind"), [(PASSED, "ll-passed"), (IDLE, "ll-idle")])
def test_html_of_a_pass_or_a_stub_is_one_line(made, kind):
    soup = parsed(made)
    (section,) = soup.select(".layerlab > section")
    assert kind in section["class"] and section["aria-label"] == "Check of Layer"
    (line,) = section.find_all(True, recursive=False)
    assert line["role"] == "status" and made.summary() in line.text
    assert not soup.select("table, details")


def test_html_of_a_failure_says_all_that_the_text_says():
    soup = parsed(FAILED)
    said = words(soup.section)
    for part in (
        "✗ Layer: 1 of 2 visible cases pass.",
        "last one off: You miss the <last> one & more.",
        "Wrong: output (in 1 of 2 cases).",
        "Smallest failing case: size=2, input (1, 2, 2, 1)",
        "it is 9.5, expected 3",
        "Stuck? hint(Layer) leads on",
    ):
        assert part in said


def test_expected_and_own_values_stand_in_tables_with_numbered_rows_and_columns():
    soup = parsed(FAILED)
    assert table(soup, "expected") == [["", "0", "1"], ["0", "0", "1"], ["1", "2", "3"]]
    assert table(soup, "yours") == [["", "0", "1"], ["0", "0", "1"], ["1", "2", "9.5*"]]
    assert table(soup, "input[0, :, :, 0]") == [["", "0", "1"], ["0", "1", "1"], ["1", "1", "1"]]
    for one in soup.select("table"):
        assert [head["scope"] for head in one.select("th")] == ["col", "col", "row", "row"]


def test_the_places_of_a_cut_out_part_are_those_of_the_array():
    truth = {"small": {"output": Expected(np.zeros((40, 40)))}}
    seen = np.zeros((40, 40))
    seen[30, 20] = 7
    soup = parsed(report({"small": {"output": seen}}, cases={"small": SMALL}, truth=truth))
    (bad,) = soup.select("td.ll-bad")
    assert bad.find_parent("tr").th.text == "30"
    column = len(bad.find_previous_siblings("td"))
    assert bad.find_parent("table").select("thead th")[column].text == "20"


def test_what_is_folded_away_can_be_reached_by_keyboard():
    truth = {"small": {"output": Expected(np.zeros((1, 2, 2, 3)))}}
    seen = {"small": {"output": np.ones((1, 2, 2, 3))}}
    soup = parsed(report(seen, cases={"small": SMALL}, truth=truth))
    (more,) = soup.select("details")
    assert more.summary.text == "More of the output" and len(more.select("table")) == 4
    rows = soup.select(".ll-row")
    assert len(rows) == 4
    for row in rows:
        assert row["tabindex"] == "0" and row["role"] == "group" and row["aria-label"]
    assert not soup.select("[tabindex]:not(.ll-row)")


def test_every_case_is_listed_with_its_outcome_in_words():
    (cases,) = parsed(FAILED).select("details")
    assert cases.summary.text == "All 2 visible cases"
    items = [words(item) for item in cases.select("li")]
    assert items == [
        "✗ fails (output): size=2, input (1, 2, 2, 1) float64",
        "✓ passes: input (1, 4, 4, 1) float64",
    ]


def test_colour_is_never_the_only_sign():
    passed, failed = parsed(PASSED), parsed(FAILED)
    assert "✓" in passed.text and "✗" in failed.text
    assert [cell.text for cell in failed.select("td.ll-bad")] == ["9.5*"]
    assert [cell.text for cell in failed.select("td") if "*" in cell.text] == ["9.5*"]


def test_the_error_map_says_where_the_largest_error_is():
    (picture,) = parsed(FAILED).select("figure svg")
    assert picture["role"] == "img"
    assert picture["aria-label"] == (
        "Error map of output[0, :, :, 0]: 1 of 4 values are wrong; largest error at row 1, column 1"
    )
    assert "largest error at row 1, column 1" in words(picture.find_parent("figure").figcaption)


def fullness(*pieces):
    return [float(square["fill-opacity"]) for square in parsed(*pieces).select("svg rect")]


def test_the_error_map_is_fullest_where_the_error_is():
    assert fullness(FAILED) == [0, 0, 0, 1]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_error_map_is_fullest_where_a_value_is_not_finite(bad):
    observed = {"output": np.array([0, 1.5, 2, bad]).reshape(1, 2, 2, 1)}
    levels = fullness(report({"small": observed, "large": RIGHT["large"]}))
    assert levels[3] == 1 and levels[0] == levels[2] == 0
    assert 0 < levels[1] < 0.5  # a small error can be seen, too


def test_the_error_map_of_an_infinite_truth():
    truth = {"small": {"output": Expected(np.array([np.inf, 1, 2, 3]).reshape(1, 2, 2, 1))}}
    seen = {"small": {"output": np.array([np.inf, 1, 2, 4]).reshape(1, 2, 2, 1)}}
    assert fullness(report(seen, cases={"small": SMALL}, truth=truth)) == [0, 0, 0, 1]


def test_what_a_student_wrote_is_escaped():
    error = {"type": "ValueError", "where": "call", "line": "", "text": "<script>alert(1)</script>"}
    soup = parsed(report({key: {"error": error} for key in CASES}))
    assert not soup.select("script") and "<script>alert(1)</script>" in soup.text


def test_names_and_arguments_are_escaped():
    case = Case("k", "visible", "<b>Layer", config={"<i>": "<u>"})
    made = make_report("<b>Layer", {"k": case}, {"k": {"<s>": Expected(1)}}, {"k": {"<s>": 2}}, [])
    soup = parsed(made)
    assert not soup.select("i, u, s") and soup.section["aria-label"] == "Check of <b>Layer"
    assert "<b>Layer" in soup.select_one(".ll-head").text


def test_code_and_stress_in_a_message():
    known = Misconception("m", "Use `same`, the *whole* of a*b*c.", {"small": WRONG["small"]})
    why = parsed(report(WRONG, [known])).select_one(".ll-why")
    assert why.code.text == "same" and why.em.text == "whole"


def test_the_card_is_self_contained():
    card = render.card(FAILED)
    assert "http" not in card and "url(" not in card and "@import" not in card
    soup = BeautifulSoup(card, "html.parser")
    assert not soup.select("script, link, img, iframe")
    assert not [
        tag for tag in soup.find_all(True) if any(name.startswith("on") for name in tag.attrs)
    ]


def test_the_style_reaches_nothing_else_and_fixes_no_colour_of_the_page():
    style = BeautifulSoup(render.card(FAILED), "html.parser").style.text
    rules = re.sub(r"@media print\{(.*)\}\s*$", r"\1", style.replace("\n", ""))
    selectors = [part for rule in re.findall(r"([^{}]+)\{", rules) for part in rule.split(",")]
    assert len(selectors) > 20
    assert all(selector.startswith(".layerlab") for selector in selectors)
    assert set(re.findall(r"[;{]color:([^;}]+)", style)) == {"inherit"}


def test_one_style_for_all_that_is_shown_together():
    soup = BeautifulSoup(render.card(PASSED, FAILED, IDLE), "html.parser")
    assert len(soup.select("style")) == 1 and len(soup.select("section")) == 3


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("page", ["#ffffff", "#111111"])
def test_marks_stand_out_on_light_and_dark_pages(page):
    """At least 3 : 1, which WCAG asks of what is not text."""
    style = BeautifulSoup(render.card(FAILED), "html.parser").style.text
    marks = set(re.findall(r"(?:border-left-color:|2px solid )(#[0-9a-f]{6})\b", style))
    assert len(marks) == 3
    for mark in marks:
        light, dark = sorted((luminance(page), luminance(mark)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3, mark


@pytest.mark.parametrize("dtype", ["bool", "int32", "float16"])
def test_arrays_of_any_type_are_shown(dtype):
    observed = {"output": np.ones((1, 2, 2, 1), dtype)}
    made = report({"small": observed, "large": RIGHT["large"]})
    assert "0*" not in render.text(made) and "1*" in render.text(made)
    assert "1*" in render.card(made)


def test_a_scalar_that_is_wrong_is_shown():
    truth = {"small": {"mean after the call": Expected(np.asarray(1.0))}}
    seen = {"small": {"mean after the call": np.asarray(2.0)}}
    made = report(seen, cases={"small": SMALL}, truth=truth)
    assert "2*" in render.text(made) and "2*" in render.card(made)


def test_an_output_of_another_shape_is_said_but_not_shown_beside():
    observed = {"output": np.ones((1, 3, 2, 1))}
    text = render.text(report({"small": observed, "large": RIGHT["large"]}))
    assert "has shape (1, 3, 2, 1), expected (1, 2, 2, 1)" in text and "|" not in text


def test_a_terminal_gets_text(capsys):
    render.show(FAILED)
    assert capsys.readouterr().out == render.text(FAILED) + "\n"


def test_a_notebook_gets_both():
    shown = render.Card(FAILED)
    assert shown._repr_html_() == render.card(FAILED)
    assert repr(shown) == render.text(FAILED)
