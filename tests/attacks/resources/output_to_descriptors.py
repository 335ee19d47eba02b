"""Writes two gigabytes to the descriptors of the standard streams.

start: challenge
deserves: full
flag: no
"""

# %%
import os

for _ in range(2**11):
    for fd in (1, 2):
        os.write(fd, b"x" * 2**19)
