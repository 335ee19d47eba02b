"""Forks processes that fork processes, at most 4000.

start: challenge
deserves: full
flag: yes
"""

# %%
import multiprocessing
import os
import time

count = multiprocessing.Value("i", 0)
end = time.monotonic() + 60
while time.monotonic() < end:
    with count.get_lock():
        if count.value >= 4000:
            break
        count.value += 1
    try:
        os.fork()
    except OSError:
        time.sleep(0.01)
