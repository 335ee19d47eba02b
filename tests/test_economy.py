"""nbgrader's own checks, made once: they find what they found before."""

import sqlite3
from pathlib import Path

import jsonschema
import nbgrader.api
import pytest
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook, InvalidEntry, Student
from nbgrader.nbgraderformat import common
from nbgrader.nbgraderformat.v3 import MetadataValidatorV3

from autograder import preprocessors  # noqa: F401  it makes nbgrader economize
from autograder.converting import with_our_tools
from autograder.economy import one_opening

FINE = {
    "grade": True,
    "grade_id": "outputs",
    "locked": True,
    "points": 3,
    "schema_version": 3,
    "solution": False,
    "task": False,
    "cell_type": "code",
}


def checked(metadata):
    MetadataValidatorV3().validate_cell(new_code_cell(metadata={"nbgrader": metadata}))


def test_right_metadata_pass():
    checked(FINE)
    checked({**FINE, "points": 0})


@pytest.mark.parametrize("wrong", [{"points": -1}, {"grade": "yes"}, {"grade_id": None}])
def test_wrong_metadata_raise_what_jsonschema_raises(wrong):
    metadata = {**FINE, **wrong}
    with pytest.raises(jsonschema.ValidationError) as theirs:
        jsonschema.validate(metadata, MetadataValidatorV3().schema)
    with pytest.raises(jsonschema.ValidationError) as ours:
        checked(metadata)
    assert str(ours.value) == str(theirs.value)


def test_it_is_the_validation_of_nbgrader_that_is_replaced():
    assert common.jsonschema.validate is not jsonschema.validate


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Opens a gradebook; counts how often its tables are looked for."""
    with_our_tools()
    looked = []
    tables = nbgrader.api.Base.metadata
    create = tables.create_all
    monkeypatch.setattr(tables, "create_all", lambda bind: (looked.append(bind), create(bind)))

    def opens(name="one"):
        return Gradebook(f"sqlite:///{tmp_path}/{name}.db", "course")

    opens.looked = looked
    return opens


def test_a_gradebook_is_opened_once_within(opened):
    with one_opening():
        for number in range(3):
            with opened() as book:
                book.add_student(f"student{number}")
        with opened("another") as other:
            assert other.students == []
    assert len(opened.looked) == 2
    with opened() as book:
        assert len(book.students) == 3
    assert len(opened.looked) == 3, "and not afterwards"


def test_what_was_not_committed_is_forgotten_as_when_it_is_closed(opened):
    with one_opening():
        with opened() as book:
            book.db.add(Student(id="forgotten"))
        with opened() as book:
            assert book.students == []


def test_others_see_what_is_written_and_may_write(opened):
    with one_opening():
        with opened() as book:
            book.add_student("mine")
        theirs = sqlite3.connect(book.engine.url.database, timeout=0)
        with theirs:
            theirs.execute("UPDATE student SET first_name = 'Ada'")
        theirs.close()
        with opened() as book:
            assert book.find_student("mine").first_name == "Ada"


def test_what_is_written_whole_is_there_within_for_every_course_and_for_others_at_the_end(opened):
    with one_opening(whole=True):
        with opened() as book:
            book.add_student("ada")
        with Gradebook(book.engine.url.render_as_string()) as again:  # nbgrader names no course
            assert [student.id for student in again.students] == ["ada"]
        theirs = sqlite3.connect(book.engine.url.database, timeout=0)
        assert theirs.execute("SELECT id FROM student").fetchall() == []
    assert theirs.execute("SELECT id FROM student").fetchall() == [("ada",)]
    theirs.close()
    assert len(opened.looked) == 1


def test_what_is_written_whole_is_not_there_at_all_if_something_is_raised(opened):
    with opened() as book:
        book.add_student("before")
    with pytest.raises(KeyError), one_opening(whole=True), opened() as book:
        book.add_student("ada")
        book.add_student("grace")
        raise KeyError
    with opened() as book:
        assert [student.id for student in book.students] == ["before"]
        book.add_student("after")  # and nothing is locked


def test_what_nbgrader_refuses_is_refused_whole_too(opened):
    with pytest.raises(InvalidEntry), one_opening(whole=True), opened() as book:
        book.add_student("ada")
        book.add_student("ada")
    with opened() as book:
        assert book.students == []


def test_a_gradebook_that_is_taken_away_is_missed_by_the_next_one(opened):
    with one_opening(), opened() as book:
        book.add_student("gone")
    Path(book.engine.url.database).unlink()
    with one_opening(), opened() as book:
        assert book.students == []
