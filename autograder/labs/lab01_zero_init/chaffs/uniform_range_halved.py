"""You draw from half of the range: `minval` and `maxval` are its two ends, not its width."""

import random

import keras


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
        low, high = self.minval / 2, self.maxval / 2
        return keras.random.uniform(shape, low, high, dtype=dtype, seed=self.seed)

    def get_config(self):
        seed = keras.saving.serialize_keras_object(self.given_seed)
        return {"minval": self.minval, "maxval": self.maxval, "seed": seed}
