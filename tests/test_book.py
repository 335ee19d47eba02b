"""The course book: pages of `docs/` and solutions, and a clear word where a page is wrong."""

import shutil

import pytest
from bs4 import BeautifulSoup

from autograder.book import build
from autograder.course import Course
from autograder.errors import UsageError

LAB = "lab06_depthwise_conv"


@pytest.fixture
def small(course, tmp_path):
    """A course of one lab, with a page that links to it."""
    for folder in ("source", "solutions"):
        shutil.copytree(course.root / folder / LAB, tmp_path / folder / LAB)
    docs = tmp_path / "docs"
    docs.mkdir()
    shutil.copyfile(course.root / "docs" / "conf.py", docs / "conf.py")
    index = "# Course\n\n[the lab](labs/{0}/{0}.ipynb)\n\n```{{toctree}}\n:glob:\n\nlabs/*/*\n```\n"
    (docs / "index.md").write_text(index.format(LAB))
    return Course(tmp_path)


def test_the_solution_is_a_page_without_what_is_there_for_nbgrader(small, tmp_path):
    pages = build(small, tmp_path / "book", run=False)
    (page,) = [path for path in pages if path.stem == LAB]
    text = BeautifulSoup(page.read_text(), "html.parser").get_text()
    assert "class DepthwiseConv2D" in text and "References" in text
    assert "BEGIN SOLUTION" not in text and "graded(" not in text


def test_a_link_that_leads_nowhere_is_told_and_an_old_book_stays(small, tmp_path):
    out = tmp_path / "book"
    build(small, out, run=False)
    index = small.root / "docs" / "index.md"
    index.write_text(index.read_text() + "\n[nowhere](labs/none.ipynb)\n")
    with pytest.raises(UsageError, match=r"index\.md.*labs/none\.ipynb"):
        build(small, out, run=False)
    assert (out / "index.html").is_file()


@pytest.mark.parametrize(
    ("missing", "message"),
    [("docs/conf.py", "made from docs/"), (f"solutions/{LAB}/{LAB}.ipynb", "autograder release")],
)
def test_what_is_missing_is_told(small, tmp_path, missing, message):
    (small.root / missing).unlink()
    with pytest.raises(UsageError, match=message):
        build(small, tmp_path / "book", run=False)
