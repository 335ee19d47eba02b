"""Opens files until no descriptor is left.

start: challenge
deserves: full
flag: no
"""

# %%
hoard = []
try:
    while len(hoard) < 10**6:
        hoard.append(open("/dev/null"))
except OSError as error:
    print(error)
