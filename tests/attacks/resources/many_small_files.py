"""Makes two hundred thousand empty files and folders.

start: challenge
deserves: full
flag: no
"""

# %%
from pathlib import Path

try:
    for number in range(100_000):
        Path(f"/tmp/file{number}").touch()
        Path(f"/tmp/folder{number}").mkdir()
except OSError as error:
    print(number, error)
