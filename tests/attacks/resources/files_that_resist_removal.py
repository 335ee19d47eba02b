"""Makes files with odd names, without rights, held open, and links in circles.

start: challenge
deserves: full
flag: no
run: seldom
"""

# %%
import os

os.makedirs(b"/tmp/\xff\xfe\n/inner")
for name in (b"/tmp/\xff\xfe\n/inner/-rf", b"/tmp/\x1b[2J", b"/tmp/ ", b"/tmp/*"):
    with open(name, "wb") as file:
        file.write(b"x")
os.mkfifo("/tmp/pipe")
os.symlink("/tmp/circle", "/tmp/circle")
os.symlink("/", "/tmp/everything")
held = os.open("/tmp/pipe", os.O_RDWR)
os.chmod(b"/tmp/\xff\xfe\n/inner", 0)
os.chmod(b"/tmp/\xff\xfe\n", 0)
os.chmod("/tmp", 0)
