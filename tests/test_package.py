"""What a release is made of, and that it is the same everywhere, whole or not there."""

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder import package, proof, verify
from autograder.cli import main
from autograder.course import Course
from autograder.errors import UsageError
from layerlab import environment

ROOT = Path(__file__).parents[1]
LABS = ["lab01_zero_init", "lab06_depthwise_conv"]
BUILD = """
import sys
from pathlib import Path
from autograder import package
from autograder.course import Course
course, stage = Course(Path(sys.argv[1])), Path(sys.argv[2])
stage.mkdir(parents=True)
package.build(course, [course.lab(name) for name in sys.argv[3:]], stage)
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A checkout of two labs in another place, its files newer and open to nobody else."""
    house = tmp_path_factory.mktemp("elsewhere") / "a house with spaces"
    house.mkdir()
    for name in ("nbgrader_config.py", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, house / name)
    for name in (".gitignore", "requirements.lock"):
        shutil.copyfile(ROOT / name, house / name)
    for part in ("layerlab", "autograder"):
        shutil.copytree(ROOT / part, house / part, copy_function=shutil.copyfile)
    for part in ("source", "labs"):
        for lab in LABS:
            shutil.copytree(ROOT / part / lab, house / part / lab, copy_function=shutil.copyfile)
    for path in house.rglob("*.py"):
        path.chmod(0o700)
    return house


def build(house, stage, umask, **setting):
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    subprocess.run(
        [sys.executable, "-c", BUILD, str(house), str(stage), *LABS],
        env={**keep, "PYTHONPATH": str(house), "AUTOGRADER_SEED": "x", **setting},
        cwd=house,
        umask=umask,
        check=True,
    )
    return {path.relative_to(stage).as_posix(): path for path in sorted(stage.rglob("*"))}


@pytest.fixture(scope="module")
def builds(house, tmp_path_factory):
    here, there = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there")
    return (
        build(ROOT, here / "stage", 0o022, LANG="C.UTF-8", TZ="UTC", PYTHONHASHSEED="1"),
        build(
            house,
            there / "deep" / "er" / "stage",
            0o077,
            LANG="C",
            LC_ALL="C",
            TZ="Asia/Tokyo",
            PYTHONHASHSEED="2",
            SOURCE_DATE_EPOCH="1700000000",
        ),
    )


def test_two_builds_are_the_same_byte_for_byte(builds):
    one, other = builds
    assert list(one) == list(other)
    for name, path in one.items():
        assert path.stat().st_mode == other[name].stat().st_mode, name
        if path.is_file():
            assert path.read_bytes() == other[name].read_bytes(), name


def test_no_file_knows_where_or_when_it_was_made(builds, house):
    for name, path in builds[1].items():
        if path.is_file():
            assert str(house).encode() not in path.read_bytes(), name
        if name.endswith((".zip", ".whl")):
            for member in zipfile.ZipFile(path).infolist():
                assert member.date_time == (1980, 1, 1, 0, 0, 0)
                assert member.compress_type == zipfile.ZIP_STORED
                assert member.external_attr >> 16 == 0o100644


def test_a_release_has_all_that_a_student_needs(builds):
    files = builds[0]
    (wheel,) = [name for name in files if name.endswith(".whl") and "/" not in name]
    lab = LABS[1]
    inside = {f"{lab}.ipynb", "visible_cases.json", "README.md", "requirements.txt", wheel}
    inside |= {"environment.json"}
    assert {name.rpartition("/")[2] for name in files if name.startswith(f"labs/{lab}/")} == inside
    with zipfile.ZipFile(files[f"{lab}.zip"]) as archive:
        assert set(archive.namelist()) == {f"{lab}/{name}" for name in inside}
        for name in archive.namelist():
            assert archive.read(name) == files[f"labs/{name}"].read_bytes()
    with zipfile.ZipFile(files["all-labs.zip"]) as archive:
        everything = {n for n, p in files.items() if n.startswith("labs/") and p.is_file()}
        assert set(archive.namelist()) == everything


def test_the_manifest_tells_every_file_and_every_version(builds):
    files = {name: path for name, path in builds[0].items() if path.is_file()}
    manifest = json.loads(files.pop("manifest.json").read_text())
    assert set(manifest["files"]) == set(files)
    for name, told in manifest["files"].items():
        data = files[name].read_bytes()
        assert told == {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    assert list(manifest["versions"]) == ["layerlab", "python", "tensorflow", "keras", "numpy"]
    assert manifest["labs"][LABS[1]]["points"] == 14


def test_the_pins_are_those_of_the_lock(builds):
    lines = builds[0][f"labs/{LABS[1]}/requirements.txt"].read_text().splitlines()
    assert lines[0].startswith("./layerlab-")
    lock = (ROOT / "requirements.lock").read_text().replace("'", '"').replace(" ;", ";")
    assert all(line in lock for line in lines[1:])
    names = {line.partition("==")[0] for line in lines[1:]}
    assert names == {"ipykernel", "ipython", "keras", "matplotlib", "numpy", "tensorflow"}
    made_with = json.loads(builds[0][f"labs/{LABS[1]}/environment.json"].read_text())
    assert f"tensorflow=={made_with['tensorflow']}" in lines
    assert {**made_with, **environment.SETTINGS} == made_with


def test_a_notebook_may_not_import_what_the_lock_lacks(tmp_path):
    lab = Course(ROOT).lab(LABS[1])
    lab.release.cells[1].source += "\nimport no_such_package.part"
    with pytest.raises(UsageError, match="imports no_such_package, which"):
        package._pins(lab, [], package._lock(ROOT / "requirements.lock"))


def test_a_proof_in_another_environment_is_none(monkeypatch):
    assert list(package.differs_from_lock()) == []
    known = package.importlib.metadata.version
    monkeypatch.setattr(
        package.importlib.metadata, "version", lambda n: "3.1.0" if n == "keras" else known(n)
    )
    (problem,) = package.differs_from_lock()
    assert problem.startswith("The proof ran with keras 3.1.0, but students are told keras==")


def test_the_wheel_imports_nothing_but_what_it_names(builds):
    (wheel,) = [p for n, p in builds[0].items() if n.endswith(".whl") and "/" not in n]
    with zipfile.ZipFile(wheel) as archive:
        modules = {n: archive.read(n).decode() for n in archive.namelist() if n.endswith(".py")}
    imported = set()
    for text in modules.values():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    needs = {name.lower() for name in package._requires(wheel)}
    assert {name.lower() for name in imported - sys.stdlib_module_names - {"layerlab"}} <= needs
    assert needs == {"ipython", "keras", "matplotlib", "numpy", "tensorflow"}


# ---------------------------------------------------------------- all or nothing


@pytest.fixture
def stage(builds, tmp_path):
    return shutil.copytree(builds[0]["manifest.json"].parent, tmp_path / "stage")


def test_an_earlier_release_is_replaced_whole(stage, tmp_path):
    out = tmp_path / "out"
    package.publish(stage, out)
    (out / "old.zip").write_bytes(b"")
    package.publish(stage, out)
    assert sorted(p.name for p in out.iterdir()) == sorted(p.name for p in stage.iterdir())
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_folder_that_is_no_release_is_left_alone(stage, tmp_path):
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter1.tex").write_text("words")
    with pytest.raises(UsageError, match="no release"):
        package.publish(stage, out)
    assert (out / "chapter1.tex").read_text() == "words"


@pytest.fixture
def proven(monkeypatch, tmp_path):
    """The command, with everything that takes long answered at once."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("autograder.commands.release.release", lambda *_: None)
    good = verify.Proof(LABS[1], wheats={"total": 1}, chaffs={"total": 1})
    monkeypatch.setattr(verify, "verified", lambda *_: (good, True))
    found = [proof.Proved("It holds nothing hidden.", [])]
    monkeypatch.setattr(proof, "prove", lambda *_, **__: iter(found))
    return found


def test_the_command_writes_what_is_proved(proven, tmp_path, capsys):
    assert main(["release", LABS[1], "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / f"{LABS[1]}.zip").is_file()
    assert "✓ It holds nothing hidden." in capsys.readouterr().out


def test_the_command_writes_nothing_if_a_line_of_the_proof_fails(proven, tmp_path, capsys):
    proven.append(proof.Proved("It is locked.", ["Cell 3 is not locked."]))
    assert main(["release", LABS[1], "--out", str(tmp_path / "out")]) == 1
    assert list(tmp_path.iterdir()) == []
    told = capsys.readouterr()
    assert "✗ Cell 3 is not locked." in told.err and "Nothing was written" in told.err
    assert "It is locked" not in told.out


@pytest.mark.parametrize(
    "arguments", [["--out", "x", "--check"], ["--history", "."], ["--online"], ["--out", "tests"]]
)
def test_options_that_make_no_sense_are_refused_before_any_work(proven, arguments, monkeypatch):
    monkeypatch.setattr("autograder.commands.release.release", None)
    assert main(["release", LABS[1], *arguments]) == 2


def test_a_proof_is_kept_until_anything_it_depends_on_changes(monkeypatch, tmp_path):
    shutil.copyfile(ROOT / "nbgrader_config.py", tmp_path / "nbgrader_config.py")
    for part in ("source", "labs"):
        shutil.copytree(ROOT / part / LABS[1], tmp_path / part / LABS[1])
    made = []

    class NoWorkers:
        def __init__(self, *_):
            pass

        __enter__ = __exit__ = __init__

    def fake(course, lab, workers):
        made.append(lab.name)
        return verify.Proof(lab.name, problems=["bad"] if len(made) == 1 else [])

    monkeypatch.setattr(verify, "Workers", NoWorkers)
    monkeypatch.setattr(verify, "verify", fake)
    kept = [verify.verified(Course(tmp_path), Course(tmp_path).lab(LABS[1]))[1] for _ in range(3)]
    assert kept == [False, False, True]  # one with a problem is not kept
    source = Course(tmp_path).lab(LABS[1]).source
    source.write_text(source.read_text() + "\n# more\n")
    assert not verify.verified(Course(tmp_path), Course(tmp_path).lab(LABS[1]))[1]
    monkeypatch.setattr(verify, "_code", lambda: "another engine")
    assert not verify.verified(Course(tmp_path), Course(tmp_path).lab(LABS[1]))[1]


# ---------------------------------------------------------------- nbgrader


def test_nbgrader_releases_it_into_the_exchange(stage, tmp_path):
    """Both folders: the course's own `labs/`, and the one with all that students need."""
    lab, root, exchange = LABS[1], tmp_path / "course", tmp_path / "exchange"
    root.mkdir()
    exchange.mkdir()
    exchange.chmod(0o777)
    shutil.copyfile(ROOT / "nbgrader_config.py", root / "nbgrader_config.py")
    shutil.copytree(ROOT / "labs" / lab, root / "labs" / lab)
    command = [sys.executable, "-m", "nbgrader", "release_assignment", lab, "--force"]
    command.append(f"--Exchange.root={exchange}")
    arrived = exchange / "layerlab" / "outbound" / lab
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    assert {path.name for path in arrived.iterdir()} == {f"{lab}.ipynb", "visible_cases.json"}
    command.append(f"--CourseDirectory.release_directory={stage / 'labs'}")
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    for path in (stage / "labs" / lab).iterdir():
        assert (arrived / path.name).read_bytes() == path.read_bytes()
