"""Takes three gigabytes by NumPy and touches every page.

start: challenge
deserves: full
flag: no
run: seldom
"""

# %%
hoard = []
for _ in range(192):
    hoard.append(np.ones(2**24, "uint8"))
