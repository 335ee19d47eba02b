"""Grades again what a changed grader may see otherwise, and says whose score moves and why.

Nothing is written to the gradebook before `write`; until then the new results wait on a shelf of
their own, so an answer may take its time, and a run that was killed goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from autograder import gradebook, grading, verdict
from autograder.classroom import Handed, enter_result, handed_in, tell
from autograder.course import Course
from autograder.errors import NotGraded
from autograder.kept import Kept, Shelf
from autograder.lab import Lab
from autograder.result import GRADED, CellResult, Result
from autograder.workers import Progress, Workers

WAITING = "regraded"
"""The shelf of results that nobody has agreed to yet."""


@dataclass(frozen=True)
class Move:
    """A score that changes.

    Args:
        student: Whose it is.
        cell: The graded cell.
        old: What it has earned so far; `None` if the cell is new.
        new: What it earns now; `None` if the cell has no automatic score any more.
        why: The reason for what it earns now.
        by_hand: What a person gave, if one did: that goes on to count.
    """

    student: str
    cell: str
    old: float | None
    new: float | None
    why: str
    by_hand: float | None = None


@dataclass
class Proposal:
    """What would be written.

    Args:
        students: Whose results depend on something that has changed, and were made anew.
        moves: The scores that change.
        failed: Results of those that could not be graded again; they keep what they have.
    """

    students: list[str] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    failed: list[Result] = field(default_factory=list)


def affected(course: Course, lab: Lab, device: str) -> dict[str, Handed]:
    """The graded submissions whose result depends on something that has changed since.

    One that was handed in anew is not among them: it is graded anyway.

    Args:
        course: The course.
        lab: The lab.
        device: Where submissions run.
    """
    grader = grading.depends_on(course, lab, device)
    classroom = {handed.student: handed for handed in handed_in(course, lab)}
    return {
        kept.result.submission: classroom[kept.result.submission]
        for kept in Shelf(course, lab)
        if kept.grader != grader and _is_of(kept, classroom.get(kept.result.submission), lab)
    }


def _is_of(kept: Kept, handed: Handed | None, lab: Lab) -> bool:
    """Whether it is the score of what is there."""
    try:
        return handed is not None and kept.settles(handed.digest(lab))
    except NotGraded:
        return False


def propose(
    course: Course, lab: Lab, workers: Workers, progress: Progress = lambda *_: None
) -> Proposal:
    """Grades again those that are affected, and compares.

    Args:
        course: The course.
        lab: The lab.
        workers: Who grades.
        progress: Told of each submission that is done.
    """
    grader = grading.depends_on(course, lab, workers.device)
    waiting, shelf = Shelf(course, lab, WAITING), Shelf(course, lab)
    classroom = affected(course, lab, workers.device)
    works = {student: handed.digest(lab) for student, handed in classroom.items()}
    given = gradebook.given_by_hand(course, lab) if classroom else {}
    moves: dict[str, list[Move]] = {}
    proposal = Proposal()

    def compare(new: Kept) -> None:
        old = shelf.read(new.result.submission)
        moves[new.result.submission] = list(_moves(old, new, given)) if old else []

    def pending() -> Iterator[tuple[str, Any]]:
        for student, work in works.items():
            there = waiting.read(student)
            if there is not None and there.grader == grader and there.settles(work):
                compare(there)
            else:
                yield student, classroom[student].read(lab)

    for result in workers.grade(pending()):
        if result.status == GRADED:
            new = Kept(result, works[result.submission], grader)
            waiting.write(new)
            compare(new)
        else:
            proposal.failed.append(result)
        progress(len(moves) + len(proposal.failed), len(classroom))
    proposal.students = sorted(moves)
    proposal.moves = [move for student in proposal.students for move in moves[student]]
    return proposal


def _moves(old: Kept, new: Kept, given: dict[tuple[str, str], float]) -> Iterator[Move]:
    """The scores that differ between two results of a submission."""
    student = new.result.submission
    before = {cell.cell: cell for cell in old.result.cells}
    after = {cell.cell: cell for cell in new.result.cells}
    for name in dict.fromkeys([*after, *before]):
        was, now = before.get(name), after.get(name)
        earned, earns = was.score if was else None, now.score if now else None
        if earned != earns:
            yield Move(student, name, earned, earns, _why(now), given.get((student, name)))


def _why(cell: CellResult | None) -> str:
    if cell is None:
        return "This cell has no points any more."
    named = [
        f"{verdict.spoken(name)}: {text}"
        for name, text in zip(cell.misconceptions, cell.explanations, strict=True)
    ]
    return "\n".join(named) or cell.message


def write(course: Course, lab: Lab, workers: Workers, proposal: Proposal) -> None:
    """Makes the new results count, and finishes what an earlier run of this was killed in.

    What people gave (points, comments) stays as it is; nbgrader asks them to look at it again.

    Args:
        course: The course.
        lab: The lab.
        workers: Who writes the feedback.
        proposal: What `propose` found.

    Raises:
        MachineFault: The machine or the gradebook is at fault; what was done stays.
    """
    waiting, shelf = Shelf(course, lab, WAITING), Shelf(course, lab)
    for student in proposal.students:
        old, new = shelf.read(student), waiting.read(student)
        if old is None or new is None:
            continue
        if _content(old.result) == _content(new.result):  # nothing to enter, nothing to tell
            new = replace(new, entered=old.entered, told=old.told)
        shelf.write(new)
    for handed in handed_in(course, lab):
        kept = shelf.read(handed.student)
        if kept is not None and not kept.entered and _is_of(kept, handed, lab):
            enter_result(course, lab, handed, kept)
    for kept in waiting:
        waiting.drop(kept.result.submission)
    tell(course, lab, workers)


def _content(result: Result) -> Any:
    """What of a result anyone gets to see."""
    cells = [replace(cell, seconds=0.0) for cell in result.cells]
    return replace(result, seconds=0.0, versions={}, cells=cells).as_data()
