"""What the commands write to the terminal beside their results: messages and progress bars."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

_messages = Console(stderr=True, highlight=False)


def say(sentence: str) -> None:
    """Writes a sentence to standard error, on one line however long it is."""
    _messages.print(sentence, markup=False, soft_wrap=True)


def bar() -> Progress:
    """A place for progress bars."""
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()]
    return Progress(*columns, TimeElapsedColumn(), console=_messages)


def follow(bar: Progress, text: str) -> Callable[[int, int], None]:
    """A line of the progress bar, made when there is something to show."""
    tasks: list[TaskID] = []

    def progress(done: int, total: int) -> None:
        if not tasks:
            tasks.append(bar.add_task(text))
        bar.update(tasks[0], completed=done, total=total)

    return progress
