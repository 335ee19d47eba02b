"""Grading that is killed, at any moment and in any of its processes, and goes on: nothing is lost,
nothing is done twice, and what comes out is what would have come out.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import lost
import psutil
import pytest
from lost import BROKEN, LAB

from autograder import bank, classroom
from autograder.course import CONFIG, Course
from autograder.kept import Kept, Shelf

KILLS = 60
"""How many runs are killed at a moment drawn at random, over the scenarios."""

SEED = 6


@pytest.fixture(autouse=True)
def version(monkeypatch):
    """nbgrader asks another program for it, which takes a second or more."""
    monkeypatch.setattr("nbgrader.api.get_alembic_version", lambda: lost.VERSION)


def copied(template, root):
    shutil.copytree(template, root)
    return root


# The scenarios: a folder as it is before the run, and as an undisturbed run leaves it


@pytest.fixture(scope="module")
def first(course, tmp_path_factory):
    """A class that nobody has graded."""
    root = tmp_path_factory.mktemp("first") / "course"
    root.mkdir()
    lost.make_class(course, root)
    return root


@pytest.fixture(scope="module")
def graded(first, tmp_path_factory):
    """That class, graded without disturbance."""
    root = copied(first, tmp_path_factory.mktemp("graded") / "course")
    assert lost.finish(root) == 0
    return root


@pytest.fixture(scope="module")
def second(graded, tmp_path_factory):
    """A class that was graded, by hand too, and of which four have handed in anew."""
    root = copied(graded, tmp_path_factory.mktemp("second") / "course")
    lost.grade_by_hand(root)
    lost.hand_in_again(root)
    lost.asked(root)
    return root


@pytest.fixture(scope="module")
def regraded(second, tmp_path_factory):
    root = copied(second, tmp_path_factory.mktemp("regraded") / "course")
    assert lost.finish(root) == 0
    return root


@pytest.fixture(params=["first", "second"])
def scenario(request, first, graded, second, regraded):
    """(before, after) of a run."""
    return {"first": (first, graded), "second": (second, regraded)}[request.param]


# Killed, and run again


def test_the_undisturbed_run_has_every_step(graded):
    results = lost.results(graded)
    assert {name for name, kept in results.items() if kept["status"] == "graded"} == {
        "ada",
        "ben",
        "cyd",
        "dan",
        "eve",
    }
    assert results[BROKEN]["status"] == "not graded" and results[BROKEN]["reason"]
    for name, kept in results.items():
        assert kept["kept"]["entered"] == (name != BROKEN)
        page = graded / "feedback" / name / LAB / f"{LAB}.html"
        assert page.is_file() == (name != BROKEN)
    late = {name: kept["kept"]["told"] for name, kept in results.items()}
    assert late["ada"] == 0 and late["cyd"] > 0 and late["ben"] > 0 and late[BROKEN] is None


def test_killed_at_any_moment_it_goes_on_and_nothing_is_lost(scenario, tmp_path, record_property):
    before, after = scenario
    wanted = lost.state(after)
    most = int((after / "touched").read_text())
    draw = random.Random(SEED)
    kills = courses = 0
    while kills < KILLS // 2:
        root = copied(before, tmp_path / str(courses))
        courses += 1
        while True:
            settled = lost.settled(root)
            status = lost.finish(root, draw.randint(1, most))
            again = lost.asked(root)
            assert not settled.intersection(again) and len({*again}) == len(again)
            if status == 0:
                break
            assert status == -signal.SIGKILL
            kills += 1
        assert lost.state(root) == wanted
        shutil.rmtree(root)
    record_property("kills", kills)
    print(f"{kills} kills in {courses} courses, of {most} moments each")


def test_a_step_that_is_noted_is_not_done_again(graded, tmp_path):
    root = copied(graded, tmp_path / "course")
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    lost.asked(root)
    assert lost.finish(root) == 0
    assert lost.asked(root) == []
    kept = ("autograded", "feedback", ".autograder/results")
    for path, when in before.items():
        if str(path.relative_to(root)).startswith(kept) and path.stem != BROKEN:
            assert path.stat().st_mtime_ns == when, path


@pytest.mark.parametrize(
    ("gone", "asked"),
    [
        ("gradebook.db", []),
        ("autograded/ben", []),
        (f"feedback/ben/{LAB}/{LAB}.html", []),
        (f".autograder/results/{LAB}/ben.json", ["ben"]),
    ],
)
def test_what_was_taken_away_comes_back(graded, tmp_path, gone, asked):
    root = copied(graded, tmp_path / "course")
    lost.asked(root)
    path = root / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert lost.finish(root) == 0
    assert lost.asked(root) == asked
    assert lost.state(root) == lost.state(graded)


def test_a_result_is_entered_without_a_look_at_what_others_handed_in(graded, tmp_path, monkeypatch):
    course = Course(copied(graded, tmp_path / "course"))
    lab = course.lab(LAB)
    (handed,) = (each for each in classroom.handed_in(course, lab) if each.student == "ada")
    kept = Shelf(course, lab).read("ada")
    monkeypatch.setattr("nbgrader.converters.base.glob", None)
    assert classroom.enter_result(course, lab, handed, replace(kept, entered=False)).entered


@pytest.mark.parametrize("text", ["", "{", "[]", '{"lab": "x"}', '{"cells": 3, "kept": 1}'])
def test_a_result_that_was_half_written_is_none(graded, tmp_path, text):
    root = copied(graded, tmp_path / "course")
    lost.asked(root)
    (root / ".autograder" / "results" / LAB / "ben.json").write_text(text)
    assert lost.finish(root) == 0
    assert lost.asked(root) == ["ben"] and lost.state(root) == lost.state(graded)


def test_a_corrected_time_counts_and_nothing_is_run(graded, tmp_path):
    root = copied(graded, tmp_path / "course")
    lost.asked(root)
    path = root / "submitted" / "cyd" / LAB / "timestamp.txt"
    path.write_text("2026-02-20 12:00:00 UTC")
    assert lost.finish(root) == 0
    assert lost.asked(root) == [] and lost.results(root)["cyd"]["kept"]["told"] == 0
    path.write_text("yesterday")
    assert lost.finish(root) == 0
    assert "says no time" in lost.results(root)["cyd"]["reason"]


def test_what_is_handed_in_during_the_run_is_left_to_the_next(first, tmp_path, monkeypatch):
    from autograder import classroom

    root = copied(first, tmp_path / "course")
    monkeypatch.chdir(root)
    course = Course(root)

    class Slow(lost.StandIn):
        def grade(self, notebooks):
            for result in super().grade(notebooks):
                if result.submission == "ada":
                    lost.hand_in(root, "ada", lost.answer(course, "new"), day=9)
                yield result

    lab = course.lab(LAB)
    results = classroom.grade(course, lab, Slow(course), force=False, progress=lambda *_: None)
    (ada,) = [result for result in results if result.submission == "ada"]
    assert ada.status == "not graded" and "handed in anew" in ada.reason
    lost.asked(root)
    assert lost.finish(root) == 0 and lost.asked(root) == ["ada"]


def test_force_is_resumed_without_it(graded, tmp_path, monkeypatch):
    from autograder import classroom

    root = copied(graded, tmp_path / "course")
    monkeypatch.chdir(root)
    course = Course(root)
    lab = course.lab(LAB)

    class Fails(lost.StandIn):
        def grade(self, notebooks):
            yield next(super().grade(notebooks))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        classroom.grade(course, lab, Fails(course), force=True, progress=lambda *_: None)
    lost.asked(root)
    assert lost.finish(root) == 0
    assert len(lost.asked(root)) == 4 and lost.state(root) == lost.state(graded)


# The machine


def test_a_locked_gradebook_is_one_sentence(first, graded, tmp_path):
    root = copied(first, tmp_path / "course")
    shutil.copyfile(graded / "gradebook.db", root / "gradebook.db")
    process, release = lost.lock(root)
    assert lost.finish(root) == 3
    release.set()
    process.join()
    said = (root / "said").read_text()
    assert "database is locked" in said and "same command" in said and "\n" not in said
    assert lost.finish(root) == 0 and lost.state(root) == lost.state(graded)


def test_a_gradebook_that_is_locked_in_the_middle(first, graded, tmp_path, monkeypatch):
    from autograder import classroom
    from autograder.errors import MachineFault

    root = copied(first, tmp_path / "course")
    monkeypatch.chdir(root)
    course, held = Course(root), []

    class Locks(lost.StandIn):
        def grade(self, notebooks):
            for number, result in enumerate(super().grade(notebooks)):
                if number == 2:
                    held.append(lost.lock(root))
                yield result

    lab = course.lab(LAB)
    with pytest.raises(MachineFault, match="database is locked"):
        classroom.grade(course, lab, Locks(course), force=False, progress=lambda *_: None)
    ((process, release),) = held
    release.set()
    process.join()
    asked = lost.asked(root)
    assert len(asked) == 3
    assert lost.finish(root) == 0
    assert not {*asked}.intersection(lost.asked(root)), "what was graded is kept"
    assert lost.state(root) == lost.state(graded)


def test_a_gradebook_that_vanishes_in_the_middle(first, graded, tmp_path, monkeypatch):
    from autograder import classroom
    from autograder.errors import MachineFault

    root = copied(first, tmp_path / "course")
    monkeypatch.chdir(root)
    course = Course(root)

    class Drops(lost.StandIn):
        def grade(self, notebooks):
            for number, result in enumerate(super().grade(notebooks)):
                if number == 2:
                    (root / "gradebook.db").unlink()
                yield result

    lab = course.lab(LAB)
    with pytest.raises(MachineFault, match="has no lab_mini"):
        classroom.grade(course, lab, Drops(course), force=False, progress=lambda *_: None)
    asked = lost.asked(root)
    assert lost.finish(root) == 0
    assert not {*asked}.intersection(lost.asked(root))
    assert lost.state(root) == lost.state(graded)


@pytest.fixture
def small(tmp_path):
    """A disk of its own, of a size in KB: `small(size)` makes it, or makes it larger."""
    place = tmp_path / "disk"
    place.mkdir()

    def make(kilobytes):
        option = "remount," if place.is_mount() else ""
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"{option}size={kilobytes}k", "tmpfs", str(place)],
            capture_output=True,
            check=False,
        )
        if done.returncode:
            pytest.skip("only root can make a small disk")
        return place

    yield make
    if place.is_mount():
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_is_one_sentence_wherever_it_fills_up(first, graded, small):
    wanted, draw, stops = lost.state(graded), random.Random(SEED), 0
    room = 4 * sum(path.stat().st_size for path in graded.rglob("*") if path.is_file()) // 1024
    root = small(room) / "course"
    for _ in range(4):
        copied(first, root)
        filler = root.parent / "filler"
        while True:
            free = shutil.disk_usage(root).free
            filler.write_bytes(bytes(max(0, free - draw.randrange(4096, 400_000))))
            status = lost.finish(root)
            if status == 0:
                break
            assert status == 3, (root / "said").read_text()
            filler.unlink()
            said = (root / "said").read_text()
            assert "no space left" in said or "disk is full" in said or "disk I/O" in said
            assert "\n" not in said
            stops += 1
            if draw.random() < 0.5:
                assert lost.finish(root) == 0
                break
        filler.unlink(missing_ok=True)
        assert lost.state(root) == wanted
        shutil.rmtree(root)
    print(f"{stops} stops on a full disk")
    assert stops


def test_two_at_once_do_not_both_write(first, tmp_path, monkeypatch, capsys):
    from autograder.cli import main
    from autograder.lock import one_writer

    root = copied(first, tmp_path / "course")
    monkeypatch.chdir(root)
    with one_writer(Course(root)):
        assert lost.finish(root) == 2
        assert main(["grade", LAB]) == 2
    said = capsys.readouterr().err
    assert f"process {os.getpid()}" in said and said.count("\n") == 1
    assert not (root / "gradebook.db").exists()
    assert lost.finish(root) == 0


# Grading again after the grader has changed


@pytest.fixture
def changed(second, regraded, tmp_path, course):
    """A class that is graded, by hand too, by a grader that has changed since."""
    root = copied(regraded, tmp_path / "course")
    lost.asked(root)
    source = root / "source" / LAB / f"{LAB}.py"
    source.write_text(source.read_text() + "\n")  # what the fingerprint of a lab is of
    return root


def proposed(root, salt):
    from autograder import regrade

    course = Course(root)
    return regrade.propose(course, course.lab(LAB), lost.StandIn(course, salt))


def written(root):
    """All but what waits to be agreed to."""
    return lost.state(root)


def test_a_changed_grader_is_listed_before_anything_is_written(changed, monkeypatch):
    monkeypatch.chdir(changed)
    before = written(changed)
    old = lost.results(changed)
    proposal = proposed(changed, "changed")
    assert written(changed) == before
    graded = [name for name, kept in old.items() if kept["status"] == "graded"]
    assert proposal.students == sorted(graded) and proposal.moves
    course = Course(changed)
    for move in proposal.moves:
        (was,) = [c["score"] for c in old[move.student]["cells"] if c["cell"] == move.cell]
        new = Shelf(course, course.lab(LAB), "regraded").read(move.student)
        (now,) = [c for c in new.result.cells if c.cell == move.cell]
        assert (move.old, move.new) == (was, now.score) and was != now.score
        assert move.why and (not now.misconceptions or "kernel flipped: The" in move.why)
    hands = {(move.student, move.cell): move.by_hand for move in proposal.moves}
    assert hands.pop(("ben", "outputs"), 1.0) == 1.0
    assert set(hands.values()) <= {None}


def test_agreed_to_it_is_written_and_what_people_gave_stays(changed, monkeypatch):
    from autograder import regrade

    monkeypatch.chdir(changed)
    before = lost.gradebook(f"sqlite:///{changed}/gradebook.db")
    course = Course(changed)
    lab = course.lab(LAB)
    workers = lost.StandIn(course, "changed")
    proposal = regrade.propose(course, lab, workers)
    regrade.write(course, lab, workers, proposal)
    after = lost.gradebook(f"sqlite:///{changed}/gradebook.db")
    assert after["submission"] == before["submission"] and after["comment"] == before["comment"]
    assert after["notebook"] != before["notebook"], "penalties follow the points"

    def by_hand(grades):
        return [(row[0], row[1], row[3], row[4]) for row in map(eval, grades)]

    assert by_hand(after["grade"]) == by_hand(before["grade"])
    scores = {(row[0], row[1]): row[2] for row in map(eval, after["grade"])}
    for move in proposal.moves:
        assert scores[move.student, move.cell] == move.new
    assert not regrade.affected(course, lab, "cpu")
    lost.asked(changed)
    assert proposed(changed, "changed").students == [] and lost.asked(changed) == []
    assert all(kept["kept"]["told"] is not None for kept in lost.results(changed).values()
               if kept["status"] == "graded")  # fmt: skip


def test_the_same_scores_are_not_entered_again(changed, monkeypatch):
    from autograder import regrade

    monkeypatch.chdir(changed)
    before = {path: path.stat().st_mtime_ns for path in (changed / "autograded").rglob("*")}
    course = Course(changed)
    lab, workers = course.lab(LAB), lost.StandIn(course)
    proposal = regrade.propose(course, lab, workers)
    assert proposal.students and not proposal.moves
    regrade.write(course, lab, workers, proposal)
    assert all(path.stat().st_mtime_ns == when for path, when in before.items())
    assert not regrade.affected(course, lab, "cpu")


def test_only_what_is_affected_and_unchanged_is_graded_again(changed, monkeypatch):
    monkeypatch.chdir(changed)
    course = Course(changed)
    lost.hand_in(changed, "dan", lost.answer(course, "new"), day=20)
    lab = course.lab(LAB)
    shelf = Shelf(course, lab)
    kept = shelf.read("ben")
    from autograder.grading import depends_on

    shelf.write(Kept(kept.result, kept.work, depends_on(course, lab, "cpu"), kept.entered, 0.0))
    assert proposed(changed, "changed").students == ["ada", "cyd", BROKEN]
    assert sorted(lost.asked(changed)) == ["ada", "cyd", BROKEN]


def test_regrading_is_killed_at_any_moment_and_goes_on(changed, tmp_path):
    whole = copied(changed, tmp_path / "whole")
    assert lost.finish(whole, None, "changed", "regrade") == 0
    wanted, most = lost.state(whole), int((whole / "touched").read_text())
    draw, kills = random.Random(SEED), 0
    while kills < 12:
        root = copied(changed, tmp_path / "killed")
        while (status := lost.finish(root, draw.randint(1, most), "changed", "regrade")) != 0:
            assert status == -signal.SIGKILL
            kills += 1
        assert lost.state(root) == wanted
        names = lost.asked(root)
        assert len(names) <= len({*names}) + kills
        shutil.rmtree(root)


@pytest.fixture
def command(changed, monkeypatch, capsys):
    """`autograder grade` with a stand-in for its workers: (status, out, err)."""
    from autograder.cli import main
    from autograder.commands import grade

    monkeypatch.chdir(changed)

    class Workers(lost.StandIn):
        def __init__(self, course, *_, **__):
            super().__init__(course, "changed")

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def prepare(self, progress):
            pass

    monkeypatch.setattr(grade, "Workers", Workers)

    def run(*arguments):
        status = main(["grade", LAB, "--device", "cpu", *arguments])
        return (status, *capsys.readouterr())

    return run


def test_the_command_shows_asks_and_writes(command, changed, monkeypatch):
    before = written(changed)
    monkeypatch.setenv("COLUMNS", "200")
    status, out, err = command("--regrade")
    assert status == 1 and "→" in out and "kernel flipped" in out and "Nothing was written" in err
    assert written(changed) == before
    status, out, _ = command("--regrade", "--yes", "--json")
    told = json.loads(out)
    assert status == 0 and told["written"] and told["moves"]
    assert written(changed) != before
    status, out, err = command("--regrade")
    assert status == 0 and "0 were graded again" in out


def test_the_command_says_that_scores_are_of_an_earlier_grader(command):
    status, _, err = command()
    assert status == 3 and "are from before the grader changed" in err


@pytest.mark.parametrize(
    "arguments", [["x.ipynb", "--regrade"], [LAB, "--yes"], [LAB, "--force", "--regrade"]]
)
def test_what_does_not_go_together_is_bad_usage(arguments, course, tmp_path, monkeypatch):
    from autograder.cli import main

    monkeypatch.chdir(course.root)
    (tmp_path / "x.ipynb").touch()
    try:
        status = main(["grade", *arguments])
    except SystemExit as end:
        status = end.code
    assert status == 2


# The real thing

REAL = "lab06_depthwise_conv"


@pytest.fixture(scope="module")
def really(sandbox, course, lab06, tmp_path_factory):
    """(before, after) of the real thing: five notebooks and one that is none."""
    before = tmp_path_factory.mktemp("real") / "before"
    (before / "source" / REAL).mkdir(parents=True)
    shutil.copyfile(course.root / CONFIG, before / CONFIG)
    (before / "course.toml").write_text(lost.SETTINGS.format(lab=REAL))
    shutil.copyfile(lab06.source, before / "source" / REAL / f"{REAL}.py")
    shutil.copytree(course.root / "labs" / REAL, before / "labs" / REAL)
    others = shutil.ignore_patterns(*(f"{name}-*" for name in course.lab_names if name != REAL))
    for part in ("truth", "misconceptions"):
        if (course.state / part).is_dir():
            shutil.copytree(course.state / part, before / ".autograder" / part, ignore=others)
    chaffs = {chaff.name: chaff for chaff in lab06.chaffs}
    for student, notebook, day in (
        ("ada", lab06.solution, 1),
        ("ben", bank.notebook(lab06, chaffs["kernel_flipped"]), 3),
        ("cyd", bank.notebook(lab06, chaffs["multiplier_major"]), 5),
        ("dan", lab06.release, 1),
        ("eve", bank.notebook(lab06, lab06.wheats[0]), 1),
        (BROKEN, '{"cells": [', 1),
    ):
        lost.hand_in(before, student, notebook, day, REAL)
    after = copied(before, before.with_name("after"))
    process = grading(after)
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 3, said
    return before, after


def grading(root):
    """`autograder grade`, as a person starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "autograder", "grade", REAL, "--jobs", "1", "--device", "cpu"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(Path(lost.__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def when_some_are_kept(process, root, least):
    """Waits until results are kept; gives the processes that the grader has started."""
    folder = root / ".autograder" / "results" / REAL
    deadline = time.monotonic() + 300
    while len([*folder.glob("*.json")]) < least and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return psutil.Process(process.pid).children(recursive=True)


def workers_of(children):
    """Those that have started a sandbox."""
    return [
        child
        for child in children
        if child.name() != "bwrap" and any(each.name() == "bwrap" for each in child.children())
    ]


def templates_of(children):
    return [child for child in children if "autograder.subject.template" in child.cmdline()]


def test_a_grader_that_is_killed_leaves_nothing_running_and_goes_on(really, tmp_path):
    before, after = really
    root = copied(before, tmp_path / "course")
    process = grading(root)
    children = when_some_are_kept(process, root, 2)
    assert workers_of(children) and templates_of(children)
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
    earlier = {name: kept["seconds"] for name, kept in graded_of(root).items()}
    process = grading(root)
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 3 and "5 graded, 1 not graded" in said, said
    assert lost.state(root) == lost.state(after)
    now = graded_of(root)  # it takes its own time each time that it is run
    assert earlier and all(now[name]["seconds"] == seconds for name, seconds in earlier.items())


def graded_of(root):
    return {
        name: kept for name, kept in lost.results(root, REAL).items() if kept["status"] == "graded"
    }


@pytest.mark.parametrize("victims", [workers_of, templates_of])
def test_a_worker_or_a_template_that_is_killed_is_not_even_noticed(really, tmp_path, victims):
    before, after = really
    root = copied(before, tmp_path / "course")
    process = grading(root)
    hit = victims(when_some_are_kept(process, root, 2))
    assert hit
    for child in hit:
        with contextlib.suppress(psutil.NoSuchProcess):  # a subject ends with its template
            child.kill()
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 3 and "5 graded, 1 not graded" in said, said
    assert "Traceback" not in said, said
    assert lost.state(root) == lost.state(after)
