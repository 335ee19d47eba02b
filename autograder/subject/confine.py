"""What a submission may do to others: layers that the kernel puts around each of its processes.

bubblewrap around the template keeps the machine out of sight. These layers stand between a
submission and the template that it was forked from, which has the same user and is in the same
process namespace; each is put on where the machine has it, and none needs another.
"""

from __future__ import annotations

import ctypes
import errno
import os
import tempfile
from collections.abc import Iterable
from typing import Any

import landlockpy

from autograder.subject.limits import Limits, set_limits

LAYERS = ("limits", "undumpable", "landlock", "seccomp")
"""Names of the layers, in the order in which they are put on."""

WRITABLE = ("/tmp", "/dev/shm")
"""Folders that a submission may write to: its alone, and emptied after it."""

_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 4, 22, 36, 38
_SECCOMP_MODE_FILTER = 2

_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/ptmx", "/dev/pts")
"""What may be written to beside; a notebook's `!command` runs in a terminal of its own."""
_WRITES_OF_A_FILE = landlockpy.AccessFS.WRITE_FILE | landlockpy.AccessFS.TRUNCATE
_WRITES = (
    _WRITES_OF_A_FILE
    | landlockpy.AccessFS.REMOVE_DIR
    | landlockpy.AccessFS.REMOVE_FILE
    | landlockpy.AccessFS.MAKE_CHAR
    | landlockpy.AccessFS.MAKE_DIR
    | landlockpy.AccessFS.MAKE_REG
    | landlockpy.AccessFS.MAKE_SOCK
    | landlockpy.AccessFS.MAKE_FIFO
    | landlockpy.AccessFS.MAKE_BLOCK
    | landlockpy.AccessFS.MAKE_SYM
    | landlockpy.AccessFS.REFER
)

_DENIED = """
    ptrace process_vm_readv process_vm_writev kcmp pidfd_open pidfd_getfd pidfd_send_signal
    process_madvise process_mrelease perf_event_open bpf userfaultfd
    io_uring_setup io_uring_enter io_uring_register
    keyctl add_key request_key shmget shmat shmctl msgget msgsnd semget semop mq_open
    memfd_create memfd_secret
    mount umount2 move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr pivot_root
    chroot unshare setns open_by_handle_at name_to_handle_at fanotify_init
    init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff acct
    quotactl syslog settimeofday clock_settime adjtimex clock_adjtime personality
""".split()
"""System calls that no lab needs: they reach into other processes, leave something behind for the
next submission, take memory that no limit counts, or open parts of the kernel that are best shut.
"""

_TOWARDS_A_PROCESS = {
    "kill": 0,
    "tkill": 0,
    "tgkill": 0,
    "rt_sigqueueinfo": 0,
    "rt_tgsigqueueinfo": 0,
    "prlimit64": 0,
    "setpriority": 1,
    "sched_setaffinity": 0,
    "sched_setattr": 0,
    "sched_setparam": 0,
    "sched_setscheduler": 0,
    "ioprio_set": 1,
    "migrate_pages": 0,
    "move_pages": 0,
}
"""System calls that act on the process that an argument names, and which argument that is."""

_NEW_NAMESPACES = 0x7E020000
"""Flags of `clone` that ask for a namespace: user, process, network, mount, IPC, host, cgroup."""
_LARGEST_FAMILY = 10
"""Sockets: Unix, IPv4, IPv6. The kernel's own families (netlink, packet, alg, vsock) are above."""


class Confinement:
    """The layers, prepared in the template and put on in each child.

    Args:
        limits: What a submission may use.
        layers: Names of the layers that are wanted.
        devices: Device files that may be written to, beside those of any notebook.
    """

    def __init__(
        self,
        limits: Limits,
        layers: tuple[str, ...] = LAYERS,
        devices: Iterable[str] = (),
    ):
        self._limits = limits
        self._devices = (*_DEVICES, *devices)
        self._filter = _seccomp_filter() if "seccomp" in layers else b""
        has = {
            "limits": True,
            "undumpable": True,
            "landlock": landlockpy.supported(),
            "seccomp": bool(self._filter),
        }
        self.active = tuple(name for name in LAYERS if name in layers and has[name])
        """The layers that this machine has, of those that are wanted."""

    def guard_template(self) -> None:
        """Keeps the memory of the calling process shut for others of its user: call it in the
        template, when its imports are done.
        """
        if "undumpable" in self.active:
            _prctl(_PR_SET_DUMPABLE, 0)

    def put_on(self) -> None:
        """Puts every layer on the calling process, a child that has one thread, for good."""
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        _prctl(_PR_SET_DUMPABLE, 1)  # its own memory may be read: the watch does
        if "limits" in self.active:
            set_limits(self._limits)
        if "landlock" in self.active:
            _landlock(self._devices)
        if "seccomp" in self.active:
            _load(self._filter)


def _landlock(devices: tuple[str, ...]) -> None:
    scope = landlockpy.Scope.SIGNAL | landlockpy.Scope.ABSTRACT_UNIX_SOCKET
    none = landlockpy.AccessNet.NONE
    with landlockpy.Ruleset(handled_fs=_WRITES, handled_net=none, scoped=scope) as ruleset:
        for paths, access in ((WRITABLE, _WRITES), (devices, _WRITES_OF_A_FILE)):
            for path in filter(os.path.exists, paths):
                ruleset.allow_path(path, access)
        ruleset.restrict()


def _seccomp_filter() -> bytes:
    """The filter as a program for the kernel; empty where there is no libseccomp."""
    try:
        import pyseccomp as seccomp
    except (ImportError, RuntimeError, OSError):
        return b""
    refused = seccomp.ERRNO(errno.EPERM)
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    for name in _DENIED:
        _add(rules, refused, name)
    # Its arguments lie in memory, where no filter sees them; the C library then takes `clone`.
    _add(rules, seccomp.ERRNO(errno.ENOSYS), "clone3")
    for bit in range(32):
        if _NEW_NAMESPACES >> bit & 1:
            flag = 1 << bit
            _add(rules, refused, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    _add(rules, refused, "socket", seccomp.Arg(0, seccomp.GT, _LARGEST_FAMILY))
    word, sign = 0xFFFFFFFF, 0x80000000
    for name, place in _TOWARDS_A_PROCESS.items():
        for pid in {1, os.getpid()}:
            _add(rules, refused, name, seccomp.Arg(place, seccomp.MASKED_EQ, word, pid))
    _add(rules, refused, "kill", seccomp.Arg(0, seccomp.MASKED_EQ, sign, sign))  # to many at once
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _add(rules: Any, action: int, name: str, *arguments: Any) -> None:
    """Adds a rule, if this machine's libseccomp knows the system call."""
    try:
        rules.add_rule(action, name, *arguments)
    except (ValueError, OSError, RuntimeError) as error:
        if arguments and name in ("kill", "clone"):
            raise RuntimeError(f"libseccomp takes no rule for {name}") from error


def adopt_orphans() -> None:
    """Makes the calling process the parent of those whose own parent ends, among its descendants:
    nobody escapes by a double fork.
    """
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def _load(program: bytes) -> None:
    buffer = ctypes.create_string_buffer(program, len(program))
    described = _Program(len(program) // 8, ctypes.addressof(buffer))
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(described))


_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, *arguments: Any) -> None:
    if _libc.prctl(option, *arguments, *[0] * (4 - len(arguments))) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
