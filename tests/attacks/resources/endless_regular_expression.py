"""A regular expression backtracks for ever.

start: challenge
deserves: full
flag: no
run: seldom
"""

# %%
import re

re.match(r"(a+)+$", "a" * 64 + "b")
