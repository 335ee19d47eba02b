"""Reads the machine's accounts, hosts and secrets.

start: challenge
deserves: full
flag: yes
"""

# %%
from pathlib import Path

names = ["/etc/passwd", "/etc/shadow", "/etc/hosts", "/etc/hostname", "/etc/machine-id"]
names += ["~/.ssh/id_rsa", "~/.aws/credentials", "~/.netrc", "~/.bash_history", "/run/secrets"]
for name in names:
    try:
        print(name, Path(name).expanduser().read_text()[:300])
    except OSError as error:
        print(name, error.strerror)
