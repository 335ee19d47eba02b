"""The commands of `autograder`, one module each: `add` describes its arguments, `run` does it."""

from __future__ import annotations

import argparse
from typing import TypeAlias

DONE, SHORT, USAGE, UNGRADED = 0, 1, 2, 3
"""Exit statuses: done; something falls short; bad usage; something was not graded."""

# argparse gives it no public name
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def positive(text: str) -> int:
    """The type of an argument that is a number from 1 up."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value
