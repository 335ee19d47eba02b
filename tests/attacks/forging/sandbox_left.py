"""Tries to leave the sandbox: namespaces, mounts, devices, set-user-id programs.

start: challenge
deserves: full
flag: yes
"""

# %%
import ctypes
import os
import subprocess
import sys
from pathlib import Path

libc = ctypes.CDLL(None, use_errno=True)

NEWUSER, NEWNS, NEWPID = 0x10000000, 0x00020000, 0x20000000


def tries():
    for flags in (NEWUSER, NEWUSER | NEWNS, NEWNS, NEWPID):
        print("unshare:", flags, libc.unshare(flags), ctypes.get_errno())
    for kind in (b"proc", b"tmpfs", b"overlay", b"cgroup"):
        print("mount:", kind, libc.mount(kind, b"/tmp", kind, 0, None), ctypes.get_errno())
    for name in ("user", "mnt", "pid", "net", "ipc"):
        try:
            with Path(f"/proc/1/ns/{name}").open() as namespace:
                print("setns:", name, libc.setns(namespace.fileno(), 0))
        except OSError as error:
            print(name, error)
    for command in (
        ["sudo", "-n", "id"],
        ["su", "-c", "id"],
        ["mount"],
        ["bwrap", "--dev-bind", "/", "/", "id"],
    ):
        try:
            print(subprocess.run(command, capture_output=True, timeout=3))
        except (OSError, subprocess.TimeoutExpired) as error:
            print(error)


log = Path("/tmp/tries")
if os.fork() == 0:
    sys.stdout = log.open("w", buffering=1)
    tries()
    os._exit(0)
os.wait()
print(log.read_text())
