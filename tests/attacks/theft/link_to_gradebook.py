"""Hands in a symbolic link to the gradebook, to be copied, packed or read.

start: challenge
deserves: full
flag: yes
"""

# %%
from pathlib import Path

for name in ("borrowed", "borrowed.ipynb", "borrowed.db"):
    try:
        print(name, Path(name).read_bytes()[:1000])
    except OSError as error:
        print(name, error.strerror)


# %% hand-in
def hand_in(notebook, folder):
    (folder / "borrowed.db").symlink_to("../../../gradebook.db")
    (folder / "borrowed").symlink_to("../../../.autograder", target_is_directory=True)
