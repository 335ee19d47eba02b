"""You take the variance of the activation's output; the next layer sums squares that include the
mean, so the second moment counts."""

import keras
import numpy as np
from keras import ops


def variance_gain(activation):
    """Computes the `scale` of `VarianceScaling(mode="fan_in")` that suits an activation."""
    f = keras.activations.get(activation)
    step = 1e-3
    z = np.arange(-10.0 + step / 2, 10.0, step)  # midpoints: none falls on a kink at 0
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    values = ops.convert_to_numpy(f(ops.convert_to_tensor(z, dtype="float32")))
    second_moment = np.sum(values.astype("float64") ** 2 * density) * step
    mean = np.sum(values.astype("float64") * density) * step
    return float(1.0 / (second_moment - mean**2))
