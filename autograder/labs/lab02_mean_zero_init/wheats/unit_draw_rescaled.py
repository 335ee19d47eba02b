"""Draws unit values and rescales them; the probe moves by a share of the difference; strata."""

import math
import random

import keras
import numpy as np
import tensorflow as tf
from keras import ops


def compute_fans(shape):
    """Computes the number of input and output units of a weight's shape."""
    shape = list(shape)
    if not shape:
        return 1, 1
    if len(shape) == 1:
        shape = [1, shape[0], shape[0]]
    window = int(np.prod(shape[:-2], dtype="int64"))
    return window * int(shape[-2]), window * int(shape[-1])


# The standard deviation of a standard normal variable that is truncated at -2 and 2.
TRUNCATED_STDDEV = 0.87962566103423978


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
        n = float(np.mean(self._fans(shape)))
        stddev = math.sqrt(self.scale / max(1.0, n))
        if self.distribution == "uniform":
            unit = keras.random.uniform(shape, dtype=dtype, seed=self.seed)
            limit = ops.cast(stddev * math.sqrt(3.0), dtype)  # through float32, as in Keras
            return unit * (limit + limit) - limit
        if self.distribution == "untruncated_normal":
            unit = keras.random.normal(shape, dtype=dtype, seed=self.seed)
        else:
            unit = keras.random.truncated_normal(shape, dtype=dtype, seed=self.seed)
            stddev = stddev / TRUNCATED_STDDEV
        return unit * ops.convert_to_tensor(stddev, dtype=dtype)

    def _fans(self, shape):
        fan_in, fan_out = compute_fans(shape)
        return {"fan_in": [fan_in], "fan_out": [fan_out]}.get(self.mode, [fan_in, fan_out])

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
        if not (0 <= momentum <= 1):
            raise ValueError(f"`momentum` must be in [0, 1]. Received: momentum={momentum}")
        if not (saturation > 0):
            raise ValueError(f"`saturation` must be > 0. Received: saturation={saturation}")
        self.momentum = momentum
        self.saturation = saturation

    def build(self, input_shape):
        for name, start in (("mean", 0.0), ("variance", 1.0), ("saturated", 0.0)):
            weight = self.add_weight(
                name=name,
                shape=(),
                dtype="float32",
                initializer=keras.initializers.Constant(start),
                trainable=False,
                autocast=False,
            )
            setattr(self, name, weight)

    def call(self, inputs, training=None):
        if training:
            x = ops.stop_gradient(ops.cast(inputs, "float32"))
            axes = list(range(len(x.shape)))
            mean, variance = ops.moments(x, axes=axes)
            outside = ops.logical_or(x > self.saturation, x < -self.saturation)
            share = ops.mean(ops.where(outside, 1.0, 0.0))
            step = 1.0 - self.momentum
            self.mean.assign_add(step * (mean - self.mean))
            self.variance.assign_add(step * (variance - self.variance))
            self.saturated.assign_add(step * (share - self.saturated))
        return inputs

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        config = super().get_config()
        config["momentum"] = self.momentum
        config["saturation"] = self.saturation
        return config


def variance_gain(activation):
    """Computes the `scale` of `VarianceScaling(mode="fan_in")` that suits an activation."""
    f = keras.activations.get(activation)
    strata = 1_000_000  # a stratified sample: the middle of each of so many equal probabilities
    middles = (np.arange(strata, dtype="float64") + 0.5) / strata
    z = tf.cast(tf.math.ndtri(tf.constant(middles)), tf.float32)
    return float(1.0 / np.mean(np.square(np.asarray(f(z), dtype="float64"))))
