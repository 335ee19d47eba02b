"""The notebook that is handed in is a symbolic link that leads out of its folder.

start: challenge
deserves: full
flag: yes
"""

# %%
print("whose notebook is this?")


# %% hand-in
def hand_in(notebook, folder):
    import nbformat

    # Whoever writes to the notebook's path now writes through the link, to a harmless file.
    nbformat.write(notebook, folder.parent / "notebook_of_another.ipynb")
    (folder / f"{folder.name}.ipynb").symlink_to("../notebook_of_another.ipynb")
