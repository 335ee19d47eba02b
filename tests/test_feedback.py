"""The feedback page: what is on it, what must not be, and that it needs nothing from elsewhere."""

import base64
import copy
import io
import re
from itertools import pairwise

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from pages import EVIL, dangers, requests
from PIL import Image

from autograder import pictures, verdict
from autograder.feedback import FeedbackExporter, page
from autograder.markdown import mathml, to_html
from autograder.notebook import grade_id, tags
from autograder.preprocessors import keep_own, show
from autograder.result import GRADED, CellResult, Result


def picture(size=(4, 3), kind="PNG"):
    stream = io.BytesIO()
    Image.new("RGB", size, "orange").save(stream, kind)
    return base64.b64encode(stream.getvalue()).decode()


def about(name, **info):
    return {"nbgrader": {"grade_id": name, "grade": False, "solution": False, **info}}


def graded(name, judged, **info):
    scores = {
        "score": judged.score,
        "points": judged.max_score,
        "by_person": False,
        "awaits": False,
    }
    metadata = about(name, grade=True, **{**scores, **info})
    return new_code_cell("graded(...)", metadata=metadata, outputs=[verdict.output(judged)])


def answer(text, **info):
    scores = {"score": 0.0, "points": 3.0, "by_person": False, "awaits": True}
    metadata = about("written_answer", grade=True, solution=True, **{**scores, **info})
    return new_markdown_cell(text, metadata=metadata)


RIGHT = CellResult("layer_outputs", 4.0, 4.0, "passed", "All 9 tests pass.")
WRONG = CellResult(
    "layer_gradients",
    1.5,
    3.0,
    "partly passed",
    "3 of 6 tests pass. What fails: the gradient of `x` (3 tests).",
    ["channels_mixed"],
    ["Your layer adds up <all> channels."],
)
GRADES = {"notebook": "lab", "student": "ada", "late_penalty": 0}


@pytest.fixture
def notebook():
    own = new_output("display_data", {"image/png": picture()}, metadata={pictures.OWN: True})
    cells = [
        new_markdown_cell("# Lab 0: sums\n\n$x < y$ for all $\\mathbf K$"),
        new_code_cell("draw()", outputs=[own]),
        new_markdown_cell("## Exercise: the layer"),
        new_code_cell(
            "class Layer:\n    pass",
            metadata=about("layer", solution=True, comment="Look at **`sum`**."),
        ),
        graded("layer_outputs", RIGHT),
        graded("layer_gradients", WRONG),
        new_markdown_cell("## Written question"),
        answer("Because $2^2 = 4$."),
    ]
    return new_notebook(cells=cells)


def soup_of(notebook, **grades):
    return BeautifulSoup(page(notebook, {**GRADES, **grades}), "html.parser")


def row(soup, name):
    return " ".join(soup.select_one(f'tr[data-part="{name}"]').get_text(" ").split())


def test_the_table_has_each_part_with_points_and_status(notebook):
    soup = soup_of(notebook)
    assert row(soup, "layer_outputs") == "layer outputs 4.00 / 4 ✓ passed"
    assert row(soup, "layer_gradients") == (
        "layer gradients 1.50 / 3 ◐ partly passed channels mixed"
    )
    assert row(soup, "written_answer") == "written answer – / 3 … not graded yet"
    groups = [group.get_text() for group in soup.select("th[scope=rowgroup]")]
    assert groups == ["Exercise: the layer", "Written question"]
    total = " ".join(soup.select_one(".total").get_text().split())
    assert total == "5.50 of 10 points so far: 1 answer to be graded by hand"
    assert not soup.select(".penalty")


def test_a_penalty_is_shown_and_counts(notebook):
    soup = soup_of(notebook, late_penalty=1.25)
    assert "−1.25" in soup.select_one(".penalty").get_text()
    assert "4.25 / 10" in soup.select("tfoot tr")[-1].get_text()


def test_a_person_has_the_last_word(notebook):
    notebook.cells[5] = graded("layer_gradients", WRONG, score=3.0, by_person=True)
    notebook.cells[-1] = answer("x", score=2.5, by_person=True, awaits=False)
    soup = soup_of(notebook)
    assert row(soup, "layer_gradients").startswith("layer gradients 3.00 / 3 ✎ graded by hand")
    assert row(soup, "written_answer") == "written answer 2.50 / 3 ✎ graded by hand"
    assert "9.50 of 10 points" in " ".join(soup.select_one(".total").get_text().split())
    assert "Graded by hand after that: 3.00 of 3" in soup.select_one("#layer_gradients").get_text()


def test_an_answer_that_was_not_touched_has_no_points(notebook):
    notebook.cells[-1] = answer("YOUR ANSWER HERE", awaits=False)
    assert row(soup_of(notebook), "written_answer") == "written answer 0.00 / 3 · not attempted"


def test_every_link_within_the_page_leads_somewhere(notebook):
    soup = soup_of(notebook)
    links = {link["href"][1:] for link in soup.select('a[href^="#"]')}
    assert {"layer_outputs", "written_answer", "comment-layer"} <= links
    assert links <= {tag["id"] for tag in soup.select("[id]")}
    ids = [tag["id"] for tag in soup.select("[id]")]
    assert len(ids) == len(set(ids))


def test_the_card_says_what_failed_and_why(notebook):
    card = soup_of(notebook).select_one("#layer_gradients .ll-card.ll-failed")
    assert card.select_one(".ll-why").get_text() == (
        "channels mixed: Your layer adds up <all> channels."
    )
    assert "partly passed, 1.50 of 3 points" in card.select_one(".ll-head").get_text()
    assert card.select_one("code").get_text() == "x"


def test_comments_are_shown(notebook):
    comment = soup_of(notebook).select_one("#layer #comment-layer")
    assert comment.select_one("strong code").get_text() == "sum"


def test_a_figure_of_the_student_is_marked_as_such(notebook):
    (figure,) = soup_of(notebook).select("figure.own")
    assert figure.img["src"].startswith("data:image/png;base64,") and figure.img["alt"]
    assert "own run" in figure.figcaption.get_text()


def test_the_page_can_be_read_by_everyone(notebook):
    soup = soup_of(notebook)
    assert soup.html["lang"] == "en" and "ada" in soup.title.get_text()
    assert soup.select_one("table.scores caption") and soup.main and soup.select_one("a.skip")
    assert all(head.get("scope") for head in soup.select("table.scores th"))
    assert all(image.get("alt") for image in soup.select("img"))
    levels = [int(tag.name[1]) for tag in soup.find_all(re.compile(r"^h[1-6]$"))]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_page_asks_for_nothing(notebook):
    html = page(notebook, GRADES)
    assert requests(html) == [] and dangers(html) == []
    assert "default-src 'none'" in html
    assert len(html) < 100_000


def test_requests_and_dangers_are_seen():
    for evil in EVIL[:4] + EVIL[-4:-3]:
        assert requests(evil) or dangers(evil), evil


@pytest.mark.parametrize("evil", EVIL)
def test_what_others_wrote_is_text(notebook, evil):
    clean = dangers(page(notebook, GRADES)), requests(page(notebook, GRADES))
    judged = CellResult("layer_outputs", 0.0, 4.0, "failed", evil, [evil], [evil])
    said = new_output("stream", name="stdout", text=evil)
    broken = new_output("error", ename=evil, evalue=evil, traceback=[evil])
    html_output = new_output("display_data", {"text/html": evil, "text/plain": evil})
    svg = new_output("display_data", {"image/svg+xml": evil, "image/png": evil})
    notebook.cells[0].source = f"# {evil}\n\n{evil}"
    notebook.cells[1].source = evil
    notebook.cells[1].outputs += [said, broken, html_output, svg]
    notebook.cells[3].metadata.nbgrader["comment"] = evil
    notebook.cells[4] = graded("layer_outputs", judged)
    notebook.cells[-1] = answer(evil)
    notebook.cells[-1].attachments = {"a.png": {"image/svg+xml": evil, "image/png": evil}}
    html = page(notebook, {**GRADES, "student": evil, "notebook": evil})
    assert (dangers(html), requests(html)) == clean


def test_a_picture_pasted_into_an_answer_is_shown():
    html = to_html("![sketch](attachment:a.png)", {"a.png": {"image/png": picture()}})
    assert html.startswith('<p><img src="data:image/png;base64,') and 'alt="sketch"' in html


def test_formulas_are_mathml():
    soup = BeautifulSoup(to_html("so $x < 2$:\n\n$$\\mathbf K = \\frac{1}{2}$$"), "html.parser")
    inline, block = soup.select("math")
    assert (inline["display"], block["display"]) == ("inline", "block")
    assert inline.get_text() == "x<2" and block.mfrac and "𝐊" in block.get_text()


@pytest.mark.parametrize("broken", [r"\frac{", "{" * 3000, r"\left(" * 300, "x^2^2", "x" * 10_000])
def test_a_formula_that_cannot_be_read_is_shown_as_written(broken):
    assert mathml(broken, "inline") == f"<code>{broken}</code>"


def test_all_formulas_of_the_labs_can_be_read(course):
    for lab in course.labs():
        for cell in lab.release.cells:
            if cell.cell_type == "markdown":
                assert "<code>\\" not in to_html(cell.source), cell.source


def experiment(notebook):
    return next(cell for cell in notebook.cells if "experiment" in tags(cell))


def named(notebook, name):
    return next(cell for cell in notebook.cells if grade_id(cell) == name)


def handed_in(html="<script>alert(1)</script>"):
    return [
        new_output("display_data", {"image/png": picture(), "text/html": html}),
        new_output("display_data", {"image/jpeg": picture(kind="JPEG")}),
        new_output("display_data", {"image/svg+xml": "<svg/>", "text/html": html}),
        new_output("stream", name="stdout", text="a table"),
        new_output("stream", name="stderr", text="/home/ada/x.py: a warning"),
        new_output("error", ename="E", evalue="x", traceback=["x"]),
    ]


def test_of_an_experiment_pictures_and_text_are_kept(stub, lab06):
    experiment(stub).outputs = handed_in()
    keep_own(stub, lab06)
    kept = experiment(stub).outputs
    assert [sorted(output.data) for output in kept] == [
        ["image/png"],
        ["image/jpeg"],
        ["text/plain"],
    ]
    assert all(output.metadata[pictures.OWN] for output in kept)
    nbformat.validate(stub)


def test_of_an_exercise_pictures_alone_are_kept(stub, lab06):
    named(stub, "depthwise_conv2d").outputs = handed_in()
    keep_own(stub, lab06)
    kept = named(stub, "depthwise_conv2d").outputs
    assert [sorted(output.data) for output in kept] == [["image/png"], ["image/jpeg"]]


@pytest.mark.parametrize("name", ["depthwise_outputs", "check_depthwise_conv2d", "imports"])
def test_of_a_locked_cell_nothing_is_kept(stub, lab06, name):
    named(stub, name).outputs = handed_in()
    keep_own(stub, lab06)
    assert named(stub, name).outputs == []


@pytest.mark.parametrize(
    "data",
    [
        {"image/png": base64.b64encode(b"<svg onload=alert(1)>").decode()},
        {"image/png": "no base64"},
        {"image/png": picture(kind="GIF")},
        {"image/png": 7},
        {"image/png": base64.b64encode(bytes(pictures.LARGEST + 1)).decode()},
    ],
)
def test_what_is_no_picture_is_not_shown(data):
    assert pictures.sound(data) == {}


def test_a_picture_of_too_many_pixels_is_not_shown(monkeypatch):
    assert pictures.sound({"image/png": picture((30, 20))})
    monkeypatch.setattr(pictures, "MOST_PIXELS", 599)
    assert not pictures.sound({"image/png": picture((30, 20))})


def test_there_is_an_end_to_the_pictures(stub, lab06, monkeypatch):
    monkeypatch.setattr(pictures, "ROOM", 3 * len(picture()) + 1)
    shown = new_output("display_data", {"image/png": picture()})
    experiments = [cell for cell in stub.cells if "experiment" in tags(cell)]
    for cell in experiments[:2]:
        cell.outputs = [copy.deepcopy(shown), copy.deepcopy(shown)]
    keep_own(stub, lab06)
    assert [len(cell.outputs) for cell in experiments[:3]] == [2, 2, 0]
    assert "too large" in experiments[1].outputs[1].data["text/plain"]


def test_a_result_joins_what_was_kept(stub, lab06):
    place = stub.cells.index(experiment(stub))
    experiment(stub).outputs = handed_in()
    keep_own(stub, lab06)
    said = [
        {"output_type": "stream", "name": "stdout", "text": "said"},
        {"output_type": "display_data", "data": {"text/html": "<script>"}, "metadata": {}},
        {"output_type": "display_data", "data": {"text/plain": "x"}, "metadata": {pictures.OWN: 1}},
    ]
    right = CellResult("depthwise_outputs", 4.0, 4.0, "passed", "All.")
    show(stub, Result("lab", "me", GRADED, cells=[right], outputs={str(place): said}))
    outputs = experiment(stub).outputs
    assert [pictures.OWN in output.get("metadata", {}) for output in outputs] == [
        *(False, False),
        *(True, True, True),
    ]
    (judged,) = named(stub, "depthwise_outputs").outputs
    assert judged.data["text/plain"] == "4.0" and "passed" in judged.data["text/html"]
    nbformat.validate(stub)


def test_the_exporter_makes_the_page(notebook):
    html, resources = FeedbackExporter().from_notebook_node(notebook, {"nbgrader": dict(GRADES)})
    assert html == page(notebook, GRADES) and resources["output_extension"] == ".html"


def test_what_is_kept_of_one_page_changes_no_other(notebook):
    first = page(notebook, GRADES)
    other = copy.deepcopy(notebook)
    other.cells[3].source = "def g(): ..."
    assert page(other, GRADES) != first == page(notebook, GRADES)
