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
# # Lab 01: Why don't we start all of the weights with zeros?
#
# A network must start somewhere. Zero looks like the modest choice: no opinion before the first example. Yet a network that starts from zeros everywhere hardly learns at all. The usual explanation has one word, *symmetry*, and it is the right word. In this lab you find out what exactly is symmetric, what breaks it, and where zeros are not a mistake but the best start there is.
#
# **What you will build.** `Dense`, a layer that can stand in for `keras.layers.Dense`; the three simplest ways to start weights, `Constant`, `RandomNormal` and `RandomUniform`; and `distinct_units`, the instrument that counts how many *different* hidden units a network really has. As a challenge: `break_symmetry`, which frees a network from its symmetry without a single random number, and without changing what it computes.
#
# **What you should know before.** Matrix products and broadcasting in NumPy; gradient descent and the chain rule. You need not have written a Keras layer: this is the lab in which you write your first.
#
# **How long it takes.** 60 to 90 minutes. Everything runs on a laptop's CPU.
#
# **What is put to the test.** What is often said about zero starts. Most of it holds, some of it only with a condition attached, and some is not true as it stands.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import random

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from layerlab import check, graded, hint, progress

# %% [markdown]
# ## Intuition
#
# Think of the hidden units as a team. Each member reads the same input, each reports one number, and a boss adds up the reports. Everybody is told afterwards how to do better. If two members weigh the input in the same way, and the boss gives both reports the same importance, then both report the same number. So both are told the same. So both change in the same way, and they are equal again tomorrow. Nothing in the procedure can ever tell them apart: a team of a hundred is one member, paid a hundred times.


# %% tags=["experiment"]
# The intuition as a drawing. Needs none of your code.
def draw_network(ax, incoming, outgoing, title):
    """Draws 2 inputs, the hidden units and 1 output; the width of a line shows a weight."""
    units = len(outgoing)
    heights = np.arange(units) - (units - 1) / 2
    for unit, y in enumerate(heights):
        for row, x in enumerate((0.7, -0.7)):
            w = incoming[row][unit]
            ax.plot([0, 2], [x, y], "-" if w > 0 else ":", color="0.35", linewidth=abs(w), zorder=1)
        w = outgoing[unit]
        ax.plot([2, 4], [y, 0], "-" if w > 0 else ":", color="0.35", linewidth=abs(w), zorder=1)
    for place, ys in ((0, (0.7, -0.7)), (2, heights), (4, (0,))):
        for y in ys:
            ax.add_patch(plt.Circle((place, y), 0.24, facecolor="white", edgecolor="black"))
    ax.text(0, -2.1, "inputs", ha="center")
    ax.text(2, -2.1, "hidden units", ha="center")
    ax.text(4, -2.1, "output", ha="center")
    ax.set_title(title, fontsize=11)
    ax.set_xlim(-0.6, 4.6)
    ax.set_ylim(-2.5, 2.0)
    ax.set_aspect("equal")
    ax.axis("off")


figure, axes = plt.subplots(1, 3, figsize=(11.5, 4.2), layout="constrained")
draw_network(
    axes[0],
    [[2.5] * 4, [1.2] * 4],
    [1.5] * 4,
    "Four copies of one unit:\nsame weights in, same weight out",
)
draw_network(
    axes[1],
    [[2.5], [1.2]],
    [6],
    "... compute and learn what\none unit does with 4 times the weight",
)
draw_network(
    axes[2],
    [[2.5, -1.0, 0.6, -2.2], [1.2, 2.4, -2.0, 0.8]],
    [1.5, -2.0, 2.2, 0.8],
    "Four different units\n(dotted: negative weights)",
)
plt.show()

# %% [markdown]
# ## Mathematics
#
# We follow the chapter that named the problem: Rumelhart, Hinton and Williams (1986). For pattern $p$, unit $j$ receives the sum of its inputs and reports a function of it,
#
# $$net_{pj} = \sum_i w_{ji}\, o_{pi} + \theta_j, \qquad o_{pj} = f(net_{pj}).$$
#
# $w_{ji}$ is the weight *from* unit $i$ *to* unit $j$, and $\theta_j$ is the bias. (Keras stores the weights of a layer as `kernel[i, j]`, so the weights *into* hidden unit $j$ are **column** $j$ of the kernel, and the weights *out of* it are **row** $j$ of the next layer's kernel.) Gradient descent changes a weight by
#
# $$\Delta_p w_{ji} = \eta\, \delta_{pj}\, o_{pi}, \qquad
# \delta_{pj} = f'(net_{pj}) \sum_k \delta_{pk}\, w_{kj} \quad\text{for a hidden unit } j,$$
#
# where $k$ runs over the units that $j$ reports to, and $\delta_{pk}$ is the error signal there.
#
# ### What stays identical
#
# Call two hidden units $a$ and $b$ of the same layer *copies* if everything about them agrees:
#
# $$w_{ai} = w_{bi} \ \text{for all } i, \qquad \theta_a = \theta_b, \qquad w_{ka} = w_{kb} \ \text{for all } k.$$
#
# Then, for every pattern:
#
# 1. $net_{pa} = net_{pb}$ and $o_{pa} = o_{pb}$: they report the same.
# 2. $\delta_{pa} = \delta_{pb}$: they are blamed in the same way, because their outgoing weights and their slopes agree.
# 3. $\Delta w_{ai} = \Delta w_{bi}$, $\Delta\theta_a = \Delta\theta_b$, $\Delta w_{ka} = \eta\,\delta_{pk}\,o_{pa} = \Delta w_{kb}$: they change in the same way.
#
# So copies are still copies after the step, and by induction after any number of steps. Momentum and Adam change nothing about it: they, too, do the same to equal numbers. This is a theorem, not a tendency; in exact arithmetic it holds exactly.
#
# Note what the theorem needs: *both* the incoming and the outgoing weights agree. And note what it does not say: the index $i$ is still free. The two copies have the same weight from input 1, and the same weight from input 2; but the weights from input 1 and from input 2 receive different changes, $\delta_{pa}\,o_{p1}$ and $\delta_{pa}\,o_{p2}$.
#
# ### All zeros: worse than a constant
#
# With all $w_{ji} = 0$ and $f = \tanh$, hidden units report $\tanh(0) = 0$. So $\Delta w_{kj} = \eta\,\delta_{pk}\,o_{pj} = 0$ for the output weights. And $\delta_{pj}$ has the factor $w_{kj} = 0$, so the hidden weights do not move either. The only parameter with a gradient is the output's bias. Nothing has changed for all others after the step, so the same holds for the next one. This is a stationary point of the loss in all directions but one.
#
# Rumelhart, Hinton and Williams put the way out in a few words: start with small random weights. Randomness is one way to break a symmetry; the challenge shows that it is not the only one.

# %% [markdown]
# ## Exercise 1: the layer
#
# A dense layer computes $net_j = \sum_i x_i\, w_{ji} + \theta_j$ for all $j$ at once, and leaves the activation $f$ to another layer. Write `Dense`. The docstring is the contract.
#
# If this is your first Keras layer, here is who does what:
#
# - `__init__` checks the arguments and keeps them. It does not know yet how many features an input has.
# - `build` is called once, with the shape of the input. Weights are made here, with `self.add_weight(name=..., shape=..., initializer=...)`. A weight made in any other way is not found by an optimizer.
# - `call` computes, with `keras.ops` or TensorFlow's elementary operations. A gradient can pass through these; it cannot pass through NumPy.
# - `compute_output_shape` tells the shape of the output without computing it; an unknown size is `None`.
# - `get_config` returns all that `__init__` needs to make the same layer again, as plain data. `keras.initializers.serialize` turns an initializer into plain data.


# %% nbgrader={"grade": false, "grade_id": "dense", "locked": false, "schema_version": 3, "solution": true, "task": false}
@keras.saving.register_keras_serializable(package="layerlab")
class Dense(keras.layers.Layer):
    """A densely connected layer: every output is a weighted sum of all features.

    `outputs[..., j] = sum over i of inputs[..., i] * kernel[i, j] + bias[j]`

    The layer acts on the last axis alone. Whatever axes stand in front of it,
    every vector of features along the last axis is treated in the same way. No
    activation is applied.

    The layer is a drop-in for `keras.layers.Dense` on the arguments below. You
    write it from elementary operations (`matmul`, `einsum`, `tensordot`,
    products, sums, reshaping, ...). `keras.layers.Dense` and
    `keras.layers.EinsumDense` are banned here.

    Args:
        units: positive integer, the number of outputs of each feature vector.
        use_bias: bool, whether a bias is added.
        kernel_initializer: initializer of the kernel: a name, a configuration
            or an object (`keras.initializers.get` knows them all).
        bias_initializer: initializer of the bias.

    Weights (created in `build`, in this order):
        `kernel`: shape `(features, units)`.
        `bias`: shape `(units,)`, if `use_bias`.

    Input shape:
        A tensor of rank 2 or higher, `(batch, ..., features)`. The batch size
        may be unknown.

    Output shape:
        `(batch, ..., units)`.

    Raises:
        ValueError: in the constructor, if `units` is not a positive integer, or
            an initializer is unknown. The message ends with "Received: ...".

    `get_config` holds `units`, `use_bias`, `kernel_initializer` and
    `bias_initializer` beside what every layer's holds.

    Example:

    >>> layer = Dense(2, kernel_initializer="ones")
    >>> layer(np.array([[1.0, 2.0, 3.0]], "float32")).numpy()
    array([[6., 6.]], dtype=float32)
    """

    def __init__(
        self,
        units,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        **kwargs,
    ):
        super().__init__(**kwargs)
        ### BEGIN SOLUTION
        if not isinstance(units, int) or units <= 0:
            raise ValueError(f"`units` must be a positive integer. Received: units={units}")
        self.units = units
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.input_spec = keras.layers.InputSpec(min_ndim=2)
        ### END SOLUTION

    def build(self, input_shape):
        ### BEGIN SOLUTION
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
        ### END SOLUTION

    def call(self, inputs):
        ### BEGIN SOLUTION
        outputs = keras.ops.matmul(inputs, self.kernel)
        if self.use_bias:
            outputs = outputs + self.bias
        return outputs
        ### END SOLUTION

    def compute_output_shape(self, input_shape):
        ### BEGIN SOLUTION
        return (*input_shape[:-1], self.units)
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
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
        ### END SOLUTION


# %% [markdown]
# Stuck? `hint(Dense)` leads from a question to the idea, one step at each call; `hint("Dense")` works before you have written anything. `progress()` says which exercises pass.

# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_dense", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(Dense)

# %% nbgrader={"grade": true, "grade_id": "dense_outputs", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your layer's outputs with tf.linalg.matmul and tf.nn.bias_add, for many
# numbers of features and units and inputs of rank 2 to 5.
graded("dense_outputs")

# %% nbgrader={"grade": true, "grade_id": "dense_gradients", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests pull random cotangents back through your layer and compare the gradients of its
# input, kernel and bias. They also follow a training run from a constant start, in whole numbers
# where arithmetic is exact: units that are copies must get gradients that are equal to the last bit.
graded("dense_gradients")

# %% nbgrader={"grade": true, "grade_id": "dense_contract", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests check the arguments and their errors, the configuration, the weights and how they
# start, the output shape, saving, an unknown batch size, mixed precision, tf.function and XLA.
graded("dense_contract")

# %% [markdown]
# ## Exercise 2: three ways to start
#
# An initializer is a small object that, when called with a shape and a dtype, returns the first values of a weight. Write three of them: one that gives every entry the same value (zeros are the case `value=0.0`), and two that draw every entry at random, from a normal and from a uniform distribution.
#
# A computer does not throw dice. `keras.random.normal` and `keras.random.uniform` compute their values from a **seed**: the same seed, shape and dtype give the same values, on every call. That makes runs repeatable. It is also a trap: two layers of the same shape whose initializers have the same seed start with the *same* numbers. So an initializer that was given no seed chooses one for itself, at random and once. `get_config` still says `None` then: it keeps what you asked for, not what chance made of it.
#
# In these formulas, $\sigma$ (`stddev`) is the standard deviation, the square root of the variance.


# %% nbgrader={"grade": false, "grade_id": "starts", "locked": false, "schema_version": 3, "solution": true, "task": false}
@keras.saving.register_keras_serializable(package="layerlab")
class Constant(keras.initializers.Initializer):
    """Initializer that gives every entry of a weight the same value.

    The values equal those of `keras.initializers.Constant`, which is banned
    here.

    Args:
        value: Python number.

    Call arguments:
        shape: tuple of integers, the shape of the weight.
        dtype: dtype of the weight; `None` means `keras.config.floatx()`.

    Returns:
        From a call: a tensor of this shape and dtype.

    `get_config` holds `value`.
    """

    def __init__(self, value=0.0):
        ### BEGIN SOLUTION
        self.value = value
        ### END SOLUTION

    def __call__(self, shape, dtype=None):
        ### BEGIN SOLUTION
        return keras.ops.full(shape, self.value, dtype=dtype or keras.config.floatx())
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        return {"value": self.value}
        ### END SOLUTION


@keras.saving.register_keras_serializable(package="layerlab")
class RandomNormal(keras.initializers.Initializer):
    """Initializer that draws every entry from a normal distribution.

    `keras.initializers.RandomNormal` is banned here; `keras.random` is not.

    Args:
        mean: Python number, the mean of the distribution.
        stddev: Python number, its standard deviation.
        seed: `None`, a Python integer or a `keras.random.SeedGenerator` (or the
            dictionary that a generator is serialized to). With an integer,
            every call with the same shape and dtype returns the same values:
            those of `keras.initializers.RandomNormal` with this seed, bit for
            bit in float32 and float16. With `None`, the initializer chooses an
            integer of its own, at random and once, in its constructor: it
            repeats itself, and not another initializer. With a generator,
            every call returns new values.

    Call arguments:
        shape: tuple of integers, the shape of the weight.
        dtype: dtype of the weight, in which the values are drawn; `None` means
            `keras.config.floatx()`.

    Returns:
        From a call: a tensor of this shape and dtype.

    Raises:
        ValueError: in the constructor, if `seed` is of another type. The
            message ends with "Received: ...".

    `get_config` holds `mean`, `stddev` and `seed` (as it was given: `None`
    stays `None`; a generator is serialized).
    """

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        ### BEGIN SOLUTION
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
        ### END SOLUTION

    def __call__(self, shape, dtype=None):
        ### BEGIN SOLUTION
        return keras.random.normal(shape, self.mean, self.stddev, dtype=dtype, seed=self.seed)
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        seed = keras.saving.serialize_keras_object(self.given_seed)
        return {"mean": self.mean, "stddev": self.stddev, "seed": seed}
        ### END SOLUTION


@keras.saving.register_keras_serializable(package="layerlab")
class RandomUniform(keras.initializers.Initializer):
    """Initializer that draws every entry from a uniform distribution.

    `keras.initializers.RandomUniform` is banned here; `keras.random` is not.

    Args:
        minval: Python number, the lower end of the range (it can be drawn).
        maxval: Python number, the upper end of the range (it cannot).
        seed: as in `RandomNormal`; the values are those of
            `keras.initializers.RandomUniform`.

    Call arguments and returns: as in `RandomNormal`.

    Raises:
        ValueError: as in `RandomNormal`.

    `get_config` holds `minval`, `maxval` and `seed` (as it was given).
    """

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        ### BEGIN SOLUTION
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
        ### END SOLUTION

    def __call__(self, shape, dtype=None):
        ### BEGIN SOLUTION
        return keras.random.uniform(shape, self.minval, self.maxval, dtype=dtype, seed=self.seed)
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        seed = keras.saving.serialize_keras_object(self.given_seed)
        return {"minval": self.minval, "maxval": self.maxval, "seed": seed}
        ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_starts", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(Constant, RandomNormal, RandomUniform)

# %% nbgrader={"grade": true, "grade_id": "starts_values", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your values with those of Keras's initializers of the same name, bit for
# bit for the same integer seed; the distribution and the repetitions without a seed; the
# configurations and the errors.
graded("starts_values")

# %% [markdown]
# ## Exercise 3: how many units are there really?
#
# A layer with 16 hidden units may hold 16 copies of one. To see it, count the columns of its kernel that differ. "Differ" needs a tolerance: computers round, and they may round the 1st and the 16th column differently.
#
# With a tolerance, "the same as" is no longer transitive: $a$ may be close to $b$, and $b$ to $c$, while $a$ and $c$ are far apart. So the order matters, and the docstring fixes it: go through the columns from left to right and keep a list; a column is *new*, and is added to the list, if it is far from **every column on the list**.


# %% nbgrader={"grade": false, "grade_id": "distinct_units", "locked": false, "schema_version": 3, "solution": true, "task": false}
def distinct_units(kernel, tolerance=1e-6):
    """Counts the different hidden units, that is, the different columns of a kernel.

    The columns are taken in order. A column is new if its largest absolute
    difference from every column kept so far *exceeds* the tolerance. New
    columns are kept; the others are not.

    Args:
        kernel: array or tensor of shape `(features, units)`, of any float
            dtype.
        tolerance: float, not negative. A largest difference of exactly this
            size does not make a column new.

    Returns:
        A Python integer, the number of columns kept.

    Example:

    >>> distinct_units(np.array([[1.0, 2.0, 1.0], [0.0, 0.0, 0.0]]))
    2
    """
    ### BEGIN SOLUTION
    kept = []
    for column in np.transpose(kernel):
        if all(np.max(np.abs(column - other)) > tolerance for other in kept):
            kept.append(column)
    return len(kept)
    ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_distinct_units", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(distinct_units)

# %% nbgrader={"grade": true, "grade_id": "distinct_values", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your counts for kernels with repeated, nearly repeated and different
# columns, and several tolerances.
graded("distinct_values")


# %% [markdown]
# ## Experiment 1: four starts
#
# *Claim: a network that starts from zeros, or from any one value, learns nothing.* The problem: points in a square, and the question whether a point lies in a disc. The network: two inputs, eight tanh units, one output. We train it four times, from zeros, from the constant 0.5, and from random weights of two kinds. Everything else is the same.


# %% tags=["experiment"]
# Needs your Dense, your initializers and your distinct_units. About 3 seconds.
rng = np.random.default_rng(1)
points = rng.uniform(-1.0, 1.0, (400, 2)).astype("float32")
in_disc = (np.sum((points - [0.25, 0.1]) ** 2, axis=1, keepdims=True) < 0.5).astype("float32")


def two_layers(hidden, output, bias="zeros"):
    """The hidden layer and the output layer, with these initializers of their kernels."""
    layers = [
        Dense(8, kernel_initializer=hidden, bias_initializer=bias),
        Dense(1, kernel_initializer=output),
    ]
    layers[0].build((None, 2))
    layers[1].build((None, 8))
    return layers


def predict(layers, x):
    return layers[1](tf.tanh(layers[0](x)))


def train(layers, steps=2000, rate=0.5):
    """Gradient descent; notes step, loss, accuracy, distinct units, largest hidden gradient."""
    weights = [weight.value for layer in layers for weight in layer.trainable_weights]

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            logits = predict(layers, points)
            losses = tf.nn.sigmoid_cross_entropy_with_logits(in_disc, logits)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, weights)
        for weight, gradient in zip(weights, gradients):
            weight.assign_sub(rate * gradient)
        accuracy = tf.reduce_mean(tf.cast((logits > 0) == (in_disc > 0), "float32"))
        return loss, accuracy, tf.reduce_max(tf.abs(gradients[0]))

    history = []
    for number in range(steps + 1):
        noted = number < 2 or number % 20 == 0
        distinct = distinct_units(layers[0].kernel) if noted else 0
        loss, accuracy, gradient = step()
        if noted:
            history.append((number, loss, accuracy, distinct, gradient))
    return np.array(history, "float32")


starts = {
    "zeros": [Constant(0.0), Constant(0.0)],
    "constant 0.5": [Constant(0.5), Constant(0.5)],
    "normal, stddev 0.5": [RandomNormal(stddev=0.5, seed=1), RandomNormal(stddev=0.5, seed=2)],
    "uniform, -0.5 to 0.5": [RandomUniform(-0.5, 0.5, seed=1), RandomUniform(-0.5, 0.5, seed=2)],
}
trained = {name: two_layers(*pair) for name, pair in starts.items()}
figure, axes = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
for (name, layers), style in zip(trained.items(), [":", "-.", "-", "--"]):
    history = train(layers)
    kernel = np.asarray(layers[0].kernel)
    print(
        f"{name:21s} loss {history[-1, 1]:.3f}, accuracy {history[-1, 2]:.3f}, distinct units"
        f" {history[-1, 3]:.0f}, largest difference of two columns"
        f" {np.max(np.ptp(kernel, axis=1)):.3g}, largest hidden gradient ever"
        f" {history[:, 4].max():.2g}"
    )
    for ax, column in zip(axes, (1, 2, 3)):
        ax.plot(history[:, 0], history[:, column], style, color="black", label=name)
axes[0].set(ylabel="loss (nats)", title="Equal starts are left behind")
axes[1].set(ylabel="accuracy", title="One unit cannot bound a disc", ylim=(0.4, 1.02))
axes[2].set(ylabel="distinct hidden units", title="One unit stays one unit", ylim=(0, 9))
for ax in axes:
    ax.set_xlabel("step of gradient descent")
axes[2].legend(title="start", loc="center right")
plt.show()

# %% tags=["experiment"]
# What the trained networks say about each point of the square. Needs the cell before.
side = np.linspace(-1, 1, 81).astype("float32")
grid = np.stack(np.meshgrid(side, side), axis=-1)
figure, axes = plt.subplots(1, 3, figsize=(11, 3.8), layout="constrained")
names = ["zeros", "constant 0.5", "normal, stddev 0.5"]
titles = [
    "zeros: one answer for all points",
    "constant: one straight border",
    "normal: the border bends",
]
for ax, name, title in zip(axes, names, titles):
    share = tf.sigmoid(predict(trained[name], grid)).numpy()[..., 0]
    picture = ax.imshow(share, cmap="gray", vmin=0, vmax=1, extent=(-1, 1, -1, 1), origin="lower")
    ax.contour(side, side, share, levels=[0.5], colors="black", linewidths=2)
    ax.add_patch(plt.Circle((0.25, 0.1), 0.5**0.5, fill=False, edgecolor="black", linestyle=":"))
    ax.set(xlabel="first input", ylabel="second input", title=title)
figure.colorbar(picture, ax=axes, label="predicted probability of the disc")
plt.show()

# %% [markdown]
# **Measured.** From zeros and from the constant there is one distinct unit, at step 0 and at step 2000; from random weights there are eight. In our run the columns of the constant start did not differ *at all*, not even in the last bit. (In yours, rounding may part them a little. That is what the tolerance is for.)
#
# - *Zeros*: the gradient of the hidden kernel was exactly 0 at every step. Only the output's bias moved, and the network gives one answer for all points. Its accuracy of 0.615 is the share of the points outside the disc.
# - *Constant 0.5*: accuracy 0.668. This network does learn: as much as a network with *one* hidden unit can, and that is a straight border.
# - *Random*: accuracy 1.000 (normal) and 0.990 (uniform), with a border that bends around the disc. Which distribution the numbers come from matters little here.
#
# **Confirmed, and sharpened.** Equal starts lead to equal units, and the network cannot use its size. But a constant is not as bad as zeros: from zeros a network learns nothing (up to one bias), from another constant it learns what one unit can learn.

# %% [markdown]
# ## Experiment 2: what has to be equal?
#
# *Claim: equal weights in a layer make its units report the same for ever, and every weight is changed by the same amount.* The theorem above says something else. It needs equal incoming *and* outgoing weights, and it promises equal changes for copies only, not for all weights. So we give each of the two kernels one of three starts, and try all nine combinations.

# %% tags=["experiment"]
# Needs the first cell of experiment 1. About 7 seconds.
kinds = {
    "zeros": lambda seed: Constant(0.0),
    "constant": lambda seed: Constant(0.5),
    "random": lambda seed: RandomNormal(stddev=0.5, seed=seed),
}
distinct = np.zeros((3, 3, 3), int)
accuracy = np.zeros((3, 3))
for row, hidden in enumerate(kinds.values()):
    for column, output in enumerate(kinds.values()):
        layers = two_layers(hidden(1), output(2))
        history = train(layers, steps=2000)
        distinct[row, column] = history[[0, 1, -1], 3]
        accuracy[row, column] = history[-1, 2]

figure, ax = plt.subplots(figsize=(7.4, 4.2), layout="constrained")
ax.imshow(accuracy, cmap="gray", vmin=0, vmax=1.1)
for row in range(3):
    for column in range(3):
        first, second, last = distinct[row, column]
        text = f"accuracy {accuracy[row, column]:.2f}\nunits: {first}, {second}, ..., {last}"
        ax.text(column, row, text, ha="center", va="center", fontsize=9)
ax.set_xticks(range(3), kinds)
ax.set_yticks(range(3), kinds)
ax.set(xlabel="start of the output kernel", ylabel="start of the hidden kernel")
ax.set_title(
    "One random kernel out of two is enough (distinct units: step 0, 1, ..., 2000)", fontsize=10
)
plt.show()

layers = two_layers(Constant(0.5), Constant(0.5))
train(layers, steps=100)
kernel = np.asarray(layers[0].kernel)
figure, ax = plt.subplots(figsize=(7.4, 2.1), layout="constrained")
ax.imshow(kernel, cmap="gray", vmin=-1, vmax=1, aspect="auto")
for (row, column), value in np.ndenumerate(kernel):
    ax.text(column, row, f"{value:.3f}", ha="center", va="center", fontsize=9)
ax.set_yticks([0, 1], ["input 1", "input 2"])
ax.set_xlabel("hidden unit")
ax.set_title("All weights started at 0.5: after 100 steps columns are equal, rows are not")
plt.show()

# %% [markdown]
# **Measured.** Of the nine combinations, five end with eight distinct units: all those with a random kernel on at least *one* side. A hidden kernel of zeros under random output weights has one distinct unit at step 0 and eight at step 1, and ends with an accuracy of 0.96; a constant one in the same place ends with 0.99. Random hidden weights under an output kernel of zeros end with 0.99.
#
# **Set straight, twice.**
#
# - *Equal weights in one layer are not enough for symmetry.* Units with equal incoming weights do report the same at first. But if their outgoing weights differ, $\delta_{pa} \ne \delta_{pb}$, and the first step parts them. With tanh, zeros in one of the two layers are no obstacle either. (With ReLU, zeros in the hidden layer are: TensorFlow takes its slope at exactly 0 as 0, so nothing would ever move.)
# - *Not all weights are updated equally.* In the second figure every weight started at 0.5, and after 100 steps those from input 1 are 0.629, those from input 2 0.206. What stays equal are the columns, one for each unit; the rows part, because the two inputs differ. A constant start does not keep a kernel constant. It keeps the *units* equal.

# %% [markdown]
# ## Experiment 3: where zeros are right
#
# *Claim: no parameter may start at zero.* Here are two cases where one may, and usually does: the weights of a logistic regression, which is a network without a hidden layer, and the biases of any network.

# %% tags=["experiment"]
# Needs your Dense, your RandomNormal, and the first cell of experiment 1. About 10 seconds.
rng = np.random.default_rng(3)
features = rng.normal(size=(300, 5)).astype("float32")
chances = 1 / (1 + np.exp(-features @ np.array([[1.5], [-2.0], [0.5], [0.0], [1.0]])))
labels = (rng.uniform(size=(300, 1)) < chances).astype("float32")


def logistic_regression(initializer, steps=400, rate=1.0):
    """Trains one dense layer with one unit; returns the losses and the final kernel."""
    layer = Dense(1, kernel_initializer=initializer)
    layer.build(features.shape)
    weights = [weight.value for weight in layer.trainable_weights]

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            losses = tf.nn.sigmoid_cross_entropy_with_logits(labels, layer(features))
            loss = tf.reduce_mean(losses)
        for weight, gradient in zip(weights, tape.gradient(loss, weights)):
            weight.assign_sub(rate * gradient)
        return loss

    return [float(step()) for _ in range(steps)], np.asarray(layer.kernel).ravel()


figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.6), layout="constrained")
finals = []
for name, initializer, style in [
    ("zeros", "zeros", "-"),
    ("normal, stddev 1", RandomNormal(stddev=1.0, seed=3), "--"),
    ("normal, stddev 3", RandomNormal(stddev=3.0, seed=3), ":"),
]:
    losses, final = logistic_regression(initializer)
    finals.append(final)
    left.plot(losses, style, color="black", label=name)
    print(f"logistic regression from {name:17s}: loss {losses[-1]:.4f}, weights {final.round(3)}")
left.set(xlabel="step", ylabel="loss (nats)", xlim=(0, 120), ylim=(0.3, 1.5))
left.set_title("Without hidden units, zeros are a fine start")
left.legend(title="start of the weights")

results = {"zeros": [], "random": []}
for seed in range(4):
    for name, bias in (("zeros", "zeros"), ("random", RandomNormal(stddev=0.5, seed=50 + seed))):
        kernels = [RandomNormal(stddev=0.5, seed=10 * seed + k) for k in (1, 2)]
        history = train(two_layers(*kernels, bias=bias), steps=1500)
        results[name].append(history[-1, 1:4])
for (name, rows), marker, shift in zip(results.items(), "os", (-0.08, 0.08)):
    rows = np.array(rows)
    right.plot(
        np.arange(4) + shift,
        rows[:, 1],
        marker,
        color="black",
        fillstyle="none" if name == "random" else "full",
        label=f"hidden biases: {name}",
    )
    print(
        f"hidden biases {name:6s}: accuracies {rows[:, 1].round(3)}, mean {rows[:, 1].mean():.3f},"
        f" distinct units {rows[:, 2].astype(int)}"
    )
right.set(xlabel="run (each with another random kernel)", ylabel="accuracy", ylim=(0.8, 1.01))
right.set_xticks(range(4))
right.set_title("Zero biases do not hurt, if the kernels differ")
right.legend(loc="lower right")
plt.show()

# %% [markdown]
# **Measured.** Logistic regression reaches the loss 0.4200 and the same five weights (to three decimals) from zeros as from random numbers. From zeros it is the fastest: its loss starts at $\ln 2$, while large random weights start with confident errors. With a hidden layer, random hidden biases give a mean accuracy of 0.969 and zero biases 0.964, a difference well within what another random kernel makes (0.940 to 1.000). All runs have eight distinct units.
#
# **Set straight.** The ban on zeros is too wide. Without hidden units there is nothing to exchange: each weight belongs to an input of its own, $\Delta w_i = \eta\,\delta_p\,o_{pi}$ differs with $i$, and the loss is convex. And biases may be zero, because units that differ in their kernels are no copies, whatever their biases are. This is why Keras starts biases at zero, and kernels not.

# %% [markdown]
# ## Experiment 4: zeros in deep networks
#
# Twelve layers of 32 units, and three ways to start them:
#
# - a plain ReLU network, all zeros;
# - the same, with random kernels of variance 2/fan-in (He et al., 2015);
# - a *residual* network: twelve blocks $x \leftarrow x + B\,\mathrm{relu}(A x)$, in which every $A$ is random and every $B$ is **zero**.
#
# We look at the size of the gradient in each layer at the start, and at the loss during training.

# %% tags=["experiment"]
# Needs your Dense, your initializers, and the first cell of experiment 1. About 10 seconds.
depth, width = 12, 32


def he(seed, fan_in=width):
    return RandomNormal(stddev=(2 / fan_in) ** 0.5, seed=seed)


def deep_network(kind):
    """Returns the layers and the function that they compute."""
    zeros = Constant(0.0)
    start = (lambda seed, fan_in=width: zeros) if kind == "plain, zeros" else he
    first = Dense(width, kernel_initializer=start(100, 2))
    last = Dense(1, kernel_initializer=start(200))
    a = [Dense(width, kernel_initializer=start(k)) for k in range(depth)]
    if not kind.startswith("residual"):

        def call(x):
            x = tf.nn.relu(first(x))
            for layer in a:
                x = tf.nn.relu(layer(x))
            return last(x)

        layers = [first, *a, last]
    else:
        outer = (lambda k: zeros) if kind == "residual, B zero" else (lambda k: he(300 + k))
        b = [Dense(width, kernel_initializer=outer(k)) for k in range(depth)]

        def call(x):
            x = first(x)
            for inner, layer in zip(a, b):
                x = x + layer(tf.nn.relu(inner(x)))
            return last(x)

        layers = [first, *[layer for pair in zip(a, b) for layer in pair], last]
    call(points)  # builds the layers
    return layers, call


def train_deep(kind, steps=200, rate=0.003):
    """Adam; returns the losses, and the gradient's size by layer at the first and a later step."""
    layers, call = deep_network(kind)
    kernels = [layer.kernel.value for layer in layers]
    biases = [layer.bias.value for layer in layers]
    optimizer = keras.optimizers.Adam(rate)
    variables = [weight for layer in layers for weight in layer.trainable_weights]
    optimizer.build(variables)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            losses = tf.nn.sigmoid_cross_entropy_with_logits(in_disc, call(points))
            loss = tf.reduce_mean(losses)
        values = [weight.value for weight in variables]
        gradients = tape.gradient(loss, [*values, *kernels, *biases])
        optimizer.apply(gradients[: len(values)], variables)
        return loss, [tf.norm(gradient) for gradient in gradients[len(values) :]]

    losses, sizes = [], []
    for _ in range(steps):
        loss, norms = step()
        losses.append(float(loss))
        sizes.append([float(norm) for norm in norms])
    return losses, np.array(sizes), layers, call


figure, (left, right) = plt.subplots(1, 2, figsize=(11.5, 3.9), layout="constrained")
kinds = ["plain, zeros", "plain, He", "residual, B zero", "residual, both He"]
for kind, style, marker in zip(kinds, [":", "--", "-", "-."], "xso^"):
    losses, sizes, layers, call = train_deep(kind)
    count = len(layers)
    at_start, later = sizes[0], sizes[5]
    print(
        f"{kind:18s} parameters with a gradient at step 0: {np.count_nonzero(at_start):2d} of"
        f" {2 * count}, at step 5: {np.count_nonzero(later):2d}; loss {losses[0]:.3g} ->"
        f" {losses[-1]:.3g}"
    )
    if kind == "plain, zeros":
        names = [f"kernel {k}" for k in range(count)] + [f"bias {k}" for k in range(count)]
        moving = [name for name, size in zip(names, sizes.max(axis=0)) if size > 0]
        print(f"{'':18s} ever moved: {moving} (the last layer is number {count - 1});")
        answer = float(tf.sigmoid(call(points[:1]))[0, 0])
        print(f"{'':18s} its answer to all: {answer:.4f}, share of points: {in_disc.mean():.4f}")
    place = np.linspace(0, 1, count)
    left.plot(place, np.maximum(at_start[:count], 1e-9), marker, color="0.3", label=kind)
    right.plot(np.minimum(losses, 1.2), style, color="black", label=kind)
left.set(yscale="log", xlabel="place of the kernel (0: first layer, 1: last)")
left.set(ylabel="size of the gradient at the start")
left.set_title("Gradients at the start ($10^{-9}$ stands for 0)")
left.legend(fontsize=8, loc=(0.66, 0.3))
right.set(xlabel="step of Adam", ylabel="loss (nats; cut off at 1.2)")
right.set_title("Zeros in the right place train well")
right.legend(fontsize=8)
plt.show()

# %% [markdown]
# **Measured.**
#
# - *Plain, zeros*: of 28 kernels and biases a single one ever gets a gradient, the bias of the output. The network says 0.40 for every point, on its way to the share of points in the disc, 0.385. Its loss ends at 0.667; the entropy of that share, 0.666, is the best that a constant answer can reach.
# - *Plain, He*: all 28 have gradients; the loss falls to 0.0003, with one relapse on the way (step 100).
# - *Residual, B zero*: at step 0 only 28 of 52 have a gradient: the first and the last layer, and the $B$'s. The $A$'s have none, since what they report is multiplied by zero. One step later the $B$'s are not zero any more; by step 5 all 52 have gradients. The loss falls to 0.00007, the lowest of the four.
# - *Residual, both He*: all have gradients at once, and far too large ones. Each block adds to the variance, and the network of twelve starts with a loss of 274.
#
# **Set straight.** An all-zero deep ReLU network learns nothing but its output bias. But zeros *in the right place* are standard practice. With $B = 0$ every block starts as the identity: the signal passes unchanged, the gradient too, and each branch joins in as it becomes useful. The symmetry is broken all the same, because the weights of $B$ receive the different reports of a random $A$. This is experiment 2 once more: one random kernel of two is enough. (Goyal et al., 2017, start the last scale of each branch at zero; Zhang et al., 2019, its last kernel.)

# %% [markdown]
# ## Experiment 5: random, but how large?
#
# *Claim: small random values break the symmetry; Glorot's variance fits sigmoid and tanh, He's fits ReLU.* First, the network of experiment 1 from normal weights with standard deviations from $10^{-6}$ to 30. Then ten random layers of 200 units, where we measure how much is left of the *differences between examples*.

# %% tags=["experiment"]
# Needs the first cell of experiment 1. About 8 seconds.
figure, (left, right) = plt.subplots(1, 2, figsize=(11.5, 3.8), layout="constrained")
stddevs = [1e-6, 1e-4, 1e-2, 0.1, 0.5, 2.0, 30.0]
losses, delays = [], []
for stddev in stddevs:
    pair = [RandomNormal(stddev=stddev, seed=1), RandomNormal(stddev=stddev, seed=2)]
    layers = two_layers(*pair)
    history = train(layers, steps=2000)
    below = np.flatnonzero(history[:, 1] < 0.6)
    delays.append(history[below[0], 0] if below.size else np.nan)
    losses.append(history[-1, 1])
    exact = distinct_units(two_layers(*pair)[0].kernel, tolerance=0.0)
    print(
        f"stddev {stddev:7.0e}: distinct units at the start {exact} (tolerance 0), loss at the start"
        f" {history[0, 1]:6.3f}, below 0.6 at step {delays[-1]:.0f}, loss at the end {losses[-1]:.3f}"
    )
left.semilogx(stddevs, losses, "o-", color="black")
for stddev, loss, delay in zip(stddevs, losses, delays):
    text = "never" if np.isnan(delay) else f"{delay:.0f}"
    left.annotate(text, (stddev, loss), (0, 7), textcoords="offset points", ha="center")
left.set_xlim(3e-7, 100)
left.set(xlabel="standard deviation of the start", ylabel="loss after 2000 steps (nats)")
left.set_ylim(0, max(losses) * 1.15)
left.set_title(
    "All sizes break the symmetry; not all train well\n(numbers: step at which the loss falls below 0.6)",
    fontsize=10,
)

rng = np.random.default_rng(5)
inputs = rng.normal(size=(300, 200))
for name, function, variance, style in [
    ("tanh, Glorot", np.tanh, 2 / 400, "o-"),
    ("ReLU, He", lambda z: np.maximum(z, 0), 2 / 200, "s--"),
    ("ReLU, Glorot", lambda z: np.maximum(z, 0), 2 / 400, "d-."),
    ("sigmoid, Glorot", lambda z: 1 / (1 + np.exp(-z)), 2 / 400, "^:"),
]:
    x, spreads = inputs, [1.0]
    for _ in range(10):
        x = function(x @ rng.normal(0.0, np.sqrt(variance), (200, 200)))
        spreads.append(x.std(axis=0).mean())
    right.semilogy(spreads, style, color="0.2", label=name)
    print(f"{name:16s} spread between examples after 1, 5, 10 layers:", end=" ")
    print(", ".join(f"{spreads[k]:.1e}" for k in (1, 5, 10)))
right.set(xlabel="layer", ylabel="standard deviation over the examples")
right.set_title("Glorot's start suits tanh, not the sigmoid")
right.legend(fontsize=9)
plt.show()

# %% [markdown]
# **Measured, left.** All seven starts have eight distinct units, even the one with standard deviation $10^{-6}$. The smaller the start, the longer the wait near the stationary point at zero: the loss falls below 0.6 by step 20 from 0.5, by step 120 from 0.01, by step 320 from $10^{-6}$. Weights of size 30 start with a loss of 15.6 and saturated units, and end at 0.428, worse than all others.
#
# **Measured, right.** After ten layers, tanh with Glorot's variance keeps 0.23 of the spread between examples, and ReLU with He's 0.37. ReLU with Glorot's has 0.009 left, the sigmoid with Glorot's $5 \cdot 10^{-7}$: its output hardly depends on its input.
#
# **Sharpened, and set straight.** Random numbers break the symmetry, however small they are. Their size decides how *fast* the network gets going, and there is an upper end, too. Glorot's variance, $2/(n_{in} + n_{out})$ with mean zero, is the choice for functions with slope 1 at zero, such as tanh, and He's, $2/n_{in}$, the one for ReLU: confirmed. That Glorot's fits the *sigmoid* is wrong: the slope of the sigmoid is at most 1/4, which the derivation does not allow for. Glorot and Bengio themselves advise against the sigmoid in deep networks. Where the two variances come from is the subject of lab 02.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Written question
#
# "Never start with zeros, always with random numbers," a colleague has read, and draws three conclusions. Say for each whether it is right, and prove your answer from the formulas for $net_{pj}$, $\delta_{pj}$ and $\Delta_p w_{ji}$. (Experiments are welcome, but a formula must carry the argument.) The network of 1. and 2. has one hidden layer of tanh units, and one output.
#
# 1. "I start the hidden kernel with the constant 0.5 and the output kernel with random numbers; all biases are zero. The hidden units are equal, so they will stay equal forever." (1 point)
# 2. "I start both kernels with zeros and only the *hidden biases* with random numbers. All weights are zero, so only the output's bias will ever move." Look at the first step and at the second. (1 point)
# 3. "A logistic regression has ten weights. If they all start at zero, they will all stay equal, so I draw them at random." (1 point)

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_answer", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# **Marking scheme (3 points).** All three conclusions are wrong. A right verdict without a reason earns nothing.
#
# - *1 point*, number 1: the hidden units report the same in the first step, $o_{pa} = o_{pb}$ (¼), but $\delta_{pa} = f'(net_{pa})\,\delta_p\,w_a$ contains the outgoing weight $w_a$, which differs from unit to unit (½), so $\Delta w_{ai} = \eta\,\delta_{pa}\,o_{pi}$ differs and the columns are different after one step (¼).
# - *1 point*, number 2: step one: $o_{pj} = \tanh(\theta_j)$ is not zero and differs between units, so the output weights move, $\Delta w_j = \eta\,\delta_p\,o_{pj} \ne 0$, and by different amounts (½); the hidden weights do not move yet, since $\delta_{pj}$ has the factor $w_j = 0$ (¼). Step two: now $w_j \ne 0$, so the hidden weights and biases move, and differently (¼).
# - *1 point*, number 3: there is no hidden unit, hence no two copies (½). $\Delta w_i = \eta\,\delta_p\,o_{pi}$ contains the input $o_{pi}$, and that differs from weight to weight, so the weights part in the first step (½; also full marks for: the loss is convex, so gradient descent finds the same minimum from any start, *together with* a remark on why the weights do not stay equal).
#
# **Model answer.** (1) Wrong. Equal incoming weights make the reports equal, not the error signals: $\delta_{pa} = (1 - o_{pa}^2)\,\delta_p\,w_a$, with a random $w_a$. Already the first change of the hidden kernel, $\eta \sum_p \delta_{pa}\,o_{pi}$, is proportional to $w_a$ and so differs from column to column. Copies need equal outgoing weights as well. (2) Wrong. The reports are $\tanh(\theta_j)$, for every pattern. In step one the output weights change by $\eta\,\tanh(\theta_j) \sum_p \delta_p$, which differs between units and is not zero unless the errors cancel; the hidden weights rest, for $w_j = 0$. In step two $w_j$ is no longer zero, so $\delta_{pj} \ne 0$ and the hidden weights set out too, each in proportion to its own $w_j$. (3) Wrong. Symmetry is a matter of hidden units that can be exchanged. The ten weights belong to ten different inputs, and $\Delta w_i = \eta \sum_p \delta_p\,o_{pi}$ depends on the input. Zeros are a good start here: the loss is convex.


# %% [markdown]
# ## Challenge: break the symmetry without dice
#
# A network was started from a constant. You may not touch what it computes: for every input, the output must stay the same. You may use no random number. Set its hidden units free.
#
# It can be done, because the output sees only the *sum* over copies. Let the units $a_0, \dots, a_{n-1}$ be copies in what they receive: equal $w_{a i}$ and equal $\theta_a$. They report the same $o$, so they contribute $o \sum_m w_{k a_m}$ to unit $k$. Move the outgoing weights apart and keep their sum:
#
# $$w_{k a_m} \leftarrow w_{k a_m} + c\,\Bigl(m - \frac{n-1}{2}\Bigr), \qquad m = 0, \dots, n-1,$$
#
# for all $k$. (Check that the shifts add up to zero, for even and for odd $n$.) The output is what it was. But $\delta_{pa} = f'(net_{pa}) \sum_k \delta_{pk} w_{ka}$ now differs from copy to copy, so the first step of gradient descent parts them. Chen, Goodfellow and Shlens (2016) use the same freedom to make a trained network wider.
#
# Biases count: units with equal columns in the kernel and different biases report different numbers. They are no copies.


# %% nbgrader={"grade": false, "grade_id": "break_symmetry", "locked": false, "schema_version": 3, "solution": true, "task": false}
def break_symmetry(kernel, bias, outgoing, amount=0.1):
    """Moves the outgoing weights of copies apart, and leaves the network's output as it is.

    Hidden units whose columns of `kernel` are equal in every entry, and whose
    biases are equal, form a group (most units may well be alone in theirs). In a
    group of `n` units, number `m = 0, ..., n - 1` in the order of the columns
    gets `amount * (m - (n - 1) / 2)` added to each of its outgoing weights.

    Args:
        kernel: array or tensor of shape `(features, units)`, the weights into
            the hidden units.
        bias: array or tensor of shape `(units,)`, their biases.
        outgoing: array or tensor of shape `(units, outputs)`, the kernel of the
            next layer.
        amount: float, the distance between neighbors in a group.

    Returns:
        An array or tensor, the new outgoing weights, of the shape and dtype of
        `outgoing`. The arguments are not changed. No gradient is needed.

    Example:

    >>> break_symmetry(np.ones((3, 2)), np.zeros(2), np.ones((2, 1)), amount=1.0)
    array([[0.5],
           [1.5]])
    """
    ### BEGIN SOLUTION
    kernel, bias, outgoing = np.asarray(kernel), np.asarray(bias), np.asarray(outgoing)
    incoming = np.concatenate([kernel, bias[np.newaxis]])  # one column for each unit
    copies = np.all(incoming[:, :, np.newaxis] == incoming[:, np.newaxis, :], axis=0)
    n = copies.sum(axis=1)
    m = np.tril(copies, -1).sum(axis=1)  # the copies that stand in front of a unit
    shift = amount * (m - (n - 1) / 2)
    return (outgoing + shift[:, np.newaxis]).astype(outgoing.dtype)
    ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_break_symmetry", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(break_symmetry)

# %% nbgrader={"grade": true, "grade_id": "challenge_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your new outgoing weights with a reference, for networks with no copies,
# one group and several groups.
graded("challenge_values")

# %% [markdown]
# ### Does it set them free?
#
# Constant start, zero start: once as they are, once after your `break_symmetry`.

# %% tags=["experiment"]
# Needs your break_symmetry, and the first cell of experiment 1. About 6 seconds.
figure, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
for value, styles in ((0.5, (":", "-")), (0.0, ("-.", "--"))):
    for broken, style in zip((False, True), styles):
        layers = two_layers(Constant(value), Constant(value))
        before = predict(layers, points).numpy()
        if broken:
            weights = [layers[0].kernel, layers[0].bias, layers[1].kernel]
            new = break_symmetry(*(tf.convert_to_tensor(weight) for weight in weights), amount=0.25)
            layers[1].kernel.assign(new)
        change = np.abs(predict(layers, points).numpy() - before).max()
        history = train(layers, steps=3000)
        kernel = np.asarray(layers[0].kernel)
        mirrored = np.abs(kernel + kernel[:, ::-1]).max()
        name = f"constant {value}" + (", broken" if broken else "")
        ax.plot(history[:, 0], history[:, 1], style, color="black", label=name)
        print(
            f"{name:21s} change of the output {change:.1e}, distinct units at step 0, 1, 3000:"
            f" {', '.join(f'{count:.0f}' for count in history[[0, 1, -1], 3])}; accuracy"
            f" {history[-1, 2]:.3f}; largest sum of columns j and 7 - j: {mirrored:.3g}"
        )
ax.set(xlabel="step of gradient descent", ylabel="loss (nats)")
ax.set_title("No dice: shifting outgoing weights is enough")
ax.legend(title="start", loc=(0.4, 0.2))
plt.show()

# %% [markdown]
# **Measured.** The output changes by $2 \cdot 10^{-7}$ from the constant start, which is rounding, and not at all from zeros. One step later there are eight distinct units. The constant start, which stays at an accuracy of 0.67 without the shift, reaches 1.000 with it; the zero start goes from 0.615 to 0.962.
#
# **Set straight.** Randomness is not what breaks a symmetry; *difference* is, and it may come from a ruler. Random numbers are simply the cheapest way to be different in every direction at once.
#
# The last number in each line shows what that remark is worth. Our ruler is itself symmetric: unit $j$ gets $+s$ where unit $7-j$ gets $-s$. From zeros, this makes the two *mirror images*, $w_{7-j} = -w_j$, and since $\tanh(-z) = -\tanh(z)$, they stay mirror images (the sum of their columns is exactly 0 after 3000 steps) and do the same work twice. `distinct_units` counts eight; up to the sign there are four, and the training waits long on a plateau. Copies are not the only symmetry of a network. A random start breaks them all.

# %% [markdown]
# ## References
#
# - D. E. Rumelhart, G. E. Hinton and R. J. Williams, *Learning internal representations by error propagation*, in *Parallel Distributed Processing*, vol. 1, MIT Press, 1986, chapter 8. Read it for the formulas used here, and for "symmetry breaking", the problem and its name.
# - X. Glorot and Y. Bengio, *Understanding the difficulty of training deep feedforward neural networks*, AISTATS 2010. Read section 4 for the variance $2/(n_{in} + n_{out})$, and section 3 for why the sigmoid does badly in deep networks.
# - K. He, X. Zhang, S. Ren and J. Sun, *Delving deep into rectifiers: surpassing human-level performance on ImageNet classification*, ICCV 2015, arXiv:1502.01852. Read section 2.2 for the variance $2/n_{in}$ for ReLU.
# - P. Goyal et al., *Accurate, large minibatch SGD: training ImageNet in 1 hour*, arXiv:1706.02677, 2017. Read section 5.1 for the last scale of every residual branch, which starts at zero.
# - H. Zhang, Y. N. Dauphin and T. Ma, *Fixup initialization: residual learning without normalization*, ICLR 2019, arXiv:1901.09321. Read it for zero as the start of the last layer of each branch, with the reason.
# - T. Chen, I. Goodfellow and J. Shlens, *Net2Net: accelerating learning via knowledge transfer*, ICLR 2016, arXiv:1511.05641. Read it for copies of units whose outgoing weights share a sum: the challenge, put to work.
