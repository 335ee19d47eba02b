"""Aborts its process, in a cell.

start: challenge
deserves: full
flag: no
"""

# %%
import os

os.abort()
