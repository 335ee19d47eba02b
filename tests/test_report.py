"""The report of a class: what it counts, what it shows, and that it is one safe page."""

import base64
import json
import re
import shutil
from datetime import datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import unquote

import nbformat
import pytest

from autograder import bank
from autograder.cli import main
from autograder.notebook import grade_id
from autograder.report import render, summarize, words
from autograder.result import GRADED, NOT_GRADED, CellResult, Result
from autograder.similarity import Pair, Passage
from autograder.timing import LONGEST, exercise_of, minutes_worked

LAB = "lab06_depthwise_conv"
CELLS = {
    "depthwise_outputs": 4,
    "depthwise_gradients": 3,
    "depthwise_contract": 3,
    "challenge_outputs": 1,
}
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def graded(name, share=1.0, misconceptions=(), **cells):
    """A result with a share of the points, and with misconceptions in some cells."""
    judged = [
        CellResult(
            cell,
            share * points,
            points,
            "passed" if share == 1 else "partly passed" if share else "not attempted",
            "",
            list(cells.get(cell, misconceptions)),
            [f"Sentence of `{name}`." for name in cells.get(cell, misconceptions)],
            0.5,
        )
        for cell, points in CELLS.items()
    ]
    judged.append(CellResult("written_answer", None, 3, "graded by hand", ""))
    return Result(LAB, name, GRADED, cells=judged)


class Page(HTMLParser):
    """What is in a page: its elements with their attributes, its text, and what it would fetch."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text, self.ids = [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements.append((tag, attributes))
        self.ids += [attributes["id"]] if "id" in attributes else []

    def handle_data(self, data):
        self.text += data

    def all(self, tag, **wanted):
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and wanted.items() <= attributes.items()
        ]


@pytest.fixture
def page(lab06):
    """Makes the page of some results."""

    def make(results, pairs=None, worked=None, link=lambda student, lab: ""):
        return render([summarize(lab06, results, worked, pairs)], link)

    return make


# counting


def test_cells_are_counted(lab06):
    results = [graded("a"), graded("b", 0.5), graded("c", 0.0)]
    results.append(Result(LAB, "d", NOT_GRADED, "It is not JSON."))
    summary = summarize(lab06, results)
    assert [cell.cell for cell in summary.cells] == list(CELLS)
    outputs = summary.cells[0]
    assert (outputs.full, outputs.some, outputs.none, outputs.not_attempted) == (1, 1, 0, 1)
    assert (outputs.mean, outputs.share, outputs.exercise) == (2.0, 0.5, "depthwise_conv2d")
    assert (summary.mean_score, summary.median_score, summary.max_score) == (5.5, 5.5, 11)


def test_misconceptions_are_ranked_by_students_not_by_cells(lab06):
    results = [
        graded("a", 0.5, ["everywhere"]),
        graded("b", 0.5, depthwise_outputs=["twice"]),
        graded("c", 0.5, depthwise_contract=["twice"]),
    ]
    summary = summarize(lab06, results)
    assert [(item.name, item.students) for item in summary.misconceptions] == [
        ("twice", 2),
        ("everywhere", 1),
    ]
    assert dict(summary.misconceptions[0].cells) == {
        "depthwise_outputs": 1,
        "depthwise_contract": 1,
    }
    assert [item.name for item in summary.next_lecture] == ["twice"]


def test_the_graders_seconds_are_summed_by_exercise(lab06):
    times = {time.exercise: time for time in summarize(lab06, [graded("a")]).times}
    assert times["depthwise_conv2d"].seconds == 1.5 and times["depthwise_conv2d"].known == 0
    assert times["equivalent_conv_kernel"].seconds == 0.5


# how long students worked


def timed(notebook, minutes):
    """A notebook whose graded cells ran at these minutes, the imports at 0."""
    start = datetime(2026, 3, 1, 14)
    for cell in notebook.cells:
        minute = {"imports": 0, **minutes}.get(grade_id(cell))
        if minute is not None:
            ran = (start + timedelta(minutes=minute)).isoformat() + "Z"
            cell.metadata["execution"] = {"iopub.execute_input": ran, "shell.execute_reply": ran}
    return notebook


def test_an_exercise_lasts_from_the_end_of_the_one_before(lab06, stub):
    notebook = timed(stub, {"depthwise_outputs": 25, "challenge_outputs": 40})
    assert minutes_worked(notebook, lab06) == {
        "depthwise_conv2d": 25,
        "equivalent_conv_kernel": 15,
    }


def test_a_pause_is_not_work(lab06, stub):
    late = 30 + LONGEST + 1
    notebook = timed(stub, {"depthwise_outputs": 30, "challenge_outputs": late})
    assert minutes_worked(notebook, lab06) == {"depthwise_conv2d": 30}


def test_colab_leaves_milliseconds(lab06, stub):
    for cell in stub.cells:
        minute = {"imports": 0, "depthwise_outputs": 25}.get(grade_id(cell))
        if minute is not None:
            cell.metadata["executionInfo"] = {"timestamp": 1.7e12 + minute * 60_000}
    assert minutes_worked(stub, lab06) == pytest.approx({"depthwise_conv2d": 25})


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"execution": "yes"},
        {"execution": {}},
        {"execution": {"shell.execute_reply": "soon"}},
        {"execution": {"shell.execute_reply": 7}},
        {"execution": {"shell.execute_reply": "0001-01-01T00:00:00+14:00"}},
        {"executionInfo": {"timestamp": "nan"}},
        {"executionInfo": {"timestamp": None}},
    ],
)
def test_stamps_that_tell_nothing_are_left_out(lab06, stub, metadata):
    for cell in stub.cells:
        cell.metadata.update(metadata)
    assert minutes_worked(stub, lab06) == {}


def test_a_notebook_run_in_one_go_tells_nothing(lab06, stub):
    assert minutes_worked(timed(stub, {"depthwise_outputs": 1}), lab06) == {}


def test_every_cell_belongs_to_the_exercise_above_it(lab06):
    belongs = exercise_of(lab06)
    assert belongs["depthwise_gradients"] == belongs["check_depthwise_conv2d"] == "depthwise_conv2d"
    assert "imports" not in belongs


# the page


def test_the_page_asks_for_nothing_from_outside(page):
    text = page([graded("a", 0.5, ["one"]), graded("b", 0.5, ["one"])])
    found = Page(text)
    for tag, attributes in found.elements:
        for name in ("src", "href", "action", "srcset", "poster", "data"):
            address = attributes.get(name, "#")
            assert address.startswith(("#", "data:")), (tag, address)
    assert "url(" not in text and "@import" not in text and "fetch(" not in text
    for picture in found.all("img"):
        drawn = base64.b64decode(picture["src"].partition(",")[2]).decode()
        assert drawn.count("<svg") == 1 and "<script" not in drawn
        assert not re.search(r'(href|src)="(?!#)', drawn)


def test_what_students_write_is_text(page):
    result = graded(EVIL, 0.5, [EVIL])
    result.remarks = [EVIL]
    pair = Pair(EVIL, "b", 1, (1, 1), [(Passage("cell", 1, EVIL), Passage("cell", 1, EVIL))])
    text = page([result, graded("b", 0.5, [EVIL]), Result(LAB, EVIL, NOT_GRADED, EVIL)], [pair])
    found = Page(text)
    assert len(found.all("script")) == 1 and EVIL in found.text
    assert all("onerror" not in attributes for _, attributes in found.elements)
    assert all(picture["src"].startswith("data:") for picture in found.all("img"))


def test_a_code_word_in_a_sentence_is_marked_and_nothing_else(page):
    text = page([graded("a", 0.5, ["<b>"]), graded("b", 0.5, ["<b>"])])
    assert "Sentence of <code>&lt;b&gt;</code>." in text


def test_the_page_can_be_read_without_seeing_it(page):
    result = graded("a", 0.5, ["one"])
    result.remarks = ["Cell 3 never ends."]
    found = Page(page([result, graded("b", 0.5, ["one"]), Result(LAB, "c", NOT_GRADED, "Why.")]))
    assert len(found.ids) == len(set(found.ids))
    assert all(picture["alt"] for picture in found.all("img"))
    assert all(header.get("scope") for header in found.all("th"))
    named = [area.get("aria-labelledby") for area in found.all("div", role="region")]
    assert all(name is None or name in found.ids for name in named)
    [form] = found.all("form")
    assert form["class"] == "controls"
    labels = text_of_labels(page([graded("a")]))
    assert labels == ["Search", "Show", "Misconception", "Exercise with points lost"]
    for state in ("not graded", "flagged"):  # a word, not only a colour
        assert state in found.text


def text_of_labels(text):
    return re.findall(r"<label>([^<]+)<(?:input|select)", text)


def test_rows_carry_what_they_are_filtered_by(page):
    flagged = graded("a", 0.5, depthwise_contract=["one"])
    flagged.remarks = ["Cell 3 never ends."]
    pair = Pair("a", "b", 30, (40, 50), [])
    results = [flagged, graded("b"), Result(LAB, "c", NOT_GRADED, "Why.")]
    rows = {
        row["data-student"]: row
        for row in Page(page(results, [pair])).all("tr")
        if "data-show" in row
    }
    assert rows["a"]["data-show"].split() == ["graded", "flagged", "similar"]
    assert rows["a"]["data-has"].split() == ["one", "one@depthwise_contract"]
    assert rows["a"]["data-lost"].split() == list(CELLS)
    assert rows["b"]["data-lost"] == "" and rows["b"]["data-show"] == "graded similar"
    assert rows["c"]["data-show"] == "ungraded"
    marks = Page(page(results, [pair])).all("a", href=f"#{LAB}-similar")
    assert len(marks) == 2  # in words, too


def test_similar_pairs_are_hints(page):
    passages = [(Passage("depthwise_conv2d", 88, "x = 1"), Passage("depthwise_conv2d", 7, "y = 1"))]
    text = page([graded("a"), graded("b")], [Pair("a", "b", 12, (20, 30), passages)])
    shown = " ".join(Page(text).text.split())
    assert "Hints, no verdict." in shown and "12 lines in common" in shown
    assert "x = 1" in shown and "from line 88" in shown and "from line 7" in shown
    assert "Similar submissions" not in page([graded("a")])  # nobody looked


def test_every_row_leads_to_the_feedback(page):
    flagged = graded("a")
    flagged.remarks = ["Cell 3 never ends."]
    pair = Pair("a", "b", 30, (40, 50), [])
    results = [flagged, graded("b"), Result(LAB, "c", NOT_GRADED, "Why.")]
    text = page(results, [pair], link=lambda student, lab: f"feedback/{student}/{lab}.html")
    links = [link["href"] for link in Page(text).all("a", **{"class": "name"})]
    for student, rows in {"a": 3, "b": 2, "c": 2}.items():
        assert links.count(f"feedback/{student}/{LAB}.html") == rows


def test_the_same_class_gives_the_same_page(page):
    results = [graded("a", 0.5, ["one"]), graded("b")]
    assert page(results) == page(results)


def test_a_class_where_nobody_has_a_point_or_a_misconception_has_a_page(page):
    assert "handed in" in page([graded("a", 0.0)])


# the command


@pytest.fixture
def classroom(course, lab06, tmp_path, monkeypatch):
    """A course with two graded students, a third one who handed in since, and a copy."""
    root = tmp_path / "a course"
    shutil.copytree(course.root / "source" / LAB, root / "source" / LAB)
    shutil.copytree(course.root / "labs" / LAB, root / "labs" / LAB)
    shutil.copyfile(course.root / "nbgrader_config.py", root / "nbgrader_config.py")
    results = root / ".autograder" / "results" / LAB
    results.mkdir(parents=True)
    wheat = bank.notebook(lab06, lab06.wheats[0])
    for name in ("an odd #name?", "copy", "late"):
        folder = root / "submitted" / name / LAB
        folder.mkdir(parents=True)
        (folder / f"{LAB}.ipynb").write_text(nbformat.writes(wheat))
        if name != "late":
            (results / f"{name}.json").write_text(json.dumps(graded(name).as_data()))
            feedback = root / "feedback" / name / LAB
            feedback.mkdir(parents=True)
            (feedback / f"{LAB}.html").write_text("")
    monkeypatch.chdir(root)
    return root


@pytest.mark.parametrize("output", ["report.html", "elsewhere/class.html"])
def test_report_writes_links_that_resolve(classroom, capsys, output):
    (classroom / "elsewhere").mkdir()
    assert main(["report", "-o", output]) == 0
    assert capsys.readouterr().out.strip() == output
    path = classroom / output
    found = Page(path.read_text())
    links = [link["href"] for link in found.all("a", **{"class": "name"})]
    assert len(links) >= 2
    for link in links:
        assert (path.parent / unquote(link)).is_file() and "#" not in link and "?" not in link
    assert "Handed in since the last run." in found.text
    assert len(found.all("details")) == 3  # all three are the same


def test_report_can_leave_similarity_out(classroom, capsys):
    assert main(["report", "--no-similarity"]) == 0
    assert "in common" not in (classroom / "report.html").read_text()


def test_nothing_graded_is_bad_usage(classroom, capfd):
    shutil.rmtree(classroom / ".autograder" / "results")
    assert main(["report"]) == 2
    assert "no graded submission to report" in " ".join(capfd.readouterr().err.split())


def test_words():
    assert words("bias_left_out") == "bias left out"
