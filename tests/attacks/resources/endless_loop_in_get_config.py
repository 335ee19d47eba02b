"""get_config and the names of weights never end.

start: solution
deserves: full
flag: no
run: seldom
"""

# %%
import itertools

DepthwiseConv2D.get_config = lambda self: {str(n): n for n in itertools.count()}
