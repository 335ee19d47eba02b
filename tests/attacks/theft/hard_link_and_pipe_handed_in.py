"""Hands in a named pipe that blocks its reader, and a file without rights.

start: challenge
deserves: full
flag: yes
"""

# %%
print("a pipe lies beside this notebook")


# %% hand-in
def hand_in(notebook, folder):
    import os

    os.mkfifo(folder / "data.csv")
    (folder / "private.txt").write_text("x")
    (folder / "private.txt").chmod(0)
