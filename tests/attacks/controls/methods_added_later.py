"""Adds a method to its own class, and counts its calls by a decorator.

start: solution
deserves: full
flag: no
"""

# %%
import functools

calls = []


def counted(method):
    @functools.wraps(method)
    def wrapper(self, *arguments, **keywords):
        calls.append(method.__name__)
        return method(self, *arguments, **keywords)

    return wrapper


DepthwiseConv2D.compute_output_shape = counted(DepthwiseConv2D.compute_output_shape)
DepthwiseConv2D.window = property(lambda self: self.kernel_size)
print(DepthwiseConv2D(3).window)
