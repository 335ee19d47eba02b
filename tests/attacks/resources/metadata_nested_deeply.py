"""Hands in metadata that is two hundred dictionaries deep.

start: challenge
deserves: full
flag: no
"""

# %%
x = 0


# %% hand-in
def hand_in(notebook, folder):
    deep = "x"
    for _ in range(200):
        deep = {"deeper": [deep]}
    notebook.metadata["deep"] = deep
    notebook.cells[0].metadata["deep"] = deep
