"""The number of workers: from cores and memory, as the kernel says them."""

import os

import pytest

from autograder import capacity
from autograder.subject.limits import Limits

GIB = 2**30
LIMITS = Limits(memory=2 * GIB, tmp_bytes=GIB // 4)


def room(workers):
    """Memory for so many, each with a submission that takes all it may, and for nothing more."""
    return capacity.GRADER + workers * (capacity.WORKER + 2 * GIB + 2 * GIB // 4)


@pytest.mark.parametrize(
    ("cores", "memory", "workers"),
    [
        (8, room(100), 8),
        (8, room(8), 8),
        (8, room(8) - 1, 7),
        (8, room(1), 1),
        (8, 0, 1),
        (1, room(100), 1),
    ],
)
def test_workers_have_a_core_and_room_for_the_largest_submission(cores, memory, workers):
    assert capacity.workers(cores, memory, LIMITS) == workers


def test_smaller_submissions_leave_room_for_more_workers():
    smaller = Limits(memory=GIB, tmp_bytes=0)
    assert capacity.bound(smaller) == capacity.WORKER + GIB
    assert capacity.workers(99, room(2), smaller) > 2


GROUPS = "sys/fs/cgroup"
MEMINFO = "MemTotal: 4194304 kB\nMemFree: 99 kB\nMemAvailable: 1048576 kB\n"
NOTHING_SAID = {
    "no control groups": {},
    "version 2": {
        "proc/self/cgroup": "0::/a/b\n",
        f"{GROUPS}/a/cpu.max": "max 100000\n",
        f"{GROUPS}/a/memory.max": "max\n",
        f"{GROUPS}/a/memory.current": "77\n",
    },
    "version 1": {
        "proc/self/cgroup": "3:memory:/a\n2:cpu,cpuacct:/a\n0::/\n",
        f"{GROUPS}/cpu/a/cpu.cfs_quota_us": "-1\n",
        f"{GROUPS}/cpu/a/cpu.cfs_period_us": "100000\n",
        f"{GROUPS}/memory/a/memory.limit_in_bytes": "9223372036854771712\n",
        f"{GROUPS}/memory/a/memory.usage_in_bytes": "77\n",
    },
}
CORES = {
    "version 2": {"proc/self/cgroup": "0::/a/b\n", f"{GROUPS}/a/cpu.max": "250000 100000\n"},
    "version 1": {
        "proc/self/cgroup": "2:cpu,cpuacct:/a\n",
        f"{GROUPS}/cpu/a/cpu.cfs_quota_us": "250000\n",
        f"{GROUPS}/cpu/a/cpu.cfs_period_us": "100000\n",
    },
}
MEMORY = {
    "version 2": {
        "proc/self/cgroup": "0::/a/b\n",
        f"{GROUPS}/a/b/memory.max": "5000\n",
        f"{GROUPS}/a/b/memory.current": "10\n",
        f"{GROUPS}/a/memory.max": "1000\n",
        f"{GROUPS}/a/memory.current": "300\n",
        f"{GROUPS}/a/memory.stat": "anon 100\ninactive_file 200\n",
    },
    "version 1": {
        "proc/self/cgroup": "3:memory:/a\n",
        f"{GROUPS}/memory/a/memory.limit_in_bytes": "1000\n",
        f"{GROUPS}/memory/a/memory.usage_in_bytes": "300\n",
        f"{GROUPS}/memory/a/memory.stat": "inactive_file 50\ntotal_inactive_file 200\n",
    },
    # In a container, the path is the host's, and its own group is the top.
    "from within": {
        "proc/self/cgroup": "0::/host/container\n",
        f"{GROUPS}/memory.max": "1000\n",
        f"{GROUPS}/memory.current": "100\n",
    },
}


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """Lays out `/proc` and `/sys` as files say; eight cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)

    def laid(files):
        for name, text in {"proc/meminfo": MEMINFO, **files}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path

    return laid


@pytest.mark.parametrize("files", NOTHING_SAID.values(), ids=NOTHING_SAID)
def test_without_a_quota_the_machine_is_the_bound(kernel, files):
    root = kernel(files)
    assert (capacity.cores(root), capacity.memory(root)) == (8, GIB)


@pytest.mark.parametrize("files", CORES.values(), ids=CORES)
def test_a_quota_of_cores_is_rounded_down(kernel, files):
    assert capacity.cores(kernel(files)) == 2


def test_a_part_of_a_core_is_one(kernel):
    files = {"proc/self/cgroup": "0::/\n", f"{GROUPS}/cpu.max": "50000 100000\n"}
    assert capacity.cores(kernel(files)) == 1


@pytest.mark.parametrize("files", MEMORY.values(), ids=MEMORY)
def test_a_groups_unused_memory_is_a_bound_and_files_make_room(kernel, files):
    assert capacity.memory(kernel(files)) == 900


def test_where_nothing_says_how_much_memory_there_is_cores_decide(tmp_path):
    assert capacity.workers(8, capacity.memory(tmp_path), LIMITS) == 8


def test_this_machine_has_room():
    assert 1 <= capacity.cores() <= os.cpu_count()
    assert GIB // 100 < capacity.memory() < 10**5 * GIB
