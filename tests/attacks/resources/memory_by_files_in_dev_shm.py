"""Fills /dev/shm with files, three gigabytes at most.

start: challenge
deserves: full
flag: maybe
"""

# %%
from pathlib import Path

try:
    for number in range(192):
        Path("/dev/shm", f"hoard{number}").write_bytes(b"x" * 2**24)
except OSError as error:
    print(number, error)
