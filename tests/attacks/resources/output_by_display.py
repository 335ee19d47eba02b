"""Displays ten thousand objects and some of a hundred megabytes.

start: challenge
deserves: full
flag: no
"""

# %%
from IPython.display import HTML, display

for number in range(10_000):
    display(number)
for _ in range(5):
    display(HTML("x" * (20 * 2**20)))
