"""Hands in symbolic links to the folder and the notebook of another student.

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
    (folder / "borrowed").symlink_to("../..", target_is_directory=True)
    (folder / "borrowed.ipynb").symlink_to(f"../../another/{folder.name}/{folder.name}.ipynb")
