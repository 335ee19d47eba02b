"""`autograder doctor`: each check sees what is wrong, and says how to mend it."""

import json
import shutil
import subprocess
import sys
import types

import pytest
from nbgrader.api import Base
from sqlalchemy import create_engine

from autograder import capacity, doctor
from autograder.cli import main
from autograder.course import CONFIG, Course
from autograder.doctor import OK, PROBLEM, WARNING, Finding, machine
from autograder.doctor import course as checks
from autograder.errors import UsageError
from autograder.host import TemplateDied
from autograder.init import init
from autograder.subject.limits import Limits

LAB = "lab06_depthwise_conv"


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """A course as `init` leaves it; it is the working directory."""
    monkeypatch.delenv("AUTOGRADER_SEED", raising=False)
    monkeypatch.setattr("autograder.labs.__path__", [*sys.modules["autograder.labs"].__path__])
    made = init(tmp_path / "cnn", [LAB])
    monkeypatch.chdir(made.root)
    return made


def released(course, original):
    shutil.copytree(original.root / "labs" / LAB, course.root / "labs" / LAB)
    return course


# How checks are found and run


def test_the_checks_are_the_public_functions_of_a_module():
    names = [name for name, _ in doctor.checks(machine)]
    assert names[:3] == ["versions", "user namespaces", "sandbox"]
    assert {"tensorflow", "gpu", "memory", "disk"} < {*names} and "ok" not in names
    names = [name for name, _ in doctor.checks(checks)]
    assert names[0] == "settings" and {"labs", "gradebook", "exchange", "seed", "secrets"} < {
        *names
    }


def module(**functions):
    made = types.ModuleType("made")
    for name, function in functions.items():
        function.__module__ = "made"
        setattr(made, name, function)
    return made


def test_a_check_that_fails_says_nothing_of_the_others():
    def broken(subject):
        raise OSError(f"no {subject}")

    def fine(subject):
        return doctor.ok(subject)

    found = dict(doctor.examine(module(broken=broken, fine=fine), "luck"))
    assert found["broken"].status == PROBLEM and "OSError: no luck" in found["broken"].message
    assert found["fine"] == Finding(OK, "luck")


@pytest.mark.parametrize(("status", "code"), [(OK, 0), (WARNING, 0), (PROBLEM, 1)])
def test_only_a_problem_hinders_grading(tmp_path, monkeypatch, capsys, status, code):
    only = module(some_check=lambda: Finding(status, "[It] is so.", "Mend it."))
    monkeypatch.setattr("autograder.commands.doctor.machine", only)
    monkeypatch.chdir(tmp_path)
    assert main(["doctor"]) == code
    out, err = capsys.readouterr()
    assert out == f"{status:8}some check: [It] is so. To mend: Mend it.\n"
    assert "Only the machine was looked at" in err
    assert main(["doctor", "--json"]) == code
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] == (code == 0)
    assert found["checks"] == [
        {"check": "some check", "status": status, "message": "[It] is so.", "remedy": "Mend it."}
    ]


def test_in_a_course_the_course_is_looked_at_too(fresh, monkeypatch, capsys):
    monkeypatch.setattr("autograder.commands.doctor.machine", module())
    (fresh.root / "course.toml").write_text("[late]\nx = 1\n")
    assert main(["doctor", "--json"]) == 1
    out, err = capsys.readouterr()
    found = {item["check"]: item for item in json.loads(out)["checks"]}
    assert found["settings"]["status"] == PROBLEM and "'x'" in found["settings"]["message"]
    assert found["seed"]["status"] == OK and err == ""


# The machine


def lock(tmp_path, monkeypatch, text):
    path = tmp_path / "requirements.lock"
    path.write_text(text)
    monkeypatch.setattr(machine, "_LOCK", path)
    return machine.versions()


def test_versions_as_in_the_lock(tmp_path, monkeypatch):
    have = machine.importlib.metadata.version("numpy")
    text = f"numpy=={have} ; python_full_version >= '3.1' \\\n    --hash=sha256:ab\n    # via x\n"
    text += "numpy==0.1 ; python_full_version < '3.1' \\\n"
    found = lock(tmp_path, monkeypatch, text)
    assert found.status == OK and "all 1 packages" in found.message


def test_versions_that_differ_are_named(tmp_path, monkeypatch):
    found = lock(tmp_path, monkeypatch, "numpy==0.1 \\\nno-such-package==1.0\n")
    assert found.status == WARNING and str(tmp_path) in found.remedy
    assert "(not 0.1)" in found.message and "no-such-package missing" in found.message


def test_without_a_lock(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_LOCK", tmp_path / "none")
    assert machine.versions().status == WARNING


@pytest.mark.parametrize(("value", "status"), [("0", WARNING), ("1", OK)])
def test_user_namespaces(tmp_path, monkeypatch, value, status):
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel" / "unprivileged_userns_clone").write_text(f"{value}\n")
    monkeypatch.setattr(machine, "_KERNEL", tmp_path)
    found = machine.user_namespaces()
    assert found.status == status
    assert ("sysctl -w kernel.unprivileged_userns_clone=1" in found.remedy) == (status == WARNING)


def test_a_sandbox_that_starts(sandbox):
    assert machine.sandbox().status == OK


def test_a_sandbox_that_does_not_start(monkeypatch):
    refusal = ["/bin/sh", "-c", "echo first >&2; echo no permission >&2; exit 1"]
    monkeypatch.setattr("autograder.sandbox.confined", lambda *_: refusal)
    found = machine.sandbox()
    assert found.status == PROBLEM and "does not start: no permission." in found.message


def test_a_sandbox_that_is_missing(monkeypatch):
    monkeypatch.setattr("autograder.sandbox.shutil.which", lambda name: None)
    found = machine.sandbox()
    assert found.status == PROBLEM and "apt-get install bubblewrap" in found.remedy


@pytest.mark.parametrize("error", [None, TemplateDied("no such module"), UsageError("no bwrap")])
def test_tensorflow_where_submissions_run(monkeypatch, error):
    def start(self):
        if error:
            raise error
        self.active = self.layers

    monkeypatch.setattr(machine.Template, "start", start)
    found = machine.tensorflow()
    assert found.status == (PROBLEM if error else OK) and str(error or "") in found.message


def test_layers_that_the_machine_lacks(monkeypatch):
    def start(self):
        self.active = ("bubblewrap", "limits", "undumpable")

    monkeypatch.setattr(machine.Template, "start", start)
    found = machine.tensorflow()
    assert found.status == WARNING and "lacks landlock and seccomp" in found.message
    assert "libseccomp2" in found.remedy


@pytest.mark.parametrize(
    ("script", "fault", "status", "said"),
    [
        (None, "", OK, "CPU"),
        ("echo 2", "", OK, "in the sandbox, for 3 worker"),
        ("echo 2", "TensorFlow sees no GPU", WARNING, "not for us: TensorFlow sees no GPU"),
        ("echo 0; echo Cannot dlopen >&2", "", WARNING, "Cannot dlopen"),
        ("echo No module >&2; exit 1", "", WARNING, "No module"),
    ],
)
def test_a_gpu(tmp_path, monkeypatch, script, fault, status, said):
    def start(template):
        assert template.device == "gpu"
        if fault:
            raise TemplateDied(fault)

    monkeypatch.setattr(machine.gpus, "present", lambda: script is not None)
    monkeypatch.setattr(machine.gpus, "workers", lambda *_: 3)
    monkeypatch.setattr(machine.Template, "start", start)
    if script:
        python = tmp_path / "python"
        python.write_text(f"#!/bin/sh\n{script}\n")
        python.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(python))
    found = machine.gpu()
    assert found.status == status and said in found.message


BASE, MOST = capacity.GRADER + capacity.WORKER, capacity.bound(Limits())


@pytest.mark.parametrize(
    ("free", "status", "workers"),
    [
        (BASE - 1, PROBLEM, None),
        (BASE, WARNING, 1),
        (capacity.GRADER + 3 * MOST, WARNING, 3),
        (capacity.GRADER + 4 * MOST, OK, 4),
    ],
)
def test_memory(monkeypatch, free, status, workers):
    monkeypatch.setattr(capacity, "memory", lambda: free)
    monkeypatch.setattr(capacity, "cores", lambda: 4)
    found = machine.memory()
    assert found.status == status and "Cores: 4;" in found.message
    assert found.message.endswith(f"workers: {workers}." if workers else "too little for one.")


@pytest.mark.parametrize(("free", "status"), [(2**29, PROBLEM), (2**33, OK)])
def test_disk(monkeypatch, free, status):
    usage = types.SimpleNamespace(free=free)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda folder: usage)
    assert machine.disk().status == status


# The course


def test_the_settings(fresh):
    assert checks.settings(fresh) == doctor.ok("course.toml is right; due dates: 0, students: 0.")
    (fresh.root / "course.toml").unlink()
    assert "no course.toml" in checks.settings(Course(fresh.root)).message


def test_a_lab_that_the_settings_leave_aside(fresh):
    (fresh.root / "source" / "lab_mine").mkdir()
    (fresh.root / "source" / "lab_mine" / "lab_mine.py").touch()
    found = checks.settings(fresh)
    assert found.status == WARNING and "leaves aside lab_mine" in found.message


def test_labs_as_released(fresh, course):
    found = checks.labs(fresh)
    assert found.status == WARNING and found.remedy == f"autograder release {LAB}"
    assert "by their dates" not in found.message
    released(fresh, course)
    assert checks.labs(Course(fresh.root)).status == OK


def test_a_lab_whose_release_date_has_passed(fresh):
    path = fresh.root / "course.toml"
    path.write_text(f"[labs.{LAB}]\nrelease = 2020-01-01\n")
    assert f"students should have {LAB}" in checks.labs(Course(fresh.root)).message
    path.write_text(f"[labs.{LAB}]\nrelease = 2999-01-01\n")
    assert "by their dates" not in checks.labs(Course(fresh.root)).message


@pytest.mark.parametrize(
    ("old", "new"), [('"points": 3', '"points": 4'), ("convolution", "convulsion")]
)
def test_a_release_that_is_not_what_the_source_says(fresh, course, old, new):
    lab = released(fresh, course).lab(LAB)
    text = lab.source.read_text()
    assert old in text
    lab.source.write_text(text.replace(old, new, 1))
    found = checks.labs(Course(fresh.root))
    assert found.status == PROBLEM and found.remedy == f"autograder release {LAB}"


def test_a_lab_without_hidden_tests_and_no_lab_at_all(fresh):
    (fresh.root / "course.toml").unlink()
    (fresh.root / "source" / LAB).rename(fresh.root / "source" / "lab_mine")
    mine = fresh.root / "source" / "lab_mine"
    (mine / f"{LAB}.py").rename(mine / "lab_mine.py")
    found = checks.labs(Course(fresh.root))
    assert found.status == PROBLEM and "lab_mine has no hidden tests" in found.message
    shutil.rmtree(mine)
    assert "source/ has no lab" in checks.labs(Course(fresh.root)).message


def at(course, url):
    with (course.root / CONFIG).open("a") as file:
        file.write(f"c.CourseDirectory.db_url = {url!r}\n")
    return checks.gradebook(course)


def test_a_gradebook_that_is_made_later(fresh):
    found = checks.gradebook(fresh)
    assert found.status == OK and "first `autograder release`" in found.message
    assert not (fresh.root / "gradebook.db").exists()


def test_a_gradebook_that_can_be_written_and_one_that_cannot(fresh):
    Base.metadata.create_all(create_engine(f"sqlite:///{fresh.root}/gradebook.db"))
    before = (fresh.root / "gradebook.db").read_bytes()
    assert "can be written" in checks.gradebook(fresh).message
    assert (fresh.root / "gradebook.db").read_bytes() == before
    found = at(fresh, f"sqlite:///file:{fresh.root}/gradebook.db?mode=ro&uri=true")
    assert found.status == PROBLEM and "readonly" in found.message


def test_a_gradebook_that_is_none(fresh):
    (fresh.root / "gradebook.db").write_text("something else, and long enough to be looked at")
    found = checks.gradebook(fresh)
    assert found.status == PROBLEM and "not a database" in found.message


def test_a_gradebook_on_a_server_that_does_not_answer_keeps_its_password(fresh):
    found = at(fresh, "postgresql+none://me:geheim@127.0.0.1:1/course")
    assert found.status == PROBLEM and "cannot be used" in found.message
    assert "geheim" not in found.message + found.remedy


@pytest.mark.parametrize(
    ("mode", "status", "said"),
    [(None, WARNING, "no exchange"), (0o700, WARNING, "Students may not"), (0o777, OK, "")],
)
def test_the_exchange(fresh, tmp_path, mode, status, said):
    root = tmp_path / "exchange"
    if mode is not None:
        root.mkdir()
        root.chmod(mode)
    with (fresh.root / CONFIG).open("a") as file:
        file.write(f"c.Exchange.root = {str(root)!r}\n")
    found = checks.exchange(fresh)
    assert found.status == status and said in found.message and str(root) in found.message


def test_the_seed(fresh, monkeypatch):
    assert "made on first use" in checks.seed(fresh).message
    fresh.seed  # noqa: B018
    assert checks.seed(fresh).status == OK
    (fresh.state / "seed").chmod(0o640)
    found = checks.seed(fresh)
    assert found.status == PROBLEM and "chmod 600" in found.remedy
    monkeypatch.setenv("AUTOGRADER_SEED", "x")
    assert checks.seed(fresh).status == OK


def test_what_git_would_publish(fresh):
    assert "no git repository" in checks.secrets(fresh).message
    git = ["git", "-C", str(fresh.root)]
    subprocess.run([*git, "init", "-q"], check=True)
    assert checks.secrets(fresh).status == OK
    (fresh.root / ".gitignore").write_text(".autograder/\n")
    found = checks.secrets(fresh)
    assert found.status == WARNING and "gradebook.db" in found.message
    assert ".autograder/seed" not in found.message
    fresh.seed  # noqa: B018
    subprocess.run([*git, "add", "-f", ".autograder/seed"], check=True)
    found = checks.secrets(fresh)
    assert found.status == PROBLEM and ".autograder/seed" in found.message
