"""Tells the faults of the machine, such as a full disk, from those of a submission."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from autograder.errors import MachineFault, UsageError

_NO_SUBMISSION_DOES_THIS = {
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ENOSPC,
    errno.EROFS,
}


def clause(error: BaseException | None) -> str:
    """What is wrong with the machine or the database; empty if neither is to blame.

    Args:
        error: What was raised; what it was raised for counts, too, as nbgrader wraps much.
    """
    while error is not None:
        if isinstance(error, DBAPIError):
            lines = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
            return f"the gradebook cannot be used ({lines[0]})"
        if isinstance(error, OSError) and error.errno in _NO_SUBMISSION_DOES_THIS:
            where = f" ({error.filename})" if error.filename else ""
            return f"{str(error.strerror).lower()}{where}"
        if isinstance(error, BrokenExecutor):
            return "a worker ended unexpectedly, as happens when memory runs out"
        error = error.__cause__ or error.__context__
    return ""


@contextmanager
def told() -> Iterator[None]:
    """Lets no traceback through where one sentence says it all.

    Raises:
        MachineFault: The machine or the database is at fault.
    """
    log = logging.getLogger("tornado.application")  # where nbgrader logs tracebacks of its own
    silent, log.disabled = log.disabled, True
    try:
        yield
    except (MachineFault, UsageError):
        raise
    except Exception as error:
        found = clause(error)
        if not found:
            raise
        raise MachineFault(sentence(found)) from error
    finally:
        log.disabled = silent


def sentence(found: str) -> str:
    """What the user is told of a fault of the machine."""
    return f"Stopped: {found}. Nothing is lost: mend that and run the same command again."
