"""Hands in two thousand files and one of a hundred megabytes.

start: challenge
deserves: full
flag: no
"""

# %%
x = 0


# %% hand-in
def hand_in(notebook, folder):
    for number in range(2000):
        (folder / f"file{number}.txt").write_text("x")
    with (folder / "large.bin").open("wb") as file:
        file.truncate(100 * 2**20)
