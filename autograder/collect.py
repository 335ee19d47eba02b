"""Submissions in: puts a class's download into `submitted/`, where nbgrader looks for it.

nbgrader's own `zip_collect` is not used: it unpacks whatever a zip holds, stops at a second file of
one student, empties the folder of a submission before it writes, and drops what it cannot match.
What it leaves in `submitted/` is the same: the notebook and `timestamp.txt`.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import unicodedata
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory

from autograder.converting import configuration
from autograder.course import Course
from autograder.downloads import Owner, Piece, open_download
from autograder.errors import UsageError
from autograder.gradebook import existing, people
from autograder.kept import forget
from autograder.lab import Lab
from autograder.notebook import LARGEST_FILE, closest
from autograder.roster import Student

TIMESTAMP = "timestamp.txt"
UNMATCHED, SUPERSEDED = "unmatched", "superseded"
"""Folders of the course: for what is nobody's, and for what a newer submission replaced."""
COPY_MARK = re.compile(r"([ _-]*\(\d+\)|[-_ ]+copy ?\d*|[-_ ]+\d+)+$", re.IGNORECASE)
"""What browsers, Canvas and Jupyter put behind the name of a second file."""

NEW, REPLACED, UNCHANGED, OLDER = "new", "newer", "unchanged", "older"


@dataclass(frozen=True)
class Placed:
    """A submission of the download, and what became of it."""

    student: str
    lab: str
    filename: str
    outcome: str


@dataclass
class Collected:
    """What became of a download.

    Args:
        format: Which it is.
        placed: The submissions that are somebody's.
        unmatched: Files that are nobody's, with the reason.
        folder: Where those lie.
        remarks: What else to know, in sentences.
    """

    format: str
    placed: list[Placed] = field(default_factory=list)
    unmatched: list[tuple[str, str]] = field(default_factory=list)
    folder: Path | None = None
    remarks: list[str] = field(default_factory=list)


class Unmatched(Exception):
    """A file is nobody's; the message says why."""


@dataclass
class _Submission:
    """What one student hands in for one lab."""

    student: str
    lab: str
    piece: Piece
    notebook: Path
    extras: dict[PurePosixPath, Path] = field(default_factory=dict)


class Roster:
    """Finds the student that a download means.

    Args:
        known: The students of the gradebook.
        named: Students by what the download calls them, as a person has said.
    """

    def __init__(self, known: list[Student], named: Mapping[str, str]):
        ids = {person.id for person in known}
        for student in named.values():
            if student not in ids:
                raise UsageError(f"--map names {student!r}, who is not in the gradebook.")
        self.known = known
        self.named = {_plain(name): student for name, student in named.items()}

    def find(self, owner: Owner) -> str:
        """The id of a student.

        A name decides only where no id or email speaks against it.

        Raises:
            Unmatched: Nobody, or not one alone.
        """
        for said in (owner.name, owner.user_id, owner.student_id, owner.email):
            if said and _plain(said) in self.named:
                return self.named[_plain(said)]
        for person in self.known:
            if owner.user_id and owner.user_id == person.lms_user_id:
                return person.id
            if owner.student_id and owner.student_id in (person.id, person.lms_user_id):
                return person.id
        for person in self.known:
            if owner.email and owner.email.casefold() == person.email.casefold():
                return person.id
        name = _plain(owner.name)
        found = [person for person in self.known if name and name in _names(person)]
        if not found:
            raise Unmatched(f"the gradebook knows no {owner}")
        fitting = [person for person in found if not _contradicts(owner, person)]
        if not fitting:
            raise Unmatched(f"the gradebook's {owner} has another id or email")
        if len(fitting) > 1:
            ids = ", ".join(person.id for person in fitting)
            raise Unmatched(f"{owner} may be each of {ids}")
        return fitting[0].id


def _plain(text: str) -> str:
    """A name without case, accents, spaces and punctuation."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in split if letter.isalnum())


def _names(person: Student) -> set[str]:
    """How downloads may write a person's name."""
    first, last = _plain(person.first_name), _plain(person.last_name)
    return {first + last, last + first, _plain(person.id)} - {""}


def _contradicts(owner: Owner, person: Student) -> bool:
    return bool(
        (owner.user_id and person.lms_user_id)
        or (owner.email and person.email and owner.email.casefold() != person.email.casefold())
    )


def collect(
    course: Course,
    path: Path,
    lab: str | None = None,
    format: str | None = None,
    named: Mapping[str, str] | None = None,
) -> Collected:
    """Puts the submissions of a download into `submitted/`.

    Everything is read before anything is written. The newest submission of a student wins; the
    other is kept in `superseded/`. What is nobody's goes to `unmatched/`.

    Args:
        course: The course.
        path: The zip.
        lab: The lab that it was handed in for, if the notebooks themselves do not say.
        format: The zip's format, if it is not to be recognised.
        named: Students by what the download calls them.

    Raises:
        UsageError: The zip cannot be used, or the gradebook has no students.
    """
    labs = [course.lab(lab).name] if lab else course.lab_names
    with existing(course) as opened:
        known = people(opened)
    if not known:
        raise UsageError(
            "The gradebook has no students yet: enter them (`nbgrader db student import FILE.csv`)."
        )
    roster = Roster(known, named or {})
    course.state.mkdir(mode=0o700, exist_ok=True)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="collect-", dir=course.state) as folder,
            _opened(path) as archive,
        ):
            download = open_download(archive, format)
            files = dict(zip(download.pieces, download.unpack(Path(folder)), strict=True))
            collected = Collected(download.format)
            aside: dict[Piece, str] = {}
            submissions = _sort(course, labs, lab is not None, roster, files, aside)
            _place(course, submissions, collected, Path(folder))
            collected.folder = _put_aside(course, path, files, aside)
            reasons = sorted((str(piece.path), reason) for piece, reason in aside.items())
            collected.unmatched = reasons
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be written: {error.strerror}.") from None
    return collected


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise UsageError(f"{path} is not a zip file, or is damaged.") from None


def _sort(
    course: Course,
    labs: list[str],
    sure: bool,
    roster: Roster,
    files: Mapping[Piece, Path],
    aside: dict[Piece, str],
) -> list[_Submission]:
    """Sorts the files into submissions; `aside` gets those that are none, with the reason."""
    of: dict[str, list[Piece]] = {}
    for piece in files:
        if piece.problem:
            aside[piece] = piece.problem
        for owner in () if piece.problem else piece.owners:
            try:
                of.setdefault(roster.find(owner), []).append(piece)
            except Unmatched as reason:
                aside[piece] = str(reason)
    released = course.labs()
    submissions: list[_Submission] = []
    for student, pieces in sorted(of.items()):
        notebooks, rest = [], []
        for piece in pieces:
            if not piece.filename.lower().endswith(".ipynb"):
                rest.append(piece)
                continue
            try:
                lab, clear = _lab_of(released, labs, sure, piece, files[piece])
                notebooks.append((not clear, -piece.order, len(piece.filename), lab, piece))
            except Unmatched as reason:
                aside[piece] = str(reason)
        mine: dict[str, _Submission] = {}
        for *_, lab, piece in sorted(notebooks, key=lambda found: found[:3]):
            if lab in mine:
                aside[piece] = f"of {student}'s notebooks {mine[lab].piece.filename} was taken"
            else:
                mine[lab] = _Submission(student, lab, piece, files[piece])
        for piece in rest:
            inner = PurePosixPath(piece.filename)
            if len(mine) != 1:
                aside[piece] = f"{student} has handed in no one notebook that it belongs to"
                continue
            (submission,) = mine.values()
            if inner in submission.extras or inner.parts[0] in (
                TIMESTAMP,
                f"{submission.lab}.ipynb",
            ):
                aside[piece] = f"{student} has another file of this name"
                continue
            submission.extras[inner] = files[piece]
        submissions += mine.values()
    return submissions


def _lab_of(
    released: list[Lab], labs: list[str], sure: bool, piece: Piece, path: Path
) -> tuple[str, bool]:
    """The lab of a notebook, and whether its cells or its name say so, not only the command.

    Raises:
        Unmatched: It is none of these labs.
    """
    by_cells = closest(_grade_ids(path), released)
    stem = PurePosixPath(piece.filename).stem
    by_name = next((name for name in (stem, COPY_MARK.sub("", stem)) if name in labs), "")
    said = by_cells.name if by_cells else by_name
    name = said or (labs[0] if sure else "")
    if not name:
        raise Unmatched("its name and its cells do not say which lab it is: name the lab")
    if name not in labs:
        raise Unmatched(f"it is a notebook of {name}, not of {labs[0]}")
    return name, bool(said)


def _grade_ids(path: Path) -> set[str]:
    """The `grade_id` of every cell, of a notebook in whatever state."""
    if path.stat().st_size > LARGEST_FILE:
        return set()
    try:
        cells = json.loads(path.read_bytes())["cells"]
        found = {cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in cells}
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return set()
    return {name for name in found if isinstance(name, str)}


def _place(
    course: Course, submissions: list[_Submission], collected: Collected, folder: Path
) -> None:
    """Moves submissions to where nbgrader looks for them."""
    with existing(course) as opened:
        due = [_due(opened, submission.lab, submission.student) for submission in submissions]
    late, unknown, ready = [], [], []
    for number, (submission, limit) in enumerate(zip(submissions, due, strict=True)):
        piece, when = submission.piece, submission.piece.when
        if not piece.exact and limit is not None and when is not None:
            who = f"{submission.student} ({submission.lab})"
            if piece.late:  # by how much is not said, so by as little as can be
                when = limit + timedelta(seconds=1)
                late.append(who)
            elif when > limit:
                when = limit
                if collected.format == "moodle":
                    unknown.append(who)
        ready.append((submission, when, _build(submission, folder / f"new-{number}", when)))
    for submission, when, fresh in ready:
        outcome = _put(course, submission, collected.format, when, fresh)
        path = str(submission.piece.path)
        collected.placed.append(Placed(submission.student, submission.lab, path, outcome))
    if late:
        collected.remarks.append(
            "Canvas says that these are late, not by how much; their timestamp.txt says one second:"
            f" {', '.join(late)}. Correct it if your late policy counts time."
        )
    if unknown:
        collected.remarks.append(
            "Moodle's zip does not say when these were handed in; they count as in time: "
            f"{', '.join(unknown)}. Correct their timestamp.txt if they are late."
        )


def _due(opened: Gradebook, lab: str, student: str) -> datetime | None:
    """When a submission was due (UTC), extension included, as far as the gradebook knows."""
    try:
        date = opened.find_assignment(lab).duedate
        extension = opened.find_submission(lab, student).extension if date else None
    except MissingEntry:
        extension = None
    return date + extension if date and extension else date


def _put(
    course: Course, submission: _Submission, format: str, when: datetime | None, fresh: Path
) -> str:
    """Moves a submission to its place, if it is the newest; returns the outcome."""
    student, lab, piece = submission.student, submission.lab, submission.piece
    target = course.root / "submitted" / student / lab
    there = target / f"{lab}.ipynb"
    note = course.state / "collected" / lab / f"{student}.json"
    shelf = course.root / SUPERSEDED / student / lab
    digest = _digest(submission.notebook)
    existing = _digest(there) if there.is_file() else ""
    if existing == digest:
        return UNCHANGED
    outcome = REPLACED if target.exists() else NEW
    if outcome == REPLACED:
        if _is_older(course, piece, format, when, target, note, existing):
            _keep(fresh, shelf, digest)
            return OLDER
        _keep(target, shelf, existing or "no-notebook")
        forget(course, course.lab(lab), student)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(fresh, target)
    note.parent.mkdir(parents=True, exist_ok=True)
    told = {"format": format, "order": piece.order, "sha256": digest}
    note.write_text(json.dumps(told), encoding="utf-8")
    return outcome


def _build(submission: _Submission, folder: Path, when: datetime | None) -> Path:
    """A folder with the submission as nbgrader wants it."""
    for inner, path in submission.extras.items():
        target = folder / inner
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    folder.mkdir(exist_ok=True)
    shutil.copyfile(submission.notebook, folder / f"{submission.lab}.ipynb")
    if when is not None:
        stamp = when.strftime("%Y-%m-%d %H:%M:%S.%f UTC")
        (folder / TIMESTAMP).write_text(stamp, encoding="ascii")
    return folder


def _is_older(
    course: Course,
    piece: Piece,
    format: str,
    when: datetime | None,
    target: Path,
    note: Path,
    existing: str,
) -> bool:
    """Whether what is collected is older than what is there."""
    if note.is_file():
        told = json.loads(note.read_text(encoding="utf-8"))
        if told["format"] == format and told["sha256"] == existing:
            return bool(piece.order < told["order"])
    directory = CourseDirectory(config=configuration(course))
    known = directory.get_existing_timestamp(str(target))
    return known is not None and when is not None and when < known


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _keep(folder: Path, shelf: Path, digest: str) -> None:
    """Moves a submission to the shelf of those that do not count any more."""
    place = shelf / digest[:12]
    if place.exists():  # this very notebook lies there already
        shutil.rmtree(place)
    shelf.mkdir(parents=True, exist_ok=True)
    shutil.move(folder, place)


def _put_aside(
    course: Course, path: Path, files: Mapping[Piece, Path], aside: Mapping[Piece, str]
) -> Path | None:
    """Puts what is nobody's, if anything, into a folder for this very zip, with the reasons."""
    folder = course.root / UNMATCHED / f"{path.stem}-{_digest(path)[:8]}"
    shutil.rmtree(folder, ignore_errors=True)  # of an earlier run with the same zip
    if not aside:
        return None
    lines = []
    for piece, reason in sorted(aside.items(), key=lambda item: str(item[0].path)):
        target = folder / piece.path
        number = 1
        while target.exists():
            number += 1
            target = folder / piece.path.with_name(f"{number}-{piece.path.name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(files[piece], target)
        lines.append(f"{target.relative_to(folder)}: {reason}\n")
    (folder / "WHY.txt").write_text("".join(lines), encoding="utf-8")
    return folder
