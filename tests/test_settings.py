"""`course.toml` and the roster: what is read, what is refused, and what nbgrader gets of it."""

from datetime import datetime, timedelta

import pytest
from nbgrader.api import Base
from sqlalchemy import create_engine
from traitlets.config import Config

from autograder import gradebook, roster, settings
from autograder.course import CONFIG, Course
from autograder.engine import configure
from autograder.errors import UsageError
from autograder.roster import Student
from autograder.settings import FILE, LatePolicy

# nbgrader's own, at every new submission
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")

CONFIGURATION = """
from pathlib import Path
from autograder.engine import configure
c = get_config()
configure(c, Path(__file__).parent)
"""


@pytest.fixture
def made(tmp_path):
    """Makes a course of the labs a and b from the text of a `course.toml`, and of a roster."""

    def make(text, students=None):
        for name in ("lab_a", "lab_b"):
            (tmp_path / "source" / name).mkdir(parents=True)
            (tmp_path / "source" / name / f"{name}.py").touch()
        (tmp_path / CONFIG).write_text(CONFIGURATION)
        (tmp_path / FILE).write_text(text)
        if students is not None:
            (tmp_path / "roster.csv").write_text(students)
        return Course(tmp_path)

    return make


def test_without_a_file_everything_has_its_default(tmp_path):
    assert Course(tmp_path).settings == settings.Settings()
    assert Course(tmp_path).settings.course.id == "layerlab"


def test_an_empty_file_is_right(made):
    assert made("").settings == settings.Settings()


def test_dates_are_meant_in_the_zone_and_days_end_late(made):
    course = made(
        """
        [course]
        timezone = "Europe/Berlin"
        [labs.lab_b]
        release = 2026-01-10
        due = 2026-01-20
        [labs.lab_a]
        release = 2026-07-01T08:00:00
        due = 2026-07-02T18:00:00-05:00
        """
    )
    said = {
        name: [moment.astimezone(settings.ZoneInfo("UTC")).isoformat() for moment in pair]
        for name, dates in course.settings.labs.items()
        for pair in [(dates.release, dates.due)]
    }
    assert said == {
        "lab_b": ["2026-01-09T23:00:00+00:00", "2026-01-20T22:59:59+00:00"],
        "lab_a": ["2026-07-01T06:00:00+00:00", "2026-07-02T23:00:00+00:00"],
    }


def test_the_file_chooses_the_labs_and_their_order(made):
    course = made("[labs.lab_b]\n[labs.lab_a]\n")
    assert course.lab_names == ["lab_b", "lab_a"]
    (course.root / FILE).write_text("[labs.lab_b]\n")
    course = Course(course.root)
    assert [lab.name for lab in course.labs()] == ["lab_b"]
    with pytest.raises(UsageError, match=r"lab_a is no lab of this course: add \[labs\.lab_a\]"):
        course.lab("lab_a")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[course]\nid = x\n", r"course\.toml is not TOML: .*line 2"),
        ("[cours]", r"'cours' is nothing that is known here: did you mean course\?"),
        ("[zebra]", r"'zebra' is nothing that is known here\. There is: course, labs, late\."),
        ("course = 3", r"\[course\] is 3: write it as a table"),
        ("[course]\ntimezon = 'UTC'", r"\[course\] 'timezon' .*did you mean timezone\?"),
        ("[course]\ntimezone = 'Mars/Base'", r"\[course\] timezone is 'Mars/Base'.*Europe/Berlin"),
        ("[course]\nid = 'a b'", r"\[course\] id is 'a b': write letters, digits"),
        ("[course]\nid = 7", r"\[course\] id is 7: write a text in quotes"),
        ("[course]\nroster = 'none.csv'", r"\[course\] roster: The roster .*none\.csv cannot be"),
        ("labs = ['lab_a']", r"labs is not a table: write \[labs\.NAME\]"),
        ("[labs.lab_q]", r"\[labs\.lab_q\]: there is no source/lab_q/lab_q\.py: did you mean lab_"),
        ("[labs.lab_a]\ndue = '2026-01-01'", r"\[labs\.lab_a\] due is '2026-01-01'.*without quote"),
        ("[labs.lab_a]\ndue = 2026-01-01\nrelease = 2026-02-01", r"due is not after release"),
        ("[labs.lab_a]\nduee = 2026-01-01", r"\[labs\.lab_a\] 'duee' .*did you mean due\?"),
        ("[late]\npercent_per_day = 110", r"\[late\] percent_per_day is 110.*from 0 to 100"),
        ("[late]\npercent_per_day = true", r"\[late\] percent_per_day is True"),
        ("[late]\ngrace_minutes = -1", r"\[late\] grace_minutes is -1: write a number from 0 up"),
        ("[late]\ncloses_after_days = nan", r"\[late\] closes_after_days is nan"),
    ],
)
def test_what_is_wrong_is_told_with_the_file_the_key_and_what_to_do(made, text, message):
    with pytest.raises(UsageError, match=message) as caught:
        made(text).settings  # noqa: B018
    assert str(caught.value).startswith(FILE) and "\n" not in str(caught.value)


def test_everything_that_is_wrong_is_told_at_once(made):
    with pytest.raises(UsageError) as caught:
        made("[course]\nid = 1\nroster = 'roster.csv'\n[late]\nx = 1", "id\na/b\n\n").lab_names  # noqa: B018
    lines = str(caught.value).splitlines()
    assert len(lines) == 3 and all(line.startswith(f"{FILE}: ") for line in lines)


@pytest.mark.parametrize(
    ("hours", "penalty"), [(0.4, 0), (0.5, 0), (0.6, 1), (24, 1), (24.1, 2), (71, 2.5), (97, 10)]
)
def test_the_late_policy(hours, penalty):
    policy = LatePolicy(
        percent_per_day=10, grace_minutes=30, maximum_percent=25, closes_after_days=4
    )
    assert policy.penalty(10, hours * 3600) == pytest.approx(penalty)
    assert policy.penalty(0, hours * 3600) == 0


def test_without_a_policy_being_late_costs_nothing():
    assert LatePolicy().penalty(10, 1e9) == 0


def test_a_roster_as_a_spreadsheet_saves_it(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("ID;First Name;Last name;Group\n ada ;Ada;Lovelace;3\n;;;\n", "utf-8-sig")
    assert roster.read(path) == (Student("ada", "Ada", "Lovelace"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column id"),
        ("name\nAda\n", "no column id"),
        ("id,e_mail\nada,x\n", "no column 'e_mail': did you mean email"),
        ("id,id\n", "the column id is there twice"),
        ("id,email\n,x\n", "line 2: the id is empty"),
        ("id\nada\nada\n", "line 3: the id ada is there twice"),
        ("id\n../ada\n", r"line 2: '\.\./ada' cannot be an id"),
    ],
)
def test_a_roster_that_is_wrong(tmp_path, text, message):
    path = tmp_path / "roster.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        roster.read(path)


def test_a_roster_in_another_encoding(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_bytes("id,first_name\nrene,René\n".encode("latin-1"))
    with pytest.raises(UsageError, match="is not UTF-8"):
        roster.read(path)


def test_nbgrader_is_told_the_course(made, capsys):
    config = Config()
    configure(config, made('[course]\nid = "cnn"\ntimezone = "Asia/Tokyo"').root)
    assert config.CourseDirectory.course_id == "cnn"
    assert config.NbGraderAPI.timezone == "Asia/Tokyo"
    assert capsys.readouterr().err == ""


def test_a_wrong_file_leaves_nbgrader_with_the_sandbox_and_without_a_course(made, capsys):
    config = Config()
    configure(config, made("[late]\npercent = 1").root)
    assert "did you mean percent_per_day?" in capsys.readouterr().err
    assert "autograder.preprocessors.Examine" in config.Autograde.autograde_preprocessors
    assert "course_id" not in config.CourseDirectory


LATE = """
[course]
id = "cnn"
timezone = "Europe/Berlin"
roster = "roster.csv"
[labs.lab_a]
due = 2026-01-20T12:00:00
[labs.lab_b]
due = 2026-01-20
[late]
percent_per_day = 10
"""


@pytest.fixture
def graded(made, monkeypatch):
    """A course whose gradebook has one lab, with a submission of ada, two days late, of 8 points;
    4 more wait for a person."""
    course = made(LATE, "id,first_name\nada,Ada\nalan,Alan\n")
    monkeypatch.chdir(course.root)
    Base.metadata.create_all(create_engine(f"sqlite:///{course.root}/gradebook.db"))
    with gradebook.opened(course) as book:
        book.add_assignment("lab_a")
        book.add_notebook("lab_a", "lab_a")
        for name, kind in (("auto", "code"), ("hand", "markdown")):
            book.add_grade_cell(name, "lab_a", "lab_a", max_score=10, cell_type=kind)
        book.add_student("ada", first_name="A.", email="kept@example.org")
        book.add_student("gone", first_name="Gone")
        book.add_submission("lab_a", "ada", timestamp=datetime(2026, 1, 22, 10, 59))
        book.find_grade("auto", "lab_a", "lab_a", "ada").auto_score = 8
        book.db.commit()
    return course


def penalty(course):
    with gradebook.opened(course) as book:
        submission = book.find_submission("lab_a", "ada")
        return submission.score, submission.late_submission_penalty


def test_roster_and_dates_enter_the_gradebook_and_the_rest_stays(graded):
    gradebook.enter(graded)
    with gradebook.opened(graded) as book:
        students = {student.id: student for student in book.students}
        assert {id: student.first_name for id, student in students.items()} == {
            "ada": "Ada",
            "alan": "Alan",
            "gone": "Gone",
        }
        assert students["ada"].email == "kept@example.org"
        assert book.find_assignment("lab_a").duedate == datetime(2026, 1, 20, 11)
        assert [assignment.name for assignment in book.assignments] == ["lab_a"]
        assert book.find_submission("lab_a", "ada").score == 8


def test_a_second_time_nothing_is_written(graded):
    gradebook.enter(graded)
    before = (graded.root / "gradebook.db").read_bytes()
    gradebook.enter(graded)
    assert (graded.root / "gradebook.db").read_bytes() == before


def test_a_course_without_settings_touches_no_gradebook(tmp_path):
    gradebook.enter(Course(tmp_path))
    assert not (tmp_path / "gradebook.db").exists()


def test_late_penalties_follow_dates_points_and_extensions(graded):
    assert gradebook.penalize(graded, graded.lab("lab_a")) == []
    gradebook.EnterSettings().preprocess(None, {})
    assert gradebook.penalize(graded, graded.lab("lab_a")) == ["ada"]
    assert penalty(graded) == (8, pytest.approx(1.6))
    with gradebook.opened(graded) as book:
        book.find_grade("hand", "lab_a", "lab_a", "ada").manual_score = 2
        book.db.commit()
    assert gradebook.penalize(graded, graded.lab("lab_a")) == ["ada"]
    assert penalty(graded) == (10, pytest.approx(2))
    assert gradebook.penalize(graded, graded.lab("lab_a")) == []
    with gradebook.opened(graded) as book:
        book.find_submission("lab_a", "ada").extension = timedelta(days=2)
        book.db.commit()
    assert gradebook.penalize(graded, graded.lab("lab_a")) == ["ada"]
    assert penalty(graded) == (10, 0)


def test_nothing_is_graded_by_half_a_policy(graded):
    (graded.root / FILE).write_text("[late]\nx = 1")
    with pytest.raises(UsageError, match="'x' is nothing"):
        gradebook.EnterSettings().preprocess(None, {})
