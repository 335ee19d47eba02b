"""Asks a student's object one case and writes down what it does.

The same code runs in the student's notebook (`check`) and in the grader's subject process. It
knows no expected value: it only builds, calls, pulls back a cotangent and reports.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import keras

from layerlab.case import Case
from layerlab.probe.asked import Asked, ProbeError, find
from layerlab.probe.functions import probe_function, probe_initializer, probe_model
from layerlab.probe.graphs import probe_export, probe_graph
from layerlab.probe.layers import probe_layer, probe_refusal


def run(case: Case, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Asks `case` of the object named `case.target`.

    Args:
        case: The question.
        namespace: Where the student's names are.

    Returns:
        The observed aspects by name. If something is raised, what had been observed until then
        and an `error`: a dictionary with `type`, `where`, `line` and `text`.
    """
    asked = Asked(case, namespace)
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy(case.options.get("policy", "float32"))
        if "seed" in case.options:
            keras.utils.set_random_seed(case.options["seed"])
        PROBES[case.probe](find(case.target, namespace), asked)
    except Exception as error:  # whatever a student's code raises is an observation
        asked.observed["error"] = _describe(error, asked.where)
    finally:
        keras.config.set_dtype_policy(policy)
    return asked.observed


PROBES: dict[str, Callable[[Any, Asked], None]] = {
    "layer": probe_layer,
    "refuse": probe_refusal,
    "initializer": probe_initializer,
    "function": probe_function,
    "model": probe_model,
    "graph": probe_graph,
    "export": probe_export,
}


def _describe(error: Exception, where: str) -> dict[str, str]:
    """An exception as data: `type`, `where` it was raised, the student's `line`, its `text`.

    A sentence of the probe's own has no `where`.
    """
    if isinstance(error, ProbeError):
        return {"type": "ProbeError", "where": "", "text": str(error)}
    frames = traceback.extract_tb(error.__traceback__)
    lines = [
        frame.line
        for frame in frames
        if re.search(r"<ipython|ipykernel_|<cell", frame.filename) and frame.line
    ]
    text = re.sub(r"\x1b\[[\d;]*m", "", str(error)).split("Arguments received by")[0]
    text = " ".join(text.split())
    kind = type(error).__name__
    if isinstance(error, NotImplementedError) and _KERAS in frames[-1].filename:
        kind = "MissingMethod"  # Keras's own complaint: that is no untouched stub
    return {
        "type": kind,
        "where": where,
        "line": lines[-1] if lines else "",
        "text": text if len(text) <= 300 else text[:300] + " …",
    }


_KERAS = f"{os.sep}keras{os.sep}"
