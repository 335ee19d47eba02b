"""Kills every process that it may send a signal to.

start: challenge
deserves: full
flag: yes
"""

# %%
import os
import signal

if os.fork() == 0:
    os.setsid()
    os.kill(-1, signal.SIGKILL)
    os._exit(0)
os.kill(-1, signal.SIGTERM)
