"""Reads the zip that a learning management system makes of a class's submissions.

References:
    Canvas: `lastfirst_[LATE_]userid_fileid_name`, made by `lib/content_zipper.rb` in
    https://github.com/instructure/canvas-lms.
    Moodle: `Full Name_participant_assignsubmission_file_/name`, or flat as `..._file_name`, made by
    `mod/assign/classes/downloader.php` in https://github.com/moodle/moodle.
    Gradescope: `submission_<id>/name`, with the submitters in `submission_metadata.yml`
    ("Exporting submissions", https://help.gradescope.com).
"""

from __future__ import annotations

import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from autograder.errors import UsageError

LARGEST = 4 * 2**30
"""Bytes that a zip may unpack to."""
LARGEST_METADATA = 64 * 2**20
"""Bytes of Gradescope's description of the submissions."""
METADATA = "submission_metadata.yml"

CANVAS = re.compile(
    r"(?P<name>.+?)_(?P<late>LATE_)?(?P<user>\d+)_"
    r"(?:(?P<file>\d+)_(?P<filename>.+)|(?P<entry>text|link)\.html)"
)
MOODLE = re.compile(
    r"(?P<name>.+)_(?P<participant>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?"
    r"(?:/|(?<=_))(?P<filename>.+)"
)


@dataclass(frozen=True)
class Owner:
    """A student as a download calls them; what it does not say is empty."""

    name: str = ""
    user_id: str = ""
    student_id: str = ""
    email: str = ""

    def __str__(self) -> str:
        return self.name or self.email or self.student_id or self.user_id or "nobody"


@dataclass(frozen=True)
class Piece:
    """A file of a download.

    Args:
        info: The member of the zip.
        path: Its path there.
        filename: What it was called when it was handed in.
        owners: Whose it is; several for a group.
        order: Of two pieces of one student the newer has the larger one.
        when: When it was handed in (UTC); for Canvas and Moodle, which do not say: when the zip was
            made, or earlier.
        exact: Whether `when` is the truth.
        late: Whether the download says that it is late.
        problem: Why it can be nobody's.
    """

    info: zipfile.ZipInfo
    path: PurePosixPath
    filename: str
    owners: tuple[Owner, ...] = ()
    order: float = 0.0
    when: datetime | None = None
    exact: bool = False
    late: bool = False
    problem: str = ""


@dataclass
class Download:
    """A download, open.

    Args:
        archive: The zip.
        format: `canvas`, `moodle` or `gradescope`.
        pieces: Its files.
    """

    archive: zipfile.ZipFile
    format: str
    pieces: list[Piece] = field(default_factory=list)

    def unpack(self, folder: Path) -> list[Path]:
        """Unpacks the pieces into a folder, each under a name of ours: none can lead elsewhere.

        Raises:
            UsageError: The zip is damaged.
        """
        paths = []
        for position, piece in enumerate(self.pieces):
            path = folder / str(position)
            try:
                with self.archive.open(piece.info) as source, path.open("xb") as target:
                    shutil.copyfileobj(source, target)
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
                raise _damaged(self.archive, f"{piece.path}: {error}") from None
            paths.append(path)
        return paths


def open_download(archive: zipfile.ZipFile, wanted: str | None = None) -> Download:
    """Reads what a zip says of its files.

    Args:
        archive: The zip.
        wanted: Its format, if it is not to be recognised.

    Raises:
        UsageError: It is no such zip, or one that must not be unpacked.
    """
    members = [
        (info, _path(archive, info))
        for info in archive.infolist()
        if not info.is_dir() and not _junk(info.filename)
    ]
    size = sum(info.file_size for info, _ in members)
    if size > LARGEST:
        raise UsageError(
            f"{archive.filename} would unpack to {size / 2**30:.1f} GiB; "
            f"at most {LARGEST / 2**30:.0f} are taken."
        )
    paths = {path for _, path in members}
    for path in sorted(paths):
        if any(parent in paths for parent in path.parents):
            raise _damaged(archive, f"{path} lies in what is a file")
    known = wanted or _recognise([path for _, path in members])
    if not known:
        raise UsageError(
            f"{archive.filename} looks like no download of Canvas, Moodle or Gradescope: "
            f"say with --format which it is ({', '.join(READERS)})."
        )
    return Download(archive, known, READERS[known](archive, members))


Members = list[tuple[zipfile.ZipInfo, PurePosixPath]]


def _path(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> PurePosixPath:
    """The path of a member.

    Raises:
        UsageError: It leads out of the zip, is a link or is encrypted.
    """
    name = info.filename.replace("\\", "/")
    path = PurePosixPath(name)
    if path.is_absolute() or not path.name or ".." in path.parts or re.match(r"[A-Za-z]:", name):
        raise _damaged(archive, f"{name!r} leads out of it")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise _damaged(archive, f"{name!r} is a link")
    if info.flag_bits & 1:
        raise UsageError(f"{archive.filename} is encrypted: unpack it and zip it without password.")
    return path


def _damaged(archive: zipfile.ZipFile, why: str) -> UsageError:
    return UsageError(f"{archive.filename} is no good zip ({why}): nothing of it was taken.")


def _junk(name: str) -> bool:
    """What a Mac leaves in the zips that it makes."""
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or parts[-1:] == (".DS_Store",)


def _recognise(paths: list[PurePosixPath]) -> str:
    if any(path.name == METADATA for path in paths):
        return "gradescope"
    if any("_assignsubmission_" in str(path) for path in paths):
        return "moodle"
    if any(CANVAS.fullmatch(path.name) for path in paths):
        return "canvas"
    return ""


def _canvas(archive: zipfile.ZipFile, members: Members) -> list[Piece]:
    pieces = []
    for info, path in members:
        found = CANVAS.fullmatch(path.name)
        if found is None:
            problem = "its name is none that Canvas gives (an anonymous one has no student)"
            pieces.append(Piece(info, path, path.name, problem=problem))
            continue
        entry = found["entry"]
        pieces.append(
            Piece(
                info,
                path,
                found["filename"] or path.name,
                (Owner(name=found["name"], user_id=found["user"]),),
                float(found["file"] or 0),
                _made(info),
                late=bool(found["late"]),
                problem=f"it is a {entry} entry, no notebook" if entry else "",
            )
        )
    return pieces


def _moodle(archive: zipfile.ZipFile, members: Members) -> list[Piece]:
    pieces = []
    for info, path in members:
        found = MOODLE.search(str(path))
        if found is None:
            problem = "its name is none that Moodle gives"
            pieces.append(Piece(info, path, path.name, problem=problem))
            continue
        made = _made(info)
        pieces.append(
            Piece(
                info,
                path,
                found["filename"],
                (Owner(name=found["name"].split("/")[-1], user_id=""),),
                made.replace(tzinfo=UTC).timestamp() if made else 0.0,
                made,
                problem="it is an online text, no notebook" if found["kind"] != "file" else "",
            )
        )
    return pieces


def _gradescope(archive: zipfile.ZipFile, members: Members) -> list[Piece]:
    told: dict[str, Any] = {}
    for info, path in members:
        if path.name == METADATA:
            told |= _metadata(archive, info)
    pieces = []
    for info, path in members:
        if path.name == METADATA:
            continue
        folder = next((part for part in path.parts if part in told), "")
        submission = told.get(folder)
        if not isinstance(submission, dict):
            problem = f"{METADATA} does not name its submission"
            pieces.append(Piece(info, path, path.name, problem=problem))
            continue
        inner = path.parts[path.parts.index(folder) + 1 :]
        when = submission.get(":created_at")
        when = when.astimezone(UTC).replace(tzinfo=None) if isinstance(when, datetime) else None
        submitters = submission.get(":submitters") or []
        pieces.append(
            Piece(
                info,
                path,
                "/".join(inner) or path.name,
                tuple(
                    Owner(
                        name=str(one.get(":name") or ""),
                        student_id=str(one.get(":sid") or ""),
                        email=str(one.get(":email") or ""),
                    )
                    for one in submitters
                    if isinstance(one, dict)
                ),
                when.replace(tzinfo=UTC).timestamp() if when else 0.0,
                when,
                exact=when is not None,
                problem="" if submitters else f"{METADATA} names nobody who handed it in",
            )
        )
    return pieces


def _metadata(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> dict[str, Any]:
    """What Gradescope says of the submissions, by the names of their folders."""
    if info.file_size > LARGEST_METADATA:
        raise _damaged(archive, f"{METADATA} is too large")
    try:
        told = yaml.load(archive.read(info), Loader=_Loader)
    except (yaml.YAMLError, zipfile.BadZipFile, zlib.error, ValueError) as error:
        words = " ".join(str(error).split())[:200]
        raise _damaged(archive, f"{METADATA} cannot be read: {words}") from None
    return told if isinstance(told, dict) else {}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads what Ruby wrote: its tags mean nothing here."""


def _untagged(loader: Any, suffix: str, node: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!ruby/", _untagged)


def _made(info: zipfile.ZipInfo) -> datetime | None:
    try:
        return datetime(*info.date_time)
    except ValueError:
        return None


READERS: dict[str, Callable[[zipfile.ZipFile, Members], list[Piece]]] = {
    "canvas": _canvas,
    "moodle": _moodle,
    "gradescope": _gradescope,
}
"""How each format is read, by its name."""
