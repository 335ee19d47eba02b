"""Fills the buffers of thousands of pipes and sockets, at most one gigabyte.

start: challenge
deserves: full
flag: no
"""

# %%
import os
import socket

hoard = []
try:
    for _ in range(4000):
        hoard += [*os.pipe(), *(s.detach() for s in socket.socketpair())]
        for fd in hoard[-3:-1]:
            os.set_blocking(fd, False)
            try:
                while os.write(fd, b"x" * 2**16):
                    pass
            except BlockingIOError:
                continue
except OSError as error:
    print(error)
