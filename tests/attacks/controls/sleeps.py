"""Sleeps for a moment and measures time.

start: challenge
deserves: full
flag: no
"""

# %%
import time

start = time.time()
time.sleep(0.2)
print(f"{time.time() - start:.1f} s")
