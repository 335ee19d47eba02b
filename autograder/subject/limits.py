"""What a submission may use, and how the kernel is told."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Limits:
    """Limits of one submission.

    Args:
        cell_seconds: Wall-clock time of one cell.
        probe_seconds: Wall-clock time of one case.
        total_seconds: Wall-clock time of the whole submission.
        memory: Bytes that it may take beside what TensorFlow has taken.
        processes: Processes and threads of the user that runs it.
        file_bytes: Size of a file that it may write.
        tmp_bytes: Size of its `/tmp`.
    """

    cell_seconds: float = 30.0
    probe_seconds: float = 10.0
    total_seconds: float = 180.0
    memory: int = 2 * 2**30
    processes: int = 512
    file_bytes: int = 64 * 2**20
    tmp_bytes: int = 256 * 2**20


def confine(limits: Limits) -> None:
    """Sets the limits that the kernel enforces on the calling process and its children."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_FSIZE, limits.file_bytes)
    _lower(resource.RLIMIT_DATA, _data_size() + limits.memory)
    _lower(resource.RLIMIT_CPU, int(4 * limits.total_seconds))
    _lower(resource.RLIMIT_NPROC, limits.processes)


def _lower(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def _data_size() -> int:
    """Private writable memory of this process in bytes: what `RLIMIT_DATA` counts."""
    with Path("/proc/self/status").open(encoding="ascii") as status:
        for line in status:
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return 0
