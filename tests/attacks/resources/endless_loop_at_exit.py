"""A handler that runs at the exit never ends.

start: challenge
deserves: full
flag: no
"""

# %%
import atexit
import threading


def endless():
    while True:
        pass


atexit.register(endless)
threading.Thread(target=endless).start()
