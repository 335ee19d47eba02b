"""You put the 2 of Glorot's formula in twice: dividing by the mean of the fans already is a factor
2 over their sum."""

import math
import random

import keras


def compute_fans(shape):
    """Computes the number of input and output units of a weight's shape."""
    shape = tuple(shape)
    if len(shape) == 0:
        return 1, 1
    if len(shape) == 1:
        return int(shape[0]), int(shape[0])
    *window, channels_in, channels_out = shape
    receptive_field = math.prod(window)  # 1 for a dense kernel
    return int(receptive_field * channels_in), int(receptive_field * channels_out)


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
        fan_in, fan_out = compute_fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)  # U(-a, a) has the variance a² / 3
            return keras.random.uniform(shape, -limit, limit, dtype=dtype, seed=self.seed)
        stddev = math.sqrt(variance)
        if self.distribution == "untruncated_normal":
            return keras.random.normal(shape, 0.0, stddev, dtype=dtype, seed=self.seed)
        stddev /= 0.87962566103423978  # what the truncation takes away
        return keras.random.truncated_normal(shape, 0.0, stddev, dtype=dtype, seed=self.seed)

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
        super().__init__(scale=2.0, mode="fan_avg", distribution="uniform", seed=seed)

    def get_config(self):
        return {"seed": super().get_config()["seed"]}


@keras.saving.register_keras_serializable(package="layerlab")
class GlorotNormal(VarianceScaling):
    """Glorot's normal initializer, also called Xavier's."""

    def __init__(self, seed=None):
        super().__init__(scale=2.0, mode="fan_avg", distribution="truncated_normal", seed=seed)

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
