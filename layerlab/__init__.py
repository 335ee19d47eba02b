"""layerlab: write the layer, see at once what is wrong with it, and why.

>>> from layerlab import check
>>> check(DepthwiseConv2D)  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layerlab.checking import check, graded
    from layerlab.environment import about
    from layerlab.hints import hint
    from layerlab.session import progress

__all__ = ["about", "check", "graded", "hint", "progress"]
__version__ = "0.1.0"

_WHERE = {
    "about": "environment",
    "check": "checking",
    "graded": "checking",
    "hint": "hints",
    "progress": "session",
}


def __getattr__(name: str) -> Any:
    """Imports TensorFlow only for those who check: the grader's own process does without."""
    if name not in _WHERE:
        raise AttributeError(f"module 'layerlab' has no attribute {name!r}")
    return getattr(import_module(f"layerlab.{_WHERE[name]}"), name)
