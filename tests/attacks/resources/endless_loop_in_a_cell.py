"""A cell never ends.

start: solution
deserves: full
flag: no
"""

# %%
while True:
    pass
