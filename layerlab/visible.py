"""The data file beside a notebook: visible cases, their truth, what misconceptions do, hints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from layerlab import arrays
from layerlab.case import Case
from layerlab.compare import Expected, Observation
from layerlab.diagnose import Misconception

FILENAME = "visible_cases.json"
_SCHEMA = 2


@dataclass(frozen=True)
class Hints:
    """What `hint` says in a lab; never code.

    Args:
        steps: For each exercise, in the notebook's order, the steps from a question to the idea.
        questions: For misconceptions, the question that leads out of each.
    """

    steps: dict[str, list[str]]
    questions: dict[str, str]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Hints:
        """Makes hints of what a file says.

        Raises:
            TypeError: It says something else than names with texts.
            KeyError: It lacks one of the two parts.
        """
        steps = {name: list(texts) for name, texts in data["steps"].items()}
        questions = dict(data["questions"])
        for texts in (*data["steps"].values(), [*questions.values()]):
            if not (isinstance(texts, list) and all(isinstance(text, str) for text in texts)):
                raise TypeError("hints are texts")
        return cls(steps, questions)


@dataclass(frozen=True)
class VisibleCases:
    """Content of a lab's data file.

    Args:
        lab: Name of the lab.
        cases: The visible cases, by key, smallest first.
        expectations: The truth, by case and aspect.
        misconceptions: What wrong solutions do on these cases.
        hints: What `hint` says.
    """

    lab: str
    cases: dict[str, Case]
    expectations: dict[str, dict[str, Expected]]
    misconceptions: list[Misconception]
    hints: Hints

    @property
    def exercises(self) -> list[str]:
        """Names of the lab's exercises, in the notebook's order."""
        targets = (case.target for case in self.cases.values())
        return list(dict.fromkeys([*self.hints.steps, *targets]))

    def save(self, path: Path) -> None:
        """Writes the file; the same content gives the same bytes."""
        arrays.dump(
            {
                "schema": _SCHEMA,
                "lab": self.lab,
                "cases": [
                    {
                        "key": key,
                        "case": case.as_data(),
                        "expected": {
                            aspect: vars(expected)
                            for aspect, expected in self.expectations[key].items()
                        },
                    }
                    for key, case in self.cases.items()
                ],
                "misconceptions": [
                    {"key": item.name, "message": item.message, "observed": item.observations}
                    for item in self.misconceptions
                ],
                "hints": vars(self.hints),
            },
            path,
        )

    @classmethod
    def load(cls, path: Path) -> VisibleCases:
        """Reads the file.

        Raises:
            ValueError: It is damaged or of another version; the message says what to do.
        """
        try:
            data = arrays.load(path)
            if data["schema"] != _SCHEMA:
                raise ValueError(f"schema {data['schema']}, this layerlab reads {_SCHEMA}")
            return cls(
                lab=data["lab"],
                cases={item["key"]: Case.from_data(item["case"]) for item in data["cases"]},
                expectations={
                    item["key"]: {
                        aspect: Expected(**expected)
                        for aspect, expected in item["expected"].items()
                    }
                    for item in data["cases"]
                },
                misconceptions=[
                    Misconception(item["key"], item["message"], item["observed"])
                    for item in data["misconceptions"]
                ],
                hints=Hints.from_data(data["hints"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(
                f"{path.name} is damaged or belongs to another version of layerlab ({error}): "
                "copy it anew from the released lab."
            ) from None


def find(folder: Path) -> Path:
    """The data file in `folder`, where the notebook's kernel runs.

    Raises:
        FileNotFoundError: There is none; the message says what to do.
    """
    path = folder / FILENAME
    if not path.is_file():
        raise FileNotFoundError(
            f"{FILENAME} is not in {folder}: keep it beside the notebook, as it was released."
        )
    return path


def as_shipped(observation: Observation) -> dict[str, Any]:
    """The observation of a chaff as students receive it: what raised, not a line of its code."""
    if "error" not in observation:
        return dict(observation)
    error = {name: observation["error"][name] for name in ("type", "where")}
    return {**observation, "error": {**error, "text": ""}}


def is_exact(array: np.ndarray) -> bool:
    """Whether sums of products of such values are exact in float32, in any order."""
    return bool(np.all(array == np.round(array)) and np.all(np.abs(array) < 2**12))
