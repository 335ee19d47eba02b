"""Processes on this machine behind the interface of `concurrent.futures`, one of which may be
killed: the others do not notice.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from multiprocessing import forkserver
from typing import Any

from autograder.orphans import end_with_parent
from autograder.subject.garbage import settle

_IMPORTED_ONCE = "autograder.classroom"
"""It imports all that a worker needs: workers are forked from a process that has done so."""


def begin() -> None:
    """Starts the process that workers are forked from, so that it imports what they need while the
    caller does other things.
    """
    # No plain fork: the parent may have run TensorFlow, whose threads do not survive it.
    _CONTEXT.set_forkserver_preload([_IMPORTED_ONCE])
    forkserver.ensure_running()


_CONTEXT = multiprocessing.get_context("forkserver")


def _begin_work() -> None:
    """What a worker does first."""
    end_with_parent()
    settle()


class Pool(Executor):
    """Worker processes, each of which is replaced when it ends unexpectedly.

    What a worker was doing is then done again, once, by the one that follows it. So whatever ends
    its worker twice fails alone, with `BrokenExecutor`.

    Python's own pool is done for when one of its processes ends, and does not tell which work ended
    it. Here a thread for each worker hands it one piece of work at a time.

    Args:
        jobs: Number of workers; they start when there is work for them.
    """

    def __init__(self, jobs: int):
        self._threads = ThreadPoolExecutor(jobs, "worker", self._start)
        self._own = threading.local()
        self._workers: list[ProcessPoolExecutor] = []

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Has a function of a module called in a worker.

        Args:
            work: The function.
            *arguments: What it is called with.
            **named: What it is called with by name.
        """
        return self._threads.submit(self._done, work, arguments, named)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the workers when they have done what was submitted.

        Args:
            wait: Whether to wait for that.
            cancel_futures: Whether what none of them has begun is left undone.
        """
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        if wait:
            for worker in self._workers:
                worker.shutdown()

    def _done(
        self, work: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        try:
            return self._begun(work, arguments, named).result()
        except BrokenExecutor:
            return self._begun(work, arguments, named).result()

    def _begun(
        self, work: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> Future[Any]:
        try:
            return self._own.worker.submit(work, *arguments, **named)
        except BrokenExecutor:  # the worker has ended since
            self._start()
            return self._own.worker.submit(work, *arguments, **named)

    def _start(self) -> None:
        """Gives the calling thread a worker."""
        begin()
        self._own.worker = ProcessPoolExecutor(1, _CONTEXT, initializer=_begin_work)
        self._workers.append(self._own.worker)
