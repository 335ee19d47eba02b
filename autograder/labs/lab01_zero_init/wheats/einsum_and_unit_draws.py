"""`einsum`, and draws from the standard distributions that are scaled and moved."""

import random

import keras
import numpy as np


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
        outputs = keras.ops.einsum("...i,iu->...u", inputs, self.kernel)
        if self.use_bias:
            outputs = outputs + self.bias
        return outputs

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
        return keras.ops.zeros(shape, dtype=dtype) + self.value

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
        standard = keras.random.normal(shape, dtype=dtype, seed=self.seed)
        return self.mean + self.stddev * standard

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
        unit = keras.random.uniform(shape, dtype=dtype, seed=self.seed)
        return self.minval + (self.maxval - self.minval) * unit

    def get_config(self):
        seed = keras.saving.serialize_keras_object(self.given_seed)
        return {"minval": self.minval, "maxval": self.maxval, "seed": seed}


def distinct_units(kernel, tolerance=1e-6):
    """Counts the different hidden units, that is, the different columns of a kernel."""
    left, found = np.array(kernel), 0
    while left.shape[1]:
        found += 1
        left = left[:, np.abs(left - left[:, :1]).max(axis=0) > tolerance]
    return found


def break_symmetry(kernel, bias, outgoing, amount=0.1):
    """Moves the outgoing weights of copies apart, and leaves the network's output as it is."""
    incoming = np.vstack([kernel, bias])
    _, group = np.unique(incoming, axis=1, return_inverse=True)
    result = np.array(outgoing)
    for number in range(group.max() + 1):
        members = np.flatnonzero(group.ravel() == number)
        half = (len(members) - 1) / 2
        result[members] += amount * np.linspace(-half, half, len(members))[:, None]
    return result
