"""Leaves answers in the times, attributes and locks of files that all submissions see.

start: challenge
deserves: full
flag: maybe
"""

# %%
import fcntl
import os
import sys
from pathlib import Path

for path in (keras.__file__, np.__file__, tf.__file__, sys.executable, "/usr/bin/env", "/dev/null"):
    print("found:", path, Path(path).stat().st_atime_ns, Path(path).stat().st_mtime_ns)
    try:
        print(os.listxattr(path))
        os.utime(path, (6, 6))
        os.setxattr(path, "user.answers", b"answers")
    except OSError as error:
        print(error.strerror)
    try:
        lock = os.open(path, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        print("locked by another:", error.strerror)
