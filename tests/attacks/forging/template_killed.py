"""Kills its parent, the template, so that no later submission can be graded.

start: challenge
deserves: full
flag: yes
"""

# %%
import os
import signal

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
    try:
        os.kill(os.getppid(), number)
    except OSError as error:
        print(error)
