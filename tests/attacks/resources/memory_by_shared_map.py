"""Takes three gigabytes of shared anonymous memory, which no data limit counts.

start: challenge
deserves: full
flag: no
"""

# %%
import mmap

hoard = []
for _ in range(192):
    hoard.append(mmap.mmap(-1, 2**24, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS))
    hoard[-1].write(b"x" * 2**24)
