"""What a submission may use, and how the kernel is told."""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Limits:
    """Limits of one submission. Time in which it waits for a processor does not count.

    Args:
        cell_seconds: Time of one cell.
        probe_seconds: Time of one case.
        total_seconds: Time of all its cells and cases.
        memory: Bytes that it may take beside what TensorFlow has taken, in all its processes.
        gpu_memory: Bytes of a GPU that TensorFlow may hand out in one of its processes.
        processes: Processes and threads that it may have at a time.
        file_bytes: Size of a file that it may write.
        tmp_bytes: Size of its `/tmp`.
        tmp_files: Files and folders that it may have there.
        files: Descriptors that one of its processes may have open.
    """

    cell_seconds: float = 30.0
    probe_seconds: float = 10.0
    total_seconds: float = 180.0
    memory: int = 2 * 2**30
    gpu_memory: int = 2 * 2**30
    processes: int = 512
    file_bytes: int = 64 * 2**20
    tmp_bytes: int = 256 * 2**20
    tmp_files: int = 20_000
    files: int = 512


def set_limits(limits: Limits) -> None:
    """Sets the limits that the kernel enforces on the calling process and its children."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, limits.file_bytes)
    _lower(resource.RLIMIT_DATA, _status(os.getpid(), "VmData") + limits.memory)
    _lower(resource.RLIMIT_CPU, int(4 * limits.total_seconds))
    _lower(resource.RLIMIT_NPROC, limits.processes)
    _lower(resource.RLIMIT_NOFILE, limits.files)
    _lower(resource.RLIMIT_MSGQUEUE, 0)


def _lower(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


class Watch:
    """Looks at what a submission's processes really use, where no limit of one process tells.

    `RLIMIT_DATA` counts for each process and leaves shared memory out, and the kernel holds no
    process of root to `RLIMIT_NPROC`. Made in the template, whose memory its children share.

    Args:
        limits: What a submission may use.
        folders: File systems that are its alone.
    """

    def __init__(self, limits: Limits, folders: list[Path]):
        self._limits = limits
        self._folders = folders
        self._shared = _own_memory(os.getpid())

    def excess(self, processes: list[int]) -> str:
        """What a submission has too much of, in a clause; empty if nothing.

        Args:
            processes: Its processes.
        """
        if sum(_status(pid, "Threads") for pid in processes) > self._limits.processes:
            return f"it has more than {self._limits.processes} processes and threads"
        if sum(map(_files, self._folders)) > self._limits.tmp_files:
            return f"it has made more than {self._limits.tmp_files} files"
        # The counters of the kernel cost nothing to read, but count a page that several processes
        # share for each of them: only where they are over the limit the pages are looked at.
        taken = sum(max(_own_memory(pid) - self._shared, 0) for pid in processes)
        if taken > self._limits.memory and _proportional(processes) > self._limits.memory:
            return f"it takes more than {self._limits.memory / 2**30:.3g} GiB of memory"
        return ""


def _status(pid: int, field: str) -> int:
    """A number in `/proc/PID/status`, in bytes where it is a size; 0 if the process is gone."""
    try:
        with Path(f"/proc/{pid}/status").open("rb") as lines:
            for line in lines:
                if line.startswith(field.encode() + b":"):
                    _, value, *unit = line.split()
                    return int(value) * (1024 if unit else 1)
    except OSError:
        pass
    return 0


def _files(folder: Path) -> int:
    """Files and folders in the file system that a folder is the root of."""
    found = os.statvfs(folder)
    return found.f_files - found.f_ffree


def _own_memory(pid: int) -> int:
    """Memory of a process that no file backs, in bytes."""
    return _status(pid, "RssAnon") + _status(pid, "RssShmem")


def _proportional(processes: list[int]) -> int:
    """Memory of some processes, in bytes, each page counted once."""
    total = 0
    for pid in processes:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_bytes()
        except OSError:
            continue
        fields = dict(line.split(b":", 1) for line in text.splitlines()[1:])
        kinds = (b"Pss_Anon", b"Pss_Shmem")
        total += sum(int(fields[kind].split()[0]) * 1024 for kind in kinds if kind in fields)
    return total
