"""Runs commands of the shell and magics.

start: challenge
deserves: full
flag: no
"""

# %%
get_ipython().system("echo hello")

# %%
import subprocess

print(subprocess.run(["echo", "hello"], capture_output=True, text=True, check=True).stdout)


# %% hand-in
def hand_in(notebook, folder):
    from nbformat.v4 import new_code_cell

    for source in ("!echo hello", "%timeit -n1 -r1 sum(range(10))", "%whos", "files = !ls\nfiles"):
        notebook.cells.append(new_code_cell(source))
