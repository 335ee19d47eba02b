"""Takes three gigabytes in sixty processes together.

start: challenge
deserves: full
flag: no
"""

# %%
import os
import time

for _ in range(60):
    if os.fork() == 0:
        hoard = b"x" * (50 * 2**20)
        time.sleep(120)
        os._exit(len(hoard) % 2)
time.sleep(5)
