"""Grades out: what each format holds, against the shape that its reader documents."""

import csv
import json
import shutil
import subprocess
import sys
import zipfile
from datetime import datetime

import classbook
import pytest
from classbook import LAB, OTHER

from autograder import cli
from autograder.exports.grades import number, text
from autograder.gradebook import existing
from autograder.kept import Kept, Shelf
from autograder.result import FAILED, GRADED, NOT_GRADED, PASSED, CellResult, Result


@pytest.fixture(scope="module")
def graded(course, tmp_path_factory):
    """ada is graded, by a person too; jose is late; mallory waits; sam1 is not graded."""
    made = classbook.make(course, tmp_path_factory.mktemp("course"))
    lab = made.lab(LAB)
    with existing(made) as book:
        book.find_assignment(LAB).duedate = datetime(2026, 3, 1)
        ada = classbook.score(book, lab, "ada")
        ada.timestamp = datetime(2026, 2, 28, 12)
        written = book.find_grade("written_answer", LAB, LAB, "ada")
        written.manual_score, written.extra_credit, written.needs_manual_grade = 2.5, 0.25, False
        book.find_comment("written_answer", LAB, LAB, "ada").manual_comment = "+1 for the figure"
        jose = classbook.score(book, lab, "jose", share=0.5)
        jose.notebooks[0].late_submission_penalty = 2.0
        answer = book.find_grade("written_answer", LAB, LAB, "jose")
        answer.manual_score, answer.needs_manual_grade = 1.0, False
        classbook.score(book, lab, "mallory", share=0.0)
        book.db.commit()
    cells = [
        CellResult(cell.grade_id, cell.points, cell.points, PASSED, "All 5 tests pass.")
        for cell in lab.graded_cells
        if not cell.by_hand
    ]
    Shelf(made, lab).write(
        Kept(Result(LAB, "ada", GRADED, device="gpu", cells=cells, versions={"keras": "3"}))
    )
    first = lab.graded_cells[0]
    wrong = CellResult(
        first.grade_id, 0.0, first.points, FAILED, "It is wrong.", ["swapped"], ["You swap them."]
    )
    Shelf(made, lab).write(Kept(Result(LAB, "mallory", GRADED, cells=[wrong])))
    Shelf(made, lab).write(Kept(Result(LAB, "sam1", NOT_GRADED, "It is empty.")))
    (made.root / "submitted" / "sam1" / LAB).mkdir(parents=True)
    return made


@pytest.fixture
def export(graded, monkeypatch, capsys, tmp_path):
    """Runs `autograder export` in the course; returns the path and what was said."""
    monkeypatch.chdir(graded.root)

    def run(form, *labs, name="out"):
        target = tmp_path / name
        assert cli.main(["export", form, *labs, "-o", str(target)]) == 0
        printed, said = capsys.readouterr()
        assert printed.strip() == str(target)
        return target, said

    return run


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_canvas_reads_what_it_would_write(export):
    path, said = export("canvas", LAB)
    assert rows(path) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", LAB],
        ["    Points Possible", "", "", "", "", "14"],
        ['\'@Mallory, =HYPERLINK("http://x")', "", "", "mallory", "", "0"],
        ["Lovelace, Ada", "1001", "", "ada", "", "13.75"],
        ["Núñez, Jr., José", "1002", "", "jose", "", "4.5"],
        ["Smith, Sam", "", "", "sam1", "", ""],
        ["Smith, Sam", "", "", "sam2", "", ""],
    ]
    assert "no lms_user_id of these students" in said and "mallory, sam1, sam2." in said
    assert "assignment_ids in nbgrader_config.py has no id of these labs" in said


def test_canvas_knows_an_assignment_by_its_id(graded, tmp_path):
    shutil.copytree(graded.root, tmp_path / "course")
    config = tmp_path / "course" / "nbgrader_config.py"
    with config.open("a") as file:
        file.write(f"\nc.CanvasExporter.assignment_ids = {{'{LAB}': 321}}\n")
    out = tmp_path / "grades.csv"
    found = subprocess.run(
        [
            *(sys.executable, "-m", "nbgrader", "export", f"--to={out}"),
            f"--assignment=['{LAB}']",
            "--exporter=autograder.exports.canvas.CanvasExporter",
        ],
        cwd=tmp_path / "course",
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert rows(out)[0][5:] == [f"{LAB} (321)"]
    assert len(rows(out)) == 7
    assert "waits for a grader" in found.stderr and "has no id of these labs" not in found.stderr


def test_moodle_gets_grades_with_their_feedback(export):
    path, said = export("moodle", LAB)
    table = {row[2]: row for row in rows(path)}
    assert table["Username"] == [
        "First name",
        "Last name",
        "Username",
        "ID number",
        "Email address",
        LAB,
        f"{LAB} (feedback)",
    ]
    assert table["ada"][3:] == [
        "1001",
        "ada@example.edu",
        "13.75",
        "written_answer: +1 for the figure",
    ]
    assert table["jose"][5:] == ["4.5", "Late: 2 points taken off."]
    assert table["sam2"][5:] == ["", ""]
    assert table["mallory"][0] == '\'=HYPERLINK("http://x")'
    assert "no email of these students" in said


def test_all_labs_are_exported_unless_some_are_named(export):
    path, _ = export("canvas")
    assert rows(path)[0][5:] == [OTHER, LAB]


def test_plain_csv_has_a_row_for_each_student_and_lab(export):
    path, said = export("csv")
    table = [dict(zip(rows(path)[0], row, strict=True)) for row in rows(path)[1:]]
    assert len(table) == 5 * 2
    mine = {row["student"]: row for row in table if row["lab"] == LAB}
    assert {name: row["status"] for name, row in mine.items()} == {
        "ada": "graded",
        "jose": "graded",
        "mallory": "waits for a grader",
        "sam1": "not graded",
        "sam2": "not handed in",
    }
    jose = [mine["jose"][name] for name in ("score", "raw_score", "late_penalty", "max_score")]
    assert jose == ["4.5", "6.5", "2", "14"]
    assert mine["ada"]["submitted"] == "2026-02-28 12:00:00"
    assert mine["sam1"]["remarks"] == "It is empty." and mine["sam1"]["score"] == ""
    assert f"{LAB}: handed in but not graded, so there is no score: sam1." in said


def test_json_lines_have_every_verdict(export):
    path, _ = export("jsonl", LAB)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    by_cell = {(line["student"], line["cell"]): line for line in lines}
    outputs = by_cell["ada", "depthwise_outputs"]
    assert outputs["status"] == "passed" and outputs["message"] == "All 5 tests pass."
    assert outputs["device"] == "gpu" and outputs["versions"] == {"keras": "3"}
    written = by_cell["ada", "written_answer"]
    assert (written["score"], written["manual_score"], written["extra_credit"]) == (2.75, 2.5, 0.25)
    assert written["status"] == "graded by hand" and written["comment"] == "+1 for the figure"
    wrong = by_cell["mallory", "depthwise_outputs"]
    assert wrong["misconceptions"] == ["swapped"] and wrong["status"] == "failed"
    waits = by_cell["mallory", "written_answer"]
    assert waits["status"] == "waits for a grader" and waits["score"] is None
    assert by_cell["sam1", None]["lab_status"] == "not graded"
    assert by_cell["sam1", None]["reason"] == "It is empty."
    assert by_cell["sam2", None]["lab_status"] == "not handed in"


def test_the_reasons_of_another_run_are_not_shown(graded, export, monkeypatch):
    with existing(graded) as book:
        grade = book.find_grade("depthwise_outputs", LAB, LAB, "mallory")
        grade.auto_score = 1.0
        book.db.commit()
    try:
        path, _ = export("jsonl", LAB)
    finally:
        with existing(graded) as book:
            book.find_grade("depthwise_outputs", LAB, LAB, "mallory").auto_score = 0.0
            book.db.commit()
    (line,) = [
        line
        for line in map(json.loads, path.read_text(encoding="utf-8").splitlines())
        if (line["student"], line["cell"]) == ("mallory", "depthwise_outputs")
    ]
    assert line["status"] == "partly passed" and not line["misconceptions"] and not line["message"]


def test_an_entry_that_grading_never_filled_is_no_zero(graded, export):
    with existing(graded) as book:
        classbook.score(book, graded.lab(OTHER), "ada")
        for grade in book.find_submission(OTHER, "ada").notebooks[0].grades:
            grade.auto_score = None
        book.db.commit()
    try:
        path, said = export("csv", OTHER)
    finally:
        with existing(graded) as book:
            book.remove_submission(OTHER, "ada")
    (ada,) = [row for row in rows(path) if row[0] == "ada"]
    assert ada[6] == "not graded" and ada[8] == ""
    assert f"{OTHER}: handed in but not graded" in said


RESULTS = {
    "score",
    "output",
    "output_format",
    "test_output_format",
    "visibility",
    "stdout_visibility",
    "tests",
    "extra_data",
    "execution_time",
}
TESTS = {"name", "score", "max_score", "status", "output", "output_format", "visibility"}


def test_gradescope_results_have_the_documented_fields(export):
    path, _ = export("gradescope", LAB)
    graded = sorted(page.parent.name for page in (path / LAB).glob("*/results.json"))
    assert graded == ["ada", "jose", "mallory"]
    ada = json.loads((path / LAB / "ada" / "results.json").read_text(encoding="utf-8"))
    assert set(ada) <= RESULTS and all(set(test) <= TESTS for test in ada["tests"])
    assert ada["score"] == 13.75 == sum(test["score"] for test in ada["tests"])
    assert {test["status"] for test in ada["tests"]} <= {"passed", "failed"}
    jose = json.loads((path / LAB / "jose" / "results.json").read_text(encoding="utf-8"))
    assert jose["score"] == 4.5 and jose["output"] == "Late: 2 points taken off."
    mallory = json.loads((path / LAB / "mallory" / "results.json").read_text(encoding="utf-8"))
    assert "You swap them." in mallory["tests"][0]["output"]
    assert "has not done so yet" in mallory["tests"][3]["output"]


def test_a_score_of_an_earlier_submission_is_told(graded, export):
    stamp = graded.root / "submitted" / "ada" / LAB / "timestamp.txt"
    stamp.parent.mkdir(parents=True)
    stamp.write_text("2026-02-28 12:00:00 UTC")
    try:
        assert "handed in again" not in export("csv", LAB)[1]
        stamp.write_text("2026-02-28 13:00:00 UTC")
        assert "handed in again since it was graded" in export("csv", LAB)[1]
    finally:
        shutil.rmtree(stamp.parents[1])


def test_gradescope_results_in_a_zip(export):
    path, _ = export("gradescope", LAB, name="out.zip")
    with zipfile.ZipFile(path) as archive:
        students = json.loads(archive.read(f"{LAB}/students.json"))
        names = set(archive.namelist())
    assert students == {"ada@example.edu": "ada", "jose@example.edu": "jose"}
    assert names == {
        *(f"{LAB}/{name}" for name in ("run_autograder", "setup.sh", "students.json")),
        *(f"{LAB}/{student}/results.json" for student in ("ada", "jose", "mallory")),
    }


def test_the_autograder_for_gradescope_answers_with_the_result(export, tmp_path):
    path, _ = export("gradescope", LAB)
    place = tmp_path / "autograder"
    shutil.copytree(path / LAB, place / "source")
    (place / "results").mkdir()
    users = {"users": [{"email": "Ada@example.edu", "id": 3, "name": "Ada"}]}
    (place / "submission_metadata.json").write_text(json.dumps(users))
    script = place / "source" / "run_autograder"
    script.write_text(script.read_text().replace('"/autograder"', repr(str(place))))
    subprocess.run([script], check=True)
    assert json.loads((place / "results" / "results.json").read_text())["score"] == 13.75


def test_a_result_that_is_no_longer_true_is_taken_away(export):
    path, _ = export("gradescope", LAB)
    stale = path / LAB / "sam2" / "results.json"
    stale.parent.mkdir()
    stale.write_text("{}")
    export("gradescope", LAB)
    assert not stale.exists()


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", " =1", "＝1"])
def test_a_text_is_never_a_formula(value):
    assert text(value) == f"'{value}"


def test_other_texts_and_numbers_stay():
    assert text("O'Neil, A-B") == "O'Neil, A-B"
    assert [number(value) for value in (None, 0.0, 2.0, -1.5, 2.938776)] == [
        "",
        "0",
        "2",
        "-1.5",
        "2.9388",
    ]


def test_unknown_labs_and_no_gradebook_say_what_to_do(graded, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(graded.root)
    assert cli.main(["export", "csv", "lab99"]) == 2
    assert f"no lab 'lab99'; it has: {OTHER}, {LAB}" in capsys.readouterr().err
    assert cli.main(["export", "csv", "-o", str(tmp_path / "no" / "where.csv")]) == 2
    assert "cannot be written" in capsys.readouterr().err
    shutil.copyfile(graded.root / "nbgrader_config.py", tmp_path / "nbgrader_config.py")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["export", "csv"]) == 2
    assert "has no gradebook yet" in capsys.readouterr().err
    assert not (tmp_path / "gradebook.db").exists()
