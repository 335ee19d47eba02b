"""Draws with `tf.random.stateless_*`; the probe with `tf.nn.moments`; Gauss-Hermite quadrature."""

import random

import keras
import numpy as np
import tensorflow as tf
from keras import ops


def compute_fans(shape):
    """Computes the number of input and output units of a weight's shape."""
    dims = [int(dim) for dim in shape]
    if len(dims) < 2:
        return (dims[0], dims[0]) if dims else (1, 1)
    receptive_field = 1
    for dim in dims[:-2]:
        receptive_field *= dim
    return receptive_field * dims[-2], receptive_field * dims[-1]


@keras.saving.register_keras_serializable(package="layerlab")
class VarianceScaling(keras.initializers.Initializer):
    """Initializer that adapts the variance of its values to the shape of the weight."""

    def __init__(self, scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None):
        if scale <= 0.0:
            raise ValueError(f"`scale` must be a positive float. Received: scale={scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(
                f"`mode` must be 'fan_in', 'fan_out' or 'fan_avg'. Received: mode={mode}"
            )
        name = distribution.lower()
        if name == "normal":
            name = "truncated_normal"
        if name not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise ValueError(
                "`distribution` must be 'truncated_normal', 'untruncated_normal' or 'uniform'. "
                f"Received: distribution={distribution}"
            )
        if seed is None:
            self.seed = random.randint(1, 10**9)
        elif isinstance(seed, dict):
            self.seed = keras.saving.deserialize_keras_object(seed)
        elif isinstance(seed, (int, keras.random.SeedGenerator)):
            self.seed = seed
        else:
            raise ValueError(
                "`seed` must be None, an integer or a `keras.random.SeedGenerator`. "
                f"Received: seed={seed}"
            )
        self.scale = scale
        self.mode = mode
        self.distribution = name
        self._init_seed = seed

    def __call__(self, shape, dtype=None):
        dtype = dtype or keras.config.floatx()
        fan_in, fan_out = compute_fans(shape)
        if self.mode == "fan_in":
            n = max(1.0, fan_in)
        elif self.mode == "fan_out":
            n = max(1.0, fan_out)
        else:
            n = max(1.0, 0.5 * (fan_in + fan_out))
        stddev = (self.scale / n) ** 0.5
        seed = self._seed_pair()
        if self.distribution == "truncated_normal":
            return tf.random.stateless_truncated_normal(
                shape, seed, stddev=stddev / 0.87962566103423978, dtype=dtype
            )
        if self.distribution == "untruncated_normal":
            return tf.random.stateless_normal(shape, seed, stddev=stddev, dtype=dtype)
        limit = tf.cast((3.0 * self.scale / n) ** 0.5, dtype)
        return tf.random.stateless_uniform(shape, seed, minval=-limit, maxval=limit, dtype=dtype)

    def _seed_pair(self):
        """The two integers that Keras hands to TensorFlow for this seed."""
        if isinstance(self.seed, int):
            return tf.constant([self.seed % (2**31 - 2), 0], dtype="int32")
        pair = tf.math.floormod(ops.convert_to_tensor(self.seed.next()), 2**31 - 2)
        return tf.cast(pair, "int32")

    def get_config(self):
        config = super().get_config()
        config.update(
            {
                "scale": self.scale,
                "mode": self.mode,
                "distribution": self.distribution,
                "seed": keras.saving.serialize_keras_object(self._init_seed),
            }
        )
        return config


@keras.saving.register_keras_serializable(package="layerlab")
class GlorotUniform(VarianceScaling):
    """Glorot's uniform initializer, also called Xavier's."""

    def __init__(self, seed=None):
        super().__init__(scale=1.0, mode="fan_avg", distribution="uniform", seed=seed)

    def get_config(self):
        return {"seed": super().get_config()["seed"]}


@keras.saving.register_keras_serializable(package="layerlab")
class GlorotNormal(VarianceScaling):
    """Glorot's normal initializer, also called Xavier's."""

    def __init__(self, seed=None):
        super().__init__(scale=1.0, mode="fan_avg", distribution="truncated_normal", seed=seed)

    def get_config(self):
        return {"seed": super().get_config()["seed"]}


@keras.saving.register_keras_serializable(package="layerlab")
class HeUniform(VarianceScaling):
    """He's uniform initializer."""

    def __init__(self, seed=None):
        super().__init__(scale=2.0, mode="fan_in", distribution="uniform", seed=seed)

    def get_config(self):
        return {"seed": super().get_config()["seed"]}


@keras.saving.register_keras_serializable(package="layerlab")
class HeNormal(VarianceScaling):
    """He's normal initializer."""

    def __init__(self, seed=None):
        super().__init__(scale=2.0, mode="fan_in", distribution="truncated_normal", seed=seed)

    def get_config(self):
        return {"seed": super().get_config()["seed"]}


@keras.saving.register_keras_serializable(package="layerlab")
class LecunNormal(VarianceScaling):
    """LeCun's normal initializer."""

    def __init__(self, seed=None):
        super().__init__(scale=1.0, mode="fan_in", distribution="truncated_normal", seed=seed)

    def get_config(self):
        return {"seed": super().get_config()["seed"]}


@keras.saving.register_keras_serializable(package="layerlab")
class MomentProbe(keras.layers.Layer):
    """A layer that watches what passes through it and leaves it unchanged."""

    def __init__(self, momentum=0.9, saturation=0.99, **kwargs):
        super().__init__(**kwargs)
        if momentum < 0.0 or momentum > 1.0:
            raise ValueError(f"`momentum` must lie in [0, 1]. Received: momentum={momentum}")
        if saturation <= 0.0:
            raise ValueError(f"`saturation` must be positive. Received: saturation={saturation}")
        self.momentum = momentum
        self.saturation = saturation

    def build(self, input_shape):
        settings = {"shape": (), "dtype": "float32", "trainable": False, "autocast": False}
        self.mean = self.add_weight(name="mean", initializer="zeros", **settings)
        self.variance = self.add_weight(name="variance", initializer="ones", **settings)
        self.saturated = self.add_weight(name="saturated", initializer="zeros", **settings)
        super().build(input_shape)

    def call(self, inputs, training=False):
        if not training:
            return inputs
        x = tf.reshape(tf.cast(inputs, tf.float32), [-1])
        mean, variance = tf.nn.moments(x, axes=[0])
        count = tf.math.count_nonzero(tf.abs(x) > self.saturation)
        share = tf.cast(count, tf.float32) / tf.cast(tf.size(x), tf.float32)
        keep, take = self.momentum, 1.0 - self.momentum
        self.mean.assign(keep * self.mean + take * mean)
        self.variance.assign(keep * self.variance + take * variance)
        self.saturated.assign(keep * self.saturated + take * share)
        return tf.identity(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "saturation": self.saturation,
        }


def variance_gain(activation):
    """Computes the `scale` of `VarianceScaling(mode="fan_in")` that suits an activation."""
    f = keras.activations.get(activation)
    nodes, weights = np.polynomial.hermite_e.hermegauss(180)  # Gauss-Hermite quadrature
    squares = np.square(f(tf.constant(nodes, tf.float32)).numpy().astype("float64"))
    return float(np.sum(weights) / np.sum(weights * squares))
