"""What holds for every lab of this course."""

from pathlib import Path

import pytest

from autograder import hints
from autograder.course import Course
from autograder.lab import HIDDEN
from layerlab import render
from layerlab.report import make_report
from layerlab.visible import FILENAME, VisibleCases

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


@pytest.mark.parametrize("name", NAMES)
def test_every_exercise_has_hints_and_they_are_released_in_its_order(course, name):
    lab = course.lab(name)
    assert list(hints.problems(lab)) == []
    shipped = VisibleCases.load(ROOT / "labs" / name / FILENAME)
    exercises = [item for items in lab.exercises.values() for item in items]
    assert shipped.exercises == list(shipped.hints.steps) == exercises
    written = hints.read(lab)
    assert shipped.hints.steps == written.steps
    assert shipped.hints.questions.items() <= written.questions.items()
    assert shipped.hints.questions.keys() == {item.name for item in shipped.misconceptions}


@pytest.mark.parametrize("name", NAMES)
def test_no_hint_holds_a_line_of_a_solution(course, name):
    lab = course.lab(name)
    said = hints.read(lab)
    texts = [text for steps in said.steps.values() for text in steps] + [*said.questions.values()]
    regions = [
        region
        for cell in lab.solution.cells
        for region in cell.source.split("### BEGIN SOLUTION")[1:]
    ]
    lines = {
        "".join(line.split())
        for region in regions
        for line in region.split("### END SOLUTION")[0].splitlines()
    }
    secrets = [line for line in lines if len(line) >= 10]
    assert len(secrets) > 5
    for text in texts:
        assert not [line for line in secrets if line in "".join(text.split())], text


@pytest.mark.parametrize("name", NAMES)
def test_check_can_show_every_misconception_that_it_knows(name):
    visible = VisibleCases.load(ROOT / "labs" / name / FILENAME)
    right = {
        key: {aspect: expected.value for aspect, expected in expectation.items()}
        for key, expectation in visible.expectations.items()
    }
    shown = set()
    for item in visible.misconceptions:
        for exercise in visible.exercises:
            cases = {key: case for key, case in visible.cases.items() if case.target == exercise}
            if not cases.keys() & item.observations.keys():
                continue
            seen = {key: item.observations.get(key, right[key]) for key in cases}
            report = make_report(exercise, cases, visible.expectations, seen, [item])
            assert report.failed
            assert report.failed[0].case.describe() in render.text(report)
            assert exercise in render.card(report)
            shown.add(item.name)
    assert shown == {item.name for item in visible.misconceptions}
