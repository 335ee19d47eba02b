"""You multiply with `n / (1 + n)` instead of `n**2 / (1 + n**2)`: short vectors are hardly
shortened, and long ones too much."""

import keras


def squash(s, axis=-1, epsilon=1e-7):
    """Shortens vectors to a length below 1."""
    square = keras.ops.sum(keras.ops.square(s), axis=axis, keepdims=True) + epsilon
    length = keras.ops.sqrt(square)
    return s / (1 + length)
