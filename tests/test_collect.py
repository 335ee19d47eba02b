"""Submissions in: the zips of Canvas, Moodle and Gradescope, built in their documented shapes."""

import json
import shutil
import subprocess
import sys
import zipfile
from datetime import datetime

import classbook
import nbformat
import pytest
from classbook import LAB, OTHER

from autograder import cli, downloads
from autograder.collect import NEW, OLDER, REPLACED, UNCHANGED, Roster, Unmatched, collect
from autograder.downloads import Owner
from autograder.errors import UsageError
from autograder.gradebook import existing
from autograder.roster import Student

METADATA = """---
submission_11:
  :submitters:
  - :name: Ada King
    :sid: ada
    :email: ada@example.edu
  - :name: Someone Else
    :sid: '77'
    :email: else@example.edu
  :created_at: 2026-02-28 10:11:12.218350000 Z
  :score: 3.0
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    tests: []
submission_12:
  :submitters:
  - :name: José Núñez
    :sid:
    :email: Jose@Example.edu
  :created_at: 2026-02-28 11:00:00.000000000 Z
"""


@pytest.fixture(scope="module")
def made(course, tmp_path_factory):
    return classbook.make(course, tmp_path_factory.mktemp("course"))


@pytest.fixture
def own(made, tmp_path):
    """A course of the test's own."""
    shutil.copytree(made.root, tmp_path / "course")
    return type(made)(tmp_path / "course")


@pytest.fixture
def work(course):
    """The text of a notebook of a lab, told apart by a note in it."""

    def write(note="", lab=LAB):
        notebook = nbformat.from_dict(course.lab(lab).release)
        notebook.metadata["note"] = note
        return nbformat.writes(notebook)

    return write


@pytest.fixture
def zipped(tmp_path):
    """Makes a zip; a member is its name, or that and when it was made."""

    def write(members, name="submissions.zip", made=(2026, 2, 20, 8, 0, 0)):
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in members.items():
                archive.writestr(zipfile.ZipInfo(member, made), content)
        return path

    return write


def outcomes(found):
    return {(placed.student, placed.lab): placed.outcome for placed in found.placed}


def there(course, student, lab=LAB):
    """The note in a collected notebook, and its timestamp."""
    folder = course.root / "submitted" / student / lab
    stamp = folder / "timestamp.txt"
    notebook = json.loads((folder / f"{lab}.ipynb").read_text(encoding="utf-8"))
    return notebook["metadata"]["note"], stamp.read_text() if stamp.exists() else None


def test_canvas(own, work, zipped):
    path = zipped(
        {
            f"lovelaceada_1001_501_{LAB}.ipynb": work("by id"),
            f"nunezjrjose_LATE_1002_502_{LAB}-1.ipynb": work("renamed"),
            "smithsam_3_503_homework.ipynb": work("of two"),
            "xmallory_9_504_homework (2).ipynb": work("unknown"),
            "lovelaceada_1001_505_helper.py": "x = 1",
            "turingalan_8_text.html": "<p>text</p>",
            "__MACOSX/._lovelaceada_1001_501_x.ipynb": "",
        }
    )
    found = collect(own, path)
    assert found.format == "canvas"
    assert outcomes(found) == {("ada", LAB): NEW, ("jose", LAB): NEW}
    assert there(own, "ada") == ("by id", "2026-02-20 08:00:00.000000 UTC")
    assert there(own, "jose")[0] == "renamed"
    assert (own.root / "submitted" / "ada" / LAB / "helper.py").read_text() == "x = 1"
    reasons = dict(found.unmatched)
    assert reasons["smithsam_3_503_homework.ipynb"] == "smithsam may be each of sam1, sam2"
    assert "knows no xmallory" in reasons["xmallory_9_504_homework (2).ipynb"]
    assert "text entry" in reasons["turingalan_8_text.html"]
    aside = {item.name for item in found.folder.iterdir()}
    assert aside == {*reasons, "WHY.txt"}
    kept = (found.folder / "smithsam_3_503_homework.ipynb").read_text(encoding="utf-8")
    assert json.loads(kept)["metadata"]["note"] == "of two"


def test_what_was_unmatched_is_mapped_by_hand(own, work, zipped):
    path = zipped({"smithsam_3_503_homework.ipynb": work("sam"), "n_4_5_x.ipynb": work("other")})
    assert not collect(own, path).placed
    found = collect(own, path, named={"smithsam": "sam2", "4": "mallory"})
    assert outcomes(found) == {("sam2", LAB): NEW, ("mallory", LAB): NEW}
    assert not found.unmatched and not list((own.root / "unmatched").iterdir())
    with pytest.raises(UsageError, match="'nobody', who is not in the gradebook"):
        collect(own, path, named={"smithsam": "nobody"})


@pytest.mark.parametrize("folder", ["_/", "_"], ids=["folders", "flat"])
def test_moodle(own, work, zipped, folder):
    path = zipped(
        {
            f"Ada Lovelace_4711_assignsubmission_file{folder}{LAB} (1).ipynb": work("moodle"),
            f"Nunez Jr. José_4712_assignsubmission_file{folder}mine.ipynb": "{not json",
            "Ada Lovelace_4711_assignsubmission_onlinetext_/onlinetext.html": "hello",
            f"Participant_4713_assignsubmission_file{folder}x.ipynb": work(),
        }
    )
    found = collect(own, path, LAB)
    assert found.format == "moodle"
    assert outcomes(found) == {("ada", LAB): NEW, ("jose", LAB): NEW}
    assert there(own, "ada")[0] == "moodle"
    broken = own.root / "submitted" / "jose" / LAB / f"{LAB}.ipynb"
    assert broken.read_text() == "{not json"
    assert len(found.unmatched) == 2


def test_gradescope(own, work, zipped):
    root = "assignment_5_export/"
    path = zipped(
        {
            f"{root}submission_metadata.yml": METADATA,
            f"{root}submission_11/work/{LAB}.ipynb": work("pair"),
            f"{root}submission_11/data/points.csv": "1,2",
            f"{root}submission_12/{OTHER}.ipynb": work("other lab", OTHER),
            f"{root}submission_13/{LAB}.ipynb": work("not named"),
        }
    )
    found = collect(own, path)
    assert found.format == "gradescope"
    assert outcomes(found) == {("ada", LAB): NEW, ("jose", OTHER): NEW}
    assert there(own, "ada") == ("pair", "2026-02-28 10:11:12.218350 UTC")
    assert (own.root / "submitted" / "ada" / LAB / "data" / "points.csv").read_text() == "1,2"
    reasons = dict(found.unmatched)
    assert "knows no Someone Else" in reasons[f"{root}submission_11/work/{LAB}.ipynb"]
    assert "does not name" in reasons[f"{root}submission_13/{LAB}.ipynb"]


def test_the_newest_wins_and_the_older_is_kept(own, work, zipped):
    name = f"lovelaceada_1001_{{}}_{LAB}.ipynb"
    first = zipped({name.format(501): work("first")}, "1.zip")
    second = zipped({name.format(509): work("second")}, "2.zip", (2026, 2, 21, 8, 0, 0))
    collect(own, first)
    kept = own.state / "results" / LAB / "ada.json"
    kept.parent.mkdir(parents=True)
    kept.write_text("{}")
    assert outcomes(collect(own, second)) == {("ada", LAB): REPLACED}
    assert not kept.exists(), "the result of the older one is gone, so the new one is graded"
    (old,) = (own.root / "superseded" / "ada" / LAB).glob(f"*/{LAB}.ipynb")
    assert json.loads(old.read_text(encoding="utf-8"))["metadata"]["note"] == "first"
    assert outcomes(collect(own, second)) == {("ada", LAB): UNCHANGED}
    assert outcomes(collect(own, first)) == {("ada", LAB): OLDER}
    assert there(own, "ada")[0] == "second" and old.is_file()


def test_a_newer_submission_of_the_exchange_stays(own, work, zipped):
    folder = own.root / "submitted" / "ada" / LAB
    folder.mkdir(parents=True)
    (folder / f"{LAB}.ipynb").write_text(work("exchange"), encoding="utf-8")
    (folder / "timestamp.txt").write_text("2026-02-25 08:00:00 UTC")
    path = zipped({f"lovelaceada_1001_501_{LAB}.ipynb": work("canvas")})
    assert outcomes(collect(own, path)) == {("ada", LAB): OLDER}
    assert there(own, "ada")[0] == "exchange"


def test_of_two_files_in_one_zip_the_newer_counts(own, work, zipped):
    path = zipped(
        {
            f"lovelaceada_1001_501_{LAB}.ipynb": work("older"),
            f"lovelaceada_1001_502_{LAB}-1.ipynb": work("newer"),
            "lovelaceada_1001_503_scratch.ipynb": "{}",
        }
    )
    found = collect(own, path, LAB)
    assert there(own, "ada")[0] == "newer"
    reasons = dict(found.unmatched)
    assert set(reasons) == {
        f"lovelaceada_1001_501_{LAB}.ipynb",
        "lovelaceada_1001_503_scratch.ipynb",
    }


def test_a_notebook_of_another_lab_or_of_none_is_put_aside(own, work, zipped):
    path = zipped(
        {
            f"lovelaceada_1001_501_{LAB}.ipynb": work("wrong", OTHER),
            "x_1002_502_scratch.ipynb": "{}",
        }
    )
    assert (
        f"it is a notebook of {OTHER}, not of {LAB}"
        in dict(collect(own, path, LAB).unmatched)[f"lovelaceada_1001_501_{LAB}.ipynb"]
    )
    found = collect(own, path)
    assert outcomes(found)["ada", OTHER] == NEW
    assert "name the lab" in dict(found.unmatched)["x_1002_502_scratch.ipynb"]


def test_nobody_is_late_by_when_the_zip_was_made(own, work, zipped):
    with existing(own) as book:
        book.find_assignment(LAB).duedate = datetime(2026, 2, 10)
        book.db.commit()
    canvas = zipped(
        {
            f"lovelaceada_1001_501_{LAB}.ipynb": work(),
            f"nunezjose_LATE_1002_502_{LAB}.ipynb": work(),
        }
    )
    (remark,) = collect(own, canvas).remarks
    assert f"jose ({LAB})" in remark and "ada" not in remark
    assert there(own, "ada")[1] == "2026-02-10 00:00:00.000000 UTC"
    assert there(own, "jose")[1] == "2026-02-10 00:00:01.000000 UTC"
    moodle = zipped({f"Sam One_4_assignsubmission_file_/{LAB}.ipynb": work("m")}, "m.zip")
    (remark,) = collect(own, moodle, named={"Sam One": "sam1"}).remarks
    assert f"count as in time: sam1 ({LAB})" in remark


def test_names_decide_only_where_nothing_speaks_against_them():
    roster = Roster(
        [
            Student("ann", "Ann", "Lee", "ann@a.edu", "1"),
            Student("bob", "Bob", "Ray"),
            Student("zoe", "Zoë", "O'Neil-Núñez"),
        ],
        {},
    )
    assert roster.find(Owner(name="leeann", user_id="1")) == "ann"
    assert roster.find(Owner(name="Bob Ray", email="bob@b.edu")) == "bob"
    assert roster.find(Owner(name="oneilnuñezzoë", user_id="3")) == "zoe"
    with pytest.raises(Unmatched, match="another id or email"):
        roster.find(Owner(name="leeann", user_id="2"))
    with pytest.raises(Unmatched, match="another id or email"):
        roster.find(Owner(name="Ann Lee", email="other@a.edu"))
    with pytest.raises(Unmatched, match="knows no Eve"):
        roster.find(Owner(name="Eve"))


def link():
    info = zipfile.ZipInfo("lovelaceada_1001_501_x.ipynb")
    info.external_attr = 0o120777 << 16
    return info


GOOD = f"lovelaceada_1001_501_{LAB}.ipynb"


@pytest.mark.parametrize(
    ("member", "words"),
    [
        ("../lovelaceada_1001_502_x.ipynb", "leads out of it"),
        ("/etc/lovelaceada_1001_502_x.ipynb", "leads out of it"),
        ("..\\lovelaceada_1001_502_x.ipynb", "leads out of it"),
        ("C:\\lovelaceada_1001_502_x.ipynb", "leads out of it"),
        (link(), "is a link"),
        (f"{GOOD}/inside", "lies in what is a file"),
    ],
    ids=["dots", "root", "backslashes", "drive", "link", "file as folder"],
)
def test_a_zip_that_leads_elsewhere_is_refused_whole(own, work, zipped, member, words):
    path = zipped({GOOD: work()})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(member, "content")
    with pytest.raises(UsageError, match=words):
        collect(own, path)
    untouched(own)


def untouched(course):
    """Nothing of the zip was written, and nothing is left of the attempt."""
    assert not (course.root / "submitted").exists()
    assert not (course.root / "unmatched").exists()
    assert not list(course.state.glob("collect-*"))


def test_a_bomb_is_refused(own, work, zipped, monkeypatch):
    path = zipped({GOOD: work(), "lovelaceada_1001_502_zeros.bin": bytes(2**20)})
    monkeypatch.setattr(downloads, "LARGEST", 2**20)
    with pytest.raises(UsageError, match="would unpack to"):
        collect(own, path)
    untouched(own)


def test_a_damaged_an_encrypted_and_no_zip_are_refused(own, work, zipped, tmp_path):
    path = zipped({GOOD: work(), f"nunezjose_1002_502_{LAB}.ipynb": work("n")})
    data = bytearray(path.read_bytes())
    spoilt = tmp_path / "spoilt.zip"
    middle = data.index(b"nunezjose") + 60
    spoilt.write_bytes(data[:middle] + bytes(40) + data[middle + 40 :])
    with pytest.raises(UsageError, match=r"spoilt.zip is no good zip .*nothing of it was taken"):
        collect(own, spoilt)
    locked = tmp_path / "locked.zip"
    flags = bytearray(data)
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        flags[flags.index(sign) + place] |= 1
    locked.write_bytes(flags)
    with pytest.raises(UsageError, match="encrypted"):
        collect(own, locked)
    text = tmp_path / "text.zip"
    text.write_text("no zip")
    with pytest.raises(UsageError, match="is not a zip file"):
        collect(own, text)
    with pytest.raises(UsageError, match="There is no file"):
        collect(own, tmp_path / "missing.zip")
    untouched(own)


def test_metadata_that_cannot_be_read_is_refused(own, work, zipped):
    path = zipped({"e/submission_metadata.yml": "a: [", "e/submission_1/x.ipynb": work()})
    with pytest.raises(UsageError, match=r"submission_metadata.yml cannot be read"):
        collect(own, path)
    code = "submission_1: !!python/object/apply:os.system ['touch hacked']"
    path = zipped({"e/submission_metadata.yml": code, "e/submission_1/x.ipynb": work()})
    with pytest.raises(UsageError, match="cannot be read"):
        collect(own, path)
    untouched(own)


def test_a_zip_of_another_kind_asks_for_its_format(own, work, zipped):
    path = zipped({"ada.ipynb": work()})
    with pytest.raises(UsageError, match="--format"):
        collect(own, path)
    found = collect(own, path, format="canvas")
    assert "none that Canvas gives" in dict(found.unmatched)["ada.ipynb"]


def test_the_command_says_what_became_of_every_file(own, work, zipped, monkeypatch, capsys):
    monkeypatch.chdir(own.root)
    path = zipped({GOOD: work(), "eve_5_6_x.ipynb": work("e")})
    assert cli.main(["collect", str(path)]) == 1
    printed, said = capsys.readouterr()
    assert f"submitted/ada/{LAB}: new, from {GOOD}" in printed
    assert "A download of Canvas; submissions: 1 new." in printed
    assert "eve_5_6_x.ipynb: the gradebook knows no eve." in said and "--map" in said
    assert cli.main(["collect", str(path), "--map", "eve=mallory"]) == 0
    assert cli.main(["collect", str(path), "lab99"]) == 2


def test_a_gradebook_without_students_says_what_to_do(own, work, zipped):
    with existing(own) as book:
        for student in classbook.STUDENTS:
            book.remove_student(student)
    with pytest.raises(UsageError, match="has no students yet"):
        collect(own, zipped({GOOD: work()}))


def test_nbgraders_exchange_collects_too(own, work, tmp_path):
    inbound = tmp_path / "exchange" / "layerlab" / "inbound"
    sent = inbound / f"ada+{LAB}+2026-02-25 08:00:00.000000 UTC+abc"
    sent.mkdir(parents=True)
    (sent / f"{LAB}.ipynb").write_text(work("sent"), encoding="utf-8")
    (sent / "timestamp.txt").write_text("2026-02-25 08:00:00.000000 UTC")
    inbound.parent.chmod(0o755)
    inbound.chmod(0o733)
    ran = subprocess.run(
        [sys.executable, "-m", "nbgrader", "collect", LAB, f"--Exchange.root={tmp_path}/exchange"],
        cwd=own.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert there(own, "ada") == ("sent", "2026-02-25 08:00:00.000000 UTC")
