"""The trusted end of the sandbox: starts a template and talks to the subjects it forks."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
import time
from dataclasses import asdict
from typing import Any

from autograder import sandbox
from autograder.subject import wire
from autograder.subject.limits import Limits

GRACE_SECONDS = 2.0
"""How long a subject may take to answer an interrupt before it is killed."""
START_SECONDS = 120.0


class TemplateDied(Exception):
    """The template ended; the submission at hand has to be started again in a new one."""


class SubjectDied(Exception):
    """The subject ended during a request; the message says how."""


class SubjectTimedOut(Exception):
    """The subject did not answer in time; `alive` tells whether an interrupt brought it back."""

    def __init__(self, seconds: float, alive: bool):
        super().__init__(f"did not end within {seconds:g} s")
        self.alive = alive


class Template:
    """A sandboxed process with TensorFlow imported, from which subjects are forked.

    Args:
        limits: What a submission may use.
        device: `cpu` or `gpu`.
    """

    def __init__(self, limits: Limits, device: str = "cpu"):
        self.limits = limits
        self.device = device
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def __enter__(self) -> Template:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Starts it if it does not run. It takes as long as `import tensorflow`.

        Raises:
            UsageError: The sandbox is not installed.
            TemplateDied: It did not come up; the message has its last line.
        """
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        ours, theirs = socket.socketpair()
        with tempfile.TemporaryFile() as log, theirs:
            self._process = subprocess.Popen(
                sandbox.command(self.limits, self.device),
                stdin=theirs.fileno(),
                stdout=log,
                stderr=log,
            )
            theirs.close()
            self._control = ours
            ours.settimeout(START_SECONDS)
            try:
                wire.send(ours, asdict(self.limits))
                wire.receive(ours)
            except (wire.WireError, TimeoutError):
                self.close()
                log.seek(0)
                lines = log.read().decode(errors="replace").strip().splitlines() or ["no message"]
                raise TemplateDied(f"the sandbox did not start: {lines[-1]}") from None

    def fork(self) -> Subject:
        """A new subject, in a process of its own.

        Raises:
            TemplateDied: The template is gone.
        """
        self.start()
        ours, theirs = socket.socketpair()
        with theirs:
            self._request("fork", theirs.fileno())
        return Subject(ours, self)

    def interrupt(self) -> None:
        """Sends the current subject what the stop button of a notebook sends."""
        self._request("interrupt")

    def end(self) -> int:
        """Ends the current subject and whatever it started; returns its exit status."""
        return int(self._request("end")["status"])

    def _request(self, request: str, *descriptors: int) -> dict[str, Any]:
        if self._control is None:
            raise TemplateDied("the sandbox has ended")
        try:
            socket.send_fds(self._control, [request.encode()], list(descriptors))
            return dict(wire.receive(self._control))
        except (OSError, wire.WireError) as error:
            self.close()
            raise TemplateDied("the sandbox ended unexpectedly") from error

    def close(self) -> None:
        """Ends the template and everything in its sandbox."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Subject:
    """One submission's process. Made by `Template.fork`."""

    def __init__(self, connection: socket.socket, template: Template):
        self._connection = connection
        self._template = template

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Sends a request and waits for its answer.

        Args:
            request: `{"cell": source}` or `{"probe": case as data}`.
            seconds: How long it may take.

        Raises:
            SubjectTimedOut: It took longer. The subject has been interrupted, or killed.
            SubjectDied: The process ended, or sent something that is not an answer.
            TemplateDied: The template ended.
        """
        deadline = time.monotonic() + seconds
        try:
            self._connection.settimeout(seconds)
            wire.send(self._connection, request)
            self._connection.settimeout(max(deadline - time.monotonic(), 0.001))
            reply = wire.receive(self._connection)
        except TimeoutError:
            raise SubjectTimedOut(seconds, self._interrupt()) from None
        except wire.WireError as error:
            raise SubjectDied(_cause(self.end(), error)) from None
        if not isinstance(reply, dict):
            self.end()
            raise SubjectDied("what it answered is not an answer")
        return reply

    def _interrupt(self) -> bool:
        self._template.interrupt()
        self._connection.settimeout(GRACE_SECONDS)
        try:
            wire.receive(self._connection)
        except (TimeoutError, wire.WireError):
            self.end()
            return False
        return True

    def end(self) -> int:
        """Ends the process; returns its exit status (minus its signal, if one ended it)."""
        with contextlib.suppress(OSError):
            self._connection.close()
        return self._template.end()


def _cause(status: int, error: Exception) -> str:
    if "message" in str(error):
        return f"sent something that is not an answer ({error})"
    if status == -9:
        return "was killed, as happens when memory runs out"
    if status < 0:
        return f"crashed (signal {-status}), as happens when memory runs out or a kernel aborts"
    return f"ended the Python process (exit status {status}), as os._exit does"
