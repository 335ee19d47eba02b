"""`autograder init`: a course from nothing, and labs of its own."""

import shutil

import pytest

from autograder.converting import configuration
from autograder.course import Course
from autograder.errors import UsageError
from autograder.init import init
from autograder.lab import HIDDEN, Lab

LABS = ["lab06_depthwise_conv", "lab02_mean_zero_init"]


@pytest.fixture
def students(tmp_path):
    path = tmp_path / "students.csv"
    path.write_text("id,last_name\nada,Lovelace\n")
    return path


def test_a_new_course_has_what_release_and_grade_need(tmp_path, students, course):
    made = init(tmp_path / "deep" / "cnn-2026", LABS, students)
    assert Course.find(made.root / "source") == made
    assert made.lab_names == LABS
    assert made.settings.course.id == "cnn-2026"
    assert [student.id for student in made.settings.students] == ["ada"]
    assert configuration(made).CourseDirectory.course_id == "cnn-2026"
    for name in LABS:
        assert made.lab(name).source.read_bytes() == course.lab(name).source.read_bytes()
        assert made.lab(name).hidden == HIDDEN / name
    ignored = (made.root / ".gitignore").read_text().split()
    assert {".autograder/", "/gradebook.db*", "/submitted/", "/roster.csv"} <= {*ignored}
    readme = (made.root / "README.md").read_text()
    assert "autograder grade lab06_depthwise_conv" in readme and "$" not in readme


def test_all_labs_in_an_empty_folder_with_an_example_of_a_roster(tmp_path, course):
    made = init(tmp_path, course_id="cnn")
    assert made.lab_names == course.lab_names
    assert made.settings.course.id == "cnn" and made.settings.students == ()


def test_the_dates_in_the_file_are_ready_to_be_used(tmp_path):
    made = init(tmp_path / "cnn", LABS)
    path = made.root / "course.toml"
    lines = path.read_text().splitlines()
    tables = ("# release", "# due", "# [late]", "# percent", "# grace", "# maximum", "# closes")
    used = [line.removeprefix("# ") if line.startswith(tables) else line for line in lines]
    path.write_text("\n".join(used))
    found = Course(made.root).settings
    assert all(dates.release and dates.due for dates in found.labs.values())
    assert (found.late.percent_per_day, found.late.closes_after_days) == (10, 7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labs": ["lab99"]}, "There is no lab called 'lab99'"),
        ({"course_id": "my course"}, "'my course' cannot be a course's id.*--course-id"),
        ({"students": "missing.csv"}, "missing.csv cannot be read"),
        ({"students": "wrong.csv"}, "no column id"),
    ],
)
def test_what_cannot_be_used_leaves_no_trace(tmp_path, arguments, message):
    (tmp_path / "wrong.csv").write_text("name\n")
    if "students" in arguments:
        arguments = {"students": tmp_path / arguments["students"]}
    with pytest.raises(UsageError, match=message):
        init(tmp_path / "cnn", **arguments)
    assert not (tmp_path / "cnn").exists()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / ".hidden").touch()
    with pytest.raises(UsageError, match="is not an empty folder"):
        init(tmp_path, LABS)
    with pytest.raises(UsageError, match="is not an empty folder"):
        init(tmp_path / ".hidden", LABS)
    assert [path.name for path in tmp_path.iterdir()] == [".hidden"]


@pytest.fixture
def own(tmp_path, course, monkeypatch):
    """A course with a lab of its own, whose hidden folder lies in the course."""
    monkeypatch.setattr("autograder.labs.__path__", [str(HIDDEN)])
    made = init(tmp_path / "cnn", LABS)
    name = f"lab_{tmp_path.name}".replace("-", "_")
    shutil.copytree(made.lab(LABS[0]).source.parent, made.root / "source" / name)
    shutil.move(
        made.root / "source" / name / f"{LABS[0]}.py", made.root / "source" / name / f"{name}.py"
    )
    hidden = made.root / "autograder" / "labs" / name
    shutil.copytree(HIDDEN / LABS[0], hidden)
    return Lab(name, made.root)


def test_a_lab_of_a_course_s_own_is_found_and_imported_there(own):
    assert own.hidden == own.root / "autograder" / "labs" / own.name
    assert own.module("cases").__file__ == str(own.hidden / "cases.py")
    assert [case.key for case in own.visible_cases()] and own.chaffs


def test_a_copy_of_the_course_elsewhere_finds_it_too(own, tmp_path):
    assert Lab(own.name, tmp_path / "other").hidden == own.hidden


def test_the_lab_of_another_course_is_never_taken_for_it(own, tmp_path):
    own.module("cases")
    other = tmp_path / "other"
    shutil.copytree(own.root / "autograder", other / "autograder")
    with pytest.raises(UsageError, match="of another course is loaded already"):
        Lab(own.name, other).module("cases")


def test_a_lab_without_its_hidden_folder_is_a_sentence(own):
    shutil.rmtree(own.hidden)
    with pytest.raises(UsageError, match=rf"{own.name} has no hidden tests: .* is missing"):
        own.visible_cases()


def test_a_hidden_folder_without_a_module_is_a_sentence(own):
    (own.hidden / "cases.py").unlink()
    with pytest.raises(UsageError, match=r"lacks .*cases\.py"):
        own.visible_cases()
