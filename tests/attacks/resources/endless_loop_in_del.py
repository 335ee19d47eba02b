"""Each layer never ends when it is deleted.

start: challenge
deserves: full
flag: no
run: seldom
"""


# %%
class Endless:
    def __del__(self):
        while True:
            pass


x = Endless()
del x
