"""What several test modules share: this checkout as a course, its labs, one warm grader."""

import copy
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from autograder import labs
from autograder.course import Course

# `make test` proves the labs for this seed first: what is true of them lies in `.autograder`.
os.environ.setdefault("AUTOGRADER_SEED", "make-test")

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def hidden_folders():
    """Where hidden folders are looked for stays as it is, whatever courses a test makes."""
    before = [*labs.__path__]
    yield
    labs.__path__[:] = before


@pytest.fixture(scope="session")
def course():
    return Course(ROOT)


@pytest.fixture(scope="session")
def lab06(course):
    return course.lab("lab06_depthwise_conv")


@pytest.fixture(scope="session")
def lab02(course):
    return course.lab("lab02_mean_zero_init")


@pytest.fixture
def folder(course, lab06, tmp_path, monkeypatch):
    """A student's folder, the working directory, with the data of lab06; a fresh kernel session."""
    from layerlab import session
    from layerlab.visible import FILENAME

    shutil.copyfile(course.root / "labs" / lab06.name / FILENAME, tmp_path / FILENAME)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "last_reports", {})
    monkeypatch.setattr(session, "given_hints", {})
    return tmp_path


@pytest.fixture
def stub(lab06):
    """The notebook of lab06 as students receive it."""
    return copy.deepcopy(lab06.release)


@pytest.fixture
def solution(lab06):
    """The notebook of lab06 with the reference solution."""
    return copy.deepcopy(lab06.solution)


@pytest.fixture(scope="session")
def sandbox():
    """Skips where submissions cannot run."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")


@pytest.fixture
def patient(monkeypatch):
    """Limits that the machine's own load never comes to, however small they are."""
    monkeypatch.setattr("autograder.clock.LONGEST_STRETCH", 1e6)


@pytest.fixture
def nobody_runs(monkeypatch):
    """A machine that keeps every submission waiting all the time, as templates tell it."""
    from autograder.host import Template

    ping = Template.ping

    def ping_and_hear(self):
        starved = self.spent.starved
        ping(self)
        self.spent = replace(self.spent, starved=starved + 1e6)

    monkeypatch.setattr(Template, "ping", ping_and_hear)


@pytest.fixture(scope="session")
def grader(sandbox, course, lab06):
    """Grades notebooks of lab06; it knows no misconception, so that no chaff has to run."""
    from autograder.workers import Grader

    grader = Grader(course, lab06)
    grader._misconceptions = []
    yield grader
    grader.close()
