"""Writes a file beside the notebook and reads it again.

start: solution
deserves: full
flag: no
"""

# %%
import json
from pathlib import Path

Path("settings.json").write_text(json.dumps({"kernel_size": 3}))
with open("settings.json") as file:
    print(DepthwiseConv2D(**json.load(file)).kernel_size)
np.save("kernel.npy", np.ones(3))
print(np.load("kernel.npy"))
