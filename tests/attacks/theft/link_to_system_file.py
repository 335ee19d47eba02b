"""Hands in symbolic links to files of the machine, and to itself.

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
    (folder / "borrowed").symlink_to("/etc/passwd")
    (folder / "root").symlink_to("/", target_is_directory=True)
    (folder / "loop").symlink_to("loop")
    (folder / "image.png").symlink_to("/etc/hostname")
