"""Filters, raises and catches warnings, and sets the level of a log.

start: challenge
deserves: full
flag: no
"""

# %%
import logging
import warnings

warnings.filterwarnings("ignore", category=DeprecationWarning)
with warnings.catch_warnings(record=True) as caught:
    warnings.warn("slow", stacklevel=1)
print(len(caught))
tf.get_logger().setLevel(logging.ERROR)
