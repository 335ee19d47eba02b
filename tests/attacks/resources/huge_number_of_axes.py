"""The answer is an array with as many axes as there can be.

start: stub
deserves: nothing
flag: no
"""


# %%
def equivalent_conv_kernel(kernel):
    return np.zeros((1,) * 64, "float32")
