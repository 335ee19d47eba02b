"""The subject: one submission. It runs cells and answers probes until the examiner hangs up."""

from __future__ import annotations

import os
import signal
import socket
from typing import Any

from autograder.subject import device as devices
from autograder.subject import replay, wire
from autograder.subject.confine import Confinement
from autograder.subject.limits import Limits
from autograder.subject.shell import make_shell, redirect
from autograder.subject.withhold import withhold
from layerlab import probe
from layerlab.case import Case

LONGEST_MESSAGE = 2_000


def main(connection: socket.socket, confinement: Confinement, device: str, limits: Limits) -> None:
    """Serves the examiner. Called in a freshly forked child; returns when it hangs up.

    Args:
        connection: Stream to the examiner.
        confinement: The layers that the kernel puts around it.
        device: Where it computes: `cpu` or `gpu`.
        limits: What it may use.
    """
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    confinement.put_on()
    fault = devices.take(device, limits.gpu_memory)
    wire.send(connection, {"fault": fault})
    if fault:
        return
    shell = make_shell()
    redirect()
    own = os.getpid()
    while True:
        try:
            request = wire.receive(connection)
        except wire.WireError:
            return
        try:
            reply = _answer(shell, request)
        except KeyboardInterrupt:
            reply = {"interrupted": True}
        if os.getpid() != own:  # a process that a cell has forked, and let go on
            return
        _send(connection, {**reply, "id": request["id"]})


def _answer(shell: Any, request: dict[str, Any]) -> dict[str, Any]:
    if "cell" in request:
        return {"outputs": shell.run(request["cell"])}
    if "withhold" in request:
        withhold(request["withhold"])
        return {}
    if "replay" in request:
        return {"replayed": replay.run(**request["replay"])}
    return {"observation": probe.run(Case.from_data(request["probe"]), shell.user_ns)}


def _send(connection: socket.socket, reply: dict[str, Any]) -> None:
    try:
        wire.send(connection, reply)
    except (TypeError, ValueError, OverflowError, RecursionError, wire.WireError) as error:
        text = f"its result cannot be sent: {error}"[:LONGEST_MESSAGE]
        failure = {"type": "ProbeError", "where": "", "text": text}
        empty = {"observation": {"error": failure}, "outputs": [], "id": reply["id"]}
        wire.send(connection, empty)
