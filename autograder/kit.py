"""A kit: all that a worker has to know of a lab, as data. Nothing else of a course reaches it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

import nbformat

import layerlab
from autograder.lab import Lab, hidden_folder
from autograder.subject.limits import Limits
from autograder.subject.wire import pack, unpack
from autograder.suite import Suite
from autograder.truth import Truth
from layerlab.diagnose import Misconception

_STAYS = ("chaffs", "wheats", "__pycache__")
"""Parts of a hidden folder that no submission is examined with."""


@dataclass(frozen=True)
class Kit:
    """A lab as workers receive it.

    Args:
        digest: Its name: two kits of the same digest have the same content.
        content: The content, or the file that has it, for workers on the same machine.
    """

    digest: str
    content: bytes | Path = field(repr=False)  # Dask writes what fails into its logs

    @classmethod
    def make(
        cls,
        truth: Truth,
        misconceptions: list[Misconception],
        limits: Limits,
        device: str,
        layers: tuple[str, ...],
    ) -> Kit:
        """Packs a lab.

        Args:
            truth: What is true of its cases.
            misconceptions: The known ones.
            limits: What a submission may use.
            device: `cpu` or `gpu`.
            layers: The layers of the confinement.
        """
        lab = truth.lab
        content = pack(
            {
                "engine": engine(),
                "lab": lab.name,
                "release": nbformat.writes(lab.release),
                "hidden": _files(lab.hidden),
                "truth": truth.as_data(),
                "misconceptions": [vars(item) for item in misconceptions],
                "limits": asdict(limits),
                "device": device,
                "layers": layers,
            }
        )
        return cls(hashlib.sha256(content).hexdigest(), content)

    def kept_in(self, folder: Path) -> Kit:
        """The same kit, its content in a file of a folder."""
        path = folder / self.digest
        path.write_bytes(self.read())
        return Kit(self.digest, path)

    def read(self) -> bytes:
        """The content."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


@dataclass(frozen=True)
class Unpacked:
    """What is in a kit.

    Args:
        suite: The lab's hidden tests.
        misconceptions: The known ones.
        limits: What a submission may use.
        device: `cpu` or `gpu`.
        layers: The layers of the confinement.
    """

    suite: Suite
    misconceptions: list[Misconception]
    limits: Limits
    device: str
    layers: tuple[str, ...]

    @property
    def truth(self) -> Truth:
        """What is true of the lab's cases."""
        return self.suite.truth


class OtherEngine(Exception):
    """The kit was packed by another version; the message says of what."""


def unpacked(kit: Kit, root: Path) -> Unpacked:
    """Unpacks a kit.

    Args:
        kit: The kit.
        root: An empty folder. What the kit has of the course lies there as in a course.

    Raises:
        OtherEngine: This machine would not grade as the one does that has packed it.
    """
    data = unpack(kit.read())
    different = mismatch(engine(), data["engine"])
    if different:
        raise OtherEngine(different)
    name = data["lab"]
    release = root / "labs" / name / f"{name}.ipynb"
    release.parent.mkdir(parents=True)
    release.write_text(data["release"], encoding="utf-8")
    for path, content in data["hidden"].items():
        file = hidden_folder(root) / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return Unpacked(
        Suite(Truth.from_data(Lab(name, root), data["truth"])),
        [Misconception(**fields) for fields in data["misconceptions"]],
        Limits(**data["limits"]),
        data["device"],
        tuple(data["layers"]),
    )


@cache
def engine() -> dict[str, str]:
    """The versions of what a grade depends on beside the lab; `autograder` is that of its code."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for name in ("tensorflow", "keras", "numpy"):
        found[name] = importlib.metadata.version(name)
    here, digest = Path(__file__).parent, hashlib.sha256()
    for folder in (here, Path(str(layerlab.__file__)).parent):
        for path in sorted(folder.rglob("*.py")):
            if here / "labs" not in path.parents:  # a kit has what it needs of them
                digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    found["autograder"] = digest.hexdigest()[:12]
    return found


def mismatch(mine: dict[str, str], wanted: dict[str, str]) -> str:
    """What of an engine is not as it has to be, in words; empty if all is."""
    return ", ".join(
        f"{name} {mine.get(name, 'nothing')} instead of {version}"
        for name, version in wanted.items()
        if mine.get(name) != version
    )


def _files(hidden: Path) -> dict[str, bytes]:
    return {
        path.relative_to(hidden).as_posix(): path.read_bytes()
        for path in sorted(hidden.rglob("*"))
        if path.is_file() and not set(path.relative_to(hidden).parts) & set(_STAYS)
    }
