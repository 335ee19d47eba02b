"""Prints a table of two thousand lines.

start: challenge
deserves: full
flag: no
"""

# %%
for number in range(2000):
    print(number, number**2, "x" * 20)
