"""layerlab: write the layer, see at once what is wrong with it, and why.

>>> from layerlab import check
>>> check(DepthwiseConv2D)  # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layerlab.checking import check, graded
    from layerlab.environment import about

__all__ = ["about", "check", "graded"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Imports TensorFlow only for those who check: the grader's own process does without."""
    if name not in __all__:
        raise AttributeError(f"module 'layerlab' has no attribute {name!r}")
    if name == "about":
        from layerlab.environment import about

        return about
    from layerlab import checking

    return getattr(checking, name)
