"""The trusted end of the sandbox: starts a template and talks to the subjects it forks."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
import time
from dataclasses import asdict, replace
from typing import Any

from autograder import sandbox
from autograder.clock import Spent
from autograder.subject import wire
from autograder.subject.limits import Limits
from autograder.subject.starvation import own_wait

GRACE_SECONDS = 2.0
"""How long a subject may take to answer an interrupt before it is killed."""
START_SECONDS = 120.0
CONTROL_SECONDS = 30.0
"""How long a template may take to fork, to interrupt or to end a subject."""
PATIENCE_SECONDS = 0.05
"""How long a subject that was kept waiting is waited for at least before that is measured anew; and
what requests may take together before anyone asks how long they were kept waiting."""


class TemplateDied(Exception):
    """The template did not come up: the machine is at fault, or how it is set up."""


class TemplateLost(Exception):
    """The template ended or froze while a submission was at hand; the next one gets a new one."""


class SubjectDied(Exception):
    """The subject ended during a request; the message says how."""


class SubjectLied(SubjectDied):
    """It wrote something on the wire that no subject of ours writes; it has been ended."""


class SubjectTimedOut(Exception):
    """The subject did not answer in time; `alive` tells whether an interrupt brought it back."""

    def __init__(self, seconds: float, alive: bool):
        super().__init__(f"did not end within {seconds:g} s")
        self.alive = alive


class MachineBusy(Exception):
    """A subject was hardly let run, and so did not answer: nothing is known about it."""

    def __init__(self) -> None:
        super().__init__("it was kept waiting for a processor for most of its time")


class Template:
    """A sandboxed process with TensorFlow imported, from which subjects are forked.

    Args:
        limits: What a submission may use.
        device: `cpu` or `gpu`.
        layers: The layers of the confinement that are wanted.
    """

    def __init__(
        self, limits: Limits, device: str = "cpu", layers: tuple[str, ...] = sandbox.LAYERS
    ):
        self.limits = limits
        self.device = device
        self.layers = layers
        self.active: tuple[str, ...] = ()
        """The layers that this machine has, of those that are wanted; known once it has started."""
        self.spent = Spent()
        """Time that all subjects so far took to answer."""
        self._starved_before = self._unheard = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def __enter__(self) -> Template:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def guarded(self) -> bool:
        """Whether its subjects cannot end or freeze it."""
        return "seccomp" in self.active

    def start(self) -> None:
        """Starts it if it does not run. It takes as long as `import tensorflow`.

        Raises:
            UsageError: The sandbox is not installed.
            TemplateDied: It did not come up; the message has its last line. Or nothing computes on
                its device.
        """
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        self._starved_before = self.spent.starved
        ours, theirs = socket.socketpair()
        with tempfile.TemporaryFile() as log, theirs:
            self._process = subprocess.Popen(
                sandbox.command(self.limits, self.device, self.layers),
                stdin=theirs.fileno(),
                stdout=log,
                stderr=log,
            )
            theirs.close()
            self._control = ours
            outer = tuple(name for name in self.layers if name == "bubblewrap")
            orders = {
                "limits": asdict(self.limits),
                "layers": list(self.layers),
                "alone": bool(outer),
                "device": self.device,
            }
            try:
                wire.send(ours, orders)
                self.active = (*outer, *wire.receive(ours, START_SECONDS)["layers"])
            except (wire.WireError, TimeoutError):
                self.close()
                log.seek(0)
                lines = log.read().decode(errors="replace").strip().splitlines() or ["no message"]
                raise TemplateDied(f"the sandbox did not start: {lines[-1]}") from None
        if self.device != "cpu":
            self.fork().end()  # is it there? before a class depends on it

    def fork(self) -> Subject:
        """A new subject, in a process of its own, that computes on the template's device.

        Raises:
            TemplateDied: The template does not come up, or the device is not there.
            TemplateLost: It ended just now.
        """
        self.start()
        ours, theirs = socket.socketpair()
        with theirs:
            self._request("fork", theirs.fileno())
        subject = Subject(ours, self)
        fault = subject.fault()
        if fault:
            raise TemplateDied(fault)
        return subject

    def interrupt(self) -> None:
        """Sends the current subject what the stop button of a notebook sends."""
        self._request("interrupt")

    def ping(self) -> None:
        """Makes sure that it is there, and hears what its subjects have waited.

        Raises:
            TemplateLost: It is gone, or frozen.
        """
        starved = self._request("ping")["starved"]
        self.spent = replace(self.spent, starved=self._starved_before + starved)
        self._unheard = 0.0

    def look(self, seconds: float) -> None:
        """Looks after it when a subject has answered: what a request did to it is told then, not
        at the next. Where no subject can reach it, that waits until what they were kept waiting
        could matter.

        Args:
            seconds: How long the subject took.

        Raises:
            TemplateLost: It is gone, or frozen.
        """
        self._unheard += seconds
        if self._unheard >= PATIENCE_SECONDS or not self.guarded:
            self.ping()

    def end(self) -> dict[str, Any]:
        """Ends the current subject and whatever it started.

        Returns:
            Its exit `status`, and the `excess` that it was ended for, if any.

        Raises:
            TemplateLost: The template is gone; so is the subject.
        """
        ended = self._request("end")
        if not ended["clean"]:  # what is left must not reach the next one
            self.close()
        return ended

    def _request(self, request: str, *descriptors: int) -> dict[str, Any]:
        if self._control is None:
            raise TemplateLost("the sandbox has ended")
        try:
            self._control.settimeout(CONTROL_SECONDS)
            socket.send_fds(self._control, [request.encode()], list(descriptors))
            return dict(wire.receive(self._control, CONTROL_SECONDS))
        except (OSError, wire.WireError) as error:
            self.close()
            raise TemplateLost("the sandbox ended unexpectedly") from error

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
        self._asked = 0

    def fault(self) -> str:
        """What keeps it from starting, before any code of a submission runs; then it has ended.

        Raises:
            TemplateLost: The template ended.
        """
        try:
            fault = str(wire.receive(self._connection, START_SECONDS)["fault"])
        except TimeoutError:
            fault = f"a new process does not come up within {START_SECONDS:g} s"
        except wire.WireError:
            return f"a new process {_cause(self._template_end())}"
        if fault:
            self.end()
        return fault

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Sends a request and waits for its answer.

        Args:
            request: What `autograder.subject.child` understands, such as `{"cell": source}`.
            seconds: How long it may take, without what it waits for a processor.

        Raises:
            SubjectTimedOut: It took longer. The subject has been interrupted, or killed.
            MachineBusy: It was hardly let run, and has been ended.
            SubjectDied: The process ended; as `SubjectLied` if it sent what is no answer to this.
            TemplateLost: The template ended.
        """
        watch = _Stopwatch(self._template)
        try:
            reply = self._answer(request, seconds, watch)
        finally:
            self._template.spent += Spent(watch.wall)
        if not isinstance(reply, dict) or reply.pop("id", None) != self._asked:
            self.end()
            raise SubjectLied("answered what it was not asked")
        self._template.look(watch.elapsed)
        return reply

    def _answer(self, request: dict[str, Any], seconds: float, watch: _Stopwatch) -> Any:
        self._asked += 1
        try:
            self._connection.settimeout(seconds)
            wire.send(self._connection, {**request, "id": self._asked})
            return wire.receive(self._connection, lambda: watch.left(seconds))
        except TimeoutError:
            if watch.spent.hardly_ran:
                self.end()
                raise MachineBusy from None
            raise SubjectTimedOut(seconds, self._interrupt()) from None
        except wire.NoMessage as error:
            self.end()
            raise SubjectLied(f"sent something that is not an answer ({error})") from None
        except wire.WireError:
            raise SubjectDied(_cause(self._template_end())) from None

    def _interrupt(self) -> bool:
        self._template.interrupt()
        watch = _Stopwatch(self._template)
        try:
            reply = wire.receive(self._connection, lambda: watch.left(GRACE_SECONDS))
        except (TimeoutError, wire.WireError):
            self.end()
            return False
        if not isinstance(reply, dict) or reply.get("id") != self._asked:
            self.end()
            return False
        return True

    def end(self) -> None:
        """Ends the process."""
        self._template_end()

    def _template_end(self) -> dict[str, Any]:
        with contextlib.suppress(OSError):
            self._connection.close()
        return self._template.end()


class _Stopwatch:
    """Time that a template's subject takes from now on; what this thread itself waits for a
    processor meanwhile, which is how late it hears of the answer, is no part of it.
    """

    def __init__(self, template: Template):
        self._template = template
        self._started, self._late = time.monotonic(), own_wait()
        self._starved = template.spent.starved

    @property
    def elapsed(self) -> float:
        """Seconds of the wall clock."""
        return time.monotonic() - self._started

    @property
    def wall(self) -> float:
        """Those of them that are the subject's own or the machine's, as far as that matters."""
        elapsed = self.elapsed
        return elapsed if elapsed < PATIENCE_SECONDS else elapsed - (own_wait() - self._late)

    @property
    def spent(self) -> Spent:
        return Spent(self.wall, self._template.spent.starved - self._starved)

    def left(self, seconds: float) -> float:
        """How many of these seconds are left; 0 if none.

        Raises:
            TemplateLost: The template ended.
        """
        left = seconds - self.elapsed
        if left > 0:  # what does not count is measured when it matters
            return left
        self._template.ping()
        left = seconds - self.spent.counted
        return max(left, PATIENCE_SECONDS) if left > 0 else 0.0


def _cause(ended: dict[str, Any]) -> str:
    status = ended["status"]
    if ended["excess"]:
        return f"was ended: {ended['excess']}"
    if status == -9:
        return "was killed, as happens when memory runs out"
    if status < 0:
        return f"crashed (signal {-status}), as happens when memory runs out or a kernel aborts"
    return f"ended the Python process (exit status {status}), as os._exit does"
