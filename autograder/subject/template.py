"""The warm template: TensorFlow imported, nothing run; it forks a child for each submission.

It runs no op itself: threads that TensorFlow starts would not survive the fork. It answers one
request at a time on its standard input, a Unix socket: `fork` (with the child's connection as a
passed descriptor), `interrupt`, `end`.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import sys
from pathlib import Path

from autograder.subject import wire
from autograder.subject.limits import Limits


def main() -> None:
    """Imports what submissions import, says so, and serves until the examiner hangs up."""
    control = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    import matplotlib.pyplot  # noqa: F401
    import tensorflow as tf

    import layerlab.checking  # noqa: F401
    from autograder.subject import child
    from autograder.subject.shell import make_shell

    limits = Limits(**wire.receive(control))
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    # A graph that runs once costs more to optimize than to run.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    for descriptor in (1, 2):  # what TensorFlow's C++ code logs from here on is nobody's output
        os.dup2(null, descriptor)
    make_shell()
    gc.collect()
    gc.freeze()  # children don't search, and so don't copy, what is here already
    wire.send(control, {"ready": os.getpid()})
    current = 0
    while True:
        try:
            content, descriptors, _, _ = socket.recv_fds(control, 16, 1)
        except OSError:
            return
        request = content.decode()
        if request == "fork":
            current = os.fork()
            if current == 0:
                control.close()
                try:
                    child.main(socket.socket(fileno=descriptors[0]), limits)
                finally:
                    os._exit(0)
            os.close(descriptors[0])
            wire.send(control, {"pid": current})
        elif request == "interrupt":
            with contextlib.suppress(ProcessLookupError):
                os.kill(current, signal.SIGINT)
            wire.send(control, {})
        elif request == "end":
            wire.send(control, {"status": _end(current)})
        else:
            return


def _end(pid: int) -> int:
    """Ends a submission and all it started; returns its exit status, or minus its signal."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    # Everything in this process namespace but its init and ourselves: nothing outlives its turn.
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    if not ended:
        _, status = os.waitpid(pid, 0)
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            break
    _empty(Path("/tmp"))
    return os.waitstatus_to_exitcode(status)


def _empty(folder: Path) -> None:
    """Removes what a submission has left; what the sandbox itself mounts there stays."""
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
