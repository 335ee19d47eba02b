"""How many workers a machine has room for: by its cores, and by its memory.

A worker is a process of the grader with a warm template; what a submission may take beside them is
limited. Each worker has room for a submission that takes all it may: where it takes more, the
sandbox ends that one, and where there was less, the kernel would end anyone's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from autograder.subject.confine import WRITABLE
from autograder.subject.limits import Limits

# Both rounded up from what benchmarks/memory.py measures.
GRADER = 2**30
"""Bytes of what is there once: the process that hands out submissions and enters results, what it
forks workers of, and TensorFlow's libraries, which all templates share."""
WORKER = 2**29
"""Bytes of a worker and its template, without those libraries and without a submission."""


def bound(limits: Limits) -> int:
    """The most that a worker takes with the submission at hand, in bytes.

    Args:
        limits: What a submission may use; the files that it writes lie in memory, too.
    """
    return WORKER + limits.memory + len(WRITABLE) * limits.tmp_bytes


def workers(cores: int, memory: int, limits: Limits) -> int:
    """How many workers fit; one is always tried.

    Args:
        cores: Cores for them.
        memory: Bytes for them and for the process that they work for.
        limits: What a submission may use.
    """
    return max(1, min(cores, (memory - GRADER) // bound(limits)))


def here(limits: Limits) -> int:
    """How many workers fit on this machine as it is now.

    Args:
        limits: What a submission may use.
    """
    return workers(cores(), memory(), limits)


def cores(root: Path = Path("/")) -> int:
    """The cores that this process may use: by its affinity, and by its control groups' quota.

    Args:
        root: Where `/proc` and `/sys` are.
    """
    # Not everywhere there is an affinity.
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, int(min([allowed or 1, *_quotas(root)])))


def memory(root: Path = Path("/")) -> int:
    """Bytes that this process and those it starts can still take without swapping.

    Args:
        root: Where `/proc` and `/sys` are; where nothing there says so, it is no bound.
    """
    words = _words(root / "proc" / "meminfo")
    available = [int(number) * 2**10 for name, number in pairwise(words) if name == "MemAvailable:"]
    return min([*available, *_unused(root)], default=sys.maxsize)


def _quotas(root: Path) -> Iterator[float]:
    """The cores that the control groups allow."""
    for group in _groups(root, "cpu"):
        quota, period = (
            *_words(group / "cpu.max"),
            *_words(group / "cpu.cfs_quota_us"),
            *_words(group / "cpu.cfs_period_us"),
        ) or ("max", "")
        if quota.isdecimal():  # not `max`, nor -1
            yield int(quota) / int(period)


def _unused(root: Path) -> Iterator[int]:
    """The bytes that the control groups have left."""
    for group in _groups(root, "memory"):
        limit, used = (
            *_words(group / "memory.max"),
            *_words(group / "memory.current"),
            *_words(group / "memory.limit_in_bytes"),
            *_words(group / "memory.usage_in_bytes"),
        ) or ("max", "")
        if limit.isdecimal():
            words = _words(group / "memory.stat")
            said = dict(zip(words[::2], words[1::2], strict=True))
            # Files that nobody has looked at of late count as used, and make room when asked to.
            files = said.get("total_inactive_file") or said.get("inactive_file", "0")
            yield int(limit) - int(used) + int(files)


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """The folders of the control groups around this process, of either version, from its own up."""
    mounted = root / "sys" / "fs" / "cgroup"
    try:
        lines = (root / "proc" / "self" / "cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top = mounted / controller if controllers else mounted
        own = top / path.lstrip("/")
        yield from (each for each in (own, *own.parents) if each.is_relative_to(top))


def _words(path: Path) -> list[str]:
    """What a file of the kernel says; nothing if it is not there, as for the group at the top."""
    try:
        return path.read_text(encoding="ascii").split()
    except OSError:
        return []
