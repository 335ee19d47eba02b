"""What is graded while nbgrader is busy: in its order, and only what nbgrader has before it."""

import copy
import gc
import os
from pathlib import Path

import nbformat
import pytest

from autograder.ahead import Ahead, to_do
from autograder.notebook import grade_id, restore
from autograder.result import GRADED, Result

NAMES = ["ada", "bob", "eve"]


class Workers:
    """Stands in for workers: notes what it is asked; the last of those at work is done first."""

    jobs = 1

    def __init__(self):
        self.asked = []
        self.closed = False

    def grade(self, notebooks, ahead):
        at_work = []
        for name, _ in notebooks:
            self.asked.append(name)
            at_work.append(name)
            if len(at_work) == ahead:
                yield Result("lab", at_work.pop(), GRADED, device="cpu")
        for name in reversed(at_work):
            yield Result("lab", name, GRADED, device="cpu")

    def close(self):
        self.closed = True


@pytest.fixture
def handed(lab06, tmp_path):
    """Notebooks by student, in files."""
    paths = {name: tmp_path / name / "lab.ipynb" for name in NAMES}
    for path in paths.values():
        path.parent.mkdir()
        nbformat.write(lab06.solution, path)
    return paths


@pytest.fixture
def made(lab06):
    """What nbgrader makes of such a notebook before it asks for the result."""
    return restore(lab06.solution, lab06).notebook


def test_each_result_comes_when_it_is_asked_for_in_whatever_order_they_are_ready(
    lab06, handed, made
):
    ahead = Ahead(Workers(), lab06, handed)
    assert [ahead.result(name, made).submission for name in NAMES] == NAMES


def test_no_more_are_with_the_workers_than_keep_them_busy(lab06, handed, made):
    workers = Workers()
    ahead = Ahead(workers, lab06, handed)
    assert workers.asked == []
    ahead.result("bob", made)
    assert workers.asked == ["ada", "bob"]


def test_what_was_handed_in_anew_meanwhile_is_not_taken_for_what_was_graded(lab06, handed, made):
    ahead = Ahead(Workers(), lab06, handed)
    changed = copy.deepcopy(made)
    answer = next(c for c in changed.cells if c.cell_type == "code" and grade_id(c))
    answer.source += "\n# another"
    assert ahead.result("ada", changed) is None
    assert ahead.result("bob", made) is not None


def write(path):
    path.write_text("no notebook")


def link(path):
    path.unlink()
    path.symlink_to(path.parent.parent / "eve" / "lab.ipynb")


def pipe(path):
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("spoil", [write, link, pipe])
def test_what_is_no_notebook_is_left_to_nbgrader(lab06, handed, made, spoil):
    spoil(handed["bob"])
    ahead = Ahead(Workers(), lab06, handed)
    assert ahead.result("bob", made) is None
    assert [ahead.result(name, made).submission for name in ("ada", "eve")] == ["ada", "eve"]


def test_the_workers_end_with_it(lab06, handed):
    workers = Workers()
    ahead = Ahead(workers, lab06, handed)
    assert not workers.closed
    del ahead
    gc.collect()
    assert workers.closed


class Converter:
    """As much of nbgrader's as is asked here."""

    def __init__(self, root, *, force=False):
        self.force = force
        self.assignments = {str(root / "submitted" / name / "lab"): [] for name in reversed(NAMES)}
        self._root = root

    def _format_dest(self, lab, student):
        return str(self._root / "autograded" / student / lab)


def put(folder, time):
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text(time)


@pytest.fixture
def root(tmp_path):
    for name in NAMES:
        put(tmp_path / "submitted" / name / "lab", "2026-01-01 12:00:00 UTC")
    return tmp_path


def test_what_is_to_come_begins_with_the_one_at_hand(root):
    found = to_do(Converter(root), "lab", "bob")
    assert [*found] == ["bob", "eve"]
    assert found["eve"] == root / "submitted" / "eve" / "lab" / "lab.ipynb"


@pytest.mark.parametrize(
    ("time", "force", "comes"),
    [
        ("2026-01-01 12:00:00 UTC", False, False),
        ("2026-01-01 12:00:00 UTC", True, True),
        ("2025-12-01 12:00:00 UTC", False, True),
    ],
)
def test_what_nbgrader_has_done_is_left_out_unless_it_does_it_again(root, time, force, comes):
    for name in ("ada", "bob"):  # of the one at hand a part is there already
        put(root / "autograded" / name / "lab", time)
    found = to_do(Converter(root, force=force), "lab", "ada")
    assert [*found] == (NAMES if comes else ["ada", "eve"])


def test_in_another_order_of_folders_nothing_is_graded_ahead(root):
    assert to_do(Converter(root), "lab", "somebody else") == {}


def test_paths_hold_wherever_nbgrader_goes(root, monkeypatch):
    monkeypatch.chdir(root)
    assert all(path.is_absolute() for path in to_do(Converter(Path()), "lab", "ada").values())
