"""Attaches to its parent, the template, as a debugger does, and changes its registers.

start: challenge
deserves: full
flag: yes
"""

# %%
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
ATTACH, POKE, GETREGS, DETACH = 16, 5, 12, 17
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
if libc.ptrace(ATTACH, os.getppid(), None, None) == 0:
    registers = ctypes.create_string_buffer(512)
    print("attached:", libc.ptrace(GETREGS, os.getppid(), None, registers), registers.raw[:64])
    stack = int.from_bytes(registers.raw[19 * 8 : 20 * 8], "little")
    libc.ptrace(POKE, os.getppid(), stack, 0)
    libc.ptrace(DETACH, os.getppid(), None, None)
print("errno:", ctypes.get_errno())
