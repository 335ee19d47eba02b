"""Hands in a cell with sixty megabytes of outputs.

start: challenge
deserves: full
flag: no
"""

# %%
x = 0


# %% hand-in
def hand_in(notebook, folder):
    from nbformat.v4 import new_code_cell, new_output

    text = new_output("stream", text="x" * 2**20)
    page = new_output("display_data", {"text/html": "<b>" * 2**18})
    notebook.cells.append(new_code_cell("x", outputs=[text] * 30 + [page] * 30))
