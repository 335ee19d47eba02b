"""`render`: what a student reads, as text and as HTML."""

from html.parser import HTMLParser

import numpy as np
import pytest

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


class Page(HTMLParser):
    """Checks that elements are closed, and keeps what a reader sees."""

    def __init__(self, text):
        super().__init__()
        self.open, self.words, self.classes, self.tags = [], [], [], []
        self.labels = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.open.append(tag)
        self.tags.append(tag)
        self.classes += (attributes.get("class") or "").split()
        self.labels += [attributes.get("aria-label") or ""]

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


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
        "input[0, :, :, 0] =",
        "expected | yours",
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


def test_an_error_is_said_once():
    error = {"type": "ValueError", "where": "call", "line": "y = 1", "text": "oh no"}
    truth = {"output": Expected(np.zeros(2)), "gradient of input": Expected(np.zeros(2))}
    text = render.text(
        report({"small": {"error": error}}, cases={"small": SMALL}, truth={"small": truth})
    )
    assert text.count("oh no") == 1
    assert "output (in 1 of 1 cases), gradient of input (in 1 of 1 cases)" in text


def test_html_of_a_pass():
    page = Page(render.card(PASSED))
    assert "all 2 visible cases pass" in page.text and "passed" in page.classes
    assert "table" not in page.tags


def test_html_of_a_stub():
    page = Page(render.card(IDLE))
    assert "not started yet" in page.text and "idle" in page.classes
    assert "table" not in page.tags


def test_html_of_a_failure_has_all_that_the_text_has():
    page = Page(render.card(FAILED))
    for part in (
        "1 of 2 visible cases pass",
        "last one off : You miss the <last> one & more.",
        "output (in 1 of 2 cases)",
        "size=2, input (1, 2, 2, 1)",
        "it is 9.5, expected 3",
        "expected output[0, :, :, 0]",
        "yours output[0, :, :, 0]",
        "9.5*",
    ):
        assert part in page.text


def test_html_lists_every_case_with_its_outcome_in_words():
    page = Page(render.card(FAILED))
    assert page.text.count("✓ passes") == 1 and page.text.count("✗ fails") == 1


def test_colour_is_never_the_only_sign():
    passed, failed = Page(render.card(PASSED)), Page(render.card(FAILED))
    assert "✓" in passed.text and "✗" in failed.text
    assert failed.classes.count("ll-bad") == failed.text.count("*") == 1
    assert "error map: 1 of 4 values are wrong" in failed.labels


def levels(card):
    return [int(part.split(",")[0]) for part in card.split('fill="rgb(')[1:]]


def test_the_error_map_is_darkest_where_the_error_is():
    assert levels(render.card(FAILED)) == [255, 255, 255, 0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_error_map_is_darkest_where_a_value_is_not_finite(bad):
    observed = {"output": np.array([0, 1.5, 2, bad]).reshape(1, 2, 2, 1)}
    card = render.card(report({"small": observed, "large": RIGHT["large"]}))
    assert levels(card)[3] == 0
    assert levels(card)[0] == levels(card)[2] == 255


def test_the_error_map_of_an_infinite_truth():
    truth = {"small": {"output": Expected(np.array([np.inf, 1, 2, 3]).reshape(1, 2, 2, 1))}}
    seen = {"small": {"output": np.array([np.inf, 1, 2, 4]).reshape(1, 2, 2, 1)}}
    card = render.card(report(seen, cases={"small": SMALL}, truth=truth))
    assert levels(card) == [255, 255, 255, 0]


def test_what_a_student_wrote_is_escaped():
    error = {"type": "ValueError", "where": "call", "line": "", "text": "<script>alert(1)</script>"}
    card = render.card(report({key: {"error": error} for key in CASES}))
    assert "<script>" not in card and "&lt;script&gt;" in card


def test_names_and_arguments_are_escaped():
    case = Case("k", "visible", "<b>Layer", config={"<i>": "<u>"})
    made = make_report("<b>Layer", {"k": case}, {"k": {"<s>": Expected(1)}}, {"k": {"<s>": 2}}, [])
    card = render.card(made)
    assert not any(tag in card for tag in ("<b>L", "<i>", "<u>", "<s>"))


def test_the_card_is_self_contained():
    card = render.card(FAILED)
    assert "<script" not in card and "http" not in card and "url(" not in card


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
