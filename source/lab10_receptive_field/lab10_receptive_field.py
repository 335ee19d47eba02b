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
# # Lab 10: What are receptive fields, and how do they work?
#
# The *receptive field* of a unit is the part of the picture that it can see: the pixels whose change can change the unit's value. It grows with depth. How fast it grows, through which layers, and whether a unit makes any use of what it can see, are questions with numbers for answers. In this lab you compute them.
#
# **What you will build.** `ExtractPatches2D`, a layer that lays out what each unit of a layer sees; `receptive_field`, which computes the field of any Keras network of convolutions and pooling, branches included; `effective_receptive_field`, which asks the network itself what it looks at. As a challenge: `minimum_depth`, which turns the question round.
#
# **What you should know before.** NumPy-style slicing and padding; strides, padding and dilation of a convolution (lab 03) and of a pooling (lab 09); how a Keras layer is put together (`call`, `compute_output_shape`, `get_config`: lab 01, exercise 1); `tf.GradientTape`.
#
# **How long it takes.** 60 to 90 minutes. Everything runs on a laptop's CPU.
#
# **What is put to the test.** That pooling enlarges the receptive field (it does, but hardly by its own window), and that deep units see a large context (they could; you will measure whether they do).

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from layerlab import check, graded, hint, progress

# %% [markdown]
# ## Intuition
#
# Draw a network of three layers along one axis of the picture, and follow the lines backward from one unit at the top. In the left network each layer has 3 taps. Each layer adds one pixel on both sides. In the right one the middle layer has stride 2: its units stand twice as far apart, so everything *above* it spans twice as many pixels.

# %% tags=["experiment"]
# The intuition as a drawing. Needs none of your code.
figure, axes = plt.subplots(1, 2, figsize=(11, 3.6), sharey=True)
for ax, strides in zip(axes, ([1, 1, 1], [1, 2, 1])):
    n = 15
    centers = [np.arange(n, dtype=float)]  # where the units of each level stand
    for s in strides:
        centers.append(centers[-1][1:-1][::s])
    marked = {len(centers[-1]) // 2}
    for level in (3, 2, 1, 0):
        ax.scatter(centers[level], np.full(len(centers[level]), level), s=60, c="white", ec="0.5")
        spots = sorted(marked)
        ax.scatter(centers[level][spots], np.full(len(spots), level), s=60, c="0.2", zorder=3)
        if level:
            below = {unit * strides[level - 1] + tap for unit in marked for tap in range(3)}
            for unit in marked:
                for tap in range(3):
                    x = centers[level - 1][unit * strides[level - 1] + tap]
                    ax.plot([centers[level][unit], x], [level, level - 1], "0.6", lw=0.9, zorder=1)
            marked = below
    ax.set_title(f"strides {', '.join(map(str, strides))}: one top unit sees {len(marked)} pixels")
    ax.set_xlabel("column (pixels)")
    ax.set_yticks(range(4), ["picture", "layer 1", "layer 2", "layer 3"])
figure.suptitle("A stride makes all later layers see more; its own layer gains nothing from it")
plt.tight_layout()
plt.show()

# %% [markdown]
# ## Mathematics
#
# We follow Araujo, Norris and Sim (2019). Take one axis. The network has layers $l = 1, \dots, L$; layer $l$ has kernel size $k_l$, stride $s_l$, and $p_l$ zeros in front of its input. Let the region that a unit of the last layer depends on go from place $u_l$ to place $v_l$ in the output of layer $l$ (layer 0 is the picture). One layer down, unit $i$ reads from $i\,s_l - p_l$ to $i\,s_l - p_l + k_l - 1$. So
#
# $$u_{l-1} = s_l\,u_l - p_l, \qquad v_{l-1} = s_l\,v_l - p_l + k_l - 1 .$$
#
# Unroll this down to the picture. The **size** of the field is $r_0 = v_0 - u_0 + 1$, and
#
# $$r_0 = 1 + \sum_{l=1}^{L} (k_l - 1) \prod_{i=1}^{l-1} s_i, \qquad S_0 = \prod_{i=1}^{L} s_i, \qquad u_0 = -\sum_{l=1}^{L} p_l \prod_{i=1}^{l-1} s_i \;\; (u_L = 0).$$
#
# $S_0$ is the **stride** of the network: fields of neighboring units are that many pixels apart. $u_0$ is its **offset**: the first pixel that unit 0 sees, where a negative number means that its field begins in the border outside the picture.
#
# Three readings of the formula:
#
# - The product stops at $l - 1$. A layer's stride works on the layers *after* it, not on itself. The product $\prod_{i=1}^{l-1} s_i$ is often called the *jump* of the layer's input.
# - Sizes are not multiplied. With all strides 1 each layer *adds* $k_l - 1$.
# - Padding moves the field and does not change its size.
#
# With dilation rate $d_l$ the taps reach over $(k_l - 1)\,d_l + 1$ pixels, and this takes the place of $k_l$. Pooling is a window like any other. Activations, batch normalization and dropout look at one place at a time: $k = s = 1$.
#
# With `"same"`, a layer whose input has $n$ pixels makes $o = \lceil n / s \rceil$ outputs, for which it needs $t = \max\bigl((o - 1)\,s + (k - 1)\,d + 1 - n,\; 0\bigr)$ zeros, of which $p = \lfloor t/2 \rfloor$ stand in front and the others behind. So the offset depends on the size of the picture, and a model in this lab has a fixed input size.
#
# **Branches.** Where two branches meet (by addition or concatenation), a unit sees what either of them sees: from the first to the last pixel. A skip connection does not make the field smaller.

# %% [markdown]
# ## Exercise 1: what each unit sees
#
# Before anything is multiplied, a layer with windows *reads*. Write `ExtractPatches2D`, the layer that returns what is read: for every output place the window's pixels, in a row. (A convolution is this layer followed by a matrix product.)


# %% nbgrader={"grade": false, "grade_id": "extract_patches2d", "locked": false, "schema_version": 3, "solution": true, "task": false}
@keras.saving.register_keras_serializable(package="layerlab")
class ExtractPatches2D(keras.layers.Layer):
    """Lays out the pixels that each window sees along the last axis.

    You write it from elementary operations (slicing, padding, reshaping,
    concatenation, `take`, `einsum`, ...). `tf.image.extract_patches`,
    `keras.ops.image.extract_patches` and every convolution are banned here.

    Args:
        size: int or tuple/list of 2 integers, the number of taps of the window
            along height and width.
        strides: int or tuple/list of 2 integers, the steps of the window.
        rates: int or tuple/list of 2 integers, the distances between
            neighboring taps; 1 means no gaps. Strides and rates may both be
            above 1.
        padding: string, `"valid"` or `"same"` (case-insensitive). `"valid"`:
            only windows that lie inside the picture. `"same"`: zeros are added
            around the picture so that there are `ceil(size / stride)` rows and
            columns of windows; if their number is odd, the extra one goes to
            the end (bottom, right).

    Input shape:
        A 4D tensor `(batch, height, width, channels)`. The batch size may be
        unknown.

    Output shape:
        A 4D tensor `(batch, rows, columns, kh * kw * channels)`. The last axis
        goes through the taps row by row; each tap has its channels together.

    Raises:
        ValueError: in the constructor, if `size`, `strides` or `rates` is not a
            positive integer or a tuple/list of 2 of them, or if `padding` is
            not one of the strings above. Each message ends with
            "Received: ...". Also when the layer is asked for its output shape,
            if a `"valid"` window does not fit into the picture.
    """

    def __init__(self, size, strides=1, rates=1, padding="valid", **kwargs):
        super().__init__(**kwargs)

        ### BEGIN SOLUTION
        def pair(name, value):
            values = (value, value) if isinstance(value, int) else value
            if (
                not isinstance(values, (tuple, list))
                or len(values) != 2
                or not all(isinstance(v, (int, np.integer)) and v > 0 for v in values)
            ):
                raise ValueError(
                    f"The `{name}` argument must be a positive integer or a tuple of 2 "
                    f"positive integers. Received: {name}={value}"
                )
            return tuple(values)

        self.size = pair("size", size)
        self.strides = pair("strides", strides)
        self.rates = pair("rates", rates)
        self.padding = str(padding).lower()
        if self.padding not in ("valid", "same"):
            raise ValueError(
                f"The `padding` argument must be 'valid' or 'same'. Received: padding={padding}"
            )
        ### END SOLUTION

    def call(self, inputs):
        ### BEGIN SOLUTION
        _, rows, columns, _ = self.compute_output_shape(inputs.shape)
        (sh, sw), (dh, dw) = self.strides, self.rates

        # What the last window reaches for beyond the picture is added as zeros,
        # the smaller half in front. With "valid" windows that is nothing.
        borders = []
        for n, out, k, s, d in zip(
            inputs.shape[1:3], (rows, columns), self.size, self.strides, self.rates
        ):
            missing = max((out - 1) * s + (k - 1) * d + 1 - n, 0)
            borders.append((missing // 2, missing - missing // 2))
        x = keras.ops.pad(inputs, [(0, 0), *borders, (0, 0)])

        # One tap of all windows at once; then the taps side by side.
        taps = [
            x[
                :,
                i * dh : i * dh + (rows - 1) * sh + 1 : sh,
                j * dw : j * dw + (columns - 1) * sw + 1 : sw,
            ]
            for i in range(self.size[0])
            for j in range(self.size[1])
        ]
        return keras.ops.concatenate(taps, axis=-1)
        ### END SOLUTION

    def compute_output_shape(self, input_shape):
        ### BEGIN SOLUTION
        batch, *lengths, channels = input_shape
        places = []
        for n, k, s, d in zip(lengths, self.size, self.strides, self.rates):
            if n is None:
                places.append(None)
            elif self.padding == "same":
                places.append(-(-n // s))
            else:
                places.append((n - (k - 1) * d - 1) // s + 1)
                if places[-1] <= 0:
                    raise ValueError(
                        "The window does not fit into the picture. Received: "
                        f"input_shape={tuple(input_shape)}, size={self.size}, rates={self.rates}"
                    )
        return (batch, *places, self.size[0] * self.size[1] * channels)
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        config = super().get_config()
        config.update(
            {
                "size": self.size,
                "strides": self.strides,
                "rates": self.rates,
                "padding": self.padding,
            }
        )
        return config
        ### END SOLUTION


# %% [markdown]
# Stuck? `hint(ExtractPatches2D)` leads from a question to the idea, one step at each call; `hint("ExtractPatches2D")` works before you have written anything. `progress()` says which exercises pass.

# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_extract_patches2d", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(ExtractPatches2D)

# %% nbgrader={"grade": true, "grade_id": "patches_outputs", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your patches with TensorFlow's on many sizes, strides, rates and paddings.
graded("patches_outputs")

# %% nbgrader={"grade": true, "grade_id": "patches_gradients", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden tests pull random cotangents back through your layer: a pixel collects the gradients of
# all windows that see it.
graded("patches_gradients")

# %% nbgrader={"grade": true, "grade_id": "patches_contract", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden tests check the arguments and their errors, the configuration, the output shape, saving,
# an unknown batch size, mixed precision, tf.function and XLA.
graded("patches_contract")

# %% [markdown]
# ## Exercise 2: the field of a network
#
# Now the arithmetic. How a Keras model keeps its connections is not the point of this lab, so the cell below defines a helper that tells you. `wiring` lists the layers so that each comes after those that it depends on, each with the names of the layers whose outputs it takes (`None` is the picture). The last entry makes the model's output.


# %% nbgrader={"grade": false, "grade_id": "wiring", "locked": true, "schema_version": 3, "solution": false, "task": false}
def wiring(model):
    """Returns the layers of a model and what they are connected to.

    Args:
        model: a `keras.Sequential` or functional model in which every layer is
            used once.

    Returns:
        A list of pairs `(layer, sources)`. `sources` are names of layers, as a
        list; the name `None` is the model's input.
    """
    if isinstance(model, keras.Sequential):
        names = [None] + [layer.name for layer in model.layers]
        return [(layer, [name]) for layer, name in zip(model.layers, names)]
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    makers = {id(layer.output): layer.name for layer in layers}
    return [
        (layer, [makers.get(id(x)) for x in keras.tree.flatten(layer.input)]) for layer in layers
    ]


picture = keras.Input((16, 16, 1))
x = keras.layers.Conv2D(1, 3, padding="same", name="conv")(picture)
x = keras.layers.Add(name="sum")([picture, x])
x = keras.layers.MaxPooling2D(2, name="pool")(x)
for layer, sources in wiring(keras.Model(picture, x)):
    print(f"{layer.name}: a {type(layer).__name__} with the sources {sources}")

# %% [markdown]
# Everything else is an attribute of the layer: `kernel_size` or `pool_size`, `strides`, `dilation_rate` are pairs (height, width), `padding` is a string, or in `ZeroPadding2D` the pairs `((top, bottom), (left, right))`. `layer.input.shape` (where there is one input) has the size of what the layer is given.


# %% nbgrader={"grade": false, "grade_id": "receptive_field", "locked": false, "schema_version": 3, "solution": true, "task": false}
def receptive_field(model):
    """Computes which input pixels the output units of a model can see.

    The field counts the border: zeros that padding puts around the picture are
    seen like pixels, so all units of the output have fields of the same size.
    Where branches meet, the field goes from the first to the last pixel that
    any of them sees.

    Args:
        model: a sequential or functional `keras.Model` with one input, of shape
            `(height, width, channels)` and fixed size, and one output. Its
            layers are of these kinds: `Conv2D`, `DepthwiseConv2D`,
            `SeparableConv2D`; `MaxPooling2D`, `AveragePooling2D`;
            `ZeroPadding2D`; layers that work on one place at a time
            (`Activation`, `ReLU`, `BatchNormalization`, `Dropout`); `Add`,
            `Concatenate`. Branches that meet have the same strides.

    Returns:
        A tuple `(size, stride, offset)`:

        - `size`: the number of pixels from the first to the last one that an
          output unit sees;
        - `stride`: the distance in pixels between the fields of two neighboring
          output units;
        - `offset`: the first input pixel that output unit 0 sees, negative if
          it lies in the border before the picture.

        Each is an int where height and width agree, and else a pair of ints
        `(along the height, along the width)`.
    """

    ### BEGIN SOLUTION
    def window(layer, axis):
        """Zeros in front, distance from the first to the last tap, stride."""
        if isinstance(layer, keras.layers.ZeroPadding2D):
            return layer.padding[axis][0], 0, 1
        taps = getattr(layer, "kernel_size", getattr(layer, "pool_size", None))
        if taps is None:
            return 0, 0, 1  # it looks at one place at a time
        stride = layer.strides[axis]
        reach = (taps[axis] - 1) * getattr(layer, "dilation_rate", (1, 1))[axis]
        if layer.padding == "valid":
            return 0, reach, stride
        n = layer.input.shape[1 + axis]
        missing = max((-(-n // stride) - 1) * stride + reach + 1 - n, 0)
        return missing // 2, reach, stride

    # For each layer and axis: the first and the last pixel that unit 0 sees, and the jump.
    seen = {None: [(0, 0, 1), (0, 0, 1)]}
    for layer, sources in wiring(model):
        seen[layer.name] = []
        for axis in (0, 1):
            firsts, lasts, jumps = zip(*(seen[name][axis] for name in sources))
            before, reach, stride = window(layer, axis)
            first = min(firsts) - before * jumps[0]
            last = max(lasts) + (reach - before) * jumps[0]
            seen[layer.name].append((first, last, jumps[0] * stride))
    fields = [(last - first + 1, jump, first) for first, last, jump in seen[layer.name]]
    return tuple(high if high == wide else (high, wide) for high, wide in zip(*fields))
    ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_receptive_field", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(receptive_field)

# %% nbgrader={"grade": true, "grade_id": "field_values", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your sizes, strides and offsets with those that a gradient shows: through
# weights that are all positive, it is not zero just where a unit can see.
graded("field_values")

# %% nbgrader={"grade": true, "grade_id": "field_published", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your sizes of VGG-16, MobileNet v1 and Inception v3 with the published ones.
graded("field_published")

# %% [markdown]
# ## Experiment 1: does pooling enlarge the receptive field?
#
# *Claim: convolutions see locally; it is pooling that enlarges the field.* We go through VGG-16 layer by layer, and ask each layer what it adds. Before you run the cell, guess: of the 212 pixels at the end, how many come from the windows of its five $2 \times 2$ poolings?

# %% tags=["experiment"]
# Needs your receptive_field. About 3 seconds.
vgg = keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))
names, sizes, jumps = [], [], []
for layer in vgg.layers[1:]:
    size, stride, offset = receptive_field(keras.Model(vgg.input, layer.output))
    names.append(layer.name)
    sizes.append(size)
    jumps.append(stride)
added = np.diff([1, *sizes])
pools = np.array(["pool" in name for name in names])
print(f"field of the last layer: {sizes[-1]} pixels, stride {jumps[-1]}, offset {offset}")
print(f"added by the windows of 13 convolutions: {added[~pools].sum()}, of 5 poolings: ", end="")
print(added[pools].sum())


def vgg_without(strides, windows):
    """VGG-16 with one channel; its poolings keep their strides, their windows, or neither."""
    net = keras.Sequential([keras.Input((224, 224, 1))])
    for count in (2, 2, 3, 3, 3):
        for _ in range(count):
            net.add(keras.layers.Conv2D(1, 3, padding="same"))
        pool, step = 2 if windows else 1, 2 if strides else 1
        net.add(keras.layers.MaxPooling2D(pool, step, padding="same"))
    return receptive_field(net)[0]


print("poolings as they are            ", vgg_without(True, True))
print("poolings with stride 1          ", vgg_without(False, True))
print("subsampling only (window 1 x 1) ", vgg_without(True, False))
print("no poolings at all              ", vgg_without(False, False))

figure, ax = plt.subplots(figsize=(11, 3.8))
before = np.array([1, *sizes[:-1]])
ax.bar(range(len(names)), before, color="0.85", edgecolor="none", label="seen before")
for mask, color, hatch, label in (
    (~pools, "0.35", "", "added by a convolution"),
    (pools, "white", "////", "added by a pooling"),
):
    where = np.flatnonzero(mask)
    ax.bar(where, added[mask], bottom=before[mask], color=color, hatch=hatch, ec="k", label=label)
for i, jump in enumerate(jumps):
    if pools[i]:
        ax.annotate(f"stride {jump}", (i, sizes[i] + 4), ha="center", fontsize=8)
ax.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=8)
ax.set_ylim(0, 240)
ax.set_ylabel("receptive field (pixels)")
ax.set_title("VGG-16: a pooling adds little by itself; its stride makes all later layers add more")
ax.legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# **Measured.** All of the 212 pixels are accounted for: one to begin with, 180 from the windows of the convolutions, 31 from those of the poolings. With the poolings' strides set to 1 and their windows left as they are, the field is 32; with the windows shrunk to a single pixel and the strides left, it is 181. Without either it is 27.
#
# **Set straight.** Not the windows of the poolings make the field large, but their *strides*, and a convolution with stride 2 does the same. A pooling with stride 1 adds as little as a small convolution. And the gain comes later: the stride of the last pooling adds nothing to its own field.
#
# **Sharpened.** That a $3 \times 3$ kernel sees $3 \times 3$ pixels of the picture holds for the first layer alone: the convolution `block5_conv1` has the same kernel, and sees $132 \times 132$. Nor does deep mean global: 212 is less than the 224 pixels of the picture, so not even at the end does a unit of VGG-16's convolutions see all of it. Unit 0 of the last output begins to see at $-90$, so a good part of its field is border.

# %% [markdown]
# ## Exercise 3: what does the network look at?
#
# The field so far is a limit: a unit cannot see beyond it. Does it use all of it alike? Luo et al. (2016) ask the network. Take a unit $y_{i,j}$ in the middle of the output, and measure how strongly it reacts to each pixel: $\left|\partial y_{i,j} / \partial x_{p,q}\right|$, in the mean over random pictures. They call this the **effective receptive field**.
#
# Where you take the absolute value matters. Reactions of opposite sign in two pictures, or in two channels, are reactions, and must not cancel out.


# %% nbgrader={"grade": false, "grade_id": "effective_receptive_field", "locked": false, "schema_version": 3, "solution": true, "task": false}
def effective_receptive_field(model, input_shape, samples):
    """Measures how strongly a unit in the middle of the output reacts to each pixel.

    Pictures of standard normal noise go through the model. The unit
    `(rows // 2, columns // 2)` of its output, summed over the output's channels,
    is differentiated by the pixels of each picture.

    Args:
        model: a `keras.Model` that maps `(batch, height, width, channels)` to
            `(batch, rows, columns, filters)`.
        input_shape: tuple or list of 3 integers, `(height, width, channels)`.
        samples: int, the number of pictures.

    Returns:
        A tensor (or array) of shape `(height, width)`: the mean over the
        pictures and the input's channels of the absolute value of the gradient.
        It is compared up to a positive factor.
    """
    ### BEGIN SOLUTION
    pictures = tf.random.normal((samples, *input_shape))
    with tf.GradientTape() as tape:
        tape.watch(pictures)
        outputs = model(pictures)
        _, rows, columns, _ = outputs.shape
        # A sum over pictures: each of its terms depends on one picture only.
        unit = tf.reduce_sum(outputs[:, rows // 2, columns // 2])
    return tf.reduce_mean(tf.abs(tape.gradient(unit, pictures)), axis=(0, 3))
    ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_effective_receptive_field", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(effective_receptive_field)

# %% nbgrader={"grade": true, "grade_id": "effective_values", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your fields, up to a factor, on models for which every random picture gives
# the same absolute gradient: linear ones, and one that computes absolute values.
graded("effective_values")

# %% [markdown]
# ## Experiment 2: how much of its field does a unit use?
#
# *Claim: deep units take in a wide context.* We take networks of 5 to 40 convolutions ($3 \times 3$, 8 channels, ReLU, He's initialization), give them pictures just as large as their theoretical field, $2L + 1$ pixels, and measure.
#
# For width we take the standard deviation $\sigma$ of the effective field along an axis. Nearly all of a bell curve lies within two of them, so we say that a unit *uses* $4\sigma$ pixels.

# %% tags=["experiment"]
# Needs your effective_receptive_field. About 5 seconds.


def spread(field):
    """Standard deviation of a field, in pixels: root mean square of both axes."""
    weight = np.asarray(field, dtype="float64")
    weight = weight / weight.sum()
    variances = []
    for along in (weight.sum(axis=1), weight.sum(axis=0)):
        place = np.arange(along.size)
        mean = np.sum(place * along)
        variances.append(np.sum((place - mean) ** 2 * along))
    return np.sqrt(np.mean(variances))


def stack(depth, shape):
    keras.utils.set_random_seed(10)
    layers = [
        keras.layers.Conv2D(8, 3, activation="relu", kernel_initializer="he_normal")
        for _ in range(depth)
    ]
    return keras.Sequential([keras.Input(shape), *layers])


depths = (5, 10, 20, 40)
fields = {}
for depth in depths:
    side = 2 * depth + 1
    net = stack(depth, (side, side, 3))
    fields[depth] = np.asarray(effective_receptive_field(net, (side, side, 3), 8))
used = {depth: 4 * spread(field) for depth, field in fields.items()}
for depth in depths:
    print(
        f"{depth:2d} layers: theory {2 * depth + 1:2d} pixels, used {used[depth]:4.1f} "
        f"({used[depth] / (2 * depth + 1):.0%} of the side), "
        f"used / sqrt(depth) = {used[depth] / np.sqrt(depth):.2f}"
    )

figure, axes = plt.subplots(1, 3, figsize=(12, 3.7))
field = fields[40] / fields[40].max()
axes[0].imshow(field, cmap="gray_r", extent=(-40.5, 40.5, 40.5, -40.5))
axes[0].set_title("40 layers: the whole square\ncould be seen")
axes[0].set_xlabel("offset (pixels)")
axes[0].set_ylabel("offset (pixels)")
profile = fields[40].sum(axis=0)
offsets = np.arange(-40, 41)
sigma = used[40] / 4
bell = np.exp(-(offsets**2) / (2 * sigma**2))
axes[1].bar(offsets, profile / profile.sum(), color="0.75", width=1.0, label="measured")
axes[1].plot(offsets, bell / bell.sum(), "k--", label=f"Gaussian, $\\sigma$ = {sigma:.1f}")
axes[1].set_title("Summed over rows:\nclose to a Gaussian")
axes[1].set_xlabel("offset (pixels)")
axes[1].set_ylabel("share of the reaction")
axes[1].set_ylim(0, 1.45 * bell.max() / bell.sum())
axes[1].legend(loc="upper left")
axes[2].plot(depths, [2 * d + 1 for d in depths], "ks-", label="theory, $2L + 1$")
axes[2].plot(depths, [used[d] for d in depths], "ko--", label="used, $4\\sigma$")
root = used[10] * np.sqrt(np.array(depths) / 10)
axes[2].plot(depths, root, "k:", label="proportional to $\\sqrt{L}$")
axes[2].set_xlabel("layers $L$")
axes[2].set_ylabel("pixels along an axis")
axes[2].set_title("What is used grows like $\\sqrt{L}$")
axes[2].legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# **Measured.** From 5 to 40 layers, the limit grew from 11 to 81 pixels, and what is used from 9.2 to 28.9. Eight times the depth made the limit seven times as large, and the used part three times: like a square root ($\sqrt 8 = 2.8$). At 40 layers a unit uses 36 % of the side, so about an eighth of the area. The profile is close to a Gaussian.
#
# Why a square root? Count paths. A path from a pixel to the unit takes one of three steps ($-1$, $0$ or $1$) in each layer. Many paths end near the middle; a single one leads to a corner. If each weight is an independent draw with mean zero, the *variance* of the gradient at a pixel is proportional to the number of its paths, which is a Gaussian with $\sigma^2 = \tfrac23 L$ (the variance of one step, times $L$). Its absolute value goes like the square root of that, a Gaussian $\sqrt 2$ times as wide: $4 \sigma = 4 \sqrt{4L/3} = 4.62 \sqrt L$. We measured 4.57 at 40 layers, and less in shallow networks, which have no room for the tails. (If all weights are equal the gradient itself counts paths, and $4\sigma = 3.27 \sqrt L$.)
#
# **Set straight.** Deep units *can* take in more. At the start of training they hardly look beyond the middle, and depth is a slow way to change that.

# %% [markdown]
# ## Experiment 3: strides, pooling, dilation
#
# Eight convolutions of $3 \times 3$ taps, the same number of weights each time. What do two strides of 2, two max poolings, or growing rates do, to the limit and to what is used?

# %% tags=["experiment"]
# Needs your receptive_field and your effective_receptive_field. About 5 seconds.
side = 128


def eight(strides=(1,) * 8, rates=(1,) * 8, pool=None):
    keras.utils.set_random_seed(10)
    net = keras.Sequential([keras.Input((side, side, 3))])
    for number, (s, d) in enumerate(zip(strides, rates)):
        conv = {"activation": "relu", "kernel_initializer": "he_normal", "padding": "same"}
        net.add(keras.layers.Conv2D(8, 3, strides=s, dilation_rate=d, **conv))
        if pool and number in (1, 4):
            net.add(keras.layers.MaxPooling2D(2, pool, padding="same"))
    return net


networks = {
    "plain": eight(),
    "two strides of 2": eight(strides=(1, 1, 2, 1, 1, 2, 1, 1)),
    "two poolings, stride 2": eight(pool=2),
    "two poolings, stride 1": eight(pool=1),
    "rates 1 1 2 2 4 4 8 8": eight(rates=(1, 1, 2, 2, 4, 4, 8, 8)),
}
figure, axes = plt.subplots(1, 5, figsize=(13, 3.4), sharey=True)
for ax, (name, net) in zip(axes, networks.items()):
    size, stride, offset = receptive_field(net)
    field = np.asarray(effective_receptive_field(net, (side, side, 3), 8))
    width = 4 * spread(field)
    print(f"{name:24s} theory {size:3d} pixels, used {width:4.1f}, one output per {stride} pixels")
    ax.imshow(np.sqrt(field / field.max()), cmap="gray_r")
    rows = net.compute_output_shape((1, side, side, 3))[1]
    first = offset + stride * (rows // 2) - 0.5
    ax.add_patch(plt.Rectangle((first, first), size, size, fill=False, ec="0.4", ls="--"))
    ax.set_title(f"{name}\n{size} pixels, used {width:.0f}", fontsize=10)
    ax.set_xlabel("column (pixels)")
axes[0].set_ylabel("row (pixels)")
figure.suptitle("Dashed: the theoretical field; dark: what is used (square root, to show the rim)")
plt.tight_layout()
plt.show()

# %% [markdown]
# **Measured** (with the reference solution; yours should agree up to the chance of the pictures).
#
# | network | limit (pixels) | used (pixels) | pixels for each output |
# | --- | --- | --- | --- |
# | plain | 17 | 12.5 | 1 |
# | two strides of 2 | 35 | 28.5 | 4 |
# | two poolings, stride 2 | 44 | 34.6 | 4 |
# | two poolings, stride 1 | 19 | 13.1 | 1 |
# | rates 1 1 2 2 4 4 8 8 | 61 | 52.9 | 1 |
#
# **Sharpened.** Strides and poolings more than double both numbers, and the outputs become sparser by a factor of 4 along each axis. The poolings reach farther than the strides here because each comes one convolution earlier and adds a window of its own. Poolings with stride 1 do next to nothing: the stride is what counts. Dilation has the largest field of all and keeps every output. But a careless choice of rates leaves holes in it (lab 03, experiment 2).

# %% [markdown]
# ## Experiment 4: what training does
#
# *Claim: what a unit sees is settled by the architecture.* For the theoretical field that is so: no weight occurs in it. But the effective one depends on the weights. So we train. A network of six layers can see 6 pixels to each side. Its task is to give back the picture (noise) moved to the right by 5 pixels: what it needs is nearly at the rim.

# %% tags=["experiment"]
# Needs your receptive_field and your effective_receptive_field. About 10 seconds.
keras.utils.set_random_seed(10)
layers = [
    keras.layers.Conv2D(
        12 if position < 5 else 1,
        3,
        padding="same",
        activation="leaky_relu" if position < 5 else None,
        kernel_initializer="he_normal",
    )
    for position in range(6)
]
learner = keras.Sequential([keras.Input((25, 25, 1)), *layers])
optimizer = keras.optimizers.Adam(0.005)
optimizer.build(learner.trainable_variables)


@tf.function(autograph=False)
def step(x):
    with tf.GradientTape() as record:
        # The outer 6 pixels are left out: some fields leave the picture there.
        error = (learner(x) - tf.roll(x, 5, axis=2))[:, 6:-6, 6:-6]
        loss = tf.reduce_mean(error**2)
    variables = learner.trainable_variables
    optimizer.apply(record.gradient(loss, variables), variables)
    return loss


noise = np.random.default_rng(10).normal(size=(300, 8, 25, 25, 1)).astype("float32")
moments = {"before": 0, "after 60 steps": 60, "after 300 steps": 300}
figure, axes = plt.subplots(1, 3, figsize=(11, 3.7), sharey=True)
done, losses = 0, []
for ax, (name, until) in zip(axes, moments.items()):
    losses += [float(step(x)) for x in noise[done:until]]
    done = until
    field = np.asarray(effective_receptive_field(learner, (25, 25, 1), 32))[6:19, 6:19]
    share = field[6, 1] / field.sum()
    loss = f", loss {np.mean(losses[-10:]):.2f}" if losses else ""
    print(
        f"{name:16s} theory {receptive_field(learner)[0]} pixels, "
        f"the needed pixel has {share:.1%} of the reaction{loss}"
    )
    ax.imshow(field, cmap="gray_r", extent=(-6.5, 6.5, 6.5, -6.5))
    ax.add_patch(plt.Rectangle((-5.5, -0.5), 1, 1, fill=False, ec="0.5", lw=2))
    ax.set_title(f"{name}: \n{share:.1%} on the needed pixel")
    ax.set_xlabel("offset (pixels)")
axes[0].set_ylabel("offset (pixels)")
figure.suptitle("Training moves the effective field to where the task needs it (gray frame)")
plt.tight_layout()
plt.show()

# %% [markdown]
# **Measured.** Before training, the pixel that the task needs gets 0.3 % of the reaction, less than its share of the area (1 in 169). After 60 steps it has 18.7 %, after 300 steps 40.7 %, and the loss is down to 0.01 (the variance of the noise is 1). The theoretical field has been 13 pixels all along.
#
# **Set straight.** The Gaussian is how networks *start*, and the task decides what becomes of it, within the limit: no training shows a unit a pixel outside. Luo et al. found that the effective field grows while a network learns to classify or to segment. It is often said that small fields see edges and large ones objects; all that is certain is that a large field makes it possible to use what is far apart. Whether it is used, and for what, is learned.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Written question
#
# A colleague wants to recognize objects of about 40 pixels. "Twenty layers of $3 \times 3$ with stride 1 see $41 \times 41$ pixels," they say, "so from the start each output unit looks at a whole object. And if that is not enough, a $2 \times 2$ max pooling with stride 2 at the end doubles the field."
#
# 1. Is 41 right? What is the field with the pooling at the *end*, and what is it with the same pooling in *front* of the first convolution? (1 point)
# 2. Luo et al. show that for equal weights and no activation the effective field has the variance $\sigma^2 = \tfrac23 L$ along an axis. How many pixels do the twenty layers use ($4\sigma$)? Why does the middle count for so much more than the rim? (1 point)
# 3. Name two changes of the *architecture* that make the field larger with as many weights, and what each costs. Is the effective field of the trained network then settled? (1 point)

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_answer", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# **Marking scheme (3 points)**
#
# - *1 point*, question 1: $1 + 20 \cdot 2 = 41$ is right, and with the pooling at the end it is $41 + 1 = 42$, not double (½). In front: $1 + 1 + 20 \cdot 2 \cdot 2 = 82$ (½; a reason must be there: the pooling's stride multiplies what *later* layers add).
# - *1 point*, question 2: $4\sqrt{40/3} \approx 14.6$ pixels, about 15 of 41 (½). Many more paths of taps lead from the middle to the unit than from the rim (one path from a corner); or: the field is a convolution of 20 boxes, and such a convolution tends to a Gaussian (½).
# - *1 point*, question 3: two of: stride or pooling early (costs resolution: fewer outputs), dilation (keeps the resolution; more computation than with strides, holes if rates are chosen badly), larger windows in fewer layers with as many weights (fewer nonlinearities) (½ for two changes, each with its cost). It is not settled: it depends on the weights, and training changes it, within the theoretical limit (½).
#
# **Model answer.** Twenty layers add 2 pixels each, so 41 is right. A pooling at the end adds $(2 - 1) \cdot 1$ pixel, which makes 42; its stride would only help layers that come after it. In front of the network the same pooling makes every convolution add 4 pixels instead of 2, and the field has $1 + 1 + 80 = 82$. But a limit is not a look: with $\sigma^2 = 40/3$ the unit uses about $4\sigma \approx 15$ pixels along an axis, hardly more than a third. From the middle there are very many ways through the taps of twenty layers to the unit, from a corner there is one; summed up, the ways form nearly a Gaussian. Strides or pooling in early layers enlarge the field and cost resolution. Growing dilation rates keep the resolution, at the price of more computation and of holes if the rates share a factor. Neither settles the effective field of the trained network: that depends on the weights, and training can move it anywhere within the limit.

# %% [markdown]
# ## Challenge: how deep must it be?
#
# Turn the question round. You need a receptive field of at least `target` pixels, and you stack layers with kernels of $k \times k$ taps and strides 1, whose dilation rates grow: $1, g, g^2, \dots$ For $g = 1$ that is a plain stack. How many layers do you need?


# %% nbgrader={"grade": false, "grade_id": "minimum_depth", "locked": false, "schema_version": 3, "solution": true, "task": false}
def minimum_depth(target, kernel_size, growth=1):
    """Returns the smallest number of layers whose receptive field reaches a size.

    Args:
        target: int, at least 1: the size along an axis that is needed, in
            pixels.
        kernel_size: int, at least 2: the number of taps along an axis.
        growth: int, at least 1. The first layer has dilation rate 1, and each
            further one `growth` times the rate of the layer before.

    Returns:
        An int. With no layer at all, a unit is a pixel and sees one.
    """
    ### BEGIN SOLUTION
    size, rate, depth = 1, 1, 0
    while size < target:
        size += (kernel_size - 1) * rate
        rate *= growth
        depth += 1
    return depth
    ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_challenge", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(minimum_depth)

# %% nbgrader={"grade": true, "grade_id": "challenge_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your depths for targets just below, at and above the sizes that a stack has.
graded("challenge_values")

# %% [markdown]
# ### Depths for published fields
#
# How deep must a stack be to see as far as twenty layers of $3 \times 3$ (41 pixels), VGG-16 (212), MobileNet v1 (315) and Inception v3 (1311)?

# %% tags=["experiment"]
# Needs your minimum_depth.
targets = (41, 212, 315, 1311)
print("layers of 3 x 3 for a field of   " + "".join(f"{target:7d}" for target in targets))
for growth in (1, 2, 3):
    counts = [minimum_depth(target, 3, growth) for target in targets]
    print(f"  rates grow by {growth}:               " + "".join(f"{n:7d}" for n in counts))
used_too = [int(np.ceil(1.5 * (target / 4) ** 2)) for target in targets]
print("  used (4 sigma), equal weights:  " + "".join(f"{n:7d}" for n in used_too))

# %% [markdown]
# **Measured.** To see 212 pixels, a plain stack needs 106 layers, a stack with doubling rates 7, and one with rates 1, 3, 9, ..., the largest that leave no hole (lab 03, challenge), 5. If the stack is to *use* 212 pixels, not only to see them, equal weights and stride 1 would take 4214 layers, since the depth grows with the square of the width. Nobody builds that; everybody strides.

# %% [markdown]
# ## References
#
# - A. Araujo, W. Norris and J. Sim, *Computing receptive fields of convolutional neural networks*, Distill, 2019, doi:10.23915/distill.00021. Read it for the formulas of this lab with their derivation, for branches, and for the sizes of many published networks.
# - W. Luo, Y. Li, R. Urtasun and R. Zemel, *Understanding the effective receptive field in deep convolutional neural networks*, NeurIPS 2016, arXiv:1701.04128. Read it for the Gaussian shape, the growth like $\sqrt{L}$, and how training changes the field.
# - K. Simonyan and A. Zisserman, *Very deep convolutional networks for large-scale image recognition*, ICLR 2015, arXiv:1409.1556. Read section 2.3 for the argument from receptive fields to stacks of small windows.
# - F. Yu and V. Koltun, *Multi-scale context aggregation by dilated convolutions*, ICLR 2016, arXiv:1511.07122. Read section 2 for fields that grow exponentially without a loss of resolution.
