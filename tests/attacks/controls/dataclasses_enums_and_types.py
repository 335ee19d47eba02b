"""Defines dataclasses, enumerations, protocols and typed dictionaries.

start: solution
deserves: full
flag: no
"""

# %%
import dataclasses
import enum
import typing


class Padding(enum.StrEnum):
    VALID = "valid"
    SAME = "same"


@dataclasses.dataclass(order=True)
class Setting:
    kernel_size: int = 3
    padding: Padding = Padding.SAME
    notes: list[str] = dataclasses.field(default_factory=list)


class Callable(typing.Protocol):
    def __call__(self, x: typing.Any) -> typing.Any: ...


print(sorted([Setting(5), Setting(3)]), dataclasses.asdict(Setting()))
print(DepthwiseConv2D(3, padding=str(Setting().padding)).padding)
