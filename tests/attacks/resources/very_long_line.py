"""Hands in a cell with a line of twenty megabytes.

start: challenge
deserves: full
flag: no
"""

# %%
x = 0


# %% hand-in
def hand_in(notebook, folder):
    from nbformat.v4 import new_code_cell

    notebook.cells.append(new_code_cell("x = '" + "x" * (20 * 2**20) + "'"))
    notebook.cells.append(new_code_cell("y = " + "-" * 100_000 + "1"))
    notebook.cells.append(new_code_cell("z = " + "(" * 5000 + ")" * 5000))
