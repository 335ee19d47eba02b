"""What nbgrader does anew for each cell or each preprocessor, and needs to do only once."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import jsonschema
import nbgrader.api
from jsonschema.exceptions import best_match
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from nbgrader.nbgraderformat import common
from sqlalchemy import inspect
from sqlalchemy.engine import Engine


def economize() -> None:
    """Lets nbgrader make once what it makes for each submission.

    - It opens the gradebook nine times for a submission, each time with an engine of its own that
      compiles all statements anew and looks for every table. One engine a database does so once.
    - It holds the metadata of each cell to a schema, and that schema to the schema of schemas.
    """
    nbgrader.api.create_engine = cache(nbgrader.api.create_engine)
    tables = nbgrader.api.Base.metadata
    tables.create_all = _where_missing(tables.create_all)
    common.jsonschema = SimpleNamespace(**{**vars(jsonschema), "validate": _validate})


def _where_missing(create_all: Callable[..., None]) -> Callable[..., None]:
    """As a database's `create_all`: what has been there once goes all together, with its file."""
    there: set[Engine] = set()

    def create(bind: Engine) -> None:
        if bind not in there or not inspect(bind).has_table("course"):
            create_all(bind=bind)
            there.add(bind)

    return create


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
