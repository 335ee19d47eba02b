"""Writes a release: what students install and open, with the same bytes on every machine.

Times are fixed, order is sorted, permissions are plain, and zip files are stored, not deflated:
what a compressor writes depends on the version of its library.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from string import Template
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from autograder.course import Course
from autograder.errors import UsageError
from autograder.lab import Lab
from layerlab import environment

HOUSE = Path(__file__).parents[1]
"""The checkout: where `layerlab`, its `pyproject.toml` and the lock are."""
TEMPLATES = Path(__file__).parent / "templates" / "release"
README, MANIFEST, REQUIREMENTS = "README.md", "manifest.json", "requirements.txt"
ALL = "all-labs.zip"
VERSIONED = ("tensorflow", "keras", "numpy")
"""Packages whose version can change a result."""
_EPOCH = 315532800
"""1980-01-01, where the calendar of zip files begins."""
_SCHEMA = 1


def build(course: Course, labs: list[Lab], stage: Path) -> None:
    """Makes a release from what `labs/` holds.

    Args:
        course: The course.
        labs: The labs.
        stage: An empty folder, which becomes the release.

    Raises:
        UsageError: A lab is not released yet, or needs what the lock does not have.
    """
    wheel = build_wheel(stage)
    locked = _lock(HOUSE / "requirements.lock")
    needs = _requires(wheel)
    made_with = _environment(wheel, locked)
    for lab in labs:
        folder = stage / "labs" / lab.name
        folder.mkdir(parents=True)
        shutil.copyfile(wheel, folder / wheel.name)
        for path in _released(course, lab):
            shutil.copyfile(path, folder / path.name)
        pins = _pins(lab, needs, locked)
        _write(folder / REQUIREMENTS, "".join(f"{line}\n" for line in (f"./{wheel.name}", *pins)))
        _write(folder / environment.FILENAME, _json(made_with))
        _write(folder / README, _readme(lab, wheel.name, made_with))
        files = {f"{lab.name}/{path.name}": path for path in sorted(folder.iterdir())}
        _zip(stage / f"{lab.name}.zip", files)
    overview = stage / "labs" / README
    _write(overview, _overview(labs))
    folders = sorted(path for path in (stage / "labs").rglob("*") if path.is_file())
    _zip(stage / ALL, {path.relative_to(stage).as_posix(): path for path in folders})
    _write(stage / MANIFEST, _json(_manifest(labs, stage, made_with)))
    for path in (stage, *stage.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def publish(stage: Path, out: Path) -> None:
    """Puts a proved release where it belongs, whole or not at all.

    Args:
        stage: What `build` wrote.
        out: The folder; an earlier release in it is replaced.

    Raises:
        UsageError: The folder holds something that is no release.
    """
    check_target(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        shutil.copytree(stage, fresh / "new")
        if out.exists():
            out.rename(fresh / "old")
        (fresh / "new").rename(out)
    finally:
        shutil.rmtree(fresh)


def check_target(out: Path) -> None:
    """Refuses a folder that holds something else: a release replaces what is there."""
    if out.exists() and not (
        out.is_dir() and ((out / MANIFEST).is_file() or not any(out.iterdir()))
    ):
        raise UsageError(f"{out} holds something that is no release: choose another folder.")


def manifest(stage: Path) -> dict[str, Any]:
    """The manifest of a release."""
    return dict(json.loads((stage / MANIFEST).read_text(encoding="utf-8")))


def build_wheel(folder: Path) -> Path:
    """Builds the wheel of `layerlab` into a folder; returns its path.

    Raises:
        UsageError: It cannot be built; the message says why.
    """
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", place]
        setting = os.environ | {"SOURCE_DATE_EPOCH": str(_EPOCH), "PYTHONUTF8": "1"}
        built = subprocess.run(command, cwd=HOUSE, env=setting, capture_output=True, text=True)
        wheels = sorted(Path(place).glob("*.whl"))
        if built.returncode or not wheels:
            said = (built.stderr or built.stdout).strip().splitlines() or ["no message"]
            raise UsageError(f"The wheel of layerlab cannot be built: {said[-1]}")
        with zipfile.ZipFile(wheels[0]) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    target = folder / wheels[0].name
    target.write_bytes(_stored(members))
    return target


def _zip(target: Path, files: dict[str, Path]) -> None:
    target.write_bytes(_stored({name: path.read_bytes() for name, path in files.items()}))


def _stored(members: dict[str, bytes]) -> bytes:
    """A zip file of these members, in their order."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)  # 1980-01-01
            info.create_system, info.external_attr = 3, 0o100644 << 16
            archive.writestr(info, data)
    return written.getvalue()


def _released(course: Course, lab: Lab) -> list[Path]:
    """What `labs/` holds of a lab."""
    assert lab.release is not None  # raises where there is none
    folder = course.root / "labs" / lab.name
    return sorted(path for path in folder.iterdir() if path.is_file())


def _lock(path: Path) -> dict[str, list[Requirement]]:
    """The versions in a lock, by package: one requirement, or several that markers tell apart."""
    found: dict[str, list[Requirement]] = {}
    for line in re.findall(r"^\w\S*==[^\\\n]+", path.read_text(encoding="utf-8"), re.MULTILINE):
        requirement = Requirement(line)
        found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


def differs_from_lock() -> Iterator[str]:
    """Where this environment is not the one that students are told to make."""
    locked = _lock(HOUSE / "requirements.lock")
    for name in VERSIONED:
        version = importlib.metadata.version(name)
        wanted = [r for r in locked[name] if r.marker is None or r.marker.evaluate()]
        if not any(r.specifier.contains(version, prereleases=True) for r in wanted):
            yield (
                f"The proof ran with {name} {version}, but students are told {wanted[0]} by "
                "requirements.lock: install what the lock says."
            )


def _metadata(wheel: Path) -> str:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return archive.read(name).decode()


def _requires(wheel: Path) -> list[str]:
    """Packages that a wheel needs, its extras left aside."""
    lines = re.findall(r"^Requires-Dist: (.+)$", _metadata(wheel), re.MULTILINE)
    return [Requirement(line).name for line in lines if "extra ==" not in line]


def _pins(lab: Lab, needs: Iterable[str], locked: dict[str, list[Requirement]]) -> list[str]:
    """Lines of a student's `requirements.txt`: what layerlab and the notebook import, and a kernel.

    Raises:
        UsageError: The notebook imports what the lock does not have.
    """
    distributions = importlib.metadata.packages_distributions()
    names = {canonicalize_name(name) for name in (*needs, "ipykernel")}
    for module in sorted(_imported(lab)):
        name = canonicalize_name(distributions.get(module, [module])[0])
        if name not in locked:
            raise UsageError(
                f"The notebook of {lab.name} imports {module}, which requirements.lock does not "
                "have: add it to pyproject.toml and run `make lock`, or do without it."
            )
        names.add(name)
    return [str(requirement) for name in sorted(names) for requirement in locked[name]]


def _imported(lab: Lab) -> set[str]:
    """Top-level packages that the code of a released notebook imports, the standard library's and
    our own left out.
    """
    found: set[str] = set()
    for cell in lab.release.cells:
        if cell.cell_type != "code":
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module)
    top = {name.partition(".")[0] for name in found}
    return top - sys.stdlib_module_names - {"layerlab"}


def _environment(wheel: Path, locked: dict[str, list[Requirement]]) -> dict[str, str]:
    """What `environment.json` says: the versions of the lock, for the oldest Python we support."""
    text = _metadata(wheel)
    (python,) = re.findall(r"^Requires-Python: >=([\d.]+)$", text, re.MULTILINE)
    (version,) = re.findall(r"^Version: (.+)$", text, re.MULTILINE)
    oldest = {"python_version": python, "python_full_version": f"{python}.0"}
    versions = {
        name: next(
            str(r.specifier)[2:] for r in locked[name] if not r.marker or r.marker.evaluate(oldest)
        )
        for name in VERSIONED
    }
    return {"layerlab": version, "python": f">={python}", **versions, **environment.SETTINGS}


def _readme(lab: Lab, wheel: str, made_with: dict[str, str]) -> str:
    rows = [
        f"| `{cell.grade_id}` | {by} | {cell.points:g} |"
        for cell in lab.graded_cells
        for by in ["a person" if cell.by_hand else "hidden tests"]
    ]
    points = sum(cell.points for cell in lab.graded_cells)
    return Template(_template("lab.md")).substitute(
        title=_title(lab),
        lab=lab.name,
        wheel=wheel,
        python=f"{made_with['python'].removeprefix('>=')} or later",
        tensorflow=made_with["tensorflow"],
        points=f"{points:g}",
        rows="\n".join(rows),
    )


def _overview(labs: list[Lab]) -> str:
    rows = [
        f"| [`{lab.name}`]({lab.name}/{README}) | {_title(lab).partition(': ')[2]} | {points:g} |"
        for lab in labs
        for points in [sum(cell.points for cell in lab.graded_cells)]
    ]
    return Template(_template("labs.md")).substitute(rows="\n".join(rows))


def _title(lab: Lab) -> str:
    """The first heading of a notebook."""
    for cell in lab.release.cells:
        if cell.cell_type == "markdown" and (found := re.search(r"^# (.+)$", cell.source, re.M)):
            return found[1].strip()
    return lab.name


def _manifest(labs: list[Lab], stage: Path, made_with: dict[str, str]) -> dict[str, Any]:
    files = sorted(path for path in stage.rglob("*") if path.is_file())
    names = ("layerlab", "python", *VERSIONED)
    return {
        "schema": _SCHEMA,
        "versions": {name: made_with[name] for name in names},
        "labs": {
            lab.name: {
                "title": _title(lab),
                "points": sum(cell.points for cell in lab.graded_cells),
                "archive": f"{lab.name}.zip",
            }
            for lab in labs
        },
        "files": {
            path.relative_to(stage).as_posix(): {
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "bytes": path.stat().st_size,
            }
            for path in files
        },
    }


def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"
