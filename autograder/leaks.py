"""Looks for what is hidden in whatever is released: any file, and the history of a repository."""

from __future__ import annotations

import ast
import base64
import binascii
import contextlib
import hashlib
import html
import io
import json
import re
import subprocess
import tempfile
import zipfile
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from autograder.course import Course
from autograder.errors import UsageError
from autograder.lab import Lab

_KINDS = "SOLUTION|HIDDEN TESTS|MARK SCHEME"
_MARKS = re.compile(rf"(BEGIN|END) ({_KINDS})")
_REGION = re.compile(rf"^.*BEGIN ({_KINDS}).*\n(?:.*\n)*?.*END \1.*$", re.MULTILINE)
_SHORTEST = 24
"""Characters; a shorter line is no secret (`return inputs`)."""
_START = re.compile(r"(?<!\w)\S")
"""Where a line that was copied may begin."""
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{32,}={0,2}\s*")
_DATA_URI = re.compile(r";base64,([A-Za-z0-9+/]+={0,2})")


class Secret(NamedTuple):
    """A line that no student may see, and where it stands."""

    line: str
    owner: str


class Secrets:
    """What is hidden of some labs, ready to be looked for.

    Args:
        lines: The lines.
        shown: Lines that students are meant to see; a secret may be a part of one of them.
    """

    def __init__(self, lines: Iterable[Secret], shown: Container[str] = ()):
        self._shown = shown
        self._clean: set[bytes] = set()
        self._by_start: dict[str, dict[str, str]] = {}
        for secret in lines:
            known = self._by_start.setdefault(secret.line[:_SHORTEST], {})
            known.setdefault(secret.line, secret.owner)

    def leaks(self, name: str, data: bytes) -> Iterator[str]:
        """Where a file holds a secret, as sentences; each line of a secret is told once.

        Args:
            name: What the sentences call the file.
            data: Its bytes. Notebooks, JSON and zip files are looked into, and what is base64.
        """
        digest = hashlib.sha256(data).digest()
        if digest in self._clean:  # the same file again, in an archive or a commit
            return
        told: set[str] = set()
        for where, text in _texts(name, data):
            for secret, number in self._found(text):
                if secret.line not in told:
                    told.add(secret.line)
                    yield f"{where}, line {number}, holds {secret.owner}: {secret.line!r}."
        if not told:
            self._clean.add(digest)

    def _found(self, text: str) -> Iterator[tuple[Secret, int]]:
        """Secrets in a text, and the line that each starts in."""
        for variant in _variants(text):
            if mark := _MARKS.search(variant):
                yield Secret(mark[0], "a mark of a region that should be gone"), 1
            for match in _START.finditer(variant):
                start = match.start()
                known = self._by_start.get(variant[start : start + _SHORTEST], {})
                for line, owner in known.items():
                    if variant.startswith(line, start) and not self._part(variant, start, line):
                        number = variant.count("\n", 0, start) + 1
                        yield Secret(line, f"a line of {owner}"), number

    def _part(self, text: str, start: int, line: str) -> bool:
        """Whether what was found is a part of a longer line that students are meant to see."""
        begin = text.rfind("\n", 0, start) + 1
        end = text.find("\n", start)
        whole = text[begin : None if end < 0 else end].strip()
        return whole != line and whole in self._shown

    def __len__(self) -> int:
        return sum(map(len, self._by_start.values()))


def secrets(course: Course, labs: Iterable[Lab]) -> Secrets:
    """What is hidden of these labs, and the seed of the course.

    What a source shows to students is no secret: lines that a hidden file happens to share with it
    are left out. A line of a solution is left out only if another lab shows it.
    """
    labs = list(labs)
    shown = {lab.name: _shown(lab) for lab in labs}
    lines = []
    for lab in labs:
        elsewhere = set().union(*(shown[name] for name in shown if name != lab.name))
        lines += [secret for secret in _solution(lab) if secret.line not in elsewhere]
        known = elsewhere | shown[lab.name]
        lines += [secret for secret in _hidden(lab) if secret.line not in known]
    if len(course.seed) >= _SHORTEST:
        lines.append(Secret(course.seed, "the course's secrets, its seed"))
    return Secrets(lines, set().union(*shown.values()))


def _shown(lab: Lab) -> set[str]:
    """Lines that the source of a lab shows to students."""
    return {line for cell in lab.solution.cells for line in _lines(_parts(cell)[0])}


def _solution(lab: Lab) -> Iterator[Secret]:
    for cell in lab.solution.cells:
        owner = cell.metadata.get("nbgrader", {}).get("grade_id") or f"the cell {cell.id}"
        what = (
            "the marking scheme or model answer" if cell.cell_type == "markdown" else "the solution"
        )
        for line in _lines(_parts(cell)[1]):
            yield Secret(line, f"{what} of {owner} ({lab.name})")


def _hidden(lab: Lab) -> Iterator[Secret]:
    for path in sorted(lab.hidden.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        in_bank = path.parent != lab.hidden
        for line in _lines(_code(text) if in_bank else text):
            yield Secret(line, f"{path.relative_to(lab.hidden).as_posix()} ({lab.name})")


def _parts(cell: Any) -> tuple[str, str]:
    """What nbgrader leaves of a cell of the source, and what it takes out."""
    regions = [match[0] for match in _REGION.finditer(cell.source)]
    if not regions and cell.metadata.get("nbgrader", {}).get("solution"):
        return "", cell.source
    inside = [line for region in regions for line in region.splitlines()[1:-1]]
    return _REGION.sub("", cell.source), "\n".join(inside)


def _code(text: str) -> str:
    """A bank entry without its docstring, which is what students are told."""
    tree = ast.parse(text)
    if ast.get_docstring(tree) is None:
        return text
    return "\n".join(text.splitlines()[tree.body[0].end_lineno or 0 :])


def _lines(text: str) -> list[str]:
    stripped = (line.strip() for line in text.splitlines())
    return [
        line for line in stripped if len(line) >= _SHORTEST and not re.match("(from|import) ", line)
    ]


def _texts(name: str, data: bytes) -> Iterator[tuple[str, str]]:
    """All the texts in a file, with where each stands."""
    if data.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                yield name, archive.comment.decode(errors="replace")
                for member in archive.infolist():
                    yield name, member.filename
                    yield from _texts(f"{name}: {member.filename}", archive.read(member))
            return
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
            pass  # no archive, or one that is locked: it is read as it stands
    text = data.decode("utf-8", errors="replace")
    if text.lstrip()[:1] in ("{", "["):
        try:
            return (yield from _strings(name, json.loads(text, object_pairs_hook=_Pairs)))
        except (ValueError, RecursionError):
            pass
    yield from _string(name, text)


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON with all of its keys, those that are there twice included."""


def _strings(where: str, value: Any) -> Iterator[tuple[str, str]]:
    """The strings in JSON, keys included; a list of strings is one text, as in a notebook."""
    if isinstance(value, str):
        yield from _string(where, value)
    elif isinstance(value, _Pairs):
        for key, item in value:
            yield where, key
            yield from _strings(f"{where}, {key}", item)
    elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        yield from _string(where, "".join(value))
        yield where, "\n".join(value)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(f"{where}[{index}]", item)


def _string(where: str, text: str) -> Iterator[tuple[str, str]]:
    """A text, and what is in it as base64: an attachment, a picture, a `data:` link."""
    yield where, text
    encoded = [text] if _BASE64.fullmatch(text) else _DATA_URI.findall(text)
    for piece in encoded:
        with contextlib.suppress(binascii.Error):
            yield from _texts(f"{where} (base64)", base64.b64decode(piece))


def _variants(text: str) -> set[str]:
    """A text as it stands, without HTML's escapes, and without those of JSON."""
    plain = text.replace("\\n", "\n").replace('\\"', '"') if "\\" in text else text
    return {text, plain, html.unescape(text) if "&" in text else text}


def history_leaks(repository: Path, hidden: Secrets) -> Iterator[str]:
    """Where the history of a repository holds a secret: any commit of any branch or tag.

    Args:
        repository: A clone of what is published.
        hidden: What to look for.

    Raises:
        UsageError: It is no git repository.
    """
    listed = _git(repository, "rev-list", "--objects", "--all").decode(errors="replace")
    paths = dict(line.partition(" ")[::2] for line in listed.splitlines())
    for name, kind, data in _objects(repository, paths):
        if kind == "tree":
            continue
        path = paths.get(name, "")
        found = list(hidden.leaks(path or f"the {kind} {name[:10]}", data))
        if found:
            where = f"History of {repository.name}: {_brought(repository, name, path)}"
            yield from (where + sentence for sentence in found)


def _objects(repository: Path, names: Iterable[str]) -> Iterator[tuple[str, str, bytes]]:
    """Name, kind and content of git objects, read through one process."""
    with tempfile.TemporaryFile() as asked:
        asked.write("".join(f"{name}\n" for name in names).encode())
        asked.seek(0)
        process = subprocess.Popen(
            ["git", "-C", str(repository), "cat-file", "--batch"],
            stdin=asked,
            stdout=subprocess.PIPE,
        )
        with process:
            assert process.stdout is not None
            while header := process.stdout.readline().decode():
                name, kind, *size = header.split()
                if not size:
                    raise UsageError(f"The clone {repository} lacks {name}: make a whole one.")
                yield name, kind, process.stdout.read(int(size[0]))
                process.stdout.read(1)  # the newline behind each object


def _brought(repository: Path, name: str, path: str) -> str:
    """Which commit brought a file in."""
    if not path:
        return ""
    found = _git(repository, "log", "--all", "-m", "--format=%h", f"--find-object={name}")
    commits = found.decode().split()
    return f"commit {commits[-1]}, " if commits else ""


def _git(repository: Path, *arguments: str) -> bytes:
    try:
        return subprocess.run(
            ["git", "-C", str(repository), *arguments], check=True, capture_output=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"").decode(errors="replace").strip() or str(error)
        raise UsageError(
            f"The history of {repository} cannot be read ({said}): give --history the folder of a "
            "clone of the published repository."
        ) from None
