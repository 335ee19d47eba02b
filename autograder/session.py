"""A submission under examination: its cells run, its probes answered, whatever it does."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from typing import Any

from autograder.host import Subject, SubjectDied, SubjectTimedOut, Template, TemplateDied
from layerlab.case import Case

MOST_STRIKES = 2
"""Cases in which one exercise may hang or crash before it is asked no further one."""
MOST_RESTARTS = 6
"""How often a submission whose process ended is started again without the cell that ended it."""


@dataclass
class CodeCell:
    """A cell that is run.

    Args:
        key: Position of the cell in the notebook.
        source: Its code.
        outputs: What it showed, as nbformat's dictionaries.
        fatal: Why the cell is not run again, if it hung or ended the process.
    """

    key: int
    source: str
    outputs: list[dict[str, Any]] = field(default_factory=list)
    fatal: str = ""


class Session:
    """Runs one submission in subjects forked from a template.

    Args:
        template: Where subjects come from.
        cells: The cells to run, in order.
    """

    def __init__(self, template: Template, cells: list[CodeCell]):
        self.cells = cells
        self._template = template
        self._limits = template.limits
        self._subject: Subject | None = None
        self._strikes: dict[str, int] = {}
        self._restarts = 0
        self._deadline = time.monotonic() + self._limits.total_seconds

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        subject, self._subject = self._subject, None
        if subject is not None:
            with contextlib.suppress(TemplateDied):  # what brought us here is told already
                subject.end()

    def probe(self, case: Case) -> dict[str, Any]:
        """What the submission does on a case.

        Returns:
            The observation; if the submission hung or ended, an `error` that says so.

        Raises:
            TemplateDied: The sandbox ended; nothing is known about the submission.
        """
        if self._strikes.get(case.target, 0) >= MOST_STRIKES:
            return _error("Skipped", f"{case.target} hung or crashed before: not asked again.")
        self._run_cells()
        if self._subject is None or self._left() <= 0:
            return _error("Timeout", "The submission has used up its time.")
        try:
            seconds = min(self._limits.probe_seconds, self._left())
            reply = self._subject.ask({"probe": case.as_data()}, seconds)
            if isinstance(reply.get("observation"), dict):
                return dict(reply["observation"])
            return _error("Died", f"{case.target} gave no answer.")
        except SubjectTimedOut as timeout:
            self._strike(case.target, timeout.alive)
            return _error("Timeout", f"{case.target} {timeout}: is there an endless loop?")
        except SubjectDied as death:
            self._strike(case.target, alive=False)
            return _error("Died", f"{case.target} {death}.")

    def run(self) -> None:
        """Runs all cells that can be run."""
        self._run_cells()

    def _strike(self, target: str, alive: bool) -> None:
        self._strikes[target] = self._strikes.get(target, 0) + 1
        if not alive:
            self._subject = None

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    def _run_cells(self) -> None:
        """Brings a subject to the point where every cell has run that can be run."""
        while self._subject is None and self._restarts <= MOST_RESTARTS and self._left() > 0:
            self._restarts += 1
            self._subject = self._template.fork()
            for cell in self.cells:
                if not cell.fatal and not self._run_cell(cell):
                    break

    def _run_cell(self, cell: CodeCell) -> bool:
        """Runs a cell; false if the subject did not survive it."""
        assert self._subject is not None
        seconds = max(min(self._limits.cell_seconds, self._left()), 0.001)
        try:
            reply = self._subject.ask({"cell": cell.source}, seconds)
            outputs = reply.get("outputs")
            cell.outputs = outputs if isinstance(outputs, list) else []
            return True
        except SubjectTimedOut as timeout:
            cell.fatal = f"This cell {timeout}."
            alive = timeout.alive
        except SubjectDied as death:
            cell.fatal = f"This cell {death}."
            alive = False
        cell.outputs = [
            {
                "output_type": "error",
                "ename": "CellEnded",
                "evalue": cell.fatal,
                "traceback": [cell.fatal],
            }
        ]
        if not alive:
            self._subject = None
        return alive


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"error": {"type": kind, "where": "", "text": message}}
