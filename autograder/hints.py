"""The hints of a lab, as an instructor writes them: `hints.toml` beside the source notebook."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from autograder.errors import UsageError
from autograder.lab import Lab
from layerlab.visible import FILENAME, Hints, VisibleCases

FEWEST, MOST = 2, 4
"""Steps from a question to the idea."""


def path(lab: Lab) -> Path:
    """Where the hints of a lab are written."""
    return lab.source.parent / "hints.toml"


def read(lab: Lab) -> Hints:
    """The hints of a lab; a lab without the file has none.

    Raises:
        UsageError: The file is no TOML, or holds something else than hints.
    """
    file = path(lab)
    try:
        return Hints.from_data(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Hints({}, {})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{file} cannot be read as hints ({error}): it needs [steps] with a list of texts for "
            "each exercise, and [questions] with a text for each misconception."
        ) from None


def problems(lab: Lab) -> Iterator[str]:
    """Where the hints of a lab and its exercises or its bank disagree, as sentences.

    Raises:
        UsageError: The hints cannot be read, or the lab was not released as it is.
    """
    said = read(lab)
    exercises = {name for names in lab.exercises.values() for name in names}
    for name in sorted(exercises):
        steps = said.steps.get(name, [])
        if not FEWEST <= len(steps) <= MOST:
            yield f"The exercise {name} has {len(steps)} hints, not {FEWEST} to {MOST}."
    for name in sorted(said.steps.keys() - exercises):
        yield f"There are hints for {name}, which is no exercise."
    chaffs = {chaff.name for chaff in lab.chaffs}
    for name in sorted(said.questions.keys() - chaffs):
        yield f"The hints ask about {name}, which is no chaff."
    for name in sorted(_recognised(lab) - said.questions.keys()):
        yield f"The hints have no question about the misconception {name}, which `check` can name."


def _recognised(lab: Lab) -> set[str]:
    """The misconceptions that `check` can name."""
    try:
        shipped = VisibleCases.load(lab.root / "labs" / lab.name / FILENAME)
    except (OSError, ValueError) as error:
        raise UsageError(f"{lab.name} has to be released anew: {error}") from None
    return {item.name for item in shipped.misconceptions}
