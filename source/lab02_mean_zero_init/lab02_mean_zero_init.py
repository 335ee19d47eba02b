# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 02: Why is it beneficial to start weights with a mean-zero distribution?
#
# Lab 01 started weights from random numbers because units must differ. Why should these numbers have the mean zero? The usual answer lists four reasons. One of them is wrong, and the others leave out the number on which everything depends. In this lab you find that number, and measure each reason in networks of up to 50 layers.
#
# **What you will build.** `compute_fans`, which counts the connections of a weight from its shape; `VarianceScaling`, the initializer behind nearly every default in Keras, and on top of it the five that are named after Glorot, He and LeCun; `MomentProbe`, a layer that reports the mean, the variance and the saturation of whatever passes through it. As a challenge: `variance_gain`, which finds He's factor 2 and its counterpart for any activation.
#
# **What you should know before.** The mean and the variance of a sum of independent variables; what a dense layer and a convolution compute; how a Keras layer is put together (`build`, `call`, `get_config`: lab 01, exercise 1).
#
# **How long it takes.** 60 to 90 minutes. Everything runs on a laptop's CPU.
#
# **What is put to the test.** That a mean of zero breaks the symmetry between units, that another mean avoids saturation, that a mean of zero makes learning stable, and that it keeps ReLU units alive.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math
import random

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import ops

from layerlab import check, graded, hint, progress

# %% [markdown]
# ## Intuition
#
# Take one layer of 256 tanh units. Its inputs lie between 0 and 1, like the brightness of pixels, so their mean is 0.5. The weights of each unit are normal with variance 1/256. We change one thing only: the mean $\mu$ of the weights. The histograms show the sums that reach the units; the curve above them is the slope of tanh, that is, the share of the gradient that each unit lets back.

# %% tags=["experiment"]
# The intuition as a drawing. Needs none of your code.
rng = np.random.default_rng(0)
n = 256
brightness = rng.uniform(0.0, 1.0, (400, n))

figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), sharey=True, layout="constrained")
grid = np.linspace(-4, 16, 400)
for axis, mu in zip(axes, (0.0, 0.02, 0.1), strict=True):
    weights = rng.normal(mu, np.sqrt(1 / n), (n, n))
    sums = brightness @ weights
    axis.hist(sums.ravel(), bins=np.linspace(-4, 16, 81), density=True, color="0.75")
    axis.plot(grid, 1 - np.tanh(grid) ** 2, color="black", label="slope of tanh")
    saturated = np.mean(np.abs(np.tanh(sums)) > 0.99)
    axis.set_title(f"weight mean {mu:g}: {saturated:.0%} saturated")
    axis.set_xlabel("sum that reaches a unit")
axes[0].set_ylabel("density of the sums; slope")
axes[0].legend(loc="upper right")
figure.suptitle("A mean in the weights moves all units off the slope, to the same side")
plt.show()

# %% [markdown]
# With $\mu = 0$ the sums sit where tanh is steep. With $\mu = 0.02$ they have moved by about 2.6, and nearly half of the outputs are saturated; with $\mu = 0.1$ by 12.8, and no unit has any slope left. A mean that looks small is not small for a sum of 256 terms.

# %% [markdown]
# ## Mathematics
#
# We use the notation of He et al. (2015), section 2.2. A layer computes
#
# $$\mathbf{y}_l = W_l\,\mathbf{x}_l + \mathbf{b}_l, \qquad \mathbf{x}_l = f(\mathbf{y}_{l-1}),$$
#
# where one entry $y_l$ sums over $n_l$ connections: $n_l = k^2 c$ for a convolution with a $k \times k$ window and $c$ input channels, and $k = 1$ for a dense layer. This $n_l$ is the **fan-in**. Going backward, one input collects its gradient over $\hat{n}_l = k^2 d$ connections, where $d$ is the number of output channels: the **fan-out**. Biases start at zero.
#
# **What the mean does.** Let the entries of $W_l$ be independent, with mean $\mu$ and variance $\sigma^2$. Write each weight as $\mu$ plus a deviation. For one given input $\mathbf{x}_l$,
#
# $$y_l \;=\; \underbrace{\mu \sum_{i=1}^{n_l} x_{l,i}}_{\text{the same for every unit}}
# \;+\; \underbrace{\sum_{i=1}^{n_l} (w_i - \mu)\,x_{l,i}}_{\text{different for every unit}} .$$
#
# The first term has the size $n_l \, \mu \, E[x_l]$. It grows like the fan-in. The second has mean zero and variance $\sigma^2 \sum_i x_{l,i}^2$. With $\sigma^2 \sim 1/n_l$ it does not grow at all. So the mean moves all units *together*, and only the variance tells them apart.
#
# Where inputs are centered, $E[x_l] = 0$, the first term is still there for each single input: $n_l$ numbers of variance 1 have a sum of size $\sqrt{n_l}$. It pushes all units to one side, so that the *next* layer's input is no longer centered. In a deep stack the push is multiplied by about $n_l\mu$ at each layer. Compare this with the random part, which He's and Glorot's choices keep at a factor of about 1: the mean does no harm as long as
#
# $$n_l\,|\mu| \ll 1 ,$$
#
# and takes over beyond. For 256 units the border, $1/n_l$, is a mean of 0.004.
#
# **What the variance must be.** Let $\mu = 0$ from here on. Then (He et al., section 2.2)
#
# $$\operatorname{Var}[y_l] = n_l \operatorname{Var}[w_l]\, E[x_l^2] .$$
#
# If $f$ is nearly linear around 0, like tanh, $E[x_l^2] \approx \operatorname{Var}[y_{l-1}]$, and the variance is kept from layer to layer if $n_l \operatorname{Var}[w_l] = 1$. The gradient asks for $\hat{n}_l \operatorname{Var}[w_l] = 1$ in the same way. Glorot and Bengio (2010, equation 12) meet halfway:
#
# $$\operatorname{Var}[w_l] = \frac{2}{n_l + \hat{n}_l} .$$
#
# If $f$ is ReLU and $y_{l-1}$ is symmetric about 0, half of its second moment is cut away: $E[x_l^2] = \tfrac12 \operatorname{Var}[y_{l-1}]$. Hence He's condition:
#
# $$\tfrac12\, n_l \operatorname{Var}[w_l] = 1, \qquad\text{that is,}\qquad \operatorname{Var}[w_l] = \frac{2}{n_l} .$$
#
# Note where a mean of zero was used. The formula for $\operatorname{Var}[y_l]$ needs it: otherwise $n_l\,\mu^2 \operatorname{Var}[x_l]$ is added, and far more once the $x_{l,i}$ have been pushed to one side together and are no longer independent. The symmetry of $y_{l-1}$ about 0 needs it, too.

# %% [markdown]
# ## Exercise 1: counting the connections
#
# Keras stores a dense kernel as `(in, out)` and a convolution kernel as `(window..., in, out)`. Two further ranks occur, and a convention settles them: a vector of weights, such as a bias, has its length as both fans, and a single number has 1 and 1.
#
# (For the depthwise kernel of lab 06, `(kh, kw, in, multiplier)`, this convention is debatable: each output unit sums over `kh * kw` inputs only, yet the fan-in counts all channels. Keras does it this way, and so do you.)


# %% nbgrader={"grade": false, "grade_id": "compute_fans", "locked": false, "schema_version": 3, "solution": true, "task": false}
def compute_fans(shape):
    """Computes the number of input and output units of a weight's shape.

    The last two axes of a kernel are the input and the output channels; all axes in front of
    them are the window of a convolution. `fan_in` counts the weights that one output unit sums
    over, `fan_out` those that one input unit reaches (at stride 1).

    Args:
        shape: tuple or list of integers, of any rank:

            - rank 0, `()`: both fans are 1;
            - rank 1, `(units,)`: both fans are `units`;
            - rank 2, `(in, out)`: a dense kernel;
            - rank 3 and above, `(..., in, out)`: a convolution kernel.

    Returns:
        A tuple of two Python integers, `(fan_in, fan_out)`.

    Example:

    >>> compute_fans((3, 3, 8, 16))
    (72, 144)
    """
    ### BEGIN SOLUTION
    shape = tuple(shape)
    if len(shape) == 0:
        return 1, 1
    if len(shape) == 1:
        return int(shape[0]), int(shape[0])
    *window, channels_in, channels_out = shape
    receptive_field = math.prod(window)  # 1 for a dense kernel
    return int(receptive_field * channels_in), int(receptive_field * channels_out)
    ### END SOLUTION


# %% [markdown]
# Stuck? `hint(compute_fans)` leads from a question to the idea, one step at each call; `hint("compute_fans")` works before you have written anything. `progress()` says which exercises pass.

# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_compute_fans", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(compute_fans)

# %% nbgrader={"grade": true, "grade_id": "fans_values", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare both fans with Keras's, for shapes of rank 0 to 5.
graded("fans_values")

# %% [markdown]
# ## Exercise 2: a variance made to measure
#
# One initializer meets all of the conditions above: a mean of zero and the variance $\text{scale}/n$. Its user chooses the count $n$ (`mode`), the factor (`scale`) and the shape of the distribution. Two facts help you to write it.
#
# - The uniform distribution on $[-a, a]$ has the variance $a^2/3$.
# - A normal distribution that is cut at two standard deviations has only $1 - \frac{4\,\varphi(2)}{2\Phi(2) - 1} \approx 0.774$ of its variance left ($\varphi$ and $\Phi$ are the density and the distribution function of the standard normal), hence $\sqrt{0.774} \approx 0.88$ of its standard deviation.
#
# Use the functions of `keras.random`, as in lab 01. `keras.initializers.VarianceScaling` and everything derived from it are banned.


# %% nbgrader={"grade": false, "grade_id": "variance_scaling", "locked": false, "schema_version": 3, "solution": true, "task": false}
@keras.saving.register_keras_serializable(package="layerlab")
class VarianceScaling(keras.initializers.Initializer):
    """Initializer that adapts the variance of its values to the shape of the weight.

    The values have mean 0 and variance `scale / n`, whatever the distribution. `n` is

    - the number of input units of the weight, if `mode="fan_in"`;
    - the number of output units, if `mode="fan_out"`;
    - the mean of the two numbers, if `mode="fan_avg"`;

    and never less than 1. The distributions are

    - `"truncated_normal"`: a normal distribution whose values beyond two of its standard
      deviations are drawn again. This narrows it: what remains has 0.87962566103423978 times
      the standard deviation. `scale / n` is the variance *after* the truncation;
    - `"untruncated_normal"`: a plain normal distribution;
    - `"uniform"`: the uniform distribution on an interval that is symmetric about 0.

    Args:
        scale: positive float.
        mode: one of `"fan_in"`, `"fan_out"`, `"fan_avg"`.
        distribution: one of `"truncated_normal"`, `"untruncated_normal"`, `"uniform"`, in upper
            or lower case. `"normal"` stands for `"truncated_normal"`.
        seed: `None`, a Python integer or an instance of `keras.random.SeedGenerator` (or the
            dictionary that a generator is serialized to). With an integer, every call with the
            same shape and dtype returns the same values: those of
            `keras.initializers.VarianceScaling` with this seed, bit for bit in float32 and
            float16. With `None`, the initializer chooses an integer of its own, at random and
            once, in its constructor, so that it repeats itself but not another initializer. With
            a generator, every call returns new values.

    Call arguments:
        shape: tuple of integers, the shape of the weight.
        dtype: dtype of the weight, in which the values are drawn; `None` means
            `keras.config.floatx()`.

    Returns:
        From a call: a tensor of this shape and dtype.

    Raises:
        ValueError: in the constructor, if `scale` is not positive, if `mode` or `distribution`
            is unknown, or if `seed` is of another type. The message ends with
            "Received: ...".

    `get_config` holds `scale`, `mode`, `distribution` (in lower case, `"normal"` replaced) and
    `seed` (as it was given: `None` stays `None`; a generator is serialized).

    Reference:

    - [He et al., 2015](https://arxiv.org/abs/1502.01852)
    """

    def __init__(self, scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None):
        ### BEGIN SOLUTION
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
        ### END SOLUTION

    def __call__(self, shape, dtype=None):
        ### BEGIN SOLUTION
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
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
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
        ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_variance_scaling", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(VarianceScaling)

# %% nbgrader={"grade": true, "grade_id": "scaling_values", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your values with those of Keras's initializer, for the same integer
# seed, bit for bit, in float32 and float16; and the errors and the configuration with Keras's.
graded("scaling_values")

# %% nbgrader={"grade": true, "grade_id": "scaling_statistics", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden tests give no seed. They compare mean, variance and distribution (with a
# Kolmogorov-Smirnov test) of your values with what the docstring promises, the draws of two
# initializers with one another, and two calls of one initializer.
graded("scaling_statistics")

# %% [markdown]
# ## Exercise 3: five names
#
# The initializers that you know by name are five settings of the one you have just written. The name says whose condition an initializer meets and from which distribution it draws; "Normal" means the truncated one.
#
# Think about `get_config`: Keras makes a copy by calling the constructor with the configuration, and these constructors know a single argument.


# %% nbgrader={"grade": false, "grade_id": "named_initializers", "locked": false, "schema_version": 3, "solution": true, "task": false}
@keras.saving.register_keras_serializable(package="layerlab")
class GlorotUniform(VarianceScaling):
    """Glorot's uniform initializer, also called Xavier's.

    A uniform distribution with mean 0 and the variance `2 / (fan_in + fan_out)`.

    Args:
        seed: as in `VarianceScaling`. `get_config` holds this argument alone.

    Reference:

    - [Glorot and Bengio, 2010](https://proceedings.mlr.press/v9/glorot10a.html)
    """

    def __init__(self, seed=None):
        ### BEGIN SOLUTION
        super().__init__(scale=1.0, mode="fan_avg", distribution="uniform", seed=seed)
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        return {"seed": super().get_config()["seed"]}
        ### END SOLUTION


@keras.saving.register_keras_serializable(package="layerlab")
class GlorotNormal(VarianceScaling):
    """Glorot's normal initializer, also called Xavier's.

    A truncated normal distribution with mean 0 and the variance `2 / (fan_in + fan_out)`.

    Args:
        seed: as in `VarianceScaling`. `get_config` holds this argument alone.

    Reference:

    - [Glorot and Bengio, 2010](https://proceedings.mlr.press/v9/glorot10a.html)
    """

    def __init__(self, seed=None):
        ### BEGIN SOLUTION
        super().__init__(scale=1.0, mode="fan_avg", distribution="truncated_normal", seed=seed)
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        return {"seed": super().get_config()["seed"]}
        ### END SOLUTION


@keras.saving.register_keras_serializable(package="layerlab")
class HeUniform(VarianceScaling):
    """He's uniform initializer.

    A uniform distribution with mean 0 and the variance `2 / fan_in`.

    Args:
        seed: as in `VarianceScaling`. `get_config` holds this argument alone.

    Reference:

    - [He et al., 2015](https://arxiv.org/abs/1502.01852)
    """

    def __init__(self, seed=None):
        ### BEGIN SOLUTION
        super().__init__(scale=2.0, mode="fan_in", distribution="uniform", seed=seed)
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        return {"seed": super().get_config()["seed"]}
        ### END SOLUTION


@keras.saving.register_keras_serializable(package="layerlab")
class HeNormal(VarianceScaling):
    """He's normal initializer.

    A truncated normal distribution with mean 0 and the variance `2 / fan_in`.

    Args:
        seed: as in `VarianceScaling`. `get_config` holds this argument alone.

    Reference:

    - [He et al., 2015](https://arxiv.org/abs/1502.01852)
    """

    def __init__(self, seed=None):
        ### BEGIN SOLUTION
        super().__init__(scale=2.0, mode="fan_in", distribution="truncated_normal", seed=seed)
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        return {"seed": super().get_config()["seed"]}
        ### END SOLUTION


@keras.saving.register_keras_serializable(package="layerlab")
class LecunNormal(VarianceScaling):
    """LeCun's normal initializer.

    A truncated normal distribution with mean 0 and the variance `1 / fan_in`.

    Args:
        seed: as in `VarianceScaling`. `get_config` holds this argument alone.

    Reference:

    - [LeCun et al., 1998](http://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf)
    """

    def __init__(self, seed=None):
        ### BEGIN SOLUTION
        super().__init__(scale=1.0, mode="fan_in", distribution="truncated_normal", seed=seed)
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        return {"seed": super().get_config()["seed"]}
        ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_named_initializers", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(GlorotUniform, GlorotNormal, HeUniform, HeNormal, LecunNormal)

# %% nbgrader={"grade": true, "grade_id": "named_values", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare the values of the five initializers with those of Keras's classes of
# the same name and seed, bit for bit, and their configurations.
graded("named_values")

# %% [markdown]
# ## Exercise 4: a probe to look inside
#
# To see what an initializer does you must look between the layers. `MomentProbe` is the instrument: put it anywhere in a model, and it reports without taking part. It keeps *moving* statistics, as batch normalization does (lab 07), with two differences: it takes them over all axes at once, and it never touches what passes through.


# %% nbgrader={"grade": false, "grade_id": "moment_probe", "locked": false, "schema_version": 3, "solution": true, "task": false}
@keras.saving.register_keras_serializable(package="layerlab")
class MomentProbe(keras.layers.Layer):
    """A layer that watches what passes through it and leaves it unchanged.

    While training it keeps moving averages of three statistics of its inputs, each taken over
    *all* axes of a batch:

    - the mean,
    - the variance (of the population: the mean squared deviation from the batch's own mean),
    - the share of the entries whose absolute value is greater than `saturation`.

    They are updated as in `keras.layers.BatchNormalization`:
    `new = momentum * old + (1 - momentum) * statistic of the batch`.

    Args:
        momentum: float in `[0, 1]`. Share of the old value that an update keeps.
        saturation: positive float, the threshold of saturation.

    Call arguments:
        inputs: tensor of floats, of any rank from 1.
        training: bool or `None`. The statistics change only if it is true.

    Input shape:
        Any.

    Output shape:
        Same as the input shape. The output equals the input, and the gradient of the input
        equals the gradient of the output.

    Weights, none of them trainable, in this order: `mean`, `variance`, `saturated`; attributes
    of the same names. They are scalars that start at 0, 1 and 0. They are float32 under every
    dtype policy, and the statistics are computed in float32.

    Raises:
        ValueError: in the constructor, if `momentum` is not in `[0, 1]` or `saturation` is not
            positive. The message ends with "Received: ...".

    `get_config` holds `momentum` and `saturation` beside what every layer's holds.

    Example:

    >>> probe = MomentProbe(momentum=0.0, saturation=2.0)
    >>> _ = probe(np.array([[1.0, 3.0], [-3.0, 3.0]], "float32"), training=True)
    >>> float(probe.mean), float(probe.variance), float(probe.saturated)
    (1.0, 6.0, 0.75)
    """

    def __init__(self, momentum=0.9, saturation=0.99, **kwargs):
        super().__init__(**kwargs)
        ### BEGIN SOLUTION
        if not 0.0 <= momentum <= 1.0:
            raise ValueError(f"`momentum` must lie in [0, 1]. Received: momentum={momentum}")
        if not saturation > 0.0:
            raise ValueError(f"`saturation` must be positive. Received: saturation={saturation}")
        self.momentum = momentum
        self.saturation = saturation
        ### END SOLUTION

    def build(self, input_shape):
        ### BEGIN SOLUTION
        def statistic(name, initializer):
            return self.add_weight(
                shape=(),
                initializer=initializer,
                dtype="float32",
                trainable=False,
                autocast=False,
                name=name,
            )

        self.mean = statistic("mean", "zeros")
        self.variance = statistic("variance", "ones")
        self.saturated = statistic("saturated", "zeros")
        ### END SOLUTION

    def call(self, inputs, training=None):
        ### BEGIN SOLUTION
        if training:
            x = ops.cast(inputs, "float32")
            beyond = ops.cast(ops.abs(x) > self.saturation, "float32")
            for weight, statistic in (
                (self.mean, ops.mean(x)),
                (self.variance, ops.var(x)),
                (self.saturated, ops.mean(beyond)),
            ):
                weight.assign(self.momentum * weight + (1.0 - self.momentum) * statistic)
        return inputs
        ### END SOLUTION

    def compute_output_shape(self, input_shape):
        ### BEGIN SOLUTION
        return input_shape
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        config = super().get_config()
        config.update({"momentum": self.momentum, "saturation": self.saturation})
        return config
        ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_moment_probe", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(MomentProbe)

# %% nbgrader={"grade": true, "grade_id": "probe_outputs", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare the output with the input, and pull random cotangents back through the
# layer, while training and not.
graded("probe_outputs")

# %% nbgrader={"grade": true, "grade_id": "probe_statistics", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare the three statistics with `tf.nn.moments` and a count, after one call
# and after several, while training and not.
graded("probe_statistics")

# %% nbgrader={"grade": true, "grade_id": "probe_contract", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare the weights, their order, dtypes and starting values, the errors, the
# configuration, a saved and loaded copy, and the layer in `tf.function` and under
# `mixed_float16` with the docstring.
graded("probe_contract")

# %% [markdown]
# ## Experiment 1: the shift is fan-in times mean times mean
#
# *Claim: a weight mean other than zero helps to avoid saturation.* We measure the mean sum and the saturated share in one layer of 256 tanh units, for weight means from -0.1 to 0.1, with centered inputs and with inputs of mean 0.5.

# %% tags=["experiment"]
# Needs none of your code.
rng = np.random.default_rng(1)
n = 256
means = np.linspace(-0.1, 0.1, 21)
inputs = {
    "centered inputs": rng.uniform(-0.5, 0.5, (500, n)),
    "inputs of mean 0.5": rng.uniform(0.0, 1.0, (500, n)),
}
deviations = rng.normal(0.0, np.sqrt(1 / n), (n, n))

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
for (name, x), marker in zip(inputs.items(), "so", strict=True):
    sums = [x @ (deviations + mu) for mu in means]
    left.plot(means, [y.mean() for y in sums], marker, color="0.4", label=f"measured, {name}")
    left.plot(means, n * means * x.mean(), color="black", linewidth=1)
    shares = [np.mean(np.abs(np.tanh(y)) > 0.99) for y in sums]
    right.plot(means, shares, "-" + marker, color="0.4", label=name)
    for mu in (0.0, 0.02, 0.1):
        k = int(np.argmin(np.abs(means - mu)))
        print(f"{name}, mean {mu:4.2f}: mean sum {sums[k].mean():6.2f}, saturated {shares[k]:6.1%}")
left.set(xlabel="weight mean", ylabel="mean of the sums", title="line: fan-in · mean · E[x]")
right.set(
    xlabel="weight mean",
    ylabel="share with |tanh| > 0.99",
    title="The least saturation is at mean 0",
)
for axis in (left, right):
    axis.set_xticks([-0.1, -0.05, 0.0, 0.05, 0.1])
left.legend()
right.set_ylim(-0.05, 1.4)
right.legend(loc="upper center")
plt.show()

# %% [markdown]
# **Measured.** The points lie on the line $n_l\,\mu\,E[x]$: with inputs of mean 0.5, a weight mean of 0.02 shifts the sums by 2.54 (predicted 2.56), one of 0.1 by 12.75 (12.8). The saturated share goes from 0 % at mean 0 to 42 % at 0.02 and 100 % at 0.1, and the same on the negative side.
#
# **Set straight.** The claim is the wrong way round. A weight mean other than zero does not avoid saturation, it *causes* it: the curve has its minimum at zero. Centered inputs protect the first layer (the flat line), and experiment 3 will show that they protect no other.

# %% [markdown]
# ## Experiment 2: what breaks the symmetry?
#
# *Claim: a mean of zero makes units different, so that they learn different features.* Two things are mixed up here, and we separate them. A small network with 16 tanh units learns the color of points on a checkerboard of four fields. Its weights start with mean 0 or 0.5, and with variance or without. At the end we count how many different units there are.


# %% tags=["experiment"]
# Needs none of your code.
def train_shallow(mean, stddev, steps=3000, rate=0.5, units=16):
    """Trains 2 -> 16 (tanh) -> 1 on four fields; returns distinct units, losses, accuracy."""
    rng = np.random.default_rng(1)
    x = rng.uniform(-1.0, 1.0, (300, 2))
    target = (x[:, :1] * x[:, 1:] > 0).astype("float64")
    w1, b1 = rng.normal(mean, stddev, (2, units)), np.zeros(units)
    w2, b2 = rng.normal(mean, stddev, (units, 1)), np.zeros(1)
    losses = []
    for _ in range(steps):
        hidden = np.tanh(x @ w1 + b1)
        logit = hidden @ w2 + b2
        losses.append(np.mean(np.logaddexp(0, logit) - target * logit))
        g = (1 / (1 + np.exp(-logit)) - target) / len(x)
        g_hidden = (g @ w2.T) * (1 - hidden**2)
        w2, b2 = w2 - rate * hidden.T @ g, b2 - rate * g.sum(0)
        w1, b1 = w1 - rate * x.T @ g_hidden, b1 - rate * g_hidden.sum(0)
    distinct = len(np.unique(np.round(w1, 6), axis=1).T)
    return distinct, losses, np.mean((logit > 0) == target)


starts = {
    "mean 0, no variance (zeros)": (0.0, 0.0, ":"),
    "mean 0.5, no variance": (0.5, 0.0, "-."),
    "mean 0, standard deviation 0.5": (0.0, 0.5, "-"),
    "mean 0.5, standard deviation 0.5": (0.5, 0.5, "--"),
}
figure, axis = plt.subplots(figsize=(8, 3.6), layout="constrained")
for name, (mean, stddev, style) in starts.items():
    distinct, losses, accuracy = train_shallow(mean, stddev)
    axis.plot(losses, style, color="black", label=f"{name}: {distinct} distinct")
    print(f"{name:34s} distinct units {distinct:2d}, accuracy {accuracy:.2f}")
axis.set(xlabel="step", ylabel="loss (nats)", title="Variance, not the mean, separates the units")
axis.legend(title="start", loc="upper right")
plt.show()

# %% [markdown]
# **Measured.** Without variance there is one distinct unit, 16 times over, whether the mean is 0 or 0.5, and 3000 steps do not change that: accuracy 0.53 and 0.71. With variance there are 16 distinct units and an accuracy of 0.99, again whether the mean is 0 or 0.5.
#
# **Set straight.** It is the *variance* that breaks the symmetry. The mean has no part in it: zeros have mean zero and break nothing (lab 01), and weights around 0.5 with some spread break it as well as any. (In this shallow and narrow network a mean of 0.5 does no harm: the two inputs are centered, and the fan-in is 2.)

# %% [markdown]
# ## Experiment 3: thirty layers
#
# *Claim: a mean of zero keeps tanh off its flat ends and ReLU units alive.* One layer hides the worst. Here is a stack of 30 layers of 256 units, with *centered* inputs of variance 1, so that the first layer's mean sum is 0. For each weight mean we follow three numbers through the depth: the saturated share (tanh) or the share of dead units (ReLU; a unit is dead here if it is 0 for all 256 examples), the variance of the sums, and the size of the gradient.


# %% tags=["experiment"]
# Needs none of your code.
def propagate(activation, mean, variance, depth=30, width=256, examples=256, seed=0):
    """Sends a batch forward and a random gradient back; returns one number per layer for each."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(examples, width))
    layers, result = [], {"share": [], "variance": [], "gradient": []}
    for _ in range(depth):
        w = rng.normal(mean, np.sqrt(variance), (width, width))
        y = x @ w
        if activation == "tanh":
            x = np.tanh(y)
            slope = 1 - x**2
            share = np.mean(np.abs(x) > 0.99)  # saturated entries
        else:
            x = np.maximum(y, 0)
            slope = (y > 0).astype("float64")
            share = np.mean(np.all(y <= 0, axis=0))  # dead units
        layers.append((w, slope))
        result["share"].append(share)
        result["variance"].append(y.var())
    g = rng.normal(size=x.shape)
    for w, slope in reversed(layers):
        g = (g * slope) @ w.T
        result["gradient"].append(np.sqrt(np.mean(g**2)))
    result["gradient"].reverse()
    return result


FLOOR = 1e-30  # what is smaller is drawn here
STYLES = [("v", ":"), ("s", "-."), ("o", "-"), ("d", (0, (4, 2))), ("^", "--")]
weight_means = (-0.1, -0.02, 0.0, 0.02, 0.1)
figure, axes = plt.subplots(2, 3, figsize=(12, 6.2), sharex=True, layout="constrained")
for row, (activation, variance) in zip(axes, (("tanh", 1 / 256), ("relu", 2 / 256)), strict=True):
    for mean, (marker, line) in zip(weight_means, STYLES, strict=True):
        r = propagate(activation, mean, variance)
        for axis, key in zip(row, ("share", "variance", "gradient"), strict=True):
            values = np.array(r[key]) if key == "share" else np.maximum(r[key], FLOOR)
            axis.plot(
                range(1, 31),
                values,
                linestyle=line,
                marker=marker,
                markevery=4,
                color="black" if mean == 0 else "0.45",
                label=f"mean {mean:g}",
            )
        print(
            f"{activation}, mean {mean:5.2f}: share in layer 5 {r['share'][4]:5.1%},"
            f" in layer 30 {r['share'][-1]:5.1%}, variance in layer 30 {r['variance'][-1]:8.1e},"
            f" gradient at the input {r['gradient'][0]:8.1e}"
        )
    for axis in row[1:]:
        axis.set_yscale("log")
axes[0, 0].set(ylabel="saturated share", title="tanh: a mean of ±0.02 saturates")
axes[1, 0].set(ylabel="share of dead units", title="ReLU: a negative mean kills")
axes[0, 1].set(ylabel="variance of the sums", title="tanh: sums far off the slope")
axes[1, 1].set(ylabel="variance of the sums", title="ReLU: vanishes or explodes")
axes[0, 2].set(ylabel="gradient (root mean square)", title="tanh: no gradient comes back")
axes[1, 2].set(ylabel="gradient (root mean square)", title="ReLU: so does the gradient")
for axis in axes[1]:
    axis.set_xlabel("layer")
axes[0, 0].legend(loc="center right", fontsize="small")
plt.show()

# %% [markdown]
# **Measured, tanh.** At mean 0, nothing is saturated, and the gradient at the input is 0.16 of the one that was sent in. (The variance falls slowly, to 0.017: tanh takes a little at each layer.) At mean ±0.02, layer 5 is 96 % saturated although the inputs are centered, and the gradient at the input is below $10^{-50}$. The variance of the sums tells why: once the units agree on $\pm 1$, the next sums are $\pm n\mu = \pm 5.1$, with variance 26.
#
# **Measured, ReLU.** The two signs differ, since ReLU outputs are never negative and so never centered. A mean of -0.1 kills 89 % of the units by layer 5 and all of them later; the gradient is exactly 0. A mean of -0.02 leaves no dead unit in layer 30, but the signal fades to a variance of $10^{-25}$. A positive mean kills none, and the signal explodes: $10^{40}$ for 0.02. Only mean 0 keeps variance (4.5) and gradient (1.2) in range.
#
# **Sharpened.** A mean of zero does *not* leave all ReLU units alive: 35 % of those in layer 30 are 0 for all 256 examples. Deep in a random ReLU stack all examples have become nearly parallel, so that a unit is on or off for all of them together. A mean of zero prevents the dying that a negative mean brings, and not this.

# %% [markdown]
# ## Experiment 4: how far from zero is too far?
#
# The same stack for 21 means between -0.1 and 0.1, and for three widths. According to the mathematics above, $n\mu$ matters, and not $\mu$: drawn over $n\mu$, the curves of the three widths should agree on where the trouble starts.

# %% tags=["experiment"]
# Needs experiment 3, and none of your code. About 12 seconds.
right_half = [0.003, 0.006, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1]
weight_means = np.array([-mu for mu in right_half[::-1]] + [0.0] + right_half)
widths = {64: ("s", ":"), 128: ("^", "--"), 256: ("o", "-")}
figure, axes = plt.subplots(2, 2, figsize=(11, 6), layout="constrained")
for row, activation, gain in zip(axes, ("tanh", "relu"), (1.0, 2.0), strict=True):
    for width, (marker, line) in widths.items():
        runs = [
            propagate(activation, mu, gain / width, width=width, examples=64) for mu in weight_means
        ]
        style = {"marker": marker, "linestyle": line, "markersize": 4, "color": "0.25"}
        label = f"{width} units"
        row[0].plot(weight_means, [r["share"][-1] for r in runs], label=label, **style)
        gradients = np.maximum([r["gradient"][0] for r in runs], FLOOR)
        row[1].plot(width * weight_means, gradients, label=label, **style)
    row[1].set(yscale="log", xlim=(-6.5, 6.5), ylabel="gradient at the input\n(root mean square)")
    row[1].axvspan(-1, 1, color="0.85", zorder=0)
axes[0, 0].set(ylabel="saturated, layer 30", title="tanh: best at 0, worse on both sides")
axes[1, 0].set(
    ylabel="dead units, layer 30", title="ReLU: dead on the left (right: see the gradient)"
)
axes[0, 1].set_title("tanh: the gradient lives where |n · mean| < 1 (gray)")
axes[1, 1].set_title("ReLU: it vanishes to the left, explodes to the right")
axes[1, 0].set_xlabel("weight mean")
axes[1, 1].set_xlabel("n · weight mean")
axes[0, 0].legend()
plt.show()

# %% [markdown]
# **Measured.** On the left, the wide network bears less: 256 tanh units saturate from about ±0.01 on, 64 units only from ±0.03. On the right, over $n\mu$, the three widths agree. The tanh gradient is level in the gray band $|n\mu| < 1$ and has lost six orders of magnitude or more at $|n\mu| = 2.6$.
#
# **Sharpened.** What counts is $|n\mu|$, not the zero itself: below 1 a mean does little to tanh. Wide layers leave no room for anything but a mean of practically zero. ReLU tolerates less, because its inputs are never centered: within the gray band the gradient already changes by several orders of magnitude from one edge to the other. Note also that the fewest dead units are not at mean 0: far to the right all units are on, which makes ReLU a linear function and lets the signal explode.

# %% [markdown]
# ## Experiment 5: mean zero, and still wrong
#
# *Claim: a mean-zero start keeps units where their slope is not zero.* All starts below have mean zero. They differ in the variance: the old heuristic $U[-1/\sqrt{n}, 1/\sqrt{n}]$ (equation 1 of Glorot and Bengio, variance $1/(3n)$), Glorot's, He's, and plain standard normal weights. The stack is 50 layers deep.

# %% tags=["experiment"]
# Needs experiment 3, and none of your code. About 6 seconds.
n = 256
starts = {
    "naive, 1/(3n)": (1 / (3 * n), "s", ":"),
    "Glorot, 1/n": (1 / n, "^", "--"),
    "He, 2/n": (2 / n, "o", "-"),
    "standard normal, 1": (1.0, "d", "-."),
}
figure, axes = plt.subplots(2, 2, figsize=(11, 6.2), sharex=True, layout="constrained")
for row, activation in zip(axes, ("tanh", "relu"), strict=True):
    for name, (variance, marker, line) in starts.items():
        r = propagate(activation, 0.0, variance, depth=50)
        for axis, key in zip(row, ("variance", "gradient"), strict=True):
            axis.plot(
                range(1, 51),
                np.clip(r[key], 1e-30, 1e30),
                linestyle=line,
                marker=marker,
                markevery=6,
                color="0.25",
                label=name,
            )
        print(
            f"{activation}, {name:18s}: share in layer 50 {r['share'][-1]:5.1%}, variance"
            f" {r['variance'][0]:7.1e} -> {r['variance'][-1]:7.1e}, gradient at the output"
            f" {r['gradient'][-1]:7.1e} -> at the input {r['gradient'][0]:7.1e}"
        )
    row[0].set(yscale="log", ylabel="variance of the sums")
    row[1].set(yscale="log", ylabel="gradient (root mean square)")
axes[0, 0].set_title("tanh: Glorot neither fades fast nor saturates")
axes[1, 0].set_title("ReLU: He alone stays level")
axes[0, 1].set_title("tanh: standard normal weights explode the gradient")
axes[1, 1].set_title("ReLU: the gradient follows the forward pass")
for axis in axes[1]:
    axis.set_xlabel("layer")
axes[0, 0].legend(fontsize="small")
plt.show()

# %% [markdown]
# **Measured, tanh, 50 layers.** The naive start fades: variance $7 \cdot 10^{-25}$, gradient $9 \cdot 10^{-13}$. Glorot's keeps the variance at 0.01 and the gradient at 0.12; He's factor 2 suits tanh well forward (0.64), while the gradient grows to 8.7. Standard normal weights, with their mean of zero, saturate 87 % of the units. Even so the gradient does not vanish but explodes, to $10^{23}$: the few unsaturated units pass it on through weights that are 16 times too large.
#
# **Measured, ReLU, 50 layers.** Glorot's start loses half of the variance at each layer ($4 \cdot 10^{-15}$ at the end); He's keeps it (2.0 to 4.6) and the gradient too (1.2).
#
# **Sharpened.** Large weights do saturate tanh units; that is a matter of the variance. A mean of practically zero is necessary and not sufficient: the variance must fit the fan (the architecture) and the factor must fit the activation. The initializers that you have written see to both.

# %% [markdown]
# ## Experiment 6: your initializers, seen through your probe
#
# Here is a Keras model of 40 ReLU layers with *your* `HeNormal`, `LecunNormal` and `GlorotUniform`, and *your* `MomentProbe` after each layer. A last stack starts from He's variance and a mean of -0.01. The widths alternate between 128 and 256, so that fan-in and fan-out differ.

# %% tags=["experiment"]
# Needs your `HeNormal`, `LecunNormal`, `GlorotUniform`, `VarianceScaling` and `MomentProbe`.
keras.utils.set_random_seed(2)
probe_depth = 40


class ShiftedHe(VarianceScaling):
    """Your VarianceScaling, with the mean moved to -0.01."""

    def __call__(self, shape, dtype=None):
        return super().__call__(shape, dtype=dtype) - 0.01


def probe_stack(make_initializer):
    """Returns second moments and shares of zeros after each ReLU, by the probes."""
    layers, probes = [keras.Input((128,))], []
    for k in range(probe_depth):
        units = 256 if k % 2 == 0 else 128
        dense = keras.layers.Dense(units, activation="relu", kernel_initializer=make_initializer(k))
        probes.append(MomentProbe(momentum=0.0, saturation=1e-30))
        layers += [dense, probes[-1]]
    model = keras.Sequential(layers)
    x = np.random.default_rng(3).normal(size=(256, 128)).astype("float32")
    mean, variance = tf.nn.moments(model(x, training=True), axes=[0, 1])  # of the last layer
    second = [float(p.variance) + float(p.mean) ** 2 for p in probes]
    zeros = [1 - float(p.saturated) for p in probes]
    return np.array(second), np.array(zeros), float(variance + mean**2)


stacks = {
    "HeNormal": (lambda k: HeNormal(seed=k), "o", "-"),
    "LecunNormal": (lambda k: LecunNormal(seed=k), "s", ":"),
    "GlorotUniform": (lambda k: GlorotUniform(seed=k), "^", "--"),
    "He's variance, mean -0.01": (lambda k: ShiftedHe(scale=2.0, seed=k), "v", "-."),
}
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
for name, (make_initializer, marker, line) in stacks.items():
    second, zeros, from_tf = probe_stack(make_initializer)
    style = {"marker": marker, "linestyle": line, "markevery": 5, "color": "0.25"}
    left.plot(range(1, probe_depth + 1), np.maximum(second, FLOOR), label=name, **style)
    right.plot(range(1, probe_depth + 1), zeros, label=name, **style)
    print(
        f"{name:26s} second moment {second[0]:7.1e} -> {second[-1]:7.1e}"
        f" (tf.nn.moments: {from_tf:7.1e}), zeros {zeros[-1]:.0%}"
    )
left.set(
    yscale="log",
    xlabel="layer",
    ylabel="second moment after ReLU",
    title="Only He's start carries the signal through",
)
right.set(
    xlabel="layer",
    ylabel="share of zeros after ReLU",
    ylim=(0, 1.05),
    title="Mean 0: half of the entries are zero",
)
left.legend(fontsize="small")
plt.show()

# %% [markdown]
# **Measured** (with the reference solution; yours should give the same). Through 40 layers, `HeNormal` takes the second moment from 0.99 to 1.1. `LecunNormal` halves it at each layer, down to $10^{-12}$; `GlorotUniform` ends at $3.5 \cdot 10^{-14}$. He's variance with a mean of -0.01 ends at $3 \cdot 10^{-19}$, with 80 % zeros in place of 49 %.
#
# A mean of -0.01 is about a tenth of the standard deviation of those weights (0.088 and 0.125). You would not notice it in a histogram of the weights. Your probe does.

# %% [markdown]
# ## Experiment 7: is it the size of the weights that kills ReLU units?
#
# *Claim: weights that are too large or too small kill ReLU units.* With biases at zero, ReLU layers are positively homogeneous: multiply the weights by $c > 0$, and all sums are multiplied by a positive number. Their signs stay, so a dead unit stays dead and no other dies. We check this over a factor of a million, and then change the mean instead.

# %% tags=["experiment"]
# Needs experiment 3, and none of your code. About 3 seconds.
print("ReLU, share of dead units in layers 2, 10 and 30")
for label, factor, n_mean in (
    ("mean 0, He's variance", 1.0, 0.0),
    ("  the weights times 0.001", 1e-3, 0.0),
    ("  the weights times 1000", 1e3, 0.0),
    ("mean -5/n, He's variance", 1.0, -5.0),
    ("mean -13/n, He's variance", 1.0, -13.0),
    ("mean +13/n, He's variance", 1.0, 13.0),
):
    r = propagate("relu", factor * n_mean / 256, factor**2 * 2 / 256)
    print(f"{label:28s}" + "".join(f"{r['share'][k]:8.1%}" for k in (1, 9, 29)))

# %% [markdown]
# **Measured.** The dead shares are the same to the last printed digit for weights a thousand times smaller, as they are, and a thousand times larger: 35.2 % in layer 30. A mean of $-13/n$ (-0.05) kills all units by layer 10.
#
# **Set straight.** With zero biases, the *size* of the weights kills no ReLU unit at the start; their *mean* can. What size does change is the size of signal and gradient (experiment 5). A gradient that is too large can then throw units out of reach in the first steps of training, but that is the step's doing. And a mean of $-5/n$ is a warning: in layers 10 and 30 no unit is dead, yet experiment 3 has shown that the signal fades all the same.

# %% [markdown]
# ## Experiment 8: does it train?
#
# *Claim: a mean-zero start makes learning more stable.* We train networks of 20 hidden layers of 64 units to tell the inside of a circle from the outside, from starts with different means, by plain gradient descent without batch normalization. Of two learning rates, each start gets the better one.


# %% tags=["experiment"]
# Needs none of your code. About 20 seconds.
def train_deep(activation, mean, rate, depth=20, width=64, steps=200):
    """Trains on a disc against its surroundings; returns the losses and the accuracy."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-1.0, 1.0, (128, 2))
    target = (np.sum(points**2, axis=1, keepdims=True) < 0.6).astype("float64")
    points *= np.sqrt(3.0)  # variance 1
    gain = 1.0 if activation == "tanh" else 2.0
    sizes = [2] + depth * [width] + [1]
    ws, bs = [], []
    for k in range(depth + 1):
        a, b = sizes[k], sizes[k + 1]
        shift = mean if 0 < k < depth else 0.0  # between hidden layers
        ws.append(rng.normal(shift, np.sqrt(gain / a), (a, b)))
        bs.append(np.zeros(b))
    losses = []
    with np.errstate(all="ignore"):  # a start that explodes is a result, not an accident
        for _ in range(steps):
            xs = [points]
            for k, (w, b) in enumerate(zip(ws, bs, strict=True)):
                y = xs[-1] @ w + b
                if k < depth:
                    y = np.tanh(y) if activation == "tanh" else np.maximum(y, 0)
                xs.append(y)
            losses.append(np.mean(np.logaddexp(0, y) - target * y))
            if not np.isfinite(losses[-1]):
                return losses, np.nan
            g = (1 / (1 + np.exp(-y)) - target) / len(points)
            for k in range(depth, -1, -1):
                if k < depth:
                    g = g * (1 - xs[k + 1] ** 2 if activation == "tanh" else xs[k + 1] > 0)
                g_w, g_b = xs[k].T @ g, g.sum(0)
                g = g @ ws[k].T
                ws[k] -= rate * g_w
                bs[k] -= rate * g_b
    return losses, np.mean((y > 0) == target)


trained_means = (-0.1, -0.05, -0.02, 0.0, 0.02, 0.05, 0.1)
figure, axes = plt.subplots(1, 2, figsize=(11, 3.6), sharey=True, layout="constrained")
for axis, activation in zip(axes, ("tanh", "relu"), strict=True):
    best = []
    for mean in trained_means:
        runs = [(*train_deep(activation, mean, rate), rate) for rate in (0.1, 0.03)]
        finite = [(losses[-1], acc, rate) for losses, acc, rate in runs if np.isfinite(acc)]
        best.append(min(finite) if finite else (np.nan, np.nan, np.nan))
        print(
            f"{activation}, mean {mean:5.2f} (n · mean {64 * mean:5.1f}): "
            + (
                "explodes with both rates"
                if not finite
                else f"loss {best[-1][0]:.2f}, accuracy {best[-1][1]:.2f}, rate {best[-1][2]:g}"
            )
        )
    heights = [0.0 if np.isnan(b[0]) else b[0] for b in best]
    axis.bar(range(len(best)), heights, color="0.7", edgecolor="black", hatch="//")
    for k, b in enumerate(best):
        if np.isnan(b[0]):
            axis.text(k, 0.02, "explodes", rotation=90, ha="center", va="bottom")
    axis.axhline(np.log(2), color="black", linestyle=":", label="guessing (ln 2)")
    axis.set_xticks(range(len(best)), [f"{m:g}" for m in trained_means])
    axis.set_xlabel("mean of the weights at the start")
    name = {"relu": "ReLU"}.get(activation, activation)
    axis.set_title(f"{name}: a network with a large mean does not learn")
axes[0].set_ylabel("loss after 200 steps (nats)")
axes[0].legend()
plt.show()

# %% [markdown]
# **Measured.** At mean 0 both networks learn (loss 0.28 and 0.20, accuracy 0.88 and 0.95). At ±0.05 and beyond neither learns anything: the accuracy stays at 0.59, the share of the more frequent class. At ±0.02, where $|n\mu|$ is 1.3, the result depends: tanh learns with both signs, ReLU with the negative one (0.16, here even a little better than with mean 0) and explodes with the positive one.
#
# **Confirmed, and sharpened.** A mean of practically zero makes the difference between learning and not learning in a deep network. But the exact zero is not what matters; and as single runs they say nothing about small differences.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Written question
#
# A colleague starts a tanh network of 30 layers, 256 units each, from normal weights with mean 0.05 and variance 1/256. The inputs are uniform on [0, 1]. "The mean that is not zero," they say, "breaks the symmetry between the units and keeps them out of saturation."
#
# 1. Does the mean break the symmetry? If not, what does? (1 point)
# 2. Does it keep the units out of saturation? Support your answer with numbers for the first layer, worked out by hand. (1 point)
# 3. What happens to the gradient over the depth, what would the same start do to a ReLU network, and would a mean of zero alone be enough? (1 point)

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_answer", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# **Marking scheme (3 points)**
#
# - *1 point*, question 1: the mean breaks nothing: it adds the same term to the sums of all units. Different units need different weights, which is the work of the variance 1/256. (½ for each half; an example helps: constant weights of 0.05 leave all units alike, and so do zeros, whose mean is zero.)
# - *1 point*, question 2: the shift is fan-in · mean · E[x] = 256 · 0.05 · 0.5 = 6.4. The standard deviation about it is √(256 · (1/256) · E[x²]) = √(1/3) ≈ 0.58. So the sums lie near 6.4 ± 1.2, where tanh is 1 to within 1e-4: every unit is saturated. The mean *causes* the saturation. (½ for the right direction without the numbers.)
# - *1 point*, question 3: the slope there is about 4·exp(-12.8) ≈ 1e-5; from the second layer on E[x] ≈ 1 and the shift is 12.8, so each further layer multiplies the gradient by even less: nothing comes back. With ReLU a positive mean multiplies the signal by about n · mean = 12.8 at each layer: it explodes (a negative mean would kill the units). A mean of zero is not enough: the variance must fit the fan and the activation (1/n here, 2/n for ReLU), or the signal vanishes, explodes or saturates all the same. (½ for depth and ReLU, ½ for what else is needed.)
#
# **Model answer.** Neither part is right. For a given input the mean of the weights adds 0.05 · Σx to the sum of every unit, the same number for all; what tells units apart are the deviations from the mean, with their variance 1/256. Weights that are all 0.05 would leave the units identical for ever, and so would zeros, whose mean is zero. In the first layer the common term is 256 · 0.05 · 0.5 = 6.4 and the spread about it √(1/3) ≈ 0.58. tanh(6.4) = 0.99999: all units are saturated at the same end, and their slope is about 1e-5. Their outputs are near 1, so the next layers are shifted by 12.8, where the slope is about 3e-11. The gradient is multiplied by such numbers thirty times; the first layers never learn. A ReLU network would not saturate but multiply its signal by about 12.8 at each layer, 30 times; with the mean -0.05 its units would be dead instead. A mean of zero is needed, to within about 1/256, but not sufficient: with a standard deviation of 1 the tanh units saturate too, on both sides, and with a variance far below 1/n the signal fades. The variance has to fit the fan-in and the activation.

# %% [markdown]
# ## Challenge: a gain for every activation
#
# He's 2 belongs to ReLU. What belongs to SELU, to GELU, to an activation of your own? Let $z = y_{l-1}$ be standard normal. The next sums have the variance $n_l \operatorname{Var}[w_l]\,E[f(z)^2]$. It is 1 again if
#
# $$\operatorname{Var}[w_l] = \frac{g}{n_l}, \qquad
# g = \frac{1}{E[f(z)^2]} = \left( \int_{-\infty}^{\infty} f(z)^2\, \frac{e^{-z^2/2}}{\sqrt{2\pi}}\, dz \right)^{-1}.$$
#
# Compute $g$ for any activation. A quadrature does it, and so does a sample if it is large enough: for ReLU, $f(z)^2$ has the mean 0.5 and the standard deviation 1.12. How many draws would you need to be within 0.5 % nearly always?


# %% nbgrader={"grade": false, "grade_id": "variance_gain", "locked": false, "schema_version": 3, "solution": true, "task": false}
def variance_gain(activation):
    """Computes the `scale` of `VarianceScaling(mode="fan_in")` that suits an activation.

    It is `1 / E[f(z)^2]` for the activation `f` and a standard normal `z`: with it, a layer
    whose input has gone through `f` hands on the second moment that it was given.

    Args:
        activation: name of a Keras activation (`"relu"`, `"tanh"`, `"linear"`, ...) or a
            callable that maps a tensor to a tensor, entry by entry.

    Returns:
        A Python float, within 0.5 % of the true value.

    Example:

    >>> round(variance_gain("linear"), 2)
    1.0
    """
    ### BEGIN SOLUTION
    f = keras.activations.get(activation)
    step = 1e-3
    z = np.arange(-10.0 + step / 2, 10.0, step)  # midpoints: none falls on a kink at 0
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    values = ops.convert_to_numpy(f(ops.convert_to_tensor(z, dtype="float32")))
    second_moment = np.sum(values.astype("float64") ** 2 * density) * step
    return float(1.0 / second_moment)
    ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_variance_gain", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(variance_gain)

# %% nbgrader={"grade": true, "grade_id": "challenge_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your gains with accurate integrals, within 0.5 %, for activations by
# name and for callables.
graded("challenge_values")

# %% [markdown]
# ## References
#
# - X. Glorot and Y. Bengio, *Understanding the difficulty of training deep feedforward neural networks*, AISTATS 2010. Read section 4.2 for the two conditions on the variance, and the figures for saturation layer by layer.
# - K. He, X. Zhang, S. Ren and J. Sun, *Delving deep into rectifiers: surpassing human-level performance on ImageNet classification*, ICCV 2015, arXiv:1502.01852. Read section 2.2 for the derivation that this lab follows, and the comparison with Glorot's start at 30 layers.
# - Y. LeCun, L. Bottou, G. Orr and K.-R. Müller, *Efficient BackProp*, in *Neural Networks: Tricks of the Trade*, Springer, 1998. Read sections 4.3 to 4.6: why inputs should be centered, why sigmoids that are symmetric about 0 help, and the variance 1/n.
# - A. Saxe, J. McClelland and S. Ganguli, *Exact solutions to the nonlinear dynamics of learning in deep linear neural networks*, ICLR 2014, arXiv:1312.6120. Read it for what lies beyond the variance: the whole spectrum of the weights.
# - G. Klambauer, T. Unterthiner, A. Mayr and S. Hochreiter, *Self-normalizing neural networks*, NeurIPS 2017, arXiv:1706.02515. Read it for an activation whose gain is 1 by design; `variance_gain` shows it.
# - S. Ioffe and C. Szegedy, *Batch normalization: accelerating deep network training by reducing internal covariate shift*, ICML 2015, arXiv:1502.03167. Read it for the remedy that subtracts the shift at every step instead of only at the start.
