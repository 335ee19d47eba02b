"""A class through nbgrader's own commands and through `autograder grade`: the same scores, a batch
that survives, and nothing hidden in the feedback.
"""

import copy
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from pages import dangers, requests

from autograder import bank
from autograder.leaks import secrets
from autograder.notebook import grade_id

LAB = "lab06_depthwise_conv"
STUDENTS = ["chaffy", "double", "linked", "nojson", "solved", "untouched"]
GRADED = [name for name in STUDENTS if name not in ("linked", "nojson")]


def hand_in(root, student, text):
    folder = root / "submitted" / student / LAB
    folder.mkdir(parents=True)
    (folder / f"{LAB}.ipynb").write_text(text, encoding="utf-8")
    (folder / "timestamp.txt").write_text("2025-01-01 12:00:00 UTC")


def doubled(notebook):
    notebook = copy.deepcopy(notebook)
    (cell,) = [c for c in notebook.cells if grade_id(c) == "depthwise_outputs"]
    double = copy.deepcopy(cell)
    double.id = "double"
    notebook.cells.insert(4, double)
    return notebook


def make_class(course, lab, root):
    """A course of its own, with five submissions; what is known of the lab is copied."""
    shutil.copyfile(course.root / "nbgrader_config.py", root / "nbgrader_config.py")
    (root / "source" / LAB).mkdir(parents=True)
    shutil.copyfile(lab.source, root / "source" / LAB / f"{LAB}.py")
    shutil.copytree(course.root / "labs" / LAB, root / "labs" / LAB)
    if course.state.is_dir():
        shutil.copytree(course.state, root / ".autograder")
    (chaff,) = [chaff for chaff in lab.chaffs if chaff.name == "multiplier_major"]
    hand_in(root, "solved", nbformat.writes(lab.solution))
    hand_in(root, "chaffy", nbformat.writes(bank.notebook(lab, chaff)))
    hand_in(root, "untouched", nbformat.writes(lab.release))
    hand_in(root, "double", nbformat.writes(doubled(lab.solution)))
    hand_in(root, "nojson", "this is not a notebook")
    hand_in(root, "linked", nbformat.writes(lab.solution))
    (root / "submitted" / "linked" / LAB / "data.csv").symlink_to(root / "gradebook.db")


def run(root, *command):
    tools = str(Path(sys.executable).parent)
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=root,
        env={**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def gradebook(root):
    """Score of each cell, by student."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{root}/gradebook.db", "layerlab") as book:
        return {
            submission.student.id: {
                grade.name: (grade.auto_score, grade.needs_manual_grade)
                for grade in submission.notebooks[0].grades
            }
            for submission in book.assignment_submissions(LAB)
        }


@pytest.fixture(scope="module")
def by_command(sandbox, course, lab06, tmp_path_factory):
    """The class, graded by `autograder grade`."""
    root = tmp_path_factory.mktemp("command")
    make_class(course, lab06, root)
    command = ["autograder", "grade", LAB, "--jobs", "1", "--device", "cpu", "--json"]
    return root, run(root, *command)


@pytest.fixture(scope="module")
def by_nbgrader(by_command, course, lab06, tmp_path_factory):
    """The class, graded by nbgrader's own commands."""
    root = tmp_path_factory.mktemp("nbgrader")
    make_class(course, lab06, root)
    shutil.copytree(by_command[0] / ".autograder", root / ".autograder", dirs_exist_ok=True)
    shutil.rmtree(root / ".autograder" / "results", ignore_errors=True)
    shutil.rmtree(root / "labs")
    shutil.rmtree(root / "source")
    for part in ("source", "labs"):
        shutil.copytree(by_command[0] / part, root / part)
    generated = run(
        root,
        "nbgrader",
        "generate_assignment",
        LAB,
        f"--CourseDirectory.release_directory={root}/x",
    )
    assert generated.returncode == 0, generated.stderr
    graded = run(root, "nbgrader", "autograde", LAB)
    feedback = run(root, "nbgrader", "generate_feedback", LAB)
    return root, graded, feedback


def results(by_command):
    return {item["submission"]: item for item in json.loads(by_command[1].stdout)}


def test_the_command_says_that_one_is_not_graded(by_command):
    assert by_command[1].returncode == 3
    found = results(by_command)
    assert list(found) == STUDENTS
    assert [name for name in STUDENTS if found[name]["status"] == "graded"] == GRADED
    assert "not JSON" in found["nojson"]["reason"]
    assert found["linked"]["reason"] == "data.csv is a link: hand in the file itself."


def test_scores_of_the_command(by_command):
    found = results(by_command)
    assert found["solved"]["score"] == found["double"]["score"] == 11
    assert found["untouched"]["score"] == 0
    assert 0 < found["chaffy"]["score"] < 11
    names = {name for cell in found["chaffy"]["cells"] for name in cell["misconceptions"]}
    assert names == {"multiplier_major"}


def test_the_gradebook_has_what_the_command_says(by_command):
    book = gradebook(by_command[0])
    for name in GRADED:
        for cell in results(by_command)[name]["cells"]:
            score, by_hand = book[name][cell["cell"]]
            if cell["score"] is None:  # nbgrader itself gives 0 to an answer that was not touched
                assert by_hand == (name != "untouched")
            else:
                assert score == pytest.approx(cell["score"]) and not by_hand


def test_the_batch_of_nbgrader_survives(by_nbgrader):
    root, graded, _ = by_nbgrader
    folders = sorted(path.parent.parent.name for path in root.glob(f"autograded/*/{LAB}/*.ipynb"))
    assert folders == GRADED, graded.stderr[-3000:]


def test_nbgrader_gives_the_same_scores(by_command, by_nbgrader):
    one, other = gradebook(by_command[0]), gradebook(by_nbgrader[0])
    for name in GRADED:
        assert one[name] == other[name]


@pytest.mark.parametrize("student", ["linked", "nojson"])
def test_a_submission_that_is_not_graded_has_no_score(by_command, by_nbgrader, student):
    for root in (by_command[0], by_nbgrader[0]):
        assert all(score is None for score, _ in gradebook(root).get(student, {}).values())
        assert not (root / "feedback" / student).exists()
        assert not list((root / "autograded").glob(f"{student}/**/data.csv"))


@pytest.fixture(params=["command", "nbgrader"])
def feedback(request, by_command, by_nbgrader):
    root = {"command": by_command, "nbgrader": by_nbgrader}[request.param][0]
    return {
        name: (root / "feedback" / name / LAB / f"{LAB}.html").read_text(encoding="utf-8")
        for name in GRADED
    }


def test_feedback_has_the_reasons(feedback, lab06):
    (chaff,) = [chaff for chaff in lab06.chaffs if chaff.name == "multiplier_major"]
    assert "This exercise was not attempted." in feedback["untouched"]
    assert chaff.message[:40] in feedback["chaffy"]
    assert "tests pass." in feedback["solved"]
    assert "was there more than once" in feedback["double"]


def test_feedback_has_no_line_of_what_is_hidden(feedback, course, lab06):
    hidden = secrets(course, [lab06])
    assert len(hidden) > 100
    assert not list(hidden.leaks("feedback", feedback["untouched"].encode()))


def test_feedback_asks_for_nothing_and_runs_nothing(feedback):
    for html in feedback.values():
        assert requests(html) == [] and dangers(html) == []
        assert len(html) < 300_000


def test_graded_notebooks_are_valid(by_command, by_nbgrader):
    for root in (by_command[0], by_nbgrader[0]):
        for path in root.glob(f"autograded/*/{LAB}/*.ipynb"):
            nbformat.validate(nbformat.read(path, as_version=4))


def test_a_second_run_grades_only_what_is_new(by_command):
    root, first = by_command
    hand_in(root, "late", (root / "submitted" / "solved" / LAB / f"{LAB}.ipynb").read_text())
    before = {
        path: path.stat().st_mtime_ns for path in root.glob(f"autograded/*/{LAB}/{LAB}.ipynb")
    }
    again = run(root, "autograder", "grade", LAB, "--jobs", "1", "--device", "cpu", "--json")
    found = {item["submission"]: item for item in json.loads(again.stdout)}
    shutil.rmtree(root / "submitted" / "late")
    assert found["late"]["score"] == 11
    assert {name: found[name] for name in GRADED} == {
        item["submission"]: item
        for item in json.loads(first.stdout)
        if item["submission"] in GRADED
    }
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
