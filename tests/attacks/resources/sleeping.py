"""A cell sleeps for days.

start: challenge
deserves: full
flag: no
run: seldom
"""

# %%
import time

time.sleep(10**6)
