"""Prints a hundred megabytes without a line's end.

start: challenge
deserves: full
flag: no
"""

# %%
for _ in range(100):
    print("x" * 2**20, end="")
