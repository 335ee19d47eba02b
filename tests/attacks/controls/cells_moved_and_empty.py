"""Has empty cells, a cell with a comment only, a raw cell and a failing cell.

start: challenge
deserves: full
flag: no
"""

# %%
# a note to myself

# %%
1 / 0


# %% hand-in
def hand_in(notebook, folder):
    from nbformat.v4 import new_code_cell, new_raw_cell

    notebook.cells.insert(0, new_code_cell(""))
    notebook.cells.append(new_raw_cell("raw"))
    notebook.cells.append(new_code_cell("def unfinished(:"))
