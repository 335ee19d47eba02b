"""The definition written out: products and a sum; a table of first appearances."""

import random

import keras
import numpy as np
import tensorflow as tf


@keras.saving.register_keras_serializable(package="layerlab")
class Dense(keras.layers.Layer):
    """A densely connected layer: every output is a weighted sum of all features."""

    def __init__(
        self,
        units,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not isinstance(units, int) or units <= 0:
            raise ValueError(f"`units` must be a positive integer. Received: units={units}")
        self.units = units
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.input_spec = keras.layers.InputSpec(min_ndim=2)

    def build(self, input_shape):
        features = input_shape[-1]
        self.input_spec = keras.layers.InputSpec(min_ndim=2, axes={-1: features})
        self.kernel = self.add_weight(
            name="kernel",
            shape=(features, self.units),
            initializer=self.kernel_initializer,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.units,),
                initializer=self.bias_initializer,
            )

    def call(self, inputs):
        products = inputs[..., tf.newaxis] * tf.convert_to_tensor(self.kernel)
        total = tf.reduce_sum(products, axis=-2)
        return total + self.bias if self.use_bias else total

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        config = super().get_config()
        config.update(
            {
                "units": self.units,
                "use_bias": self.use_bias,
                "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
                "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            }
        )
        return config


@keras.saving.register_keras_serializable(package="layerlab")
class Constant(keras.initializers.Initializer):
    """Initializer that gives every entry of a weight the same value."""

    def __init__(self, value=0.0):
        self.value = value

    def __call__(self, shape, dtype=None):
        return keras.ops.ones(shape, dtype=dtype) * self.value

    def get_config(self):
        return {"value": self.value}


@keras.saving.register_keras_serializable(package="layerlab")
class RandomNormal(keras.initializers.Initializer):
    """Initializer that draws every entry from a normal distribution."""

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        self.mean = mean
        self.stddev = stddev
        self.given_seed = seed
        if seed is None:
            seed = random.randint(1, 10**9)
        elif isinstance(seed, dict):
            seed = keras.saving.deserialize_keras_object(seed)
        elif not isinstance(seed, (int, keras.random.SeedGenerator)):
            raise ValueError(
                "`seed` must be None, an integer or a `keras.random.SeedGenerator`. "
                f"Received: seed={seed}"
            )
        self.seed = seed

    def __call__(self, shape, dtype=None):
        return keras.random.normal(shape, self.mean, self.stddev, dtype=dtype, seed=self.seed)

    def get_config(self):
        seed = keras.saving.serialize_keras_object(self.given_seed)
        return {"mean": self.mean, "stddev": self.stddev, "seed": seed}


@keras.saving.register_keras_serializable(package="layerlab")
class RandomUniform(keras.initializers.Initializer):
    """Initializer that draws every entry from a uniform distribution."""

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        self.minval = minval
        self.maxval = maxval
        self.given_seed = seed
        if seed is None:
            seed = random.randint(1, 10**9)
        elif isinstance(seed, dict):
            seed = keras.saving.deserialize_keras_object(seed)
        elif not isinstance(seed, (int, keras.random.SeedGenerator)):
            raise ValueError(
                "`seed` must be None, an integer or a `keras.random.SeedGenerator`. "
                f"Received: seed={seed}"
            )
        self.seed = seed

    def __call__(self, shape, dtype=None):
        return keras.random.uniform(shape, self.minval, self.maxval, dtype=dtype, seed=self.seed)

    def get_config(self):
        seed = keras.saving.serialize_keras_object(self.given_seed)
        return {"minval": self.minval, "maxval": self.maxval, "seed": seed}


def distinct_units(kernel, tolerance=1e-6):
    """Counts the different hidden units, that is, the different columns of a kernel."""
    kernel = np.asarray(kernel, dtype="float64")
    kept = kernel[:, :1]
    for unit in range(1, kernel.shape[1]):
        column = kernel[:, unit : unit + 1]
        if np.abs(kept - column).max(axis=0).min() > tolerance:
            kept = np.hstack([kept, column])
    return np.int64(kept.shape[1])


def break_symmetry(kernel, bias, outgoing, amount=0.1):
    """Moves the outgoing weights of copies apart, and leaves the network's output as it is."""
    units = [tuple(unit) for unit in np.vstack([kernel, bias]).T.tolist()]
    result = np.array(outgoing)
    for place, unit in enumerate(units):
        result[place] += amount * (units[:place].count(unit) - (units.count(unit) - 1) / 2)
    return result
