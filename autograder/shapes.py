"""Sizes of windows and outputs, in plain integers, by TensorFlow's rule."""

from __future__ import annotations

from typing import Any


def output_length(size: int, window: int, stride: int, dilation: int, padding: str) -> int:
    """Number of places at which a window is applied along an axis.

    Args:
        size: Length of the input.
        window: Taps of the window.
        stride: Distance between two places.
        dilation: Distance between two taps.
        padding: `valid` or `same`.
    """
    if padding == "same":
        return -(-size // stride)
    return max(0, -(-(size - (window - 1) * dilation) // stride))


def same_padding(size: int, window: int, stride: int, dilation: int) -> tuple[int, int]:
    """Zeros in front of and behind an axis under `same` padding: the odd one goes behind.

    Source: https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
    """
    reach = (window - 1) * dilation + 1
    places = output_length(size, window, stride, dilation, "same")
    total = max((places - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def reach(window: Any, dilation: Any) -> tuple[int, int]:
    """Pixels that a window spans when its taps stand apart, along height and width.

    Args:
        window: Taps, as an integer or a pair.
        dilation: Distance between two taps, as an integer or a pair.
    """
    height, width = ((k - 1) * d + 1 for k, d in zip(pair(window), pair(dilation), strict=True))
    return height, width


def pair(value: int | tuple[int, ...] | list[int]) -> tuple[int, int]:
    """Height and width from an integer or a pair."""
    if isinstance(value, int):
        return value, value
    height, width = value
    return height, width
