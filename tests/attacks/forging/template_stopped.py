"""Stops its parent, the template, so that the examiner waits for ever.

start: challenge
deserves: full
flag: yes
"""

# %%
import os
import signal

try:
    os.kill(os.getppid(), signal.SIGSTOP)
except OSError as error:
    print(error)
