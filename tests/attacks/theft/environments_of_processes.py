"""Reads the environment and the command line of every process.

start: challenge
deserves: full
flag: yes
"""

# %%
from pathlib import Path

for process in Path("/proc").iterdir():
    for name in ("environ", "cmdline", "comm", "cgroup"):
        try:
            print(process.name, name, (process / name).read_bytes()[:500])
        except OSError:
            continue
