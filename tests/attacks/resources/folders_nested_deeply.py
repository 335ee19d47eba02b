"""Makes a folder that is twenty thousand folders deep, deeper than a path is long.

start: challenge
deserves: full
flag: no
"""

# %%
import os

home = os.open(".", os.O_RDONLY)
try:
    os.chdir("/tmp")
    for _ in range(20_000):
        os.mkdir("d")
        os.chdir("d")
except OSError as error:
    print(error)
finally:
    os.fchdir(home)
