"""A result never ends to be shown.

start: challenge
deserves: full
flag: no
"""


# %%
class Endless:
    def __repr__(self):
        while True:
            pass

    _repr_html_ = __repr__


Endless()
