"""One writer: two commands that would write to one course's gradebook do not run at once."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from autograder.course import Course
from autograder.errors import UsageError


@contextmanager
def one_writer(course: Course) -> Iterator[None]:
    """Keeps others out; it ends with the process, however that ends.

    Args:
        course: The course.

    Raises:
        UsageError: Another process is at work in the course.
    """
    course.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (course.state / "lock").open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read().strip() or "unknown"
            raise UsageError(
                f"Another autograder (process {who}) is grading in {course.root}: wait until it "
                "has ended, or end it; what it has done by then stays."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
