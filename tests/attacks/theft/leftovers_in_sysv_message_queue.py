"""Leaves answers in a System V message queue for the next submission.

start: challenge
deserves: full
flag: yes
"""

# %%
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
queue = libc.msgget(0x1AB06, 0o1666)
buffer = ctypes.create_string_buffer(8 + 100)
if libc.msgrcv(queue, buffer, 100, 0, 0o4000) > 0:
    print("found:", buffer.raw[8:].rstrip(b"\0"))
text = f"answers of process {os.getpid()}".encode()
ctypes.memmove(buffer, (1).to_bytes(8, "little") + text, 8 + len(text))
print("left:", libc.msgsnd(queue, buffer, len(text), 0o4000))
