"""Ignores every signal and catches every exception.

start: challenge
deserves: full
flag: yes
"""

# %%
import signal

for number in range(1, 64):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        continue
while True:
    try:
        while True:
            pass
    except BaseException:
        continue
