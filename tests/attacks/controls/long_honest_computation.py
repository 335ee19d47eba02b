"""Computes for about two seconds.

start: challenge
deserves: full
flag: no
"""

# %%
import time

start, total = time.perf_counter(), 0
while time.perf_counter() - start < 2:
    total += np.linalg.norm(np.random.default_rng(total and 1).normal(size=(50, 50)))
print(total > 0)
