"""How long a submission was kept waiting for a processor, as the kernel counts it."""

from __future__ import annotations

import contextlib
from pathlib import Path

PROC = Path("/proc")

UNEXPLAINED_SECONDS = 2.0
"""How long ago a wait may have begun: the kernel counts it only when it is over."""

_NANOSECOND = 1e-9

Threads = dict[str, tuple[float, float]]
"""For each thread, how long it has run and how long it was ready to run and did not, in seconds."""


class Starvation:
    """Adds up the time in which no thread of a submission ran, though one was ready to.

    Who sleeps waits for no processor. Whose threads wait for each other alone has one that runs. So
    neither gains time by it. Where the kernel does not count (`/proc/PID/task/TID/schedstat` is not
    there, or holds zeros), nobody ever waits, and time is that of the wall clock.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        """How long all submissions so far were kept waiting."""
        self.begin(0.0)

    def begin(self, now: float) -> None:
        """Forgets the submission before: a new one starts.

        Args:
            now: The time, in seconds.
        """
        self._last = now
        self._unexplained = 0.0
        self._threads: Threads = {}

    def look(self, now: float, threads: Threads) -> None:
        """Notes what has happened since the last look.

        Args:
            now: The time, in seconds.
            threads: All that the submission has.
        """
        ran = waited = 0.0
        for name, (runs, waits) in threads.items():
            ran_before, waited_before = self._threads.get(name, (0.0, 0.0))
            ran += max(runs - ran_before, 0.0)
            waited += max(waits - waited_before, 0.0)
        idle = max(now - self._last - ran, 0.0)
        self._last, self._threads = now, threads
        self._unexplained = max(idle, min(self._unexplained + idle, UNEXPLAINED_SECONDS))
        explained = min(waited, self._unexplained)
        self._unexplained -= explained
        self.seconds += explained


def threads_of(processes: list[int]) -> Threads:
    """What the kernel has counted for each thread of some processes; those that are gone are left
    out.

    Args:
        processes: Their numbers.
    """
    found = {}
    for pid in processes:
        with contextlib.suppress(OSError):
            for thread in (PROC / str(pid) / "task").iterdir():
                with contextlib.suppress(OSError):
                    found[thread.name] = _counted(thread)
    return found


def own_wait() -> float:
    """How long the calling thread was ready to run and did not since it began, in seconds."""
    try:
        _, waited = _counted(PROC / "thread-self")
    except OSError:
        return 0.0
    return waited


def _counted(thread: Path) -> tuple[float, float]:
    ran, waited, _ = (thread / "schedstat").read_bytes().split()
    return int(ran) * _NANOSECOND, int(waited) * _NANOSECOND
