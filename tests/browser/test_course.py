"""One course in a real JupyterLab and a real formgrader, from the lab's release to its feedback.

All that people press here is nbgrader's own; what they see is ours. Each fixture is what a person
does in one sitting, and gives what they saw.
"""

import shutil

import nbformat
import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import expect

from autograder import bank
from autograder.init import init
from autograder.notebook import grade_id
from autograder.release import enter
from browser import desk

LAB = "lab06_depthwise_conv"
MISCONCEPTION = "kernel_flipped"
ANSWER = "Channel 5 of the last layer sees channel 5 of the picture only."
COMMENT = "Right. And what of a larger multiplier?"


def source(notebook, name):
    (found,) = [cell.source for cell in notebook.cells if grade_id(cell) == name]
    return found


@pytest.fixture(scope="module")
def people(sandbox, course, lab06, tmp_path_factory):
    """An instructor with a course of one lab, and a student with nothing."""
    folder = tmp_path_factory.mktemp("course")
    made = init(folder / "course", [LAB], course_id="cnn")
    # What `autograder release` makes: it has tests of its own.
    shutil.copytree(course.root / "labs" / LAB, made.root / "labs" / LAB)
    enter(made, made.lab(LAB))
    if course.state.is_dir():  # what is known of the lab, so that its chaffs need not run again
        kept = shutil.ignore_patterns(*(f"{name}-*" for name in course.lab_names if name != LAB))
        shutil.copytree(course.state, made.root / ".autograder", ignore=kept)
    exchange = folder / "exchange"
    instructor = desk.Person(made.root, folder / "instructor", exchange, "cnn")
    student = desk.Person(folder / "ada", folder / "student", exchange, "cnn")
    return instructor, student


@pytest.fixture(scope="module")
def shots(tmp_path_factory):
    return tmp_path_factory.mktemp("screenshots")


@pytest.fixture(scope="module")
def released(browser, people, shots):
    """The instructor releases the lab by formgrader's button."""
    with people[0].jupyter() as address, desk.sheet(browser, shots) as page:
        page.goto(f"{address}/formgrader/manage_assignments")
        row = page.locator("#main-table tr").filter(has_text=LAB)
        desk.press(page, row, "release")
        return row.locator(".status").inner_text()


@pytest.fixture(scope="module")
def worked(browser, people, released, lab06, shots):
    """The student fetches the lab, runs it, errs, mends it, validates it and hands it in."""
    notebook = nbformat.read(people[0].folder / "labs" / LAB / f"{LAB}.ipynb", as_version=4)
    (chaff,) = [chaff for chaff in lab06.chaffs if chaff.name == MISCONCEPTION]
    wrong = bank.notebook(lab06, chaff)
    seen = {}
    with people[1].jupyter() as address, desk.sheet(browser, shots) as page:
        page.goto(f"{address}/lab")
        desk.choose(page, "Nbgrader", "Assignment List")
        page.locator("#released_assignments_list").get_by_role("button", name="Fetch").click()
        fetched = page.locator("#fetched_assignments_list")
        fetched.locator(".assignment-notebooks-link").click()
        fetched.locator(".nested_list_item a").click()
        desk.settle(page)
        cells = {
            name: desk.cell(page, notebook, name) for name in map(grade_id, notebook.cells) if name
        }
        first, check = cells["depthwise_conv2d"], cells["check_depthwise_conv2d"]
        other, check_other = cells["equivalent_conv_kernel"], cells["check_equivalent_conv_kernel"]

        # The stub as it is. JupyterLab stops at the first experiment that needs the layer.
        desk.choose(page, "Run", "Run All Cells")
        expect(check.locator(".ll-card")).to_be_visible()
        desk.settle(page)
        seen["stub"] = desk.output(check)

        desk.write(page, first, source(wrong, "depthwise_conv2d"))
        desk.run_cell(page, first)
        desk.run_cell(page, check)
        seen["wrong"] = desk.output(check)
        seen["error map"] = check.locator("svg[role=img]").first.get_attribute("aria-label")

        desk.write(page, first, source(lab06.solution, "depthwise_conv2d"))
        desk.run_cell(page, first)
        desk.run_cell(page, check)
        seen["mended"] = desk.output(check)
        desk.write(page, other, source(lab06.solution, "equivalent_conv_kernel"))
        desk.run_cell(page, other)
        desk.run_cell(page, check_other)
        seen["all"] = desk.output(check_other)

        desk.write(page, cells["written_answer"], ANSWER)
        page.keyboard.press("Control+Enter")
        page.locator(".validate-button").get_by_role("button").click()
        seen["validated"] = desk.accept(page, "Validation Results")
        desk.choose(page, "Nbgrader", "Assignment List")
        fetched.get_by_role("button", name="Submit").click()
        expect(page.locator("#submitted_assignments_list")).to_contain_text(LAB)
        seen["outside"] = page.asked_outside
    return seen


@pytest.fixture(scope="module")
def graded(browser, people, worked, shots):
    """The instructor collects, autogrades, grades the written answer, and releases feedback."""
    seen = {}
    with people[0].jupyter() as address, desk.sheet(browser, shots) as page:
        page.goto(f"{address}/formgrader/manage_assignments")
        row = page.locator("#main-table tr").filter(has_text=LAB)
        desk.press(page, row, "collect")
        row.locator(".num-submissions a").click()

        row = page.locator("#main-table tr").filter(has=page.locator(".student-id"))
        expect(row.locator(".status")).to_have_text("needs autograding")
        desk.press(page, row, "autograde")
        expect(row.locator(".status")).to_have_text("needs manual grading")
        seen["autograded"] = row.locator(".score").inner_text()
        submissions = page.url

        page.goto(f"{address}/formgrader/gradebook/{LAB}/{LAB}")
        page.locator("#main-table a").first.click()
        card = page.locator(".layerlab").filter(has_text="points").first
        expect(card).to_be_visible()
        seen["reason"] = card.inner_text()
        seen["rubric"] = page.locator("details.rubric").inner_text()
        desk.give(page, "written_answer", "2", COMMENT)

        page.goto(submissions)
        expect(row.locator(".status")).to_have_text("graded")
        seen["score"] = row.locator(".score").inner_text()
        desk.press(page, row, "generate-feedback")
        desk.press(page, row, "release-feedback")
    return seen


@pytest.fixture(scope="module")
def read(browser, people, graded, shots):
    """The student fetches the feedback and opens it."""
    seen = {}
    with people[1].jupyter() as address, desk.sheet(browser, shots) as page:
        page.goto(f"{address}/lab")
        desk.choose(page, "Nbgrader", "Assignment List")
        submitted = page.locator("#submitted_assignments_list")
        expect(submitted).to_contain_text("feedback available to fetch")
        submitted.get_by_role("button", name="Fetch Feedback").click()
        submitted.get_by_text("view feedback").click()
        page.locator(".jp-DirListing-item").filter(has_text=".html").dblclick()
        frame = page.frame_locator(".jp-HTMLViewer iframe")
        seen["title"] = frame.get_by_role("heading", level=1).inner_text()
        seen["score"] = frame.locator(".total").inner_text()
        seen["comment"] = frame.locator("#comment-written_answer").inner_text()
        frame.get_by_role("link", name="written answer").first.click()
        expect(frame.locator("#written_answer")).to_be_in_viewport()
        seen["whole"] = frame.locator("body").inner_text()
        seen["outside"] = page.asked_outside
    return seen


def test_the_instructor_releases_the_lab_by_formgraders_button(released):
    assert released == "released"


def test_a_stub_is_not_started_yet(worked):
    assert "DepthwiseConv2D: not started yet." in worked["stub"]
    assert "0 of 2 exercises" in worked["stub"] and "✗" not in worked["stub"]


def test_a_wrong_layer_is_told_its_misconception(worked):
    assert "kernel flipped: You flip the kernel" in worked["wrong"]
    assert "2 of 10 visible cases pass" in worked["wrong"]
    assert "Smallest failing case" in worked["wrong"]
    assert "3 of 4 values are wrong" in worked["error map"]


def test_the_mended_layer_is_all_green(worked):
    assert "DepthwiseConv2D: all 10 visible cases pass." in worked["mended"]
    assert "kernel flipped" not in worked["mended"]
    assert "2 of 2 exercises pass" in worked["all"]


def test_the_notebook_validates_and_is_handed_in(worked, people):
    assert worked["validated"] == "Success! Your notebook passes all the tests."
    (handed_in,) = (people[1].folder.parent / "exchange" / "cnn" / "inbound").iterdir()
    submitted = nbformat.read(handed_in / f"{LAB}.ipynb", as_version=4)
    assert source(submitted, "written_answer") == ANSWER
    assert worked["outside"] == []


def test_formgraders_button_grades_by_our_engine(graded):
    assert graded["autograded"] == "11 / 14"
    assert "4.00 of 4 points" in graded["reason"]


def test_the_written_answer_is_graded_by_hand_beside_its_rubric(graded, people):
    assert "Marking scheme" in graded["rubric"]
    assert graded["score"] == "13 / 14"
    with Gradebook(f"sqlite:///{people[0].folder}/gradebook.db", "cnn") as book:
        (submission,) = book.assignment_submissions(LAB)
        assert (submission.score, submission.needs_manual_grade) == (13, False)
        assert COMMENT in [comment.comment for comment in submission.notebooks[0].comments]


def test_the_student_reads_score_reasons_and_comment(read, lab06):
    assert read["title"].startswith("Feedback for")
    assert read["score"] == "13.00 of 14 points"
    assert COMMENT in read["comment"]
    assert "tests pass" in read["whole"] and ANSWER in read["whole"]
    assert "Marking scheme" not in read["whole"]
    assert read["outside"] == []
