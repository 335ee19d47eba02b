"""Makes a file that says it is a terabyte long.

start: challenge
deserves: full
flag: no
"""

# %%
try:
    with open("/tmp/sparse", "wb") as file:
        file.truncate(2**40)
except OSError as error:
    print(error)
