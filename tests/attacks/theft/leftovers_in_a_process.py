"""Leaves a process that keeps answers behind an abstract socket for the next submission.

start: challenge
deserves: full
flag: maybe
"""

# %%
import os
import socket
import time

try:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("\0answers")
        print("found:", client.recv(1000))
except OSError:
    server = socket.socket(socket.AF_UNIX)
    server.bind("\0answers")
    server.listen()
    if os.fork() == 0:
        os.setsid()
        server.settimeout(1)
        end = time.monotonic() + 300
        while time.monotonic() < end:
            try:
                server.accept()[0].send(b"answers")
            except TimeoutError:
                continue
        os._exit(0)
