"""Modes and distributions in tables; weights made in the constructor; Gauss-Legendre cells."""

import functools
import math
import operator

import keras
import numpy as np
import tensorflow as tf


def compute_fans(shape):
    """Computes the number of input and output units of a weight's shape."""
    match [int(dim) for dim in shape]:
        case []:
            return 1, 1
        case [units]:
            return units, units
        case [*window, channels_in, channels_out]:
            field = functools.reduce(operator.mul, window, 1)
            return field * channels_in, field * channels_out


def _truncated_normal(shape, variance, **kwargs):
    stddev = math.sqrt(variance) / 0.87962566103423978
    return keras.random.truncated_normal(shape, stddev=stddev, **kwargs)


def _untruncated_normal(shape, variance, **kwargs):
    return keras.random.normal(shape, stddev=math.sqrt(variance), **kwargs)


def _uniform(shape, variance, **kwargs):
    limit = math.sqrt(3.0 * variance)
    return keras.random.uniform(shape, minval=-limit, maxval=limit, **kwargs)


SAMPLERS = {
    "truncated_normal": _truncated_normal,
    "untruncated_normal": _untruncated_normal,
    "uniform": _uniform,
}
DIVISORS = {
    "fan_in": lambda fan_in, fan_out: fan_in,
    "fan_out": lambda fan_in, fan_out: fan_out,
    "fan_avg": lambda fan_in, fan_out: (fan_in + fan_out) / 2.0,
}


@keras.saving.register_keras_serializable(package="layerlab")
class VarianceScaling(keras.initializers.Initializer):
    """Initializer that adapts the variance of its values to the shape of the weight."""

    def __init__(self, scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None):
        distribution = {"normal": "truncated_normal"}.get(
            distribution.lower(), distribution.lower()
        )
        if scale <= 0:
            raise ValueError(f"`scale` must be positive. Received: scale={scale}")
        if mode not in DIVISORS:
            raise ValueError(f"Unknown `mode`. Received: mode={mode}")
        if distribution not in SAMPLERS:
            raise ValueError(f"Unknown `distribution`. Received: distribution={distribution}")
        if isinstance(seed, dict):
            seed = keras.saving.deserialize_keras_object(seed)
        if seed is not None and not isinstance(seed, (int, keras.random.SeedGenerator)):
            message = f"`seed` must be an integer or a SeedGenerator. Received: seed={seed}"
            raise ValueError(message)
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.seed = seed
        self._own_seed = int(np.random.randint(1, 2**31 - 2)) if seed is None else seed

    def __call__(self, shape, dtype=None):
        n = DIVISORS[self.mode](*compute_fans(shape))
        sample = SAMPLERS[self.distribution]
        return sample(shape, self.scale / max(n, 1), dtype=dtype, seed=self._own_seed)

    def get_config(self):
        return {
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "seed": keras.saving.serialize_keras_object(self.seed),
        }


class _Named(VarianceScaling):
    """A `VarianceScaling` whose settings are fixed by its class."""

    settings = (1.0, "fan_in", "truncated_normal")

    def __init__(self, seed=None):
        super().__init__(*self.settings, seed=seed)

    def get_config(self):
        return {"seed": keras.saving.serialize_keras_object(self.seed)}


@keras.saving.register_keras_serializable(package="layerlab")
class GlorotUniform(_Named):
    """Glorot's uniform initializer."""

    settings = (1.0, "fan_avg", "uniform")


@keras.saving.register_keras_serializable(package="layerlab")
class GlorotNormal(_Named):
    """Glorot's normal initializer."""

    settings = (1.0, "fan_avg", "truncated_normal")


@keras.saving.register_keras_serializable(package="layerlab")
class HeUniform(_Named):
    """He's uniform initializer."""

    settings = (2.0, "fan_in", "uniform")


@keras.saving.register_keras_serializable(package="layerlab")
class HeNormal(_Named):
    """He's normal initializer."""

    settings = (2.0, "fan_in", "truncated_normal")


@keras.saving.register_keras_serializable(package="layerlab")
class LecunNormal(_Named):
    """LeCun's normal initializer."""

    settings = (1.0, "fan_in", "truncated_normal")


@keras.saving.register_keras_serializable(package="layerlab")
class MomentProbe(keras.layers.Layer):
    """A layer that watches what passes through it and leaves it unchanged."""

    def __init__(self, momentum=0.9, saturation=0.99, **kwargs):
        super().__init__(**kwargs)
        if not 0.0 <= momentum <= 1.0:
            raise ValueError(f"`momentum` must lie in [0, 1]. Received: momentum={momentum}")
        if not saturation > 0.0:
            raise ValueError(f"`saturation` must be positive. Received: saturation={saturation}")
        self.momentum = momentum
        self.saturation = saturation
        # Scalars: no input shape is needed to make them.
        self.mean = self._scalar("mean", "zeros")
        self.variance = self._scalar("variance", "ones")
        self.saturated = self._scalar("saturated", "zeros")

    def _scalar(self, name, initializer):
        return self.add_weight(
            (), initializer, "float32", trainable=False, autocast=False, name=name
        )

    def call(self, inputs, training=None):
        if training:
            x = tf.cast(inputs, tf.float32)
            size = tf.cast(tf.size(x), tf.float32)
            mean = tf.reduce_sum(x) / size
            variance = tf.reduce_sum(tf.math.squared_difference(x, mean)) / size
            saturated = tf.reduce_sum(tf.where(tf.abs(x) > self.saturation, 1.0, 0.0)) / size
            old = tf.stack([w.value for w in self.non_trainable_weights])
            batch = tf.stack([mean, variance, saturated])
            new = self.momentum * old + (1.0 - self.momentum) * batch
            for weight, value in zip(self.non_trainable_weights, tf.unstack(new), strict=True):
                weight.assign(value)
        return tf.identity(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"momentum": self.momentum, "saturation": self.saturation}


def variance_gain(activation):
    """Computes the `scale` of `VarianceScaling(mode="fan_in")` that suits an activation."""
    f = keras.activations.get(activation)
    nodes, weights = np.polynomial.legendre.leggauss(64)  # Gauss-Legendre, cell by cell
    cells = np.arange(-12.0, 12.0, 0.5)
    z = (cells[:, None] + 0.25 * (nodes + 1.0)).reshape(-1)
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    y = np.asarray(f(tf.constant(z, dtype=tf.float32)), dtype="float64")
    return 1.0 / float(0.25 * np.tile(weights, len(cells)) @ (density * y * y))
