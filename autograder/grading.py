"""Grades one notebook: runs it, examines it, and says why it has the score it has."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from typing import Any

from autograder import scrutiny
from autograder.course import Course
from autograder.examine import BANNED, Examiner, Outcome
from autograder.hearsay import passed_on
from autograder.host import MachineBusy, Template, TemplateDied
from autograder.lab import GradedCell, Lab
from autograder.notebook import code_cells, restore
from autograder.result import (
    BY_HAND,
    FAILED,
    GRADED,
    NOT_ATTEMPTED,
    NOT_GRADED,
    PARTLY,
    PASSED,
    CellResult,
    Result,
)
from autograder.scrutiny import Reading
from autograder.session import Session
from autograder.suite import Suite
from autograder.truth import Truth, kept
from layerlab.compare import Difference
from layerlab.diagnose import Failure, Misconception, diagnose

MOST_REASONS = 4
LONGEST_REASON = 500
"""Characters of a reason: a submission may have given its weights very long names."""


@dataclass
class Examination:
    """What was seen of a submission, before anyone says what it means.

    Args:
        submission: What it is called.
        device: Where it ran.
        seconds: Wall-clock time that it took.
        fault: Why nothing was seen, if the grader failed.
        notes: What had to be put right in the notebook, by `grade_id`.
        outputs: What each cell that ran has shown, by its position in the restored notebook.
        outcomes: How each hidden test ended.
        observations: What the submission did, by case.
        conduct: What it did that no honest submission does, in clauses.
        reading: What its source shows.
    """

    submission: str
    device: str
    seconds: float = 0.0
    fault: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    outputs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    observations: dict[str, dict[str, Any]] = field(default_factory=dict)
    conduct: list[str] = field(default_factory=list)
    reading: Reading = field(default_factory=Reading)


def examine(notebook: Any, suite: Suite, template: Template, name: str) -> Examination:
    """Runs a submitted notebook and its hidden tests.

    Args:
        notebook: The notebook, as `autograder.notebook.read` returns it.
        suite: The hidden tests of its lab.
        template: Where its code runs.
        name: What the result calls it.
    """
    started, truth = time.monotonic(), suite.truth
    submission = restore(notebook, truth.lab)
    found = Examination(name, template.device, notes=submission.notes)
    found.conduct += submission.conduct
    cells = code_cells(submission.notebook, truth.lab)
    found.reading = scrutiny.read(cell.source for cell in cells)
    found.conduct += found.reading.signs
    try:
        with Session(template, cells, found.reading) as session:
            session.run()
            examiner = Examiner(session, truth)
            found.outcomes = suite.run(examiner)
            examiner.look_closer(found.outcomes)
    except TemplateDied as death:
        found.fault = f"The sandbox failed: {death}."
    except MachineBusy as cause:
        found.fault = f"The machine is too busy: {cause}. Grade it again when it is less so."
    else:
        found.outputs = {cell.key: cell.outputs for cell in cells if cell.outputs}
        found.observations = examiner.observations
        found.conduct += [*dict.fromkeys([*session.conduct, *examiner.conduct])]
    found.seconds = time.monotonic() - started
    return found


def judge(found: Examination, truth: Truth, misconceptions: list[Misconception]) -> Result:
    """Says what an examination means: a score for each graded cell, with its reasons.

    Args:
        found: The examination.
        truth: What is true of the lab's cases.
        misconceptions: The known ones.

    Returns:
        Graded, or not graded with the cause: a fault of the grader never costs points.
    """
    started = time.monotonic()
    lab = truth.lab
    result = Result(
        lab.name, found.submission, NOT_GRADED, found.fault, found.device, found.seconds
    )
    if found.fault:
        return result
    result.versions = dict(_versions())
    for outcome in found.outcomes:
        if outcome.fault:
            result.reason = f"The hidden test {outcome.test} is broken: {outcome.fault}."
            return result
    named = _diagnose(found, truth, misconceptions)
    messages = {item.name: item.message for item in misconceptions}
    by_cell: dict[str, list[Outcome]] = {}
    for outcome in found.outcomes:
        by_cell.setdefault(outcome.cell, []).append(outcome)
    troubles = _troubles(found)

    def say(difference: Difference) -> str:
        """What is wrong, in words that give no hidden case away."""
        if difference.kind == BANNED:  # the examiner's own words
            return difference.brief
        return passed_on(difference.brief[:LONGEST_REASON], found.reading, lab.hidden)

    result.remarks = [*troubles, *(f"{cell}: {note}" for cell, note in found.notes.items())]
    for cell in lab.graded_cells:
        if cell.by_hand:
            judged = CellResult(cell.grade_id, None, cell.points, BY_HAND, "")
        elif cell.grade_id not in by_cell:
            result.cells.clear()
            result.reason = f"No hidden test counts for the cell {cell.grade_id}."
            return result
        else:
            judged = _judge_cell(cell, by_cell[cell.grade_id], named, messages, say)
            if judged.status != PASSED:
                judged.message = " ".join([judged.message, *troubles])
        note = found.notes.get(cell.grade_id, "")
        judged.message = " ".join(filter(None, [judged.message, note]))
        spent = sum(outcome.seconds for outcome in by_cell.get(cell.grade_id, ()))
        judged.seconds = round(spent, 3)
        result.cells.append(judged)
    result.status = GRADED
    result.conduct = found.conduct
    result.outputs = {str(position): outputs for position, outputs in found.outputs.items()}
    result.seconds += time.monotonic() - started
    return result


def depends_on(course: Course, lab: Lab, device: str) -> str:
    """Changes with whatever a result depends on beside the notebook.

    Args:
        course: The course.
        lab: The lab.
        device: Where submissions run.
    """
    return kept(course, lab, "grades", device).stem


@cache
def _versions() -> dict[str, str]:
    """Of what a grade depends on beside the submission; the sandbox has the same."""
    return {name: version(name) for name in ("layerlab", "tensorflow", "keras", "numpy")}


def _judge_cell(
    cell: GradedCell,
    outcomes: list[Outcome],
    named: dict[str, set[Failure]],
    messages: dict[str, str],
    say: Callable[[Difference], str],
) -> CellResult:
    failed = [outcome for outcome in outcomes if not outcome.passed]
    passing = len(outcomes) - len(failed)
    score = round(cell.points * passing / len(outcomes), 6)
    kinds = {difference.kind for outcome in failed for difference in outcome.differences}
    if not failed:
        return CellResult(
            cell.grade_id, score, cell.points, PASSED, f"All {len(outcomes)} tests pass."
        )
    if kinds == {"not started"} and not passing:
        return CellResult(
            cell.grade_id, 0.0, cell.points, NOT_ATTEMPTED, "This exercise was not attempted."
        )
    here = {
        (outcome.case, difference.aspect)
        for outcome in failed
        for difference in outcome.differences
    }
    names = [name for name, explained in named.items() if explained & here]
    counts = Counter(
        brief for outcome in failed for brief in dict.fromkeys(map(say, outcome.differences))
    )
    reasons = [
        f"{brief} ({count} {'test' if count == 1 else 'tests'})"
        for brief, count in counts.most_common(MOST_REASONS)
    ]
    return CellResult(
        cell.grade_id,
        score,
        cell.points,
        PARTLY if passing else FAILED,
        f"{passing} of {len(outcomes)} tests pass. What fails: {'; '.join(reasons)}.",
        names,
        [messages[name] for name in names],
    )


def _diagnose(
    found: Examination, truth: Truth, misconceptions: list[Misconception]
) -> dict[str, set[Failure]]:
    observations = {
        key: observation
        for key, observation in found.observations.items()
        if (observation.get("error") or {}).get("type") != "NotImplementedError"
    }
    return diagnose(truth.targets, truth.expected, observations, misconceptions)


_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def _line(text: str, most: int) -> str:
    """The beginning of a text of the submission's, without what moves a terminal's cursor."""
    return _CONTROLS.sub(" ", text)[:most]


def _troubles(found: Examination) -> list[str]:
    """What the cells themselves ended in: a syntax error explains a missing layer."""
    troubles = []
    for position, outputs in found.outputs.items():
        for output in outputs:
            if output.get("output_type") == "error":
                name, text = _line(output["ename"], 60), _line(output["evalue"], 200)
                if name != "NotImplementedError":
                    text = text if name == "CellEnded" else f"{name}: {text}"
                    troubles.append(f"Cell {position + 1} of the notebook ends in: {text}")
    return troubles[:MOST_REASONS]
