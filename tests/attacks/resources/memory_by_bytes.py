"""Takes three gigabytes by bytearray.

start: challenge
deserves: full
flag: no
"""

# %%
hoard = [bytearray(2**24) for _ in range(192)]
