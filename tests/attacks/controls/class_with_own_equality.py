"""Defines a class with __eq__, __hash__ and __lt__.

start: challenge
deserves: full
flag: no
"""


# %%
class Shape:
    def __init__(self, *sizes):
        self.sizes = sizes

    def __eq__(self, other):
        return isinstance(other, Shape) and self.sizes == other.sizes

    def __hash__(self):
        return hash(self.sizes)

    def __lt__(self, other):
        return self.sizes < other.sizes


print(Shape(1, 2) == Shape(1, 2), sorted([Shape(2), Shape(1)])[0].sizes)
