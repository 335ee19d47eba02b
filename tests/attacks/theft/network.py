"""Tries to send its findings to the network, to this machine and to a cloud's metadata.

start: challenge
deserves: full
flag: maybe
"""

# %%
import socket

addresses = [("1.1.1.1", 53), ("127.0.0.1", 8888), ("169.254.169.254", 80), ("::1", 8888)]
for address in addresses:
    try:
        with socket.create_connection(address, 1) as connection:
            connection.sendall(b"answers")
            print("reached:", address)
    except OSError as error:
        print(address, error)
for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
    try:
        with socket.socket(socket.AF_INET, kind, 0 if kind == socket.SOCK_DGRAM else 1) as sender:
            print("sent:", sender.sendto(b"answers", ("1.1.1.1", 53)))
    except OSError as error:
        print(kind, error)
try:
    print(socket.getaddrinfo("example.org", 80))
except OSError as error:
    print(error)
