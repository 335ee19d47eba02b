"""Leaves a process behind that kills the template when the next submission runs.

start: challenge
deserves: full
flag: yes
"""

# %%
import os
import signal
import time

template = os.getppid()
if os.fork() == 0:
    os.setsid()
    for number in range(1, 64):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            continue
    time.sleep(20)
    os.kill(template, signal.SIGKILL)
    os._exit(0)
