"""A cell never ends.

start: challenge
deserves: full
flag: no
"""

# %%
while True:
    pass
