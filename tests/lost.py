"""A class that is graded by a stand-in for the examination, in processes that are killed.

What is written, and in which order, is the real thing: nbgrader's converters, the gradebook, the
feedback. Only who says what a notebook is worth is not.
"""

import copy
import faulthandler
import io
import json
import multiprocessing
import os
import re
import shutil
import signal
import sqlite3
import sys
import warnings
import zlib
from datetime import datetime

import nbformat
import nbgrader.api
import pytest
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SAWarning

from autograder import source as sources
from autograder.converting import convert
from autograder.course import CONFIG, Course
from autograder.result import GRADED, CellResult, Result

LAB = "lab_mini"
BROKEN = "nojson"
VERSION = "e43177bfe90b"
"""Of nbgrader's tables."""
SETTINGS = """
[labs.{lab}]
due = 2026-03-01
[late]
percent_per_day = 10
"""

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["lost", "autograder.regrade"])


# The class of a lab so small that nbgrader has little to do with it

_CELLS = """\
# %% [markdown]
# # A small lab

# %% nbgrader={"solution": true, "grade_id": "layer"}
### BEGIN SOLUTION
layer = "as it should be"
### END SOLUTION

# %% nbgrader={"grade": true, "locked": true, "points": 4, "grade_id": "outputs"}
# Hidden tests look at the outputs.

# %% nbgrader={"grade": true, "locked": true, "points": 3, "grade_id": "gradients"}
# Hidden tests look at the gradients.

# %% [markdown] nbgrader={"grade": true, "solution": true, "points": 2, "grade_id": "written"}
# Why?
"""
_ROLES = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}


def _whole(match):
    roles = {**_ROLES, **json.loads(match[1])}
    return f"nbgrader={json.dumps(roles)}"


SOURCE = re.sub(r"nbgrader=({.*})", _whole, _CELLS)


def hand_in(root, student, notebook, day=1, lab=LAB):
    folder = root / "submitted" / student / lab
    folder.mkdir(parents=True, exist_ok=True)
    written = notebook if isinstance(notebook, str) else nbformat.writes(notebook)
    (folder / f"{lab}.ipynb").write_text(written, encoding="utf-8")
    (folder / "timestamp.txt").write_text(f"2026-03-{day:02d} 12:00:00 UTC")


def answer(course, text):
    """The notebook of a student who writes this."""
    notebook = copy.deepcopy(course.lab(LAB).solution)
    notebook.cells[1].source = f"layer = {text!r}"
    notebook.cells[-1].source = f"Because of {text}."
    return notebook


def make_class(original, root):
    """Five notebooks and one that is none; two of them late."""
    shutil.copyfile(original.root / CONFIG, root / CONFIG)
    (root / "course.toml").write_text(SETTINGS.format(lab=LAB))
    (root / "source" / LAB).mkdir(parents=True)
    (root / "source" / LAB / f"{LAB}.py").write_text(SOURCE)
    (root / "autograder" / "labs" / LAB).mkdir(parents=True)
    course = Course(root)
    lab = course.lab(LAB)
    sources.write(lab.source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nbgrader.api, "get_alembic_version", lambda: VERSION)
        convert(GenerateAssignment, course, lab)
    (root / "gradebook.db").unlink()
    for student, day in (("ada", 1), ("ben", 3), ("cyd", 5), ("eve", 1)):
        hand_in(root, student, answer(course, student), day)
    hand_in(root, "dan", lab.release)
    hand_in(root, BROKEN, '{"cells": [')
    return course


def hand_in_again(root):
    """Some of a graded class hand in anew, the one without a notebook among them."""
    course = Course(root)
    for student, day in (("ada", 6), ("cyd", 7), (BROKEN, 2)):
        hand_in(root, student, answer(course, f"{student} again"), day)
    hand_in(root, "eve", "[]", day=8)


def grade_by_hand(root):
    """A person gives points and writes a comment."""
    with Gradebook(f"sqlite:///{root}/gradebook.db", "layerlab") as book:
        for student, cell, points in (("ada", "written", 2.5), ("ben", "outputs", 1)):
            grade = book.find_grade(cell, LAB, LAB, student)
            grade.manual_score, grade.extra_credit = points, 0.5
        book.find_comment("written", LAB, LAB, "ada").manual_comment = "Well said."
        book.db.commit()


# The stand-in


def judged(lab, student, notebook, salt=""):
    """A result that depends on the notebook alone, and has what results have."""
    sources = "\n".join(cell.source for cell in notebook.cells) + salt
    cells = []
    for place, cell in enumerate(lab.graded_cells):
        share = (zlib.crc32(f"{place}{sources}".encode()) % 8) / 7
        if cell.by_hand:
            cells.append(CellResult(cell.grade_id, None, cell.points, "graded by hand", ""))
        elif share == 1:
            cells.append(
                CellResult(cell.grade_id, cell.points, cell.points, "passed", "All tests pass.")
            )
        else:
            score = round(cell.points * share, 6)
            why = (["kernel_flipped"], ["The kernel is flipped."]) if share < 0.5 else ([], [])
            cells.append(
                CellResult(cell.grade_id, score, cell.points, "failed", f"{share:.2f}.", *why)
            )
    shown = [{"output_type": "stream", "name": "stdout", "text": f"{student}\n"}]
    return Result(lab.name, student, GRADED, seconds=0.1, cells=cells, outputs={"1": shown})


class StandIn:
    """Says what notebooks are worth; notes whom it was asked about."""

    device, jobs = "cpu", 1

    def __init__(self, course, salt=""):
        self.lab = course.lab(LAB)
        self.salt = salt
        self.asked = course.root / "asked"

    def grade(self, notebooks):
        for student, notebook in notebooks:
            with self.asked.open("a") as file:
                file.write(f"{student}\n")
            yield judged(self.lab, student, notebook, self.salt)

    def spread(self, work, root, lab, names):
        work(root, lab, names)


# The process that is killed


def careless(connection, _):
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


def run(root, moment=None, salt="", does="grade"):
    """Grades the class; kills itself when it has touched disk or database for the n-th time."""
    from autograder import classroom, regrade
    from autograder.errors import MachineFault, UsageError
    from autograder.faults import told
    from autograder.lock import one_writer

    os.chdir(root)
    course = Course(root)
    touched = 0
    # A kill leaves what the kernel has; nothing here needs a disk, nor a second for a version.
    os.fsync = lambda _: None
    event.listen(Engine, "connect", careless)
    nbgrader.api.get_alembic_version = lambda: VERSION

    def touch(*_):
        nonlocal touched
        touched += 1
        if touched == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(name, arguments):
        writes = name == "open" and isinstance(arguments[1], str) and {*arguments[1]} & {*"wax+"}
        if writes or name in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod"):
            touch()

    sys.addaudithook(audit)
    for moments in ("before_cursor_execute", "commit"):
        event.listen(Engine, moments, touch)
    warnings.simplefilter("ignore", SAWarning)
    faulthandler.dump_traceback_later(300, exit=True, file=sys.__stderr__)
    sys.stderr = io.StringIO()
    workers = StandIn(course, salt)
    lab = course.lab(LAB)
    try:
        with told(), one_writer(course):
            if does == "grade":
                classroom.grade(course, lab, workers, force=False, progress=lambda *_: None)
            else:
                regrade.write(course, lab, workers, regrade.propose(course, lab, workers))
    except (MachineFault, UsageError) as error:
        (root / "said").write_text(f"{error}{sys.stderr.getvalue()}")
        os._exit(3 if isinstance(error, MachineFault) else 2)
    (root / "touched").write_text(str(touched))
    os._exit(0)


def start(root, *arguments):
    process = PROCESSES.Process(target=run, args=(root, *arguments))
    process.start()
    return process


def finish(root, *arguments):
    """Runs it to its end; returns the exit status."""
    process = start(root, *arguments)
    process.join(600)
    return process.exitcode


# What is compared

_TABLES = {
    "student": "SELECT id, first_name, email FROM student",
    "assignment": "SELECT name, duedate FROM assignment",
    "cell": "SELECT name, type FROM base_cell",
    "points": "SELECT b.name, g.max_score FROM grade_cells g JOIN base_cell b ON b.id = g.id",
    "source": "SELECT b.name, s.source, s.checksum FROM source_cell s"
    " JOIN base_cell b ON b.id = s.id",
    "submission": "SELECT student_id, timestamp FROM submitted_assignment",
    "notebook": "SELECT a.student_id, n.late_submission_penalty FROM submitted_notebook n"
    " JOIN submitted_assignment a ON a.id = n.assignment_id",
    "grade": "SELECT a.student_id, b.name, g.auto_score, g.manual_score, g.extra_credit,"
    " g.needs_manual_grade FROM grade g JOIN base_cell b ON b.id = g.cell_id"
    " JOIN submitted_notebook n ON n.id = g.notebook_id"
    " JOIN submitted_assignment a ON a.id = n.assignment_id",
    "comment": "SELECT a.student_id, b.name, c.auto_comment, c.manual_comment FROM comment c"
    " JOIN base_cell b ON b.id = c.cell_id JOIN submitted_notebook n ON n.id = c.notebook_id"
    " JOIN submitted_assignment a ON a.id = n.assignment_id",
    "version": "SELECT version_num FROM alembic_version",
}


def plain(value):
    """A value as SQLite has it, whatever database it comes from."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S.%f}"
    return int(value) if isinstance(value, bool) else value


def gradebook(url):
    """All that the gradebook says, without the keys that nbgrader draws at random."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            name: sorted(str(tuple(map(plain, row))) for row in connection.execute(text(query)))
            for name, query in _TABLES.items()
        }
    engine.dispose()
    return found


_SECONDS = re.compile(rb'\\?"seconds\\?": [0-9.e-]+')


def state(root, url=None):
    """All that grading leaves: the gradebook, and every file, but for the time that it took."""
    found = gradebook(url or f"sqlite:///{root}/gradebook.db")
    for part in ("autograded", "feedback", ".autograder/results"):
        for path in sorted((root / part).rglob("*")):
            if path.is_file():
                name = str(path.relative_to(root))
                found[name] = _SECONDS.sub(b"", path.read_bytes())
    return found


def settled(root):
    """Who has a result on the disk that is of the present notebook."""
    from autograder.classroom import Handed
    from autograder.errors import NotGraded
    from autograder.kept import Shelf

    course = Course(root)
    lab, found = course.lab(LAB), set()
    for kept in Shelf(course, lab):
        student = kept.result.submission
        try:
            work = Handed(student, root / "submitted" / student / LAB).digest(lab)
        except NotGraded:
            continue
        if kept.settles(work):
            found.add(student)
    return found


def asked(root):
    """Whom the stand-in was asked about since the last time."""
    path = root / "asked"
    names = path.read_text().split() if path.is_file() else []
    path.unlink(missing_ok=True)
    return names


def locked(path, ready, release):
    """Holds the gradebook as a process that never ends its change does."""
    held = sqlite3.connect(path)
    held.execute("BEGIN EXCLUSIVE")
    ready.set()
    release.wait()
    held.rollback()
    held.close()


def lock(root):
    """A process that holds the gradebook until `release` is set: (process, release)."""
    ready, release = PROCESSES.Event(), PROCESSES.Event()
    process = PROCESSES.Process(target=locked, args=(root / "gradebook.db", ready, release))
    process.start()
    ready.wait()
    return process, release


def results(root, lab=LAB):
    """What is kept, as data, by student."""
    folder = root / ".autograder" / "results" / lab
    return {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
