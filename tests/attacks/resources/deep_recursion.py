"""Calls itself without an end.

start: challenge
deserves: full
flag: no
"""


# %%
def deeper(n):
    return deeper(n + 1)


deeper(0)
