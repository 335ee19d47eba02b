"""A cell computes a number with a hundred million times ten digits.

start: challenge
deserves: full
flag: no
run: seldom
"""

# %%
x = 10**10**8
print(len(str(x)))
