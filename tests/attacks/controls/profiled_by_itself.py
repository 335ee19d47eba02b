"""Measures by cProfile and traces memory, as a tutorial suggests.

start: solution
deserves: full
flag: no
"""

# %%
import cProfile
import pstats
import timeit
import tracemalloc

tracemalloc.start()
profile = cProfile.Profile()
profile.enable()
DepthwiseConv2D(3)(np.ones((1, 5, 5, 1), "float32"))
profile.disable()
print(pstats.Stats(profile).total_calls > 0, tracemalloc.get_traced_memory()[0] > 0)
tracemalloc.stop()
print(timeit.timeit(lambda: None, number=10) >= 0)
