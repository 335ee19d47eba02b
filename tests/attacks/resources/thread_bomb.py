"""Starts threads that wait, at most 5000.

start: challenge
deserves: full
flag: no
"""

# %%
import threading
import time

for _ in range(5000):
    try:
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    except RuntimeError:
        time.sleep(0.001)
