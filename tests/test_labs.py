"""What holds for every lab of this course."""

from pathlib import Path

import pytest

from autograder.course import Course
from autograder.lab import HIDDEN

ROOT = Path(__file__).parents[1]

NAMES = Course(ROOT).lab_names


def test_no_folder_is_without_the_other():
    hidden = {path.name for path in HIDDEN.iterdir() if path.name.startswith("lab")}
    assert hidden == set(NAMES)
    assert len(NAMES) == 10


@pytest.mark.parametrize("name", NAMES)
def test_the_bank_is_large_enough(course, name):
    lab = course.lab(name)
    assert len(lab.chaffs) >= 12 and len(lab.wheats) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_the_course_page_and_the_readme_name_it(name):
    assert f"(labs/{name}/{name}.ipynb)" in (ROOT / "docs" / "index.md").read_text()
    assert f"`{name}`" in (ROOT / "README.md").read_text()


def test_no_engine_file_names_a_lab():
    engine = [*(ROOT / "layerlab").glob("*.py"), *(ROOT / "autograder").glob("*.py")]
    engine += (ROOT / "autograder" / "subject").glob("*.py")
    for path in engine:
        text = path.read_text()
        assert not any(name in text for name in NAMES), path


@pytest.mark.parametrize("name", NAMES)
def test_the_notebook_has_its_parts_in_order(course, name):
    cells = course.lab(name).solution.cells
    headings = [
        line.lower()
        for cell in cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("#")
    ]
    order = ["intuition", "mathematics", "challenge", "references"]
    places = [next(i for i, line in enumerate(headings) if part in line) for part in order]
    assert places == sorted(places), headings
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in cells]
    assert ids.index("question") < ids.index("written_answer")
    assert sum("experiment" in cell.metadata.get("tags", []) for cell in cells) >= 2
