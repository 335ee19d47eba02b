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
# # Lab 09: Why is pooling such an important operation in CNNs?
#
# A pooling layer looks at a small window of a picture and keeps one number of it: the largest, or the mean. It has no weights and nothing to learn. Yet it decides at how many places the following layers work, how far they see, and how much they notice when the picture moves.
#
# **What you will build.** `MaxPooling2D`, `AveragePooling2D` and `GlobalAveragePooling2D`, layers that can stand in for those of Keras, made of elementary operations only. As a challenge: `BlurPool2D`, which repairs a fault that the others have.
#
# **What you should know before.** NumPy-style slicing and padding; strides and padding of a convolution (lab 03); how a Keras layer is put together (`call`, `compute_output_shape`, `get_config`: lab 01, exercise 1).
#
# **How long it takes.** 60 to 90 minutes. Everything runs on a laptop's CPU.
#
# **What is put to the test.** That pooling makes a network invariant to translations, that it saves work, memory and weights, that it enlarges the receptive field, and that max pooling keeps what matters most.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from layerlab import check, graded, hint, progress

# %% [markdown]
# ## Intuition
#
# Put a window of $2 \times 2$ pixels on the upper left corner of a picture. Write down one number for what you see. Move the window on by two pixels, and do it again. A picture of $4 \times 4$ pixels becomes one of $2 \times 2$. Which number, is a matter of choice. The maximum says: *somewhere here there is a strong answer*. The mean says: *this is how strong the answers are here on the whole*. Neither says where in the window.

# %% tags=["experiment"]
# The intuition as a drawing. Needs none of your code.
example = np.array([[1, 0, 2, 2], [3, 0, 2, 2], [0, 8, 1, 5], [0, 0, 0, 2]])
windows = example.reshape(2, 2, 2, 2).swapaxes(1, 2).reshape(2, 2, 4)
hatches = ["///", "...", "xxx", "---"]
figure, axes = plt.subplots(1, 3, figsize=(11, 3.9), width_ratios=(2, 1.2, 1.2))
sheets = [example, windows.max(axis=2), windows.mean(axis=2)]
titles = [
    "picture: four windows of 2 x 2",
    "max: the strongest answer",
    "average: on the whole",
]
for ax, sheet, title in zip(axes, sheets, titles):
    side = len(sheet)
    for (row, column), value in np.ndenumerate(sheet):
        number = (row * 2 // side) * 2 + column * 2 // side
        ax.add_patch(
            plt.Rectangle(
                (column, row), 1, 1, facecolor="white", edgecolor="0.75", hatch=hatches[number]
            )
        )
        ax.text(
            column + 0.5,
            row + 0.5,
            f"{value:g}",
            ha="center",
            va="center",
            fontsize=13,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 2},
        )
    for line in range(3):
        ax.plot([0, side], [line * side / 2] * 2, color="black", linewidth=2)
        ax.plot([line * side / 2] * 2, [0, side], color="black", linewidth=2)
    ax.set_xlim(-0.1, side + 0.1)
    ax.set_ylim(side + 0.1, -0.1)
    ax.set_aspect("equal")
    ax.set_xticks(range(side + 1))
    ax.set_yticks(range(side + 1))
    ax.set_xlabel("column (pixels)")
    ax.set_ylabel("row (pixels)")
    ax.set_title(title)
plt.tight_layout()
plt.show()

# %% [markdown]
# Look at the window on the upper right: four times a 2. Its maximum and its mean are the same. In the window on the lower left, a single 8 among zeros has the maximum 8 and the mean 2: the mean cannot tell these two windows apart, and the maximum cannot tell a lonely 8 from four of them.

# %% [markdown]
# ## Mathematics
#
# We follow Boureau, Ponce and LeCun (2010). For a window with the $P$ values $v_1, \dots, v_P$, they define
#
# $$f_m(\mathbf v) = \max_i v_i \qquad\text{and}\qquad f_a(\mathbf v) = \frac1P \sum_{i=1}^{P} v_i .$$
#
# Pooling applies $f_m$ or $f_a$ to every window of every channel. Channels are never mixed: as many come out as went in.
#
# ### Where the windows stand
#
# Along one axis, let the picture have $n$ pixels and the window $k$, and let $s$ be the stride.
#
# - `"valid"`: only windows inside the picture. There are $\lfloor (n - k)/s \rfloor + 1$ of them. Pixels left over at the end are never seen.
# - `"same"`: there are $o = \lceil n/s \rceil$ windows. Together they reach over $t = \max\bigl((o-1)\,s + k - n,\, 0\bigr)$ places outside the picture, of which $p = \lfloor t/2 \rfloor$ stand in front and the others behind. When $t$ is odd, the extra place is at the *end*.
#
# For a convolution, the places outside hold zeros. **For pooling they hold nothing.** A place that is not there cannot be the largest, and it is not counted: at the border, $P$ is the number of pixels of the window that lie *inside* the picture. In the corner of a picture in which all pixels are $-5$, the maximum is $-5$, and so is the mean.
#
# Without a `strides` argument, windows stand side by side: $s = k$.
#
# ### What flows back
#
# Let $g$ be the derivative of the loss with respect to one output. A window hands it down to its pixels:
#
# $$\frac{\partial f_a}{\partial v_i} = \frac1P, \qquad \frac{\partial f_m}{\partial v_i} = \begin{cases} 1 & \text{if } v_i \text{ is the largest,}\\ 0 & \text{else.}\end{cases}$$
#
# Average pooling gives every pixel an equal share; max pooling gives all to the winner. A pixel that lies in several windows receives the *sum* of what they give.
#
# And if two pixels tie for the largest? Then $f_m$ has no derivative there, and every split that adds up to $g$ is as good as another. TensorFlow's pooling op on the CPU gives everything to the first, `tf.reduce_max` shares equally. Both are right here. What is *not* right is to give the whole of $g$ to each of them.
#
# The cell below defines a helper, so that you can think about windows rather than about error messages.


# %% nbgrader={"grade": false, "grade_id": "helper", "locked": true, "schema_version": 3, "solution": false, "task": false}
def pair(name, value):
    """Returns `value` as `(height, width)`, or complains.

    Args:
        name: name of the argument, for the message.
        value: what was given.

    Raises:
        ValueError: if `value` is not a positive integer or 2 of them.
    """
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


# %% [markdown]
# ## Exercise 1: max pooling
#
# Write `MaxPooling2D`. The docstring is the contract. No loop over the batch, the pixels or the channels is needed; think about what can be compared *for all windows at once*.


# %% nbgrader={"grade": false, "grade_id": "max_pooling2d", "locked": false, "schema_version": 3, "solution": true, "task": false}
@keras.saving.register_keras_serializable(package="layerlab")
class MaxPooling2D(keras.layers.Layer):
    """2D max pooling: the largest value of each window, channel by channel.

    The layer is a drop-in for `keras.layers.MaxPooling2D` on the arguments
    below. You write it from elementary operations (slicing, padding, reshaping,
    `take`, `maximum`, `max`, ...). Every pooling op and layer, patch extraction
    and morphological dilation are banned here.

    Args:
        pool_size: int or tuple/list of 2 integers, the height and width of the
            window.
        strides: int or tuple/list of 2 integers, the steps of the window along
            height and width; `None` means `pool_size`.
        padding: string, `"valid"` or `"same"`. `"valid"`: only windows that lie
            inside the picture. `"same"`: the output has `ceil(size / stride)`
            rows and columns; windows may reach beyond the picture, if by an odd
            number of places, by one more at the end (bottom, right). A place
            beyond the picture is never the largest, whatever the values are.

    Input shape:
        A 4D tensor `(batch, height, width, channels)`. The batch size may be
        unknown. Values are finite.

    Output shape:
        A 4D tensor `(batch, new_height, new_width, channels)`.

    Gradient:
        Each output gives its gradient to the largest value of its window; a
        pixel receives the sum over all windows. If several values tie for the
        largest, any sharing among them that keeps the sum is right.

    Raises:
        ValueError: in the constructor, if `pool_size` or `strides` is not a
            positive integer or a tuple/list of 2 of them (`pair` does that),
            or if `padding` is another string. Also when the layer is called or
            asked for its output shape, if a `"valid"` window does not fit.
    """

    def __init__(self, pool_size=2, strides=None, padding="valid", **kwargs):
        super().__init__(**kwargs)
        ### BEGIN SOLUTION
        self.pool_size = pair("pool_size", pool_size)
        self.strides = self.pool_size if strides is None else pair("strides", strides)
        self.padding = padding
        if padding not in ("valid", "same"):
            raise ValueError(
                f"The `padding` argument must be 'valid' or 'same'. Received: padding={padding}"
            )
        ### END SOLUTION

    def call(self, inputs):
        ### BEGIN SOLUTION
        _, rows, columns, _ = self.compute_output_shape(inputs.shape)

        # Places beyond the picture are there to be sliced, never to win.
        borders = [(0, 0)]
        for n, out, k, s in zip(inputs.shape[1:3], (rows, columns), self.pool_size, self.strides):
            missing = max((out - 1) * s + k - n, 0)
            borders.append((missing // 2, missing - missing // 2))
        x = keras.ops.pad(inputs, [*borders, (0, 0)], constant_values=-np.inf)

        # Pixel (i, j) of every window at once: (batch, rows, columns, channels).
        largest = None
        for i in range(self.pool_size[0]):
            for j in range(self.pool_size[1]):
                pixels = x[
                    :,
                    i : i + (rows - 1) * self.strides[0] + 1 : self.strides[0],
                    j : j + (columns - 1) * self.strides[1] + 1 : self.strides[1],
                ]
                largest = pixels if largest is None else keras.ops.maximum(largest, pixels)
        return largest
        ### END SOLUTION

    def compute_output_shape(self, input_shape):
        ### BEGIN SOLUTION
        batch, *lengths, channels = input_shape
        sizes = []
        for n, k, s in zip(lengths, self.pool_size, self.strides):
            if n is None:
                sizes.append(None)
            elif self.padding == "same":
                sizes.append(-(-n // s))
            elif n < k:
                raise ValueError(
                    "The window does not fit into the picture. Received: "
                    f"input_shape={tuple(input_shape)}, pool_size={self.pool_size}"
                )
            else:
                sizes.append((n - k) // s + 1)
        return (batch, *sizes, channels)
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        config = super().get_config()
        config.update(
            {"pool_size": self.pool_size, "strides": self.strides, "padding": self.padding}
        )
        return config
        ### END SOLUTION


# %% [markdown]
# Stuck? `hint(MaxPooling2D)` leads from a question to the idea, one step at each call; `hint("MaxPooling2D")` works before you have written anything. `progress()` says which exercises pass.

# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_max_pooling2d", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(MaxPooling2D)

# %% nbgrader={"grade": true, "grade_id": "max_outputs", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your layer's outputs with tf.nn.max_pool2d's on many window sizes, strides
# and pictures, negative ones and very large ones among them. A maximum is exact: no rounding. They
# also hold your outputs against each other: when the picture moves by the stride, when pixels move
# within their window, when all become brighter.
graded("max_outputs")

# %% [markdown]
# ## Exercise 2: average pooling
#
# The same windows, another number. Mind the border: how many pixels does a window have there?


# %% nbgrader={"grade": false, "grade_id": "average_pooling2d", "locked": false, "schema_version": 3, "solution": true, "task": false}
@keras.saving.register_keras_serializable(package="layerlab")
class AveragePooling2D(keras.layers.Layer):
    """2D average pooling: the mean of each window, channel by channel.

    The layer is a drop-in for `keras.layers.AveragePooling2D` on the arguments
    below (Keras has no default for `pool_size` here, you have). You write it from
    elementary operations; the same ones are banned as for `MaxPooling2D`.

    Args:
        pool_size: int or tuple/list of 2 integers, the height and width of the
            window.
        strides: int or tuple/list of 2 integers, the steps of the window along
            height and width; `None` means `pool_size`.
        padding: string, `"valid"` or `"same"`, as for `MaxPooling2D`. A place
            beyond the picture is not counted: the mean is taken over those
            pixels of the window that lie inside.

    Input shape:
        A 4D tensor `(batch, height, width, channels)`. The batch size may be
        unknown. Values are finite.

    Output shape:
        A 4D tensor `(batch, new_height, new_width, channels)`.

    Raises:
        ValueError: as `MaxPooling2D`.
    """

    def __init__(self, pool_size=2, strides=None, padding="valid", **kwargs):
        super().__init__(**kwargs)
        ### BEGIN SOLUTION
        self.pool_size = pair("pool_size", pool_size)
        self.strides = self.pool_size if strides is None else pair("strides", strides)
        self.padding = padding
        if padding not in ("valid", "same"):
            raise ValueError(
                f"The `padding` argument must be 'valid' or 'same'. Received: padding={padding}"
            )
        ### END SOLUTION

    def call(self, inputs):
        ### BEGIN SOLUTION
        _, rows, columns, _ = self.compute_output_shape(inputs.shape)
        borders = []
        for n, out, k, s in zip(inputs.shape[1:3], (rows, columns), self.pool_size, self.strides):
            missing = max((out - 1) * s + k - n, 0)
            borders.append((missing // 2, missing - missing // 2))
        x = keras.ops.pad(inputs, [(0, 0), *borders, (0, 0)])
        inside = np.pad(np.ones(inputs.shape[1:3]), borders)  # 1 for a pixel, 0 beyond

        # The same sum over the picture and over the ones, which counts the pixels.
        total, count = 0, 0
        for i in range(self.pool_size[0]):
            for j in range(self.pool_size[1]):
                down = slice(i, i + (rows - 1) * self.strides[0] + 1, self.strides[0])
                right = slice(j, j + (columns - 1) * self.strides[1] + 1, self.strides[1])
                total = total + x[:, down, right]
                count = count + inside[down, right]
        return total / keras.ops.cast(count[:, :, np.newaxis], total.dtype)
        ### END SOLUTION

    def compute_output_shape(self, input_shape):
        ### BEGIN SOLUTION
        batch, *lengths, channels = input_shape
        sizes = []
        for n, k, s in zip(lengths, self.pool_size, self.strides):
            if n is None:
                sizes.append(None)
            elif self.padding == "same":
                sizes.append(-(-n // s))
            elif n < k:
                raise ValueError(
                    "The window does not fit into the picture. Received: "
                    f"input_shape={tuple(input_shape)}, pool_size={self.pool_size}"
                )
            else:
                sizes.append((n - k) // s + 1)
        return (batch, *sizes, channels)
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        config = super().get_config()
        config.update(
            {"pool_size": self.pool_size, "strides": self.strides, "padding": self.padding}
        )
        return config
        ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_average_pooling2d", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(AveragePooling2D)

# %% nbgrader={"grade": true, "grade_id": "average_outputs", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your layer's outputs with tf.nn.avg_pool2d's on many window sizes, strides,
# paddings and pictures, and with each other as those of your max pooling.
graded("average_outputs")

# %% [markdown]
# ## Exercise 3: global average pooling
#
# One window that is as large as the picture: each channel becomes one number. Lin, Chen and Yan (2014) put this in the place of the large dense layers at the end of a network.


# %% nbgrader={"grade": false, "grade_id": "global_average_pooling2d", "locked": false, "schema_version": 3, "solution": true, "task": false}
@keras.saving.register_keras_serializable(package="layerlab")
class GlobalAveragePooling2D(keras.layers.Layer):
    """The mean of each channel over the whole picture.

    The layer is a drop-in for `keras.layers.GlobalAveragePooling2D` on the
    argument below. The same ops are banned as for `MaxPooling2D`.

    Args:
        keepdims: bool, whether height and width are kept, with length 1.

    Input shape:
        A 4D tensor `(batch, height, width, channels)`. The batch size may be
        unknown.

    Output shape:
        `(batch, channels)`, or `(batch, 1, 1, channels)` if `keepdims`.
    """

    def __init__(self, keepdims=False, **kwargs):
        super().__init__(**kwargs)
        ### BEGIN SOLUTION
        self.keepdims = keepdims
        ### END SOLUTION

    def call(self, inputs):
        ### BEGIN SOLUTION
        return keras.ops.mean(inputs, axis=(1, 2), keepdims=self.keepdims)
        ### END SOLUTION

    def compute_output_shape(self, input_shape):
        ### BEGIN SOLUTION
        batch, _, _, channels = input_shape
        return (batch, 1, 1, channels) if self.keepdims else (batch, channels)
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        return {**super().get_config(), "keepdims": self.keepdims}
        ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_global_average_pooling2d", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(GlobalAveragePooling2D)

# %% nbgrader={"grade": true, "grade_id": "global_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your layer's outputs with the means of the channels, and with each other
# when the picture is rolled around.
graded("global_values")

# %% nbgrader={"grade": true, "grade_id": "pooling_gradients", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests pull random cotangents back through your three layers and compare the gradients of
# their inputs. At a tie any sharing among the largest values passes that keeps the sum. What flows
# back must add up to what came.
graded("pooling_gradients")

# %% nbgrader={"grade": true, "grade_id": "pooling_contract", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests check the arguments and their errors, the configuration, the output shapes, saving,
# an unknown batch size, mixed precision and XLA.
graded("pooling_contract")

# %% [markdown]
# ## Experiment 1: how much does the output change when the picture moves?
#
# *Claim: a pooled map stays as it is when a feature moves (translation invariance).* First the simplest feature there is: one bright pixel on a dark picture. We move it by one pixel to the right, from many columns in turn. How often is the output *exactly* the same as before?

# %% tags=["experiment"]
# Needs your MaxPooling2D.
dots = np.zeros((25, 1, 48, 1), "float32")
dots[np.arange(25), 0, 12 + np.arange(25)] = 1  # picture d has its bright pixel in column 12 + d
print("one bright pixel moves by one pixel: share of moves that leave the output exactly as it was")
for size, step in [(1, 2), (2, 2), (3, 3), (4, 4), (3, 2), (4, 2)]:
    outputs = MaxPooling2D((1, size), (1, step))(dots).numpy()
    same = [np.array_equal(*outputs[d : d + 2]) for d in range(24)]
    lost = [not output.any() for output in outputs[:24]]
    print(
        f"  window {size}, stride {step}: {np.mean(same):4.0%}   "
        f"(pictures in which the bright pixel is lost: {np.mean(lost):3.0%})"
    )

# %% [markdown]
# **Measured.** A window of 2 with stride 2 lets every second move pass unnoticed. At the others, the bright spot jumps to the next window, and the output changes as much as it can. Windows of 3 or 4 side by side let 2 of 3 and 3 of 4 moves pass: $(s-1)/s$. A window of 3 with stride 2 lets **none** pass: the pixel is now in two windows, now in one. (The first row is no pooling at all, only a stride. There the bright pixel is lost in every second position.) So the claim is true of some moves; of how many, depends on the window and the stride.
#
# Now richer pictures: smooth random textures, seen by eight random $3 \times 3$ filters with ReLU. We cut out a piece of $64 \times 64$ pixels, then a piece that lies $d$ pixels further, and compare the pooled maps. For a scale, we divide the mean squared change by that between *different* pictures: 0 means exactly the same, 1 as different as any two pictures.

# %% tags=["experiment"]
# Needs your three layers.
rng = np.random.default_rng(9)
texture = rng.normal(size=(24, 84, 84, 1)).astype("float32")
smooth = np.outer([1, 2, 1], [1, 2, 1]).astype("float32")[:, :, None, None] / 16
for _ in range(2):
    texture = tf.nn.conv2d(texture, smooth, 1, "VALID")
filters = rng.normal(size=(3, 3, 1, 8)).astype("float32")
filters -= filters.mean(axis=(0, 1))
features = tf.nn.relu(tf.nn.conv2d(texture, filters, 1, "VALID"))
shifts = range(9)


def change_by_shift(reduce):
    """Change of a reduced map for each shift, as a share of that between two pictures."""
    before = reduce(features[:, 8:72, 8:72]).numpy()
    unrelated = np.mean((before - np.roll(before, 1, axis=0)) ** 2)
    return [
        np.mean((reduce(features[:, 8:72, 8 - d : 72 - d]).numpy() - before) ** 2) / unrelated
        for d in shifts
    ]


# A convolution with stride 2 is one with stride 1 of which every second result is kept.
reductions = {
    "no pooling": (lambda x: x, "s", ":"),
    "strided convolution": (lambda x: x[:, ::2, ::2], "x", "--"),
    "max, window 2": (MaxPooling2D(2), "o", "-"),
    "average, window 2": (AveragePooling2D(2), "^", "-."),
    "max, window 4": (MaxPooling2D(4), "D", "-"),
    "average, window 4": (AveragePooling2D(4), "v", "-."),
    "global average": (GlobalAveragePooling2D(), "*", "-"),
}
changes = {name: change_by_shift(reduce) for name, (reduce, _, _) in reductions.items()}
plt.figure(figsize=(8.5, 4.6))
for name, (_, marker, line) in reductions.items():
    color = "0.55" if "average, " in name else "black"
    plt.plot(shifts, changes[name], marker=marker, linestyle=line, color=color, label=name)
    print(f"{name:20s}", "  ".join(f"{100 * change:4.0f} %" for change in changes[name][:6]))
plt.axhline(1, color="0.8", linewidth=4, zorder=0)
plt.text(7.9, 0.93, "as different as two pictures", ha="right", va="top", fontsize=9)
plt.xlabel("shift of the picture (pixels)")
plt.ylabel("change of the output\n(share of that between two pictures)")
plt.title("Pooling softens a small shift; only one window over all comes near removing it")
plt.legend(loc="center right", fontsize=9)
plt.tight_layout()
plt.show()

# %% [markdown]
# **Measured.** At a shift of one pixel, the maps change by 38 % without pooling, and as much with a stride and no pooling. Max pooling of size 2 brings this down to 29 %, average pooling to 28 %; with windows of 4 it is 21 % and 15 %. At a shift of two pixels, pooling of size 2 is at 75 and 79 %, and at three pixels nothing of its advantage is left. (A little more than 100 % is no mistake: at that distance, light stripes tend to lie on dark ones.)
#
# Only the global average stays low: 2 % at one pixel, 15 % at five. And that rest comes not from the shift but from the pixels that enter the cut-out on one side and leave it on the other.
#
# **Set straight.** Pooling gives *some* tolerance, to shifts well below the size of its window. What a convolutional network has exactly, away from the border, is something else, *equivariance*: a shift by the stride moves the output by one pixel. Only a window over the whole picture comes close to invariance, and then *where* is lost altogether. Whether that is a loss depends on the task; capsule networks (lab 08) begin with the complaint that it is.
#
# And pooling is no necessity: Springenberg et al. (2015) replaced it by convolutions with a stride and lost nothing on their benchmarks.

# %% [markdown]
# ## Experiment 2: what is saved, and what is gained
#
# *Claim: pooling saves work, memory and weights, and enlarges the receptive field.* Four $3 \times 3$ convolutions with 16 filters look at a picture of $64 \times 64$ pixels. Once as they are; once with a pooling layer of size 2 after each of the first three. We count numbers to store, multiply-adds and weights, take the time (with Keras's own pooling, which is written for speed, and then with yours), and measure the receptive field: which pixels does the middle output depend on? (For that, the kernels hold ones and the pooling takes means, so that no gradient is zero by chance.)

# %% tags=["experiment"]
# Needs your MaxPooling2D and your AveragePooling2D.
import time


def stack(pooling, **arguments):
    """Four convolutions with 16 channels, pooled in between or not."""
    layers = [keras.Input((64, 64, 3))]
    for number in range(4):
        layers.append(keras.layers.Conv2D(16, 3, padding="same", **arguments))
        if pooling and number < 3:
            layers.append(pooling(2))
    return keras.Sequential(layers)


def count(model):
    """Numbers to store, multiply-adds and weights."""
    stored = adds = 0
    for layer in model.layers:
        size = int(np.prod(layer.output.shape[1:]))
        stored += size
        if hasattr(layer, "kernel"):
            adds += size * int(np.prod(layer.kernel.shape[:3]))
    return stored, adds, model.count_params()


def receptive_field(model):
    """Rows of the input that the middle output depends on."""
    x = tf.random.stateless_uniform((1, 64, 64, 3), seed=(9, 9))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = model(x)
        middle = tf.reduce_sum(y[:, y.shape[1] // 2, y.shape[2] // 2])
    return int(np.any(tape.gradient(middle, x).numpy() != 0, axis=(0, 2, 3)).sum())


def milliseconds(model):
    """Median time for 16 pictures."""
    run, x = tf.function(model), tf.zeros((16, 64, 64, 3))
    times = []
    for _ in range(12):
        begin = time.perf_counter()
        run(x).numpy()
        times.append(time.perf_counter() - begin)
    return 1e3 * np.median(times[2:])


table = {}
for name, pooling, mean in [("plain", None, None), ("pooled", MaxPooling2D, AveragePooling2D)]:
    model = stack(pooling)
    field = receptive_field(stack(mean, kernel_initializer="ones"))
    fast = model if pooling is None else stack(keras.layers.MaxPooling2D)
    table[name] = (*count(model), milliseconds(fast), field)
    _, height, width, channels = model.output_shape
    table[name] += (height * width * channels * 10 + 10, channels * 10 + 10)
units = [
    "numbers to store",
    "multiply-adds",
    "weights of the convolutions",
    "time for 16 pictures (ms)",
    "receptive field (pixels)",
    "weights of Dense(10) after Flatten",
    "... after global average pooling",
]
for row, unit in enumerate(units):
    plain, pooled = table["plain"][row], table["pooled"][row]
    print(f"{unit:36s} {plain:12,.0f}  pooled {pooled:12,.0f}   ratio {plain / pooled:6.2f}")
print(f"(time with your MaxPooling2D in the place of Keras's: {milliseconds(model):.0f} ms)")

# %% [markdown]
# **Measured.** The pooled stack stores 2.4 times fewer numbers (the pooling's own outputs included), needs 6.2 times fewer multiply-adds, and took 3 ms instead of 8 on our two-core machine. The receptive field grows from 9 to 38 pixels.
#
# **Confirmed.** The savings in work and memory are real and grow with depth: after one, two and three poolings a convolution works at 4, 16 and 64 times fewer places. And each pooling makes all following windows twice as wide, measured in pixels of the input (lab 10). That is what is meant by a *hierarchy*: the same $3 \times 3$ kernel looks at edges in the first layer and at arrangements of edges in the fourth. Any stride does this, pooling or not.
#
# **Set straight.** Convolutions after a pooling do not have fewer weights: there are 7408 in both stacks, since a kernel is the same at however many places it is applied. A `Dense` layer after `Flatten` does have fewer: 10 250 instead of 655 370. And the largest saving does not need the pooling in between: after *global* average pooling there are 170, in either stack.
#
# (Our own `MaxPooling2D`, made of slices, took the pooled stack from 3 to about 20 ms: it moves each number through memory several times, where a built-in op does it once. You have built yours to understand it, not to race it.)

# %% [markdown]
# ## Experiment 3: does max pooling keep what matters?
#
# *Claim: max pooling selects the most important feature of a window.* It keeps the *largest value*. Is that the important one? A window has $4 \times 4$ pixels. Each holds noise with standard deviation 1. In half of the windows there is a feature: $m$ of the 16 pixels are raised by 2. From the pooled number alone, how well can you tell windows with the feature from windows without? The measure is $d'$: the distance of the two means, in standard deviations.

# %% tags=["experiment"]
# Needs your MaxPooling2D and your AveragePooling2D.
rng = np.random.default_rng(99)
counts = [1, 2, 3, 4, 6, 8, 12, 16]
noise = rng.normal(size=(2, 20000, 4, 4, 1)).astype("float32")
scores = {"max": [], "average": []}
for m in counts:
    raised = np.zeros(16, "float32")
    raised[:m] = 2
    for name, pool in [("max", MaxPooling2D(4)), ("average", AveragePooling2D(4))]:
        without = pool(noise[0]).numpy()
        feature = pool(noise[1] + raised.reshape(4, 4, 1)).numpy()
        spread = np.sqrt((without.var() + feature.var()) / 2)
        scores[name].append((feature.mean() - without.mean()) / spread)
print("raised pixels:", "  ".join(f"{m:5d}" for m in counts))
for name, values in scores.items():
    print(f"{name:8s}    d':", "  ".join(f"{value:5.2f}" for value in values))
print(f"mean of max pooling over pure noise: {MaxPooling2D(4)(noise[0]).numpy().mean():.2f}")
plt.figure(figsize=(7.5, 4))
plt.plot(counts, scores["max"], "o-", color="black", label="max pooling")
plt.plot(counts, scores["average"], "^--", color="0.45", label="average pooling")
plt.xlabel("raised pixels m in a window of 16")
plt.ylabel("d' (standard deviations)")
plt.title("Max pooling finds the rare pixel, average pooling the broad area")
plt.legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# **Measured.** With one or two raised pixels among 16, max pooling separates far better: $d'$ is 0.91 against 0.51, and 1.43 against 1.02. At four they are about even (2.11 and 2.02), and when all 16 are raised, average pooling is at 8.04 and max pooling at 3.69. (The average's values are no surprise: its mean moves by $2m/16$ and its standard deviation is $1/4$, so $d' = m/2$.)
#
# **Set straight.** The claim takes *large* for *important*. For rare, strong answers, which is what ReLU features often are, the two go together. For broad, weak ones they do not. And max pooling answers even where there is nothing: over pure noise its mean is 1.76, not 0, because the largest of 16 numbers is seldom small. Boureau et al. derive when each pooling wins.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Written question
#
# A network has three stages, each a $3 \times 3$ convolution (stride 1, `"same"`, 32 channels in and out, except that the first has 3 in) followed by max pooling of size 2. The input has $64 \times 64$ pixels. Then come `Flatten` and `Dense(10)`. A colleague says: "Thanks to the pooling, the output does not depend on where the object is. Pooling also makes the convolutions after it cheaper, because they have fewer weights."
#
# 1. Far from the border, the object moves to the right: by 8 pixels; by 1 pixel. What happens to the last pooled map in each case? Is the colleague's first sentence right? (1 point)
# 2. What is right and what is wrong in the second sentence? Give the factor for the third convolution. In which layer are there fewer weights, and how many times fewer? (1 point)
# 3. Name a change to the end of the network that makes the output (nearly) independent of shifts by 8 pixels, and say what information it throws away. (1 point)

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_answer", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# **Marking scheme (3 points)**
#
# - *1 point*, question 1: by 8 pixels, the product of the strides, the last map moves by exactly one pixel, with the same values: it is *equivariant*, not invariant (½). By 1 pixel, the windows hold other pixels: most values change, some stay because the maximum stays in its window; so there is some tolerance to small shifts, no invariance. The sentence is wrong, all the more as `Flatten` and `Dense` give each place its own weights (½).
# - *1 point*, question 2: the convolutions become cheaper because they are applied at fewer places, not because of fewer weights: $9 \cdot 32 \cdot 32$ weights with or without pooling (½). The third convolution stands after two pooling layers, at $16 \times 16$ instead of $64 \times 64$ places: 16 times fewer multiply-adds. Fewer weights has `Dense`: $8 \cdot 8 \cdot 32 \cdot 10$ instead of $64 \cdot 64 \cdot 32 \cdot 10$, 64 times fewer (½; biases do not matter).
# - *1 point*, question 3: global average (or max) pooling in the place of `Flatten` (½). It throws away *where* in the picture something was found (the arrangement of the parts), up to what the borders give away (½).
#
# **Model answer.** A shift by 8 pixels moves the last map by one pixel, since $2^3 = 8$; its values are the same, each at another place. A shift by 1 pixel is no whole step of the last map. Some maxima stay in their windows and their values stay; others leave, and the values change. Pooling gives a tolerance to small shifts, not invariance, and `Dense` after `Flatten` has separate weights for every place. Pooling does not change the number of weights of a convolution. It cuts the number of places: for the third convolution by $4 \cdot 4 = 16$. The weights of `Dense` fall from 1 310 720 to 20 480. Global average pooling before `Dense` makes a shifted map give the same answer, up to the border, and forgets where things are and how they are arranged.

# %% [markdown]
# ## Challenge: pooling that minds the sampling theorem
#
# Max pooling with stride 2 does two things at once: it takes the maximum at *every* place (stride 1), then throws away every second result. The second step is what makes shifts so visible: samples of a signal that changes quickly are very different one pixel further on. This is *aliasing*, and signal processing has a cure: blur before you sample. Zhang (2019) puts it into networks: take the maximum with stride 1, then **blur and sample in one layer**.
#
# The blur has the weights of the binomial coefficients, divided by their sum: for $k$ taps along one axis,
#
# $$a_i = \binom{k-1}{i} \Big/ 2^{\,k-1}, \qquad i = 0, \dots, k-1,$$
#
# so $\tfrac14 (1, 2, 1)$ for $k = 3$. In two dimensions the weight is $a_i \, a_j$. At the border the picture is *reflected*, without repeating the border pixel: in front of $x_0, x_1, x_2, \dots$ stand $\dots, x_2, x_1$.


# %% nbgrader={"grade": false, "grade_id": "blur_pool2d", "locked": false, "schema_version": 3, "solution": true, "task": false}
@keras.saving.register_keras_serializable(package="layerlab")
class BlurPool2D(keras.layers.Layer):
    """2D blur pooling: a binomial blur, sampled with a stride, channel by channel.

    The same ops are banned as for `MaxPooling2D`; a depthwise convolution is
    allowed here.

    Args:
        pool_size: int or tuple/list of 2 integers, the taps of the blur along
            height and width.
        strides: int or tuple/list of 2 integers, the steps along height and
            width.

    Input shape:
        A 4D tensor `(batch, height, width, channels)`; height and width are
        larger than half of the taps. The batch size may be unknown.

    Output shape:
        A 4D tensor `(batch, ceil(height / stride), ceil(width / stride),
        channels)`. With `k` taps, the picture is extended by `(k - 1) // 2`
        reflected places in front and by `k // 2` behind.

    Raises:
        ValueError: in the constructor, if `pool_size` or `strides` is not a
            positive integer or a tuple/list of 2 of them.
    """

    def __init__(self, pool_size=3, strides=2, **kwargs):
        super().__init__(**kwargs)
        ### BEGIN SOLUTION
        self.pool_size = pair("pool_size", pool_size)
        self.strides = pair("strides", strides)
        ### END SOLUTION

    def call(self, inputs):
        ### BEGIN SOLUTION
        x = inputs
        for axis in (1, 2):  # the blur is a product: one axis after the other
            k, s = self.pool_size[axis - 1], self.strides[axis - 1]
            out = self.compute_output_shape(inputs.shape)[axis]
            border = [(0, 0)] * 4
            border[axis] = ((k - 1) // 2, k // 2)
            x = keras.ops.pad(x, border, mode="reflect")
            binomial = np.poly1d([1, 1]) ** (k - 1)  # (1 + z)^(k - 1)
            place = [slice(None)] * 4
            total = 0
            for i, weight in enumerate(binomial.coeffs / 2 ** (k - 1)):
                place[axis] = slice(i, i + (out - 1) * s + 1, s)
                total = total + float(weight) * x[tuple(place)]
            x = total
        return x
        ### END SOLUTION

    def compute_output_shape(self, input_shape):
        ### BEGIN SOLUTION
        batch, *lengths, channels = input_shape
        sizes = [None if n is None else -(-n // s) for n, s in zip(lengths, self.strides)]
        return (batch, *sizes, channels)
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        config = super().get_config()
        config.update({"pool_size": self.pool_size, "strides": self.strides})
        return config
        ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_blur_pool2d", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(BlurPool2D)

# %% nbgrader={"grade": true, "grade_id": "challenge_outputs", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your layer's outputs and gradients with a blur that is written out by its
# definition, and check its configuration and errors. They also move the picture by the stride.
graded("challenge_outputs")

# %% [markdown]
# ### Does it help?
#
# Five ways from the $64 \times 64$ feature maps of experiment 1 to $32 \times 32$. How much does the result of each change when the picture moves by one pixel?

# %% tags=["experiment"]
# Needs your BlurPool2D, your other layers and experiment 1.
dense_max, blur = MaxPooling2D(2, 1, "same"), BlurPool2D(3, 2)
halved = {
    "strided convolution": lambda x: x[:, ::2, ::2],
    "max pooling": MaxPooling2D(2),
    "average pooling": AveragePooling2D(2),
    "max (stride 1), blur pooling": lambda x: blur(dense_max(x)),
    "blur pooling": blur,
}
ones = [change_by_shift(reduce)[1] for reduce in halved.values()]
plt.figure(figsize=(8, 3.6))
bars = plt.barh(list(halved), ones, color="0.85", edgecolor="black")
for bar, hatch, value in zip(bars, ["", "///", "...", "xxx", "---"], ones):
    bar.set_hatch(hatch)
    plt.text(value + 0.005, bar.get_y() + 0.4, f"{100 * value:.0f} %", va="center")
plt.gca().invert_yaxis()
plt.xlim(0, 0.44)
plt.xlabel("change of the output by a shift of 1 pixel\n(share of that between two pictures)")
plt.title("Blur before sampling, and a shift of one pixel matters less")
plt.tight_layout()
plt.show()

# %% [markdown]
# **Measured.** The strided convolution changes by 38 %, max pooling by 29 %, average pooling by 28 %, blur pooling alone by 24 %, and max pooling with a blur before the sampling by 20 %. The shift still matters, but about a third less than with plain max pooling.
#
# The price: a blur removes fine detail, and some tasks live on it. Note also that average pooling of size 2 *is* a blur, with the weights $\tfrac12(1, 1)$, sampled with stride 2: the shortest of the binomial ones.

# %% [markdown]
# ## References
#
# - Y.-L. Boureau, J. Ponce and Y. LeCun, *A theoretical analysis of feature pooling in visual recognition*, ICML 2010. Read it for the question of experiment 3: which pooling separates which features, with proofs.
# - Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, *Gradient-based learning applied to document recognition*, Proceedings of the IEEE 86(11), 1998. Read section II for "sub-sampling", average pooling with a trained factor and bias, in LeNet-5, and for why the exact position of a feature was thought to do harm.
# - M. Lin, Q. Chen and S. Yan, *Network in network*, ICLR 2014, arXiv:1312.4400. Read it for global average pooling in the place of dense layers.
# - J. T. Springenberg, A. Dosovitskiy, T. Brox and M. Riedmiller, *Striving for simplicity: the all convolutional net*, ICLR 2015 (workshop), arXiv:1412.6806. Read it for networks that do without pooling: convolutions with a stride do as well there.
# - R. Zhang, *Making convolutional networks shift-invariant again*, ICML 2019, arXiv:1904.11486. Read it for blur pooling and for how shift equivariance is measured in trained networks.
# - A. Azulay and Y. Weiss, *Why do deep convolutional networks generalize so poorly to small image transformations?*, Journal of Machine Learning Research 20(184), 2019, arXiv:1805.12177. Read it for what a shift by one pixel does to the answers of real networks.
