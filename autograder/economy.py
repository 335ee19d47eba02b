"""What nbgrader does anew for each cell or each preprocessor, and needs to do only once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
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
from sqlalchemy import Engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker


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


@dataclass
class _Open:
    """A gradebook that is kept open, and the courses that are known to be in it."""

    engine: Engine
    db: scoped_session[Session]
    courses: set[str]


@dataclass
class _Opening:
    """The gradebooks that are open, by address, and whether what is written waits for the end."""

    whole: bool
    gradebooks: dict[str, _Open] = field(default_factory=dict)


_opening: ContextVar[_Opening | None] = ContextVar("_opening", default=None)


@contextmanager
def one_opening(*, whole: bool = False) -> Iterator[None]:
    """Within it, nbgrader opens a gradebook once, and keeps the connection until the end.

    Args:
        whole: Whether what it writes is written at the end, all of it, or nothing if something is
            raised: by itself it writes a submission in twenty steps, and waits for the disk at
            each. Where not, what it has asked for is forgotten whenever it would close the
            gradebook, as without this.
    """
    opening = _Opening(whole)
    token = _opening.set(opening)
    try:
        yield
        for each in opening.gradebooks.values() if whole else ():
            Session.commit(each.db())
    finally:
        _opening.reset(token)
        for each in opening.gradebooks.values():
            each.db.remove()
            each.engine.dispose()


class _Whole(Session):
    """Only writes where it is told to commit, so that the next question finds it."""

    def commit(self) -> None:
        self.flush()
        self.expire_all()


_open, _close = Gradebook.__init__, Gradebook.close


def _opened(
    self: Gradebook,
    db_url: str,
    course_id: str = "default_course",
    authenticator: Authenticator | None = None,
) -> None:
    opening = _opening.get()
    if opening is None:
        _open(self, db_url, course_id, authenticator)
        return
    if db_url not in opening.gradebooks:
        _open(self, db_url, course_id, authenticator)
        if opening.whole:
            self.db.remove()
            self.db = scoped_session(sessionmaker(class_=_Whole, bind=self.engine, future=True))
        opening.gradebooks[db_url] = _Open(self.engine, self.db, {course_id})
    held = opening.gradebooks[db_url]
    self.engine, self.db, self.authenticator = held.engine, held.db, authenticator
    if course_id not in held.courses:
        self.check_course(course_id)
        held.courses.add(course_id)
    self.course_id = course_id


def _closed(self: Gradebook) -> None:
    opening = _opening.get()
    if opening is None:
        _close(self)
    elif not opening.whole:
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
