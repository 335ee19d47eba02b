"""Measures in threads how long a sum takes.

start: challenge
deserves: full
flag: no
"""

# %%
import threading
import time

times = []


def measure(n):
    start = time.perf_counter()
    np.ones(n).sum()
    times.append(time.perf_counter() - start)


threads = [threading.Thread(target=measure, args=(10**5,)) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(times))
