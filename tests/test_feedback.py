"""The feedback page is nbgrader's, whoever makes it."""

import base64
import copy
import re
from pathlib import Path

import nbformat
import nbgrader
import pytest
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from traitlets.config import Config

from autograder.feedback import FeedbackExporter

PIXEL = base64.b64encode(bytes(8)).decode()
FORMGRADER = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader"


@pytest.fixture
def notebook():
    figure = new_output("display_data", {"image/png": PIXEL})
    shouted = new_output("stream", name="stderr", text="<b>not bold</b>")
    cells = [
        new_markdown_cell("# Title\n\n$x < y$ and ![a picture](https://example.org/x.png)"),
        new_code_cell("def f(x):\n    return x < 1  # smaller", outputs=[figure, shouted]),
        new_code_cell("def f(x):\n    return x < 1  # smaller"),
        new_code_cell("%matplotlib inline"),
        new_code_cell(""),
    ]
    return new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})


def converted(exporter, notebook):
    config = Config()
    config.HTMLExporter.template_name = "feedback"
    config.HTMLExporter.extra_template_basedirs = [str(FORMGRADER / "templates")]
    styles = FORMGRADER / "static" / "node_modules" / "bootstrap" / "dist" / "css"
    config.HTMLExporter.extra_template_paths = [str(styles)]
    grades = {"score": 0, "max_score": 0, "late_penalty": 0, "timestamp": None, "index": []}
    resources = {"nbgrader": {"notebook": "lab", "student": "me", **grades}}
    return exporter(config=config).from_notebook_node(copy.deepcopy(notebook), resources)[0]


def shape(html):
    """Tags, attributes and texts, without what only one of the two adds."""
    soup = BeautifulSoup(html, "html.parser")
    for image in soup.select("img"):
        image["alt"] = "described"
    for style in soup.select("style, script"):
        style.decompose()
    return re.sub(r"\s+", " ", str(soup))


def test_it_is_the_page_that_nbconvert_makes(notebook):
    ours, theirs = (converted(exporter, notebook) for exporter in (FeedbackExporter, HTMLExporter))
    assert shape(ours) == shape(theirs)


def test_every_picture_has_a_text(notebook):
    images = BeautifulSoup(converted(FeedbackExporter, notebook), "html.parser").select("img")
    assert len(images) == 2 and all(image.get("alt") for image in images)
    assert "a picture" in {image["alt"] for image in images}


def test_what_is_kept_of_one_page_changes_no_other(notebook):
    first = converted(FeedbackExporter, notebook)
    other = nbformat.from_dict(notebook)
    other.cells[1].source = "def g(): ..."
    assert "def g" not in first
    changed = converted(FeedbackExporter, other)
    assert converted(FeedbackExporter, notebook) == first != changed
