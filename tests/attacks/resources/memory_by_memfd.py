"""Takes three gigabytes in files that lie in memory and have no name.

start: challenge
deserves: full
flag: maybe
"""

# %%
import os

hoard = []
for _ in range(192):
    hoard.append(os.memfd_create("hoard"))
    os.write(hoard[-1], b"x" * 2**24)
