"""Takes functions away from a process, before any code of a submission runs in it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any, NoReturn


def withhold(beginnings: list[str]) -> None:
    """Makes functions raise whoever calls them, by whatever name: their code itself is replaced.

    Args:
        beginnings: Of qualified names, `module:Class.method`; or of a module's name alone.
    """
    for name, module in [*sys.modules.items()]:
        theirs = [b for b in beginnings if name.startswith(b.partition(":")[0])]
        for function in _functions(module, name) if theirs else ():
            if f"{name}:{function.__qualname__}".startswith(tuple(theirs)):
                # Keras looks at a signature before it calls; and a function takes only code that
                # has as many outer variables as its own.
                function.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
                outer = function.__code__.co_freevars
                function.__code__ = _withheld.__code__.replace(co_freevars=outer)


def _withheld(*_: Any, **__: Any) -> NoReturn:
    raise RuntimeError("this function is withheld")


def _functions(module: ModuleType, name: str) -> Iterator[FunctionType]:
    for value in [*vars(module).values()]:
        members = [*vars(value).values()] if isinstance(value, type) else [value]
        for member in members:
            member = getattr(member, "__func__", member)  # a static or class method
            if isinstance(member, FunctionType) and member.__module__ == name:
                yield member
