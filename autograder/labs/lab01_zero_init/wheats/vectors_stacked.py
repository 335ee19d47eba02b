"""All feature vectors stacked to one matrix, with the bias as one more row of the kernel."""

import math
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
        features, kernel = self.kernel.shape[0], tf.convert_to_tensor(self.kernel)
        vectors = tf.reshape(inputs, (-1, features))
        if self.use_bias:
            kernel = tf.concat([kernel, self.bias[tf.newaxis]], axis=0)
            vectors = tf.pad(vectors, [(0, 0), (0, 1)], constant_values=1)
        shape = tf.concat([tf.shape(inputs)[:-1], [self.units]], axis=0)
        outputs = tf.reshape(tf.matmul(vectors, kernel), shape)
        return tf.ensure_shape(outputs, self.compute_output_shape(inputs.shape))

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
        return tf.cast(np.full(shape, self.value), dtype or keras.config.floatx())

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
        flat = keras.random.normal((math.prod(shape),), dtype=dtype, seed=self.seed)
        return keras.ops.reshape(flat, shape) * self.stddev + self.mean

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
        flat = (math.prod(shape),)
        values = keras.random.uniform(flat, self.minval, self.maxval, dtype=dtype, seed=self.seed)
        return keras.ops.reshape(values, shape)

    def get_config(self):
        seed = keras.saving.serialize_keras_object(self.given_seed)
        return {"minval": self.minval, "maxval": self.maxval, "seed": seed}


def distinct_units(kernel, tolerance=1e-6):
    """Counts the different hidden units, that is, the different columns of a kernel."""
    columns = [list(map(float, column)) for column in np.array(kernel).T]
    kept = []
    for column in columns:
        near = [c for c in kept if max(abs(a - b) for a, b in zip(column, c)) <= tolerance]
        kept += [] if near else [column]
    return len(kept)


def break_symmetry(kernel, bias, outgoing, amount=0.1):
    """Moves the outgoing weights of copies apart, and leaves the network's output as it is."""
    groups = {}
    for place, unit in enumerate(np.vstack([kernel, bias]).T):
        groups.setdefault(tuple(unit), []).append(place)
    shift = np.zeros(len(bias))
    for places in groups.values():
        shift[places] = amount * (np.arange(len(places)) - np.mean(np.arange(len(places))))
    return tf.convert_to_tensor(outgoing) + tf.cast(shift[:, None], outgoing.dtype)
