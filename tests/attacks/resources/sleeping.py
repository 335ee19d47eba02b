"""A cell sleeps for days.

start: solution
deserves: full
flag: no
"""

# %%
import time

time.sleep(10**6)
