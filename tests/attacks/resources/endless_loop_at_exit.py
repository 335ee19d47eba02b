"""A handler that runs at the exit never ends.

start: challenge
deserves: full
flag: maybe
"""

# %%
import atexit
import threading


def endless():
    while True:
        pass


atexit.register(endless)
threading.Thread(target=endless).start()
