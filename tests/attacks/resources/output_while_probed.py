"""Prints ten megabytes in every call.

start: solution
deserves: full
flag: no
"""

# %%
honest = DepthwiseConv2D.call


def call(self, inputs):
    print("x" * (10 * 2**20))
    return honest(self, inputs)


DepthwiseConv2D.call = call
