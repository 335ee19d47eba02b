"""Formgrader's page of a submission, made in formgrader's own way."""

import shutil

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_output
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension
from pages import EVIL
from test_feedback import picture

from autograder import pictures
from autograder.notebook import grade_id
from autograder.preprocessors import show
from autograder.result import GRADED, CellResult, Result

LAB = "lab06_depthwise_conv"
RESOURCES = {
    "assignment_id": LAB,
    "notebook_id": LAB,
    "submission_id": "1",
    "index": 0,
    "total": 1,
    "base_url": "",
    "student": "ada",
    "last_name": "",
    "first_name": "",
    "notebook_path": "x",
}
WRONG = CellResult(
    "depthwise_outputs", 2.0, 4.0, "partly passed", "Why.", ["mixed"], ["It adds up channels."]
)


@pytest.fixture
def graded(course, lab06, stub, tmp_path, monkeypatch):
    """A course with one graded submission; returns the path of its notebook."""
    shutil.copyfile(course.root / "nbgrader_config.py", tmp_path / "nbgrader_config.py")
    (tmp_path / "source" / LAB).mkdir(parents=True)
    shutil.copyfile(lab06.source, tmp_path / "source" / LAB / lab06.source.name)
    for cell in stub.cells:
        if grade_id(cell) == "written_answer":
            cell.source = "\n\n".join(["My answer, $1 < 2$.", *EVIL])
    own = {pictures.OWN: True}
    stub.cells[3].outputs = [new_output("display_data", {"image/png": picture()}, metadata=own)]
    evil = {"output_type": "display_data", "data": {"text/html": EVIL[0]}, "metadata": {}}
    show(stub, Result(LAB, "ada", GRADED, cells=[WRONG], outputs={"1": [evil]}))
    path = tmp_path / "autograded" / "ada" / LAB / f"{LAB}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(stub, path)
    monkeypatch.chdir(tmp_path)
    return path


@pytest.fixture
def soup(graded):
    extension = FormgradeExtension()
    extension.initialize([])
    exporter = HTMLExporter(config=extension.config)  # as its `init_tornado_settings` does
    html, _ = exporter.from_filename(str(graded), resources=dict(RESOURCES))
    return BeautifulSoup(html, "html.parser")


def test_the_rubric_stands_below_the_answer(soup, lab06):
    (rubric,) = soup.select("details.rubric")
    assert "Marking scheme" in rubric.get_text() and "Model answer" in rubric.get_text()
    assert "open" in rubric.attrs and rubric.select("math")
    before = rubric.find_all_previous(class_="panel-primary")[0]
    assert "My answer" in before.get_text()
    assert before.select_one("input.score#written_answer")
    assert before.select_one("textarea#written_answer-comment")


def test_the_rubric_is_in_no_file(graded):
    assert "Marking scheme" not in graded.read_text(encoding="utf-8")


def test_scores_can_be_given_and_reasons_are_seen(soup):
    assert soup.select_one("input.score#depthwise_outputs")
    assert soup.select_one(".ll-card.ll-failed .ll-why").get_text() == "mixed: It adds up channels."


def test_own_figures_are_marked(soup):
    assert "own run" in soup.select_one("p.own").get_text()
    assert soup.select_one('img[src^="data:image/png"]')["alt"] == "A picture of this cell"


def test_what_a_student_wrote_is_text(soup):
    scripts = [tag.get_text() for tag in soup.select("script")]
    assert not [text for text in scripts if "alert" in text]
    assert not soup.select("iframe, [onerror], [onload], form, svg, .cell [onclick]")
    assert not soup.select('a[href^="javascript"], a[href^="data"], img[src^="http"]')
    assert EVIL[0] in soup.get_text()


def test_nothing_is_fetched_from_elsewhere(soup):
    """Formgrader's script waits for MathJax: on a machine without a network it never came."""
    loaded = [tag.get("src") or tag.get("href") for tag in soup.select("[src], link[href]")]
    assert loaded and not [url for url in loaded if url.startswith(("http", "//"))]
    assert any("MathJax" in tag.get_text() for tag in soup.select("script"))


def test_without_a_course_the_page_is_nbgraders(graded, tmp_path):
    (tmp_path / "source" / LAB / f"{LAB}.py").unlink()
    extension = FormgradeExtension()
    extension.initialize([])
    html, _ = HTMLExporter(config=extension.config).from_filename(
        str(graded), resources=dict(RESOURCES)
    )
    assert "My answer" in html and "details class" not in html
