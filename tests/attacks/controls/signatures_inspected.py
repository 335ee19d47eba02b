"""Looks at signatures and sources by inspect, and wraps functions by functools.

start: solution
deserves: full
flag: no
run: seldom
"""

# %%
import functools
import inspect

print(inspect.signature(DepthwiseConv2D.__init__))
print(inspect.getdoc(keras.layers.DepthwiseConv2D)[:200])


@functools.lru_cache
@functools.wraps(pow)
def power(base, exponent):
    return base**exponent


three = functools.partial(DepthwiseConv2D, 3)
print(power(2, 10), three().kernel_size, [name for name in dir(three()) if "kernel" in name])
