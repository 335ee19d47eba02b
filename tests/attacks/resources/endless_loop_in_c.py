"""A cell never ends, in code that takes no interrupt.

start: challenge
deserves: full
flag: no
"""

# %%
import collections
import itertools

collections.deque(itertools.repeat(0), maxlen=0)
