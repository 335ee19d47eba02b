"""The `autograder` command: exit statuses, what it says, and where."""

import copy
import json
import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from autograder import terminal
from autograder.cli import main
from autograder.commands import grade

LAB = "lab06_depthwise_conv"


@pytest.fixture
def inside(course, monkeypatch):
    """The working directory is the course."""
    monkeypatch.chdir(course.root)


@pytest.fixture
def said(capfd, monkeypatch):
    """Runs the command; returns its status and what it wrote to its two streams."""
    console = terminal.Console(stderr=True, highlight=False, width=200)
    monkeypatch.setattr(terminal, "_messages", console)

    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return status, out, err

    return run


def written(folder, notebook, name=LAB):
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["grade", "missing.ipynb"], "There is no file missing.ipynb."),
        (["grade", "lab99"], "There is no lab called 'lab99'"),
        (["grade", "README.md"], "README.md"),
        (["fill", "lab99", "x.py"], "There is no lab called 'lab99'"),
        (["fill", LAB, "missing.py"], "missing.py cannot be read"),
        (["verify", "lab99"], "There is no lab called 'lab99'"),
        (["release", "lab99"], "There is no lab called 'lab99'"),
        (["report", "lab99"], "There is no lab called 'lab99'"),
    ],
)
def test_bad_usage_is_a_sentence_and_status_2(inside, said, arguments, sentence):
    status, out, err = said(*arguments)
    assert (status, out) in [(2, ""), (3, out)] and "Traceback" not in err
    assert sentence in err + out
    if arguments != ["grade", "README.md"]:
        assert status == 2 and err.startswith("autograder: ") and err.count("\n") == 1


def test_a_class_that_handed_in_nothing_is_bad_usage(course, tmp_path, said, monkeypatch):
    shutil.copyfile(course.root / "nbgrader_config.py", tmp_path / "nbgrader_config.py")
    for part in ("source", "labs"):
        shutil.copytree(course.root / part / LAB, tmp_path / part / LAB)
    monkeypatch.chdir(tmp_path)
    status, out, err = said("grade", LAB)
    assert (status, out) == (2, "") and f"There is no submission of {LAB}" in err


def test_a_folder_that_is_in_no_course_is_bad_usage(tmp_path, said, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = said("verify")
    assert (status, out) == (2, "") and "is in no course" in err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["unknown"],
        ["grade"],
        ["grade", LAB, "--jobs", "0"],
        ["grade", LAB, "--jobs", "many"],
        ["grade", LAB, "--device", "tpu"],
        ["fill", LAB],
    ],
)
def test_arguments_that_make_no_sense_are_status_2(inside, capfd, arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    out, err = capfd.readouterr()
    assert caught.value.code == 2 and out == "" and "usage: autograder" in err


def test_help_is_status_0(capfd):
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    out, _ = capfd.readouterr()
    assert caught.value.code == 0
    for command in ("grade", "fill", "verify", "release", "report"):
        assert command in out


def test_a_gpu_that_is_not_there_is_bad_usage(inside, said, stub, tmp_path, monkeypatch):
    monkeypatch.setattr("autograder.gpu.present", lambda: False)
    status, _, err = said("grade", written(tmp_path, stub), "--device", "gpu")
    assert status == 2 and "no GPU on this machine" in err


@pytest.mark.parametrize("content", ["", "not json", "[]", '{"nbformat": 4}'])
def test_what_is_no_notebook_is_status_3(inside, said, tmp_path, content):
    path = tmp_path / f"{LAB}.ipynb"
    path.write_text(content)
    status, out, _ = said("grade", path)
    assert status == 3 and "not graded" in out


def test_what_is_no_notebook_is_json_too(inside, said, tmp_path):
    path = tmp_path / f"{LAB}.ipynb"
    path.write_text("not json")
    status, out, err = said("grade", path, "--json")
    found = json.loads(out)
    assert (status, err) == (3, "")
    assert found["status"] == "not graded" and "not JSON" in found["reason"]
    assert (found["lab"], found["submission"]) == (LAB, str(path))
    assert (found["score"], found["max_score"], found["cells"]) == (0, 0, [])


def test_a_notebook_of_no_lab_is_bad_usage(inside, said, tmp_path):
    path = written(tmp_path, nbformat.v4.new_notebook(), "mine")
    status, out, err = said("grade", path)
    assert (status, out) == (2, "") and "Say it with --lab" in err


def test_a_notebook_is_graded_and_nothing_but_json_is_on_stdout(
    sandbox, course, solution, tmp_path
):
    path = written(tmp_path, solution, "renamed")
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "grade", str(path), "--json", "--device", "cpu"],
        cwd=course.root,
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert (found["lab"], found["status"], found["score"]) == (LAB, "graded", 11)


def test_a_notebook_is_graded_as_a_table(sandbox, inside, said, stub, tmp_path):
    status, out, _ = said("grade", written(tmp_path, stub), "--device", "cpu")
    assert status == 0
    assert "score 0.00 of 11" in out and "not attempted" in out and "by hand" in out


def test_a_sandbox_that_does_not_start_is_status_3(inside, said, stub, tmp_path, monkeypatch):
    command = ["/bin/sh", "-c", "echo no user namespaces; exit 1"]
    monkeypatch.setattr("autograder.sandbox.command", lambda *_: command)
    monkeypatch.setattr("autograder.bank.misconceptions", lambda *_: [])
    monkeypatch.setattr("autograder.bank.known", lambda *_: True)
    status, out, err = said("grade", written(tmp_path, stub), "--device", "cpu")
    assert status == 3 and "no user namespaces" in " ".join((out + err).split())


def test_a_missing_sandbox_is_bad_usage(inside, said, stub, tmp_path, monkeypatch):
    monkeypatch.setattr("autograder.sandbox.shutil.which", lambda name: None)
    monkeypatch.setattr("autograder.bank.misconceptions", lambda *_: [])
    monkeypatch.setattr("autograder.bank.known", lambda *_: True)
    status, _, err = said("grade", written(tmp_path, stub), "--device", "cpu")
    assert status == 2 and "apt-get install bubblewrap" in err


@pytest.mark.parametrize(
    ("bwrap", "sentence"),
    [
        (None, "apt-get install bubblewrap"),
        ("echo no user namespaces >&2; exit 1", "did not start: no user namespaces."),
    ],
)
def test_workers_without_a_sandbox_are_bad_usage(course, tmp_path, bwrap, sentence):
    if bwrap is not None:
        script = tmp_path / "bwrap"
        script.write_text(f"#!/bin/sh\n{bwrap}\n")
        script.chmod(0o700)
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "verify", LAB],
        cwd=course.root,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and sentence in done.stderr and "Traceback" not in done.stderr


# fill


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("class DepthwiseConv2D:\n    mine = 1\n")
    return path


def test_fill_writes_a_notebook_and_says_where(inside, said, mine, tmp_path):
    output = tmp_path / "out.ipynb"
    status, out, err = said("fill", LAB, mine, "-o", output)
    assert (status, out.strip(), err) == (0, str(output), "")
    notebook = nbformat.read(output, as_version=4)
    nbformat.validate(notebook)
    assert any("mine = 1" in cell.source for cell in notebook.cells)


def test_fill_writes_over_what_is_named(inside, said, mine, tmp_path):
    output = tmp_path / "out.ipynb"
    output.write_text("old")
    assert said("fill", LAB, mine, "-o", output)[0] == 0
    assert output.read_text() != "old"


def test_fill_does_not_write_over_what_is_not_named(course, said, mine, tmp_path, monkeypatch):
    root = tmp_path / "course"
    (root / "source").mkdir(parents=True)
    shutil.copyfile(course.root / "nbgrader_config.py", root / "nbgrader_config.py")
    for part in ("source", "labs"):
        shutil.copytree(course.root / part / LAB, root / part / LAB)
    monkeypatch.chdir(root)
    assert said("fill", LAB, mine)[:2] == (0, f"{LAB}.ipynb\n")
    status, out, err = said("fill", LAB, mine)
    assert (status, out) == (2, "") and "is there already: say with -o" in err


def test_fill_says_why_it_cannot_write(inside, said, mine, tmp_path):
    status, _, err = said("fill", LAB, mine, "-o", tmp_path / "missing" / "out.ipynb")
    assert status == 2 and "cannot be written" in err


def test_fill_says_the_line_of_a_syntax_error(inside, said, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("x = 1\ny = (\n")
    status, out, err = said("fill", LAB, path, "-o", tmp_path / "out.ipynb")
    assert (status, out) == (2, "") and "mine.py, line 2" in err
    assert not (tmp_path / "out.ipynb").exists()


def test_the_lab_of_a_notebook_is_found_by_its_cells(course, stub, tmp_path):
    document = copy.deepcopy(stub)
    assert grade._lab_of(course, tmp_path / "any.ipynb", document).name == LAB
    other = tmp_path / "lab02_mean_zero_init.ipynb"
    assert grade._lab_of(course, other, document).name == "lab02_mean_zero_init"
