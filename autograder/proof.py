"""What is proved of a release before it exists: nothing hidden is in it, it runs, it adds up."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import nbformat
from markdown_it import MarkdownIt
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory

from autograder import package
from autograder.converting import configuration, with_our_tools
from autograder.course import Course
from autograder.lab import HIDDEN, Lab
from autograder.leaks import Secrets, history_leaks, secrets
from autograder.notebook import grade_id, tags
from layerlab import arrays
from layerlab.case import Case
from layerlab.visible import FILENAME, VisibleCases

CELL_SECONDS = 600
"""How long a cell of a stub may run."""


@dataclass(frozen=True)
class Proved:
    """One thing that was looked at.

    Args:
        what: What is true, as a sentence, if there is no problem.
        problems: Sentences that say where it is not.
    """

    what: str
    problems: list[str]


def prove(
    course: Course,
    labs: list[Lab],
    stage: Path,
    *,
    history: Path | None = None,
    online: bool = False,
) -> Iterator[Proved]:
    """Proves a release that lies ready to be published.

    Args:
        course: The course.
        labs: The labs that are released.
        stage: What `package.build` wrote.
        history: A clone of a repository that students can read; its whole history is searched.
        online: Whether links that lead out of the course are asked, too.
    """
    hidden = secrets(course, course.labs())
    yield keeps_secrets(labs, stage, hidden)
    if history is not None:
        found = list(history_leaks(history, hidden))
        yield Proved(f"The history of {history.name} holds none of them either.", found)
    yield runs(course, labs, stage)
    yield is_locked(labs, stage)
    yield adds_up(course, labs, stage)
    yield links_resolve(course, labs, stage, online=online)


# ------------------------------------------------------------------ nothing hidden


def keeps_secrets(labs: list[Lab], stage: Path, hidden: Secrets) -> Proved:
    """No line of what is hidden is in any file of the release; its cases are the visible ones; the
    wheel is `layerlab` alone.
    """
    files = [path for path in sorted(stage.rglob("*")) if path.is_file()]
    problems: list[str] = []
    for path in files:
        name = path.relative_to(stage).as_posix()
        problems += hidden.leaks(name, path.read_bytes())
    for lab in labs:
        visible = {case.key: _written(case) for case in lab.visible_cases()}
        data = VisibleCases.load(stage / "labs" / lab.name / FILENAME)
        for key, case in data.cases.items():
            if _written(case) != visible.get(key):
                problems.append(f"{FILENAME} of {lab.name} holds {key}, no visible case of it.")
    for wheel in stage.glob("*.whl"):
        for member in zipfile.ZipFile(wheel).namelist():
            if not re.fullmatch(r"layerlab/[\w/]+\.py|layerlab-[^/]+\.dist-info/.+", member):
                problems.append(f"{wheel.name} holds {member}, which is no module of layerlab.")
    size = sum(path.stat().st_size for path in files) / 2**20
    return Proved(
        f"None of {len(hidden)} hidden lines is in the release's {len(files)} files ({size:.1f} "
        "MB): sources, outputs, metadata, attachments, data, wheel, zip members.",
        problems,
    )


def leaks(course: Course, lab: Lab) -> Iterator[str]:
    """Where the release in `labs/` holds a line of what is hidden of its lab."""
    folder = course.root / "labs" / lab.name
    hidden = secrets(course, [lab])
    allowed = {f"{lab.name}.ipynb", FILENAME}
    for path in sorted(folder.rglob("*")):
        if path.name not in allowed:
            yield f"The release of {lab.name} holds {path.name}, which is no part of it."
        elif path.is_file():
            yield from hidden.leaks(path.name, path.read_bytes())


# ------------------------------------------------------------------ it runs


def runs(course: Course, labs: list[Lab], stage: Path) -> Proved:
    """Every notebook runs as a stub, in a kernel of its own that has the wheel's `layerlab`."""
    kept = course.state / "stubs"
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        ran = list(threads.map(lambda lab: _kept_run(kept, stage, lab.name), labs))
    started = sum(count for count, _ in ran)
    problems = [problem for _, found in ran for problem in found]
    problems += package.differs_from_lock()
    return Proved(
        f"Run top to bottom as a stub: {_count(len(labs), 'notebook')}, nothing worse than "
        f"'not started yet' ({started} cells say so).",
        problems,
    )


def _kept_run(kept: Path, stage: Path, name: str) -> tuple[int, list[str]]:
    """A run that was good is not repeated for the same files and versions."""
    folder = stage / "labs" / name
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(f"{path.name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    for distribution in ("ipykernel", *package.VERSIONED):
        digest.update(importlib.metadata.version(distribution).encode())
    note = kept / f"{name}-{digest.hexdigest()[:24]}"
    if note.is_file():
        return int(note.read_text(encoding="ascii")), []
    started, problems = run_stub(folder, name)
    if not problems:
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        note.write_text(str(started), encoding="ascii")
    return started, problems


def run_stub(folder: Path, name: str) -> tuple[int, list[str]]:
    """Runs a released notebook as it is, in a copy of its folder.

    Args:
        folder: What a student gets, the wheel included.
        name: Name of the lab.

    Returns:
        How many cells say 'not started yet', and what is worse, as sentences.
    """
    with tempfile.TemporaryDirectory(prefix="stub-") as place:
        alone, library = Path(place, name), Path(place, "library")
        shutil.copytree(folder, alone)
        for wheel in alone.glob("*.whl"):
            zipfile.ZipFile(wheel).extractall(library)
        notebook = nbformat.read(alone / f"{name}.ipynb", as_version=4)
        client = NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            allow_errors=True,
            kernel_name="python3",
            resources={"metadata": {"path": str(alone)}},
        )
        # The kernel's own place comes first, as in a student's environment without this checkout.
        environment = os.environ | {"PYTHONPATH": str(library), "TF_CPP_MIN_LOG_LEVEL": "3"}
        try:
            client.execute(env=environment, stderr=subprocess.DEVNULL)  # the kernel's own log
        except CellTimeoutError:
            return 0, [f"A cell of {name} runs for more than {CELL_SECONDS} s as a stub."]
        except DeadKernelError:
            return 0, [f"The kernel dies when {name} is run as a stub."]
    return _judge(name, notebook)


def _judge(name: str, notebook: Any) -> tuple[int, list[str]]:
    """Counts the cells of a notebook that ran that are not started; says what else went wrong.

    What a cell would have defined that was not started is missing further down: that is no fault.
    """
    started, problems = 0, []
    missing: set[str] = set()
    for index, cell in enumerate(notebook.cells):
        errors = [out for out in cell.get("outputs", []) if out.output_type == "error"]
        for error in errors:
            missed = re.fullmatch(r"name '(\w+)' is not defined.*", error.evalue, re.DOTALL)
            waits = error.ename == "NameError" and missed and missed[1] in missing
            if "check" not in tags(cell) and (error.ename == "NotImplementedError" or waits):
                started += 1
                missing |= _assigned(cell.source)
                continue
            said = " ".join(f"{error.ename}: {error.evalue}".split())[:200]
            problems.append(
                f"Run as a stub, {_cell(name, index, cell)} says not that it is not started yet "
                f"but {said}"
            )
    return started, problems


# ------------------------------------------------------------------ locks, points, links


def is_locked(labs: list[Lab], stage: Path) -> Proved:
    """Checks and automatically graded cells are locked: a student cannot edit or delete them."""
    problems, total = [], 0
    for lab in labs:
        for index, cell in enumerate(_notebook(stage, lab).cells):
            info = cell.metadata.get("nbgrader", {})
            calls = _calls(cell.source) if cell.cell_type == "code" else {}
            asked = calls.get("graded")
            graded = bool(info.get("grade")) and not info.get("solution")
            if not (graded or asked is not None or "check" in calls or "check" in tags(cell)):
                continue
            total += 1
            where = _cell(lab.name, index, cell)
            if not (info.get("locked") and cell.metadata.get("editable") is False):
                problems.append(f"{where} is not locked: students can edit it.")
            if cell.metadata.get("deletable") is not False:
                problems.append(f"{where} can be deleted by students.")
            if asked is not None and not graded:
                problems.append(f"{where} calls graded() but has no points.")
            elif asked not in (None, grade_id(cell)):
                problems.append(f"{where} is {grade_id(cell)} but says graded({asked!r}).")
    return Proved(f"All {total} check and graded cells are locked.", problems)


def adds_up(course: Course, labs: list[Lab], stage: Path) -> Proved:
    """The points of a lab are the same in notebook, README, manifest and gradebook."""
    problems, total = [], 0.0
    manifest = package.manifest(stage)
    for lab in labs:
        cells = {
            cell.metadata.nbgrader.grade_id: float(cell.metadata.nbgrader.points)
            for cell in _notebook(stage, lab).cells
            if cell.metadata.get("nbgrader", {}).get("grade")
        }
        points = sum(cells.values())
        total += points
        readme = (stage / "labs" / lab.name / package.README).read_text(encoding="utf-8")
        rows = dict(re.findall(r"^\| `(\w+)` \|.*\| ([\d.]+) \|$", readme, re.MULTILINE))
        told = re.search(r"([\d.]+) points", readme)
        said = {
            "the rows of its README": sum(map(float, rows.values()))
            if set(rows) == set(cells)
            else None,
            "its README": float(told[1]) if told else None,
            "the manifest": manifest["labs"].get(lab.name, {}).get("points"),
            "the gradebook": _gradebook(course, lab),
        }
        for place, number in said.items():
            if number != points:
                problems.append(
                    f"The cells of {lab.name} give {points:g} points, {place} says "
                    f"{'something else' if number is None else f'{number:g}'}."
                )
    return Proved(
        f"The points add up in notebooks, READMEs, manifest and gradebook: {total:g} in "
        f"{_count(len(labs), 'lab')}.",
        problems,
    )


def links_resolve(course: Course, labs: list[Lab], stage: Path, *, online: bool) -> Proved:
    """Links lead to files, headings and labs that are there; addresses are addresses."""
    problems, inside, outside = [], 0, set()
    # A text may speak of a lab that a shorter course leaves out.
    numbered = [*course.lab_names, *(path.name for path in HIDDEN.iterdir())]
    for lab in labs:
        folder = stage / "labs" / lab.name
        notebook = _notebook(stage, lab)
        texts = [(_cell(lab.name, i, c), c) for i, c in enumerate(notebook.cells)]
        pages = [(where, c.source) for where, c in texts if c.cell_type == "markdown"]
        anchors = {_anchor(line) for _, page in pages for line in page.splitlines()}
        pages.append((f"{package.README} of {lab.name}", _read(folder / package.README)))
        for where, page in pages:
            for target in _targets(page):
                if urlsplit(target).scheme or target.startswith("//"):
                    outside.add((where, target))
                    continue
                inside += 1
                path, _, anchor = unquote(target).partition("#")
                if path and not (folder / path).exists():
                    problems.append(f"{where} links to {path}, which is not released.")
                elif not path and anchor.casefold() not in anchors:
                    problems.append(f"{where} links to #{anchor}, which no heading of it is.")
            for number in re.findall(r"\b[Ll]ab (\d+)\b", page):
                inside += 1
                if not any(name.startswith(f"lab{int(number):02d}") for name in numbered):
                    problems.append(f"{where} speaks of lab {number}, which there is not.")
        for where, cell in texts:
            outside |= {(where, url) for url in re.findall(r"https?://[^\s)>\]\"'`]+", cell.source)}
    for target in _targets(_read(stage / "labs" / package.README)):
        inside += 1
        if not (stage / "labs" / target).exists():
            problems.append(f"labs/{package.README} links to {target}, which is not released.")
    ask = _answers if online else _is_address
    problems += [complaint for where, url in sorted(outside) for complaint in ask(where, url)]
    asked = "answer" if online else "are well formed (not asked: --online asks them)"
    return Proved(
        f"{inside} links and references within the course resolve; "
        f"{_count(len({url for _, url in outside}), 'address')} outside {asked}.",
        problems,
    )


def _is_address(where: str, url: str) -> Iterator[str]:
    parts = urlsplit(url)
    if parts.scheme == "mailto" and "@" in parts.path:
        return
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[\w.-]+(:\d+)?", parts.netloc):
        yield f"{where} links to {url}, which is no address."


def _answers(where: str, url: str) -> Iterator[str]:
    complaints = list(_is_address(where, url))
    yield from complaints
    if complaints or not url.startswith("http"):
        return
    request = urllib.request.Request(url, headers={"User-Agent": "Mozilla/5.0 (layerlab)"})
    try:
        urllib.request.urlopen(request, timeout=20).close()
    except urllib.error.HTTPError as error:
        if error.code in (404, 410):  # others refuse a program, not a reader
            yield f"{where} links to {url}, which is gone (HTTP {error.code})."
    except OSError as error:
        yield f"{where} links to {url}, which does not answer ({error})."


def _targets(page: str) -> Iterator[str]:
    """Where the links and pictures of a page in Markdown lead."""
    for block in MarkdownIt().parse(page):
        for token in (block, *(block.children or ())):
            target = token.attrs.get("href") or token.attrs.get("src")
            if target:
                yield str(target)
            if token.type in ("html_block", "html_inline"):
                yield from re.findall(r"""(?:href|src)=["']([^"']+)""", token.content)


def _anchor(line: str) -> str:
    """The anchor that Jupyter gives to a heading."""
    return re.sub(r"^#+ ", "", line).strip().replace(" ", "-").casefold()


# ------------------------------------------------------------------ the lab's own structure


def structure_problems(lab: Lab) -> Iterator[str]:
    """Where text, points and names of a lab disagree between notebook and grader."""
    tested = _tested_cells(lab)
    for cell in lab.graded_cells:
        if cell.points <= 0:
            yield f"The graded cell {cell.grade_id} has no points."
        if not cell.by_hand and cell.grade_id not in tested:
            yield f"No hidden test counts for the graded cell {cell.grade_id}."
    for name in sorted(tested - {cell.grade_id for cell in lab.graded_cells}):
        yield f"A hidden test counts for {name}, which is no graded cell."
    defined = {name for names in lab.exercises.values() for name in names}
    visible = {case.target for case in lab.visible_cases()}
    hidden = {case.target for case in lab.hidden_cases(0)}
    for name in sorted(defined - visible):
        yield f"The exercise {name} has no visible case."
    for name in sorted(defined - hidden):
        yield f"The exercise {name} has no hidden case."
    for name in sorted((visible | hidden) - defined):
        yield f"Cases ask for {name}, which no exercise defines."
    for solution in (*lab.chaffs, *lab.wheats):
        if not solution.message and solution.path.parent.name == "chaffs":
            yield f"The chaff {solution.name} has no docstring that explains it."
    if not (lab.chaffs and lab.wheats):
        yield "The bank lacks a wheat or a chaff: nothing proves the hidden tests."


def _tested_cells(lab: Lab) -> set[str]:
    """Graded cells that the hidden tests name in their `cell` marks."""
    found = set()
    for path in lab.hidden.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.cell":
                found.add(ast.literal_eval(node.args[0]))
    return found


# ------------------------------------------------------------------ small things


def _notebook(stage: Path, lab: Lab) -> Any:
    return nbformat.read(stage / "labs" / lab.name / f"{lab.name}.ipynb", as_version=4)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _written(case: Case) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        arrays.dump(case.as_data(), Path(folder, "case"))
        return Path(folder, "case").read_bytes()


def _cell(lab: str, index: int, cell: Any) -> str:
    """How a sentence calls a cell."""
    name = grade_id(cell)
    return f"Cell {index + 1} of {lab}" + (f" ({name})" if name else "")


def _calls(source: str) -> dict[str, str]:
    """Functions that a cell calls by name, with their first argument if it is a string."""
    found: dict[str, str] = {}
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            first = node.args[0] if node.args else None
            text = first.value if isinstance(first, ast.Constant) else ""
            found[node.func.id] = str(text)
    return found


def _assigned(source: str) -> set[str]:
    """Names that a cell would give something to."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
    return found


def _gradebook(course: Course, lab: Lab) -> float | None:
    """The points that nbgrader's gradebook knows."""
    with_our_tools()
    directory = CourseDirectory(config=configuration(course))
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        try:
            return float(gradebook.find_assignment(lab.name).max_score)
        except MissingEntry:
            return None


def _count(number: int, noun: str) -> str:
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"
