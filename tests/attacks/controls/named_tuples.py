"""Defines named tuples, in both ways.

start: solution
deserves: full
flag: no
"""

# %%
from collections import Counter, defaultdict, namedtuple
from typing import NamedTuple

Size = namedtuple("Size", ["height", "width"])


class Window(NamedTuple):
    height: int
    width: int = 1


print(Size(2, 3), Window(2)._replace(width=4), Counter("abca"), defaultdict(list))
print(DepthwiseConv2D(Size(2, 3)).kernel_size)
