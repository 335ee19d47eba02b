"""What runs in a worker process, on whatever machine: kits and notebooks come, results go, as data.

A process has one bench: the kit that came last, unpacked, and a warm template. One submission is
examined at a time, however many threads ask: pytest and the template know no two.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from multiprocessing.util import Finalize
from typing import Any

import nbformat

from autograder import labs
from autograder.errors import UsageError
from autograder.folder import Folder
from autograder.grading import Examination, judge
from autograder.grading import examine as examine_one
from autograder.host import Template, TemplateDied
from autograder.kit import Kit, OtherEngine, Unpacked, unpacked
from autograder.lab import hidden_folder


def ready(kit: Kit) -> None:
    """Unpacks a kit and starts a template, so that the first submission finds them.

    Raises:
        UsageError: This machine cannot grade; the message names it and says why.
    """
    with _turn:
        _bench.lay(kit)


def examine(kit: Kit, name: str, notebook: str) -> Examination:
    """Runs a notebook and its hidden tests.

    Args:
        kit: The lab.
        name: What the result calls it.
        notebook: The notebook, as JSON.

    Raises:
        UsageError: This machine cannot grade.
    """
    with _turn:
        laid, template = _bench.lay(kit)
        return examine_one(_read(notebook), laid.suite, template, name)


def grade(kit: Kit, name: str, notebook: str) -> dict[str, Any]:
    """Grades a notebook.

    Args:
        kit: The lab.
        name: What the result calls it.
        notebook: The notebook, as JSON.

    Returns:
        The result as `Result.as_data` gives it.

    Raises:
        UsageError: This machine cannot grade.
    """
    with _turn:
        laid, template = _bench.lay(kit)
        found = examine_one(_read(notebook), laid.suite, template, name)
        return judge(found, laid.truth, laid.misconceptions).as_data()


def _read(notebook: str) -> Any:
    return nbformat.from_dict(json.loads(notebook))


class _Bench:
    def __init__(self) -> None:
        self._digest = ""
        self._laid: Unpacked | None = None
        self._template: Template | None = None
        self._folder: Folder | None = None
        self._closing: Finalize | None = None

    def lay(self, kit: Kit) -> tuple[Unpacked, Template]:
        """What is in a kit, and a template for it that runs, or did when the kit came."""
        if self._laid is None or self._template is None or self._digest != kit.digest:
            try:
                return self._lay(kit)
            except (OtherEngine, TemplateDied, UsageError) as error:
                self.close()
                reason = str(error).rstrip(".")
                raise UsageError(f"Nothing was run on {socket.gethostname()}: {reason}.") from error
        return self._laid, self._template

    def _lay(self, kit: Kit) -> tuple[Unpacked, Template]:
        self._clear()
        # A child of multiprocessing runs this at its end, and leaves out what `atexit` knows.
        self._closing = self._closing or Finalize(None, self.close, exitpriority=1)
        self._folder = Folder()
        self._laid = laid = unpacked(kit, self._folder.path)
        template = self._template or Template(laid.limits, laid.device, laid.layers)
        settings = (template.limits, template.device, template.layers)
        if settings != (laid.limits, laid.device, laid.layers):
            template.close()
            template = Template(laid.limits, laid.device, laid.layers)
        self._template = template
        template.start()
        self._digest = kit.digest
        return laid, template

    def _clear(self) -> None:
        """Drops the kit, and the modules that were imported from it: another of the same lab may
        come.
        """
        if self._laid is not None:
            self._laid.suite.close()
        self._laid, self._digest = None, ""
        if self._folder is None:
            return
        folder, self._folder = self._folder, None
        own = str(hidden_folder(folder.path))
        if own in labs.__path__:
            labs.__path__.remove(own)
        for name, module in [*sys.modules.items()]:
            if (getattr(module, "__file__", None) or "").startswith(f"{folder.path}{os.sep}"):
                del sys.modules[name]
        folder.remove()

    def close(self) -> None:
        """Ends the template, removes the folder."""
        template, self._template = self._template, None
        if template is not None:
            template.close()
        self._clear()


_turn = threading.Lock()
_bench = _Bench()
