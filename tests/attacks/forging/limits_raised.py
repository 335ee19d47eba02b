"""Raises its own limits back to what the machine allows.

start: challenge
deserves: full
flag: yes
"""

# %%
import os
import resource
from pathlib import Path

for limit in (
    resource.RLIMIT_DATA,
    resource.RLIMIT_NPROC,
    resource.RLIMIT_FSIZE,
    resource.RLIMIT_CPU,
):
    for value in (resource.RLIM_INFINITY, 2**40):
        try:
            resource.setrlimit(limit, (value, value))
            print("raised:", limit, value)
        except (OSError, ValueError) as error:
            print(limit, error)
for name in ("oom_score_adj", "oom_adj"):
    try:
        Path("/proc", str(os.getpid()), name).write_text("-1000")
        Path("/proc", str(os.getppid()), name).write_text("1000")
    except OSError as error:
        print(error)
