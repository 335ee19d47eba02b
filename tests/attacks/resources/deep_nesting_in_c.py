"""Makes a list that is a million lists deep and shows it.

start: challenge
deserves: full
flag: no
run: seldom
"""

# %%
import sys

x = []
for _ in range(10**6):
    x = [x]
sys.setrecursionlimit(10**8)
x
