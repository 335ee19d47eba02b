"""A submission under examination: its cells run, its probes answered, whatever it does."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Any

from autograder import claims, scrutiny
from autograder.host import (
    MachineBusy,
    Subject,
    SubjectDied,
    SubjectLied,
    SubjectTimedOut,
    Template,
    TemplateLost,
)
from autograder.scrutiny import Reading
from layerlab.case import Case

MOST_STRIKES = 2
"""Cases in which one exercise may hang or crash before it is asked no further one."""
MOST_RESTARTS = 6
"""How often a submission whose process ended is started again without the cell that ended it."""

UNANSWERED = frozenset(["Timeout", "Died", "Skipped"])
"""Kinds of errors that say nothing of an answer: there was none."""


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
        reading: What their source shows.
        withheld: Beginnings of qualified Python functions (`module:Class.method`) that no longer
            work in the subject, from before its first cell.
    """

    def __init__(
        self,
        template: Template,
        cells: list[CodeCell],
        reading: Reading | None = None,
        withheld: tuple[str, ...] = (),
    ):
        self.cells = cells
        self.reading = reading or scrutiny.read(cell.source for cell in cells)
        self.conduct: list[str] = []
        """What the submission did that no honest one does, in clauses for the instructor."""
        self._template = template
        self._withheld = withheld
        self._limits = template.limits
        self._subject: Subject | None = None
        self._clean: Subject | None = None
        self._strikes: dict[str, int] = {}
        self._lost: set[str] = set()
        self._restarts = 0
        self._before = template.spent

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Ends the process that is at hand, if there is one."""
        current = self._subject or self._clean
        self._subject = self._clean = None
        if current is not None:
            with contextlib.suppress(TemplateLost):  # then it has ended, too
                current.end()

    def run(self) -> None:
        """Runs all cells that can be run.

        Raises:
            TemplateDied: The sandbox does not start; nothing is known about the submission.
            MachineBusy: It was hardly let run; nothing is known either.
        """
        if self._clean is not None:
            self.end()
        while self._subject is None and self._restarts <= MOST_RESTARTS and self._left() > 0:
            self._restarts += 1
            try:
                self._subject = self._template.fork()
                if self._withheld:
                    request = {"withhold": list(self._withheld)}
                    self._subject.ask(request, self._limits.probe_seconds)
            except (TemplateLost, SubjectDied, SubjectTimedOut):
                self._subject = None
                continue
            for cell in self.cells:
                if not cell.fatal and not self._run_cell(cell):
                    break

    def again(self, withheld: tuple[str, ...]) -> Session:
        """The same submission, started anew with some functions withheld, in what is left of its
        time; this one ends.
        """
        self.end()
        cells = [CodeCell(cell.key, cell.source, fatal=cell.fatal) for cell in self.cells]
        session = Session(self._template, cells, self.reading, withheld)
        session._before = self._before
        return session

    def probe(self, case: Case) -> dict[str, Any]:
        """What the submission does on a case.

        Returns:
            The observation; if the submission hung or ended, an `error` that says so.

        Raises:
            TemplateDied: The sandbox does not start; nothing is known about the submission.
            MachineBusy: It was hardly let run; nothing is known either.
        """
        if self._strikes.get(case.target, 0) >= MOST_STRIKES:
            return _error("Skipped", f"{case.target} hung or crashed before: not asked again.")
        self.run()
        if self._subject is None or self._left() <= 0:
            return _error("Timeout", "The submission has used up its time.")
        seconds = min(self._limits.probe_seconds, self._left())
        try:
            reply = self._subject.ask({"probe": case.as_data()}, seconds)
            return claims.observation(reply, self.reading)
        except claims.Unsound as cause:
            self.conduct.append(f"answers a case with {cause}")
            return _error("Died", f"{case.target} gave no answer.")
        except SubjectTimedOut as timeout:
            self._strike(case.target, timeout.alive)
            return _error("Timeout", f"{case.target} {timeout}: is there an endless loop?")
        except SubjectDied as death:
            self._notice(death)
            self._strike(case.target, alive=False)
            return _error("Died", f"{case.target} {death}.")
        except TemplateLost:
            if self._lose(f"case {case.key}"):
                return self.probe(case)
            self._strikes[case.target] = MOST_STRIKES
            return _error("Died", f"{case.target} ended the sandbox.")

    def replay(self, request: dict[str, Any]) -> dict[str, Any]:
        """Evaluates a graph in a process where nothing of a submission has run; the submission's
        own process ends.

        Args:
            request: The arguments of `autograder.subject.replay.run`.

        Returns:
            What that returns; for a graph that hung or ended the process, an `error` that says so.

        Raises:
            TemplateDied: The sandbox does not start.
            MachineBusy: It was hardly let run; nothing is known about the graph.
        """
        # Two evaluations, and the first op of a process: more than a case, on a busy machine, too.
        seconds = min(3 * self._limits.probe_seconds, self._left())
        if seconds <= 0:
            return {"ops": [], "error": "the submission has used up its time"}
        try:
            if self._clean is None:
                self.end()
                self._clean = self._template.fork()
            reply = self._clean.ask({"replay": request}, seconds)
            return dict(reply.get("replayed") or {"ops": [], "error": "gives what cannot be sent"})
        except (SubjectTimedOut, SubjectDied, TemplateLost) as cause:
            self.end()
            return {"ops": [], "error": str(cause)}

    def _notice(self, death: SubjectDied) -> None:
        if isinstance(death, SubjectLied):
            self.conduct.append(f"{death} on the grader's connection")

    def _lose(self, step: str) -> bool:
        """Notes that the template ended; false if it did so before at the same step.

        Once may be bad luck of the machine: then all is run again in a new template.
        """
        self._subject = None
        if step not in self._lost:
            self._lost.add(step)
            return True
        self.conduct.append("ended the process that all submissions are started from")
        return False

    def _strike(self, target: str, alive: bool) -> None:
        self._strikes[target] = self._strikes.get(target, 0) + 1
        if not alive:
            self._subject = None

    def _left(self) -> float:
        spent = self._template.spent - self._before
        left = self._limits.total_seconds - spent.counted
        if left <= 0 and spent.hardly_ran:
            raise MachineBusy
        return left

    def _run_cell(self, cell: CodeCell) -> bool:
        """Runs a cell; false if the subject did not survive it."""
        assert self._subject is not None
        seconds = max(min(self._limits.cell_seconds, self._left()), 0.001)
        alive = False
        try:
            reply = self._subject.ask({"cell": cell.source}, seconds)
            cell.outputs = claims.outputs(reply)
            return True
        except claims.Unsound as cause:
            self.conduct.append(f"answers a cell with {cause}")
            cell.outputs = []
            return True
        except SubjectTimedOut as timeout:
            cell.fatal = f"This cell {timeout}."
            alive = timeout.alive
        except SubjectDied as death:
            self._notice(death)
            cell.fatal = f"This cell {death}."
        except TemplateLost:
            if self._lose(f"cell {cell.key}"):
                return False
            cell.fatal = "This cell ended the sandbox."
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
