"""Tries out what the layer refuses, and catches everything.

start: solution
deserves: full
flag: no
"""

# %%
for config in ({"kernel_size": 0}, {"kernel_size": (1, 2, 3)}, {"kernel_size": "x"}):
    try:
        DepthwiseConv2D(**config)
    except Exception as error:
        print(type(error).__name__, error)
try:
    DepthwiseConv2D()
except BaseException as error:
    print(error)
