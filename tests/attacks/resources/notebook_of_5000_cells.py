"""Hands in a notebook with five thousand cells more.

start: challenge
deserves: full
flag: no
"""

# %%
x = 0


# %% hand-in
def hand_in(notebook, folder):
    from nbformat.v4 import new_code_cell, new_markdown_cell

    for number in range(2500):
        notebook.cells.append(new_code_cell(f"x = {number}"))
        notebook.cells.append(new_markdown_cell(f"# {number}"))
