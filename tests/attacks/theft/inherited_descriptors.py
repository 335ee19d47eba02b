"""Reads every descriptor that it has inherited, from the beginning.

start: challenge
deserves: full
flag: maybe
"""

# %%
import os

for fd in range(256):
    try:
        status = os.fstat(fd)
    except OSError:
        continue
    print(fd, oct(status.st_mode), status.st_size)
    try:
        os.set_blocking(fd, False)
        print(fd, os.pread(fd, 1000, 0))
    except OSError:
        continue
    finally:
        os.set_blocking(fd, True)
