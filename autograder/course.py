"""Where the parts of a course are, and its secret seed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder import settings
from autograder.errors import UsageError
from autograder.lab import Lab
from autograder.settings import Settings

CONFIG = "nbgrader_config.py"


@dataclass(frozen=True)
class Course:
    """An nbgrader course: a folder with `nbgrader_config.py`, `source/`, `labs/`, `submitted/`.

    Args:
        root: The folder.
    """

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Course:
        """The course that `start` (the working directory) lies in.

        Raises:
            UsageError: There is none.
        """
        start = (start or Path.cwd()).resolve()
        for folder in (start, *start.parents):
            if (folder / CONFIG).is_file():
                return cls(folder)
        raise UsageError(f"{start} is in no course: go to a folder that has a {CONFIG}.")

    @property
    def state(self) -> Path:
        """What the autograder keeps between runs; never committed."""
        return self.root / ".autograder"

    @cached_property
    def settings(self) -> Settings:
        """What `course.toml` says.

        Raises:
            UsageError: Something in it is wrong.
        """
        return settings.load(self.root)

    @property
    def written(self) -> list[str]:
        """Names of the labs in `source/`."""
        return settings.written(self.root)

    @property
    def lab_names(self) -> list[str]:
        """Names of the labs in the order of the course: those that `course.toml` chooses, or all.

        Raises:
            UsageError: Something in `course.toml` is wrong.
        """
        return list(self.settings.labs) or self.written

    def lab(self, name: str) -> Lab:
        """A lab by its name.

        Raises:
            UsageError: There is none of that name.
        """
        if name not in self.lab_names:
            if name in self.written:
                raise UsageError(
                    f"{name} is no lab of this course: add [labs.{name}] to {settings.FILE}."
                )
            known = ", ".join(self.lab_names) or "none"
            raise UsageError(f"There is no lab called {name!r}; this course has: {known}.")
        return Lab(name, self.root)

    def labs(self, names: list[str] | None = None) -> list[Lab]:
        """The labs of these names, or all."""
        return [self.lab(name) for name in names or self.lab_names]

    @cached_property
    def seed(self) -> str:
        """The course's secret: what hidden cases are drawn from.

        `AUTOGRADER_SEED` overrides the file, which is made on first use, for its owner alone.
        """
        override = os.environ.get("AUTOGRADER_SEED")
        if override:
            return override
        path = self.state / "seed"
        try:
            return path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            pass
        self.state.mkdir(mode=0o700, exist_ok=True)
        fresh = path.with_name(f"seed.{secrets.token_hex(4)}")
        with open(fresh, "x", encoding="ascii", opener=_private) as file:
            file.write(secrets.token_hex(16) + "\n")
        with contextlib.suppress(FileExistsError):  # the first of two runs at once wins
            os.link(fresh, path)
        fresh.unlink()
        return path.read_text(encoding="ascii").strip()

    def seed_for(self, purpose: str) -> int:
        """A number that depends on the seed and on what it is for."""
        digest = hashlib.sha256(f"{self.seed}/{purpose}".encode()).digest()
        return int.from_bytes(digest[:8], "big")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
