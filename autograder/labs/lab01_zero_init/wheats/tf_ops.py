"""TensorFlow's own elementary ops: `tensordot`, stateless draws, sets of columns."""

import random

import keras
import tensorflow as tf


def _seed_pair(seed):
    """The two integers that Keras hands to TensorFlow for a seed."""
    if isinstance(seed, int):
        return tf.constant([seed % (2**31 - 2), 0], dtype="int32")
    pair = tf.math.floormod(tf.convert_to_tensor(seed.next()), 2**31 - 2)
    return tf.cast(pair, "int32")


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
        outputs = tf.tensordot(inputs, self.kernel, axes=1)
        if self.use_bias:
            outputs = tf.nn.bias_add(outputs, self.bias)
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
        return tf.fill(shape, tf.cast(self.value, dtype or keras.config.floatx()))

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
        dtype = dtype or keras.config.floatx()
        seed = _seed_pair(self.seed)
        return tf.random.stateless_normal(shape, seed, self.mean, self.stddev, dtype=dtype)

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
        dtype = dtype or keras.config.floatx()
        low, high = tf.cast(self.minval, dtype), tf.cast(self.maxval, dtype)
        return tf.random.stateless_uniform(shape, _seed_pair(self.seed), low, high, dtype=dtype)

    def get_config(self):
        seed = keras.saving.serialize_keras_object(self.given_seed)
        return {"minval": self.minval, "maxval": self.maxval, "seed": seed}


def distinct_units(kernel, tolerance=1e-6):
    """Counts the different hidden units, that is, the different columns of a kernel."""
    kernel = tf.convert_to_tensor(kernel)
    far = tf.reduce_max(tf.abs(kernel[:, :, None] - kernel[:, None, :]), axis=0) > tolerance
    kept = []
    for unit, row in enumerate(far.numpy()):
        if row[kept].all():
            kept.append(unit)
    return len(kept)


def break_symmetry(kernel, bias, outgoing, amount=0.1):
    """Moves the outgoing weights of copies apart, and leaves the network's output as it is."""
    incoming = tf.concat([kernel, bias[tf.newaxis]], axis=0)
    same = tf.reduce_all(incoming[:, :, tf.newaxis] == incoming[:, tf.newaxis, :], axis=0)
    same = tf.cast(same, outgoing.dtype)
    in_front = tf.reduce_sum(tf.linalg.band_part(same, -1, 0), axis=1) - 1
    middle = (tf.reduce_sum(same, axis=1) - 1) / 2
    return outgoing + amount * (in_front - middle)[:, tf.newaxis]
