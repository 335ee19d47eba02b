"""A result never ends to be shown.

start: challenge
deserves: full
flag: no
run: seldom
"""


# %%
class Endless:
    def __repr__(self):
        while True:
            pass

    _repr_html_ = __repr__


Endless()
