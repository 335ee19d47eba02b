"""You take `stddev` for the variance and draw its square root: it is the standard deviation
already."""

import random

import keras


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
        return keras.random.normal(shape, self.mean, self.stddev**0.5, dtype=dtype, seed=self.seed)

    def get_config(self):
        seed = keras.saving.serialize_keras_object(self.given_seed)
        return {"mean": self.mean, "stddev": self.stddev, "seed": seed}
