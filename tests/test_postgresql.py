"""A gradebook on a real PostgreSQL server: the same grades, with formgrader at work at once, and
nothing lost.
"""

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import lost
import pytest
from lost import BROKEN, LAB
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from autograder.cli import main
from autograder.converting import configuration
from autograder.course import CONFIG, Course

psycopg = pytest.importorskip("psycopg", reason="the extra `postgresql` is not installed")

KILLS = 12
SEED = 6
# nbgrader's own, at every new submission
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")


class Server:
    """A server of our own, on a socket in a folder of its own."""

    def __init__(self, tools, folder, user):
        self.tools, self.folder, self.user = tools, folder, user
        self.run("initdb", "--auth=trust", "--username=lab", "--encoding=UTF8", "--no-sync", "data")
        self.start()

    def run(self, tool, *arguments):
        command = [self.tools / tool, "-D" if tool != "initdb" else "--pgdata", *arguments[-1:]]
        subprocess.run(
            [*command, *arguments[:-1]],
            cwd=self.folder,
            user=self.user,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]},
        )

    def start(self):
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off"
        self.run("pg_ctl", "start", "-w", "-l", "log", "-o", options, "data")

    def stop(self):
        self.run("pg_ctl", "stop", "-w", "-m", "immediate", "data")

    def database(self, name):
        """A new database; its address as SQLAlchemy wants it."""
        known = {"host": str(self.folder), "user": "lab", "dbname": "postgres"}
        with psycopg.connect(**known, autocommit=True) as made:
            made.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://lab@/{name}?host={self.folder}"


@pytest.fixture(scope="module")
def server():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        pytest.skip("there is no PostgreSQL server: apt-get install postgresql")
    user = "postgres" if os.getuid() == 0 else None  # it refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path is short
    if user:
        shutil.chown(folder, user)
    made = Server(found[-1].parent, folder, user)
    yield made
    made.stop()
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def version(monkeypatch):
    monkeypatch.setattr("nbgrader.api.get_alembic_version", lambda: lost.VERSION)


@pytest.fixture(scope="module")
def first(course, tmp_path_factory):
    """A class that nobody has graded."""
    root = tmp_path_factory.mktemp("first") / "course"
    root.mkdir()
    lost.make_class(course, root)
    return root


@pytest.fixture(scope="module")
def here(first, tmp_path_factory):
    """That class, graded into SQLite."""
    root = tmp_path_factory.mktemp("here") / "course"
    shutil.copytree(first, root)
    assert lost.finish(root) == 0
    return root


@pytest.fixture
def on(server, first, tmp_path):
    """Makes that class with a database of this name on the server: (folder, address)."""

    def make(name):
        root = tmp_path / name
        shutil.copytree(first, root)
        url = server.database(name)
        with (root / CONFIG).open("a") as file:
            file.write(f"\nc.CourseDirectory.db_url = {url!r}\n")
        return root, url

    return make


def test_the_grades_are_those_of_sqlite(on, here):
    root, url = on("same")
    assert lost.finish(root) == 0
    assert lost.state(root, url) == lost.state(here)
    assert not (root / "gradebook.db").exists()
    lost.asked(root)
    assert lost.finish(root) == 0 and lost.asked(root) == []


def test_killed_at_any_moment_it_goes_on(on, here):
    wanted = lost.state(here)
    root, _ = on("undisturbed")
    assert lost.finish(root) == 0
    most = int((root / "touched").read_text())
    draw = random.Random(SEED)
    kills = courses = 0
    while kills < KILLS:
        root, url = on(f"killed_{courses}")
        courses += 1
        while (status := lost.finish(root, draw.randint(1, most))) != 0:
            assert status == -signal.SIGKILL
            kills += 1
        assert lost.state(root, url) == wanted
        names = lost.asked(root)
        assert len(names) <= 5 + kills
    print(f"{kills} kills in {courses} courses, of {most} moments each")


def test_a_server_that_ends_in_the_middle(on, server, here, monkeypatch):
    from autograder import classroom
    from autograder.errors import MachineFault

    root, url = on("ends")
    monkeypatch.chdir(root)
    course = Course(root)

    class Stops(lost.StandIn):
        def grade(self, notebooks):
            for number, result in enumerate(super().grade(notebooks)):
                if number == 2:
                    server.stop()
                yield result

    try:
        with pytest.raises(MachineFault, match="gradebook cannot be used") as caught:
            lab = course.lab(LAB)
            classroom.grade(course, lab, Stops(course), force=False, progress=lambda *_: None)
        assert "\n" not in str(caught.value)
        asked = lost.asked(root)
        assert lost.finish(root) == 3
        assert "connection" in (root / "said").read_text()
    finally:
        server.start()
    assert lost.finish(root) == 0
    assert len(asked) == 3 and not {*asked}.intersection(lost.asked(root))
    assert lost.state(root, url) == lost.state(here)


def formgrader(root, url):
    """What formgrader asks for its pages, in its own way; returns how many submissions it saw."""
    config = configuration(Course(root))
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    assert [found["name"] for found in api.get_assignments()] == [LAB]
    assert api.get_notebooks(LAB)
    people = {found["id"] for found in api.get_students()}
    seen = api.get_submissions(LAB)
    for submission in seen:
        student = submission["student"]
        assert api.get_submission(LAB, student) and api.get_student_submissions(student)
        if student in people:
            api.get_student(student)
            api.get_student_notebook_submissions(student, LAB)
    api.get_notebook_submission_indices(LAB, LAB)
    with Gradebook(url, "layerlab") as book:
        for submission in api.get_notebook_submissions(LAB, LAB):
            found = book.find_submission_notebook_by_id(submission["id"])
            assert [grade.to_dict() for grade in found.grades]
            assert [comment.to_dict() for comment in found.comments]
    return len([submission for submission in seen if submission["autograded"]])


def by_hand(url, student):
    """A person types points and a comment into formgrader, if the submission is there."""
    from nbgrader.api import MissingEntry

    with Gradebook(url, "layerlab") as book:
        try:
            grade = book.find_grade("written", LAB, LAB, student)
            comment = book.find_comment("written", LAB, LAB, student)
        except MissingEntry:
            return False
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        comment.manual_comment = "Well said."
        book.db.commit()
        return True


def test_formgrader_is_at_work_while_a_class_is_graded(on, here, monkeypatch):
    root, url = on("at_once")
    monkeypatch.chdir(root)
    process, looks, seen, given = lost.start(root), 0, 0, set()
    deadline = time.monotonic() + 120
    while process.is_alive() and time.monotonic() < deadline:
        with Gradebook(url, "layerlab") as book:
            known = [assignment.name for assignment in book.assignments]
        if known and (root / "autograded").is_dir():
            seen = max(seen, formgrader(root, url))
            looks += 1
            for student in {"ada", "ben", "cyd"} - given:
                given |= {student} if by_hand(url, student) else set()
    process.join()
    assert process.exitcode == 0 and looks, (root / "said").read_text()
    assert formgrader(root, url) == 5
    assert given == {"ada", "ben", "cyd"}
    print(f"formgrader looked {looks} times meanwhile, at {seen} submissions")
    assert lost.finish(root) == 0  # the points by hand reach the penalties
    wanted, found = lost.gradebook(f"sqlite:///{here}/gradebook.db"), lost.gradebook(url)
    for table in ("student", "assignment", "cell", "points", "source", "submission", "version"):
        assert found[table] == wanted[table]
    expected = {row[:2]: row[2] for row in map(eval, wanted["grade"])}
    for student, cell, auto, hand, *_ in map(eval, found["grade"]):
        assert auto == expected[student, cell]
        assert hand == (1.5 if cell == "written" and student in given else None)
    assert sum("Well said." in row for row in found["comment"]) == 3


def test_every_command_works_on_a_server(on, here, monkeypatch, capsys):
    from autograder.doctor import OK
    from autograder.doctor import course as checks

    root, url = on("commands")
    monkeypatch.chdir(root)
    assert lost.finish(root) == 0
    capsys.readouterr()
    exported = {}
    for folder in (root, here):
        monkeypatch.chdir(folder)
        for format in ("csv", "jsonl", "canvas", "moodle", "gradescope"):
            target = folder / f"grades.{format}"
            assert main(["export", format, "-o", str(target)]) == 0
            files = [target] if target.is_file() else sorted(target.rglob("*.json"))
            exported.setdefault(format, []).append([path.read_bytes() for path in files])
    assert all(one == other for one, other in exported.values())
    assert main(["report"]) == 0
    found = checks.gradebook(Course(root))
    assert found.status == OK or "can be written" in found.message
    monkeypatch.chdir(root)
    assert "can be written" in checks.gradebook(Course(root)).message
    assert BROKEN in (root / "grades.csv").read_text()
    assert url.startswith("postgresql")


def test_a_server_that_is_not_there_is_one_sentence(on, monkeypatch, capsys):
    root, _ = on("away")
    with (root / CONFIG).open("a") as file:
        file.write('c.CourseDirectory.db_url = "postgresql+psycopg://me:geheim@/x?host=/nowhere"\n')
    monkeypatch.chdir(root)
    assert main(["export", "csv"]) == 3
    said = capsys.readouterr().err
    assert "gradebook cannot be used" in said and said.count("\n") == 1 and "geheim" not in said


def test_a_driver_that_is_missing_is_one_sentence(on, monkeypatch, capsys):
    root, _ = on("driver")
    with (root / CONFIG).open("a") as file:
        file.write('c.CourseDirectory.db_url = "postgresql+pg8000://me:geheim@/x"\n')
    monkeypatch.chdir(root)
    assert main(["export", "csv"]) == 2
    said = capsys.readouterr().err
    assert "pg8000" in said and "layerlab[postgresql]" in said and "geheim" not in said
