"""Aborts its process, in a cell.

start: solution
deserves: full
flag: no
"""

# %%
import os

os.abort()
