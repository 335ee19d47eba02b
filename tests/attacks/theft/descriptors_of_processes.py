"""Opens every descriptor and map of every process through /proc.

start: challenge
deserves: full
flag: yes
"""

# %%
from pathlib import Path

for process in Path("/proc").iterdir():
    for kind in ("fd", "map_files", "cwd", "root"):
        try:
            entries = list((process / kind).iterdir())
        except OSError:
            continue
        for entry in entries:
            try:
                print(entry, entry.readlink(), entry.stat().st_size)
                if entry.is_file() and not str(entry.readlink()).startswith("/usr"):
                    print(entry.read_bytes()[:100])
            except OSError:
                continue
