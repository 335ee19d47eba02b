"""What nbgrader does anew for each cell or each preprocessor, and needs to do only once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from types import SimpleNamespace
from typing import Any

import jsonschema
import nbgrader.api
from jsonschema.exceptions import best_match
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from nbgrader.api import Gradebook
from nbgrader.auth import Authenticator
from nbgrader.nbgraderformat import common


def economize() -> None:
    """Lets nbgrader make once what it makes for each submission.

    - It opens the gradebook nine times for a submission, each time with an engine of its own that
      compiles all statements anew, and looks for every table and for the course. One engine a
      database compiles them once; within `one_opening`, it looks once.
    - It holds the metadata of each cell to a schema, and that schema to the schema of schemas.
    """
    nbgrader.api.create_engine = cache(nbgrader.api.create_engine)
    Gradebook.__init__, Gradebook.close = _opened, _closed
    common.jsonschema = SimpleNamespace(**{**vars(jsonschema), "validate": _validate})


_held: ContextVar[dict[tuple[str, str], dict[str, Any]] | None] = ContextVar("_held", default=None)
"""The gradebooks that are open, by database and course; none outside of `one_opening`."""


@contextmanager
def one_opening() -> Iterator[None]:
    """Within it, nbgrader opens a gradebook once, and keeps the connection until the end.

    What it has asked for is forgotten whenever it would close the gradebook, as without this.
    """
    held: dict[tuple[str, str], dict[str, Any]] = {}
    token = _held.set(held)
    try:
        yield
    finally:
        _held.reset(token)
        for state in held.values():
            state["engine"].dispose()


_open, _close = Gradebook.__init__, Gradebook.close


def _opened(
    self: Gradebook,
    db_url: str,
    course_id: str = "default_course",
    authenticator: Authenticator | None = None,
) -> None:
    held = _held.get()
    if held is None:
        _open(self, db_url, course_id, authenticator)
        return
    if (db_url, course_id) not in held:
        _open(self, db_url, course_id, authenticator)
        held[db_url, course_id] = vars(self)
    vars(self).update(held[db_url, course_id], authenticator=authenticator)


def _closed(self: Gradebook) -> None:
    if _held.get() is None:
        _close(self)
    else:
        self.db.remove()


def _validate(instance: Any, schema: dict[str, Any]) -> None:
    """As `jsonschema.validate`, for a schema that comes again."""
    error = best_match(_validator(json.dumps(schema)).iter_errors(instance))
    if error is not None:
        raise error


@cache
def _validator(schema: str) -> Validator:
    loaded = json.loads(schema)
    kind = validator_for(loaded)
    kind.check_schema(loaded)
    return kind(loaded)
