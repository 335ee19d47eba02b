"""The answer is an array of a gigabyte.

start: stub
deserves: nothing
flag: no
"""


# %%
def equivalent_conv_kernel(kernel):
    return np.zeros(2**28, "float32")
