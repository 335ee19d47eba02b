"""The probe that looks at what an object is made of."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any

import keras

from layerlab import graph
from layerlab.probe.asked import Asked, argument, keywords


def probe_graph(target: Any, asked: Asked) -> None:
    """Traces the object and reports the ops and Python functions it is made of."""
    case = asked.case
    asked.where = "the trace"
    arguments = [argument(item, asked.namespace) for item in case.inputs]
    call: Any = functools.partial(target, **keywords(case))
    if inspect.isclass(target) and issubclass(target, keras.initializers.Initializer):
        # made and called within the trace
        call, arguments = functools.partial(_draw, call), [tuple(case.options["shape"])]
    elif inspect.isclass(target):
        call = call()
    asked.observed["names"] = graph.names(target)
    asked.observed["bases"] = graph.bases(target)
    entered: set[str] = set()
    try:
        # Run and traced: neither what is hidden from the trace nor what only the trace reaches
        # stays unseen.
        with graph.recorded(entered), contextlib.suppress(Exception):
            call(*arguments)
        with graph.recorded(entered):
            traced = graph.trace(call, arguments)
    finally:
        asked.observed["calls"] = sorted(entered)
    asked.observed["ops"] = graph.ops(traced)


def _draw(make: Callable[[], Any], shape: tuple[int, ...]) -> Any:
    return make()(shape)
