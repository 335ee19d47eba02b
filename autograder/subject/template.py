"""The warm template: TensorFlow imported, nothing run; it forks a child for each submission.

It runs no op itself: threads that TensorFlow starts would not survive the fork, nor would CUDA. It
holds no secret either, since a child inherits its memory. It answers one request at a time on its
standard input, a Unix socket: `fork` (with the child's connection as a passed descriptor),
`interrupt`, `ping` and `end`; and in between it watches what the child's processes use together,
and what they wait for.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from autograder.subject import wire
from autograder.subject.confine import WRITABLE, Confinement, adopt_orphans
from autograder.subject.garbage import importing, settle
from autograder.subject.limits import Limits, Watch
from autograder.subject.starvation import Starvation, threads_of

WATCH_SECONDS = 0.05
"""How often it looks what a submission uses."""


def main() -> None:
    """Imports what submissions import, says so, and serves until the examiner hangs up."""
    control = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    with importing():
        import matplotlib.pyplot  # noqa: F401
        import tensorflow as tf

        import layerlab.checking  # noqa: F401
        from autograder.subject import child, device, replay
        from autograder.subject.quick import quicken
        from autograder.subject.shell import make_shell

    orders = wire.receive(control)
    limits = Limits(**orders["limits"])
    devices = device.files() if orders["device"] == "gpu" else ()
    confinement = Confinement(limits, tuple(orders["layers"]), devices)
    # NVIDIA's libraries are told by a variable; this is for the kernels that XLA writes itself.
    tf.config.experimental.enable_tensor_float_32_execution(False)
    quicken()
    replay.allowed()
    for descriptor in (1, 2):  # what TensorFlow's C++ code logs from here on is nobody's output
        os.dup2(null, descriptor)
    os.close(null)
    make_shell()
    settle()
    confinement.guard_template()
    adopt_orphans()
    children = Children(limits, alone=orders["alone"])
    wire.send(control, {"ready": os.getpid(), "layers": list(confinement.active)})
    while True:
        while not select.select([control], [], [], WATCH_SECONDS if children.current else None)[0]:
            children.look()
        try:
            content, descriptors, _, _ = socket.recv_fds(control, 16, 1)
        except OSError:
            return
        request = content.decode()
        if request == "fork":
            pid = os.fork()
            if pid == 0:
                control.close()
                try:
                    connection = socket.socket(fileno=descriptors[0])
                    child.main(connection, confinement, orders["device"], limits)
                finally:
                    os._exit(0)
            os.close(descriptors[0])
            children.begin(pid)
            wire.send(control, {})
        elif request == "interrupt":
            with contextlib.suppress(ProcessLookupError):
                os.kill(children.current, signal.SIGINT)
            wire.send(control, {})
        elif request == "ping":
            wire.send(control, {"starved": children.starved})
        elif request == "end":
            wire.send(control, children.end())
        else:
            return


class Children:
    """The processes of the submission at hand, and the files that they leave.

    Args:
        limits: What they may use.
        alone: Whether the template has a process namespace and a `/tmp` of its own. Then they are
            all processes but its init and ourselves, and otherwise our descendants.
    """

    def __init__(self, limits: Limits, *, alone: bool):
        self.current = 0
        folders = [folder for folder in map(Path, WRITABLE) if alone and folder.is_dir()]
        self._folders = {folder: {*folder.iterdir()} for folder in folders}
        self._watch = Watch(limits, folders)
        self._starvation = Starvation()
        self._alone = alone
        self._excess = ""

    @property
    def starved(self) -> float:
        """Seconds that all submissions so far were kept waiting for a processor."""
        return self._starvation.seconds

    def begin(self, pid: int) -> None:
        """Watches a new submission.

        Args:
            pid: Its first process.
        """
        self.current = pid
        self._starvation.begin(time.monotonic())

    def look(self) -> None:
        """Notes how long they were kept waiting; ends them if they use too much."""
        processes = self._all()
        self._starvation.look(time.monotonic(), threads_of(processes))
        excess = self._watch.excess(processes)
        if excess:
            self._excess = self._excess or excess
            self._kill()

    def end(self) -> dict[str, Any]:
        """Ends the submission and all it started, and removes what it has left.

        Returns:
            The `status` of its first process (its exit status, or minus its signal), the `excess`
            that it was ended for, and whether nothing is left of it (`clean`).
        """
        if not self.current:
            return {"status": 0, "excess": "", "clean": True}
        ended, status = os.waitpid(self.current, os.WNOHANG)
        self._kill()
        if not ended:
            _, status = os.waitpid(self.current, 0)
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG) == (0, 0):
                    self._kill()  # what was forked while the others were killed
                    os.waitpid(-1, 0)
            except ChildProcessError:
                break
        excess, self._excess, self.current = self._excess, "", 0
        clean = all([_emptied(folder, kept) for folder, kept in self._folders.items()])
        return {"status": os.waitstatus_to_exitcode(status), "excess": excess, "clean": clean}

    def _kill(self) -> None:
        if self._alone:  # all at once, so that none can fork away
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
            return
        for pid in self._all():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _all(self) -> list[int]:
        if self._alone:
            pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
            return [pid for pid in pids if pid not in (1, os.getpid())]
        return _descendants(os.getpid())


def _descendants(pid: int) -> list[int]:
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, children.read_text().split()):
                found += [child, *_descendants(child)]
    return found


def _emptied(folder: Path, kept: set[Path]) -> bool:
    """Removes what a submission has left; false if something stays, as where it is buried deep."""
    with contextlib.suppress(OSError, RecursionError):
        _empty(folder)
    return {*folder.iterdir()} <= kept


def _empty(folder: Path) -> None:
    """Removes all in a folder; what the sandbox itself mounts there stays."""
    for path in folder.iterdir():
        with contextlib.suppress(OSError):  # it holds a mount
            if path.is_symlink() or not path.is_dir():
                path.unlink()
            elif not path.is_mount():
                path.chmod(0o700)
                _empty(path)
                path.rmdir()


if __name__ == "__main__":
    main()
    sys.exit(0)
