"""You divide by a length that can be zero: at the zero vector the result and its gradient are not
numbers."""

import keras


def squash(s, axis=-1, epsilon=1e-7):
    """Shortens vectors to a length below 1."""
    square = keras.ops.sum(keras.ops.square(s), axis=axis, keepdims=True)
    return square / (1 + square) * s / keras.ops.sqrt(square)
