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
# # Lab 05: Explain separable convolution
#
# "Separable" means that a large piece of work falls apart into small ones. In image processing and in deep learning the word stands for two *different* ways to cut a convolution into pieces, and the two are often confused. In this lab you build both, find out what each can and cannot do, and measure what the saving is worth on a clock.
#
# **What you will build.** `separate`, which splits a two-dimensional kernel into a column and a row as well as it can be done; `SeparableConv2D`, a layer that can stand in for `keras.layers.SeparableConv2D`, made of elementary operations only; `conv_cost` and `separable_cost`, which say what a layer costs before it is built. As a challenge: `separable_terms`, the best sum of several separable kernels, which ties the two meanings together.
#
# **What you should know before.** Strides, padding and dilation of a convolution (lab 03); the rank of a matrix, and what a singular value decomposition is (a reminder follows); how a Keras layer is put together (`build`, `call`, `get_config`: lab 01, exercise 1).
#
# **How long it takes.** 60 to 90 minutes. Everything runs on a laptop's CPU.
#
# **What is put to the test.** That a separable convolution needs fewer weights and fewer multiplications (nearly always: you will find the exceptions), that it is faster by as much, and that it captures less.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from layerlab import check, graded, hint, progress

# %% [markdown]
# ## Intuition
#
# Cut in space: a kernel of $3 \times 3$ numbers may happen to be a multiplication table, a column of 3 times a row of 3. Then you can filter a picture with the column first and with the row afterwards, and you pay for 6 multiplications per pixel, not for 9. This is the old meaning, *spatially separable*. It is a property that a given kernel has or has not.
#
# Cut between space and channels: an ordinary layer looks at the neighborhood of a pixel and mixes the channels in one go. You can do one after the other: first filter each channel on its own (*depthwise*), then mix the channels at each pixel (*pointwise*). This is the meaning in deep learning, *depthwise separable*. It is a way to build a layer, and the small kernels inside may be any kernels at all.


# %% tags=["experiment"]
# The intuition as a drawing: the two meanings. Needs none of your code.
def draw_table(ax, x, y, table, cell=1.0):
    """Draws a table of numbers, its upper left corner at (x, y)."""
    for i, row in enumerate(table):
        for j, number in enumerate(row):
            left, bottom = x + j * cell, y - (i + 1) * cell
            shade = str(1 - 0.12 * abs(number))
            ax.add_patch(plt.Rectangle((left, bottom), cell, cell, facecolor=shade, edgecolor="0"))
            ax.text(left + cell / 2, bottom + cell / 2, number, ha="center", va="center")


def draw_sheets(ax, x, y, hatches, size=2.4):
    """Draws a stack of channels, each with its hatch."""
    for k, hatch in reversed(list(enumerate(hatches))):
        corner = (x + 0.55 * k, y + 0.55 * k)
        ax.add_patch(plt.Rectangle(corner, size, size, facecolor="white", edgecolor="0"))
        ax.add_patch(plt.Rectangle(corner, size, size, fill=False, hatch=hatch, edgecolor="0.45"))


figure, axes = plt.subplots(1, 2, figsize=(12, 3.6), width_ratios=(1, 1.5))
column, row = np.array([[1], [2], [1]]), np.array([[1, 0, -1]])
draw_table(axes[0], 0, 3, column @ row)
axes[0].text(3.6, 1.5, "=", ha="center", va="center", fontsize=16)
draw_table(axes[0], 4.2, 3, column)
axes[0].text(5.7, 1.5, "times", ha="center", va="center")
draw_table(axes[0], 6.2, 2, row)
axes[0].set_xlim(-0.3, 9.5)
axes[0].set_ylim(-1.2, 4.2)
axes[0].set_title("Spatially separable:\na kernel is a column times a row")
axes[0].text(4.6, -0.6, "9 numbers from 3 + 3", ha="center")

draw_sheets(axes[1], 0, 0, ["///", "...", "xxx"])
draw_sheets(axes[1], 7, 0, ["///", "...", "xxx"])
draw_sheets(axes[1], 14, 0, ["///...xxx"] * 4)
for x, text in (
    (4.0, "depthwise\n3 x 3 in each\nchannel"),
    (11.0, "pointwise\n1 x 1 across\nchannels"),
):
    axes[1].annotate("", (x + 2.7, 1.6), (x - 0.2, 1.6), arrowprops={"arrowstyle": "->"})
    axes[1].text(x + 1.25, 2.0, text, ha="center", va="bottom", fontsize=9)
for x, text in ((1.7, "3 channels"), (8.7, "3 channels, filtered"), (16, "4 filters")):
    axes[1].text(x, -0.7, text, ha="center")
axes[1].set_xlim(-0.5, 19)
axes[1].set_ylim(-1.2, 5)
axes[1].set_title("Depthwise separable:\nfirst each channel by itself, then the channels together")
for ax in axes:
    ax.set_aspect("equal")
    ax.axis("off")
plt.tight_layout()
plt.show()

# %% [markdown]
# ## Mathematics
#
# ### Separable in space: rank one
#
# A kernel $\mathbf A$ with $k_h \times k_w$ numbers is *separable* if $\mathbf A = \mathbf c\, \mathbf r$ for a column $\mathbf c$ ($k_h \times 1$) and a row $\mathbf r$ ($1 \times k_w$). In the language of matrices: its rank is one. Sliding $\mathbf r$ over the picture and $\mathbf c$ over the result is then the same as sliding $\mathbf A$, because
#
# $$\sum_{i,j} c_i\, r_j\, F_{y+i,\,x+j} = \sum_i c_i \Bigl( \sum_j r_j\, F_{y+i,\,x+j} \Bigr).$$
#
# Most matrices have a higher rank. How close can a column times a row come? Eckart and Young (1936) gave the answer. Every matrix has a *singular value decomposition*
#
# $$\mathbf A = \sum_{t} \sigma_t\, \mathbf u_t \mathbf v_t^{\mathsf T}, \qquad \sigma_1 \ge \sigma_2 \ge \dots \ge 0,$$
#
# with orthonormal columns $\mathbf u_t$ and orthonormal $\mathbf v_t$: a sum of separable kernels, the largest first. Among all matrices of rank one, the first term is the one closest to $\mathbf A$, and what it misses has the Frobenius norm (the root of the sum of squares) $\sqrt{\sigma_2^2 + \sigma_3^2 + \cdots}$. More generally, the first $R$ terms are the best matrix of rank $R$.
#
# The factors are not unique: $(2\,\mathbf c)(\tfrac12\, \mathbf r)$ and $(-\mathbf c)(-\mathbf r)$ are the same kernel. Only the product counts.
#
# ### Separable between space and channels
#
# Here we follow Howard et al. (2017), *MobileNets*. The picture $\mathbf F$ has $M$ channels and $D_F \times D_F$ pixels, a kernel has $D_K \times D_K$ taps, and the layer has $N$ filters. (Indices start at 1 in these formulas.) An ordinary convolution is
#
# $$\mathbf G_{k,l,n} = \sum_{i,j,m} \mathbf K_{i,j,m,n} \cdot \mathbf F_{k+i-1,\,l+j-1,\,m}.$$
#
# The depthwise separable one first sums over the window, in each channel, and then over the channels, at each pixel:
#
# $$\hat{\mathbf G}_{k,l,m} = \sum_{i,j} \hat{\mathbf K}_{i,j,m} \cdot \mathbf F_{k+i-1,\,l+j-1,\,m}, \qquad \mathbf G_{k,l,n} = \sum_{m} \mathbf P_{m,n} \cdot \hat{\mathbf G}_{k,l,m}.$$
#
# *Nothing* happens between the two sums: no bias and no nonlinearity. (Networks such as MobileNet do put something there; that is a block made of two layers, and the subject of lab 07.)
#
# Counting from zero, as your code does, with $Q$ kernels for each channel (`depth_multiplier`), strides $s$, dilation rates $d$, zeros in front $p$ and a bias $b$, your layer computes at row $y$ and column $x$
#
# $$\mathbf G_{y,\,x,\,n} = b_n + \sum_{m,q} \mathbf P_{mQ+q,\,n} \sum_{i,j} \hat{\mathbf K}_{i,j,m,q} \cdot \mathbf F_{y s_h + i d_h - p_h,\;\, x s_w + j d_w - p_w,\; m}.$$
#
# $\mathbf F$ counts as zero outside the picture, and kernels are not flipped. Look at the index $mQ + q$: kernels of one channel stand side by side. And look at where strides, dilation rates and padding occur: in the inner sum alone. The outer one looks at one pixel at a time, and at every pixel that the inner one made.
#
# ### Where the windows stand
#
# Along one axis, let the picture have $n$ pixels and the kernel $k$ taps, which reach over $(k-1)\,d + 1$ pixels.
#
# - `"valid"`: only windows inside the picture. There are $\lfloor (n - (k-1)d - 1) / s \rfloor + 1$ of them, and $p = 0$.
# - `"same"`: there are $o = \lceil n / s \rceil$ windows. They need $t = \max\bigl((o-1)s + (k-1)d + 1 - n,\, 0\bigr)$ zeros, of which $p = \lfloor t/2 \rfloor$ stand in front and the others behind. When $t$ is odd, the extra zero goes to the *end*.
#
# ### What it costs
#
# A multiplication with its addition counts as one *multiply-add*. At stride 1 with `"same"` padding, and for $Q = 1$, an ordinary layer takes $D_K^2 \cdot M \cdot N \cdot D_F^2$ of them, the depthwise step $D_K^2 \cdot M \cdot D_F^2$, the pointwise step $M \cdot N \cdot D_F^2$. So the separable layer takes the share
#
# $$\frac{D_K^2\, M\, D_F^2 + M\, N\, D_F^2}{D_K^2\, M\, N\, D_F^2} = \frac1N + \frac1{D_K^2}$$
#
# of the ordinary one's. For $3 \times 3$ kernels and many filters that is a little more than a ninth. Note what is left: nearly all of it is the *pointwise* step.

# %% [markdown]
# ## Exercise 1: a column and a row
#
# Write `separate`. You may use any singular value decomposition you like (`np.linalg.svd`, `tf.linalg.svd`, `keras.ops.svd`), or none: the best pair can also be found by turns, fitting the column while the row is fixed and the other way round. If you use one, read in its documentation in which order it returns its three parts, and which of them is transposed. They do not all agree.


# %% nbgrader={"grade": false, "grade_id": "separate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def separate(kernel):
    """Returns the column and the row whose product is closest to a kernel.

    "Closest" is meant in the Frobenius norm, the root of the sum of the squared
    differences. Sign and scale may be distributed over the two factors in any
    way; only their product is checked.

    Args:
        kernel: array or tensor of floats, of shape `(kh, kw)`. Its largest
            singular value is larger than the others, so that the best product
            is unique.

    Returns:
        A tuple `(column, row, residual)`: arrays or tensors of shapes `(kh, 1)`
        and `(1, kw)`, and the Frobenius norm of `kernel - column @ row`, a
        number. No gradient has to pass.
    """
    ### BEGIN SOLUTION
    kernel = np.asarray(kernel)
    left, values, right = np.linalg.svd(kernel)
    column = left[:, :1] * values[0]
    row = right[:1]
    return column, row, np.linalg.norm(kernel - column @ row)
    ### END SOLUTION


# %% [markdown]
# Stuck? `hint(separate)` leads from a question to the idea, one step at each call; `hint("separate")` works before you have written anything. `progress()` says which exercises pass.

# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_separate", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(separate)

# %% nbgrader={"grade": true, "grade_id": "separate_values", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare the product of your factors, and your residual, with the best there are.
graded("separate_values")

# %% [markdown]
# ## Experiment 1: which kernels are separable?
#
# *Claim: a separable convolution gives the same for less.* Your function says how far that is true of a kernel: residual over norm is the *share* of it that no column times a row can give. Here it is for kernels that every image processing library has, for a disc and a diagonal edge, and for a kernel of random numbers.

# %% tags=["experiment"]
# Needs your separate.
rng = np.random.default_rng(5)
rows, columns = np.mgrid[-3:4, -3:4]
bell = np.exp(-(np.arange(-3, 4) ** 2) / 4)
kernels = {
    "Gauss": np.outer(bell, bell),
    "Sobel": np.outer([1, 2, 1], [1, 0, -1]),
    "Laplace": np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "disc": (rows**2 + columns**2 <= 9.5) * 1.0,
    "diagonal edge": np.sign(rows + columns),
    "random": rng.normal(size=(7, 7)),
}
picture = rng.normal(size=(1, 40, 40, 1)).astype("float32")


def filtered(picture, *kernels):
    """The picture after one kernel after the other, by TensorFlow."""
    for kernel in kernels:
        kernel = tf.constant(kernel, tf.float32)
        picture = tf.nn.conv2d(picture, kernel[:, :, tf.newaxis, tf.newaxis], 1, "VALID")
    return np.asarray(picture)


figure, axes = plt.subplots(1, 6, figsize=(12, 2.7))
print("                missed   weights   error of the filtered picture")
for ax, (name, kernel) in zip(axes, kernels.items()):
    kernel = kernel.astype("float32")
    column, row, residual = (np.asarray(part) for part in separate(kernel))
    share = residual / np.linalg.norm(kernel)
    whole, twice = filtered(picture, kernel), filtered(picture, column, row)
    error = np.linalg.norm(whole - twice) / np.linalg.norm(whole)
    print(
        f"{name:14s} {share:6.1%}   {kernel.size:2d} -> {column.size + row.size:2d}   {error:.1e}"
    )
    ax.imshow(kernel, cmap="gray")
    ax.set_title(f"{name}\n{share:.0%} missed", fontsize=10)
    ax.set_xticks(range(0, len(kernel), 2))
    ax.set_yticks(range(0, len(kernel), 2))
    ax.set_xlabel("column (pixels)", fontsize=8)
    ax.set_ylabel("row (pixels)", fontsize=8)
figure.suptitle("Separable in space is a property of the kernel: some are, most are not")
plt.tight_layout()
plt.show()

# %% [markdown]
# **Measured.** The Gaussian and the Sobel kernel are separable: nothing is missed, and the picture filtered in two steps equals the picture filtered in one up to rounding (a relative error of $2 \cdot 10^{-7}$ at most). The Laplace kernel misses 10 % of its norm, the disc 33 %, the diagonal edge 74 % and the random kernel 81 %; on a picture of noise, the error of the filtered picture is about as large. So the saving, here 14 weights for 49, comes free of charge for some kernels and ruins others.
#
# **Set straight.** "Separable convolution" names two things that at first sight have nothing to do with each other. *This* one, separable in space, is about a kernel of one channel, and most kernels do not have the property. In deep learning the word means the other one: depthwise, then pointwise. The small kernels in it are *not* restricted to a column times a row; a diagonal edge is as good as any. You build that one now. (At the end of the lab, the two meet.)

# %% [markdown]
# ## Exercise 2: the layer
#
# Write `SeparableConv2D`. The docstring is the contract. No loop over the batch, the pixels, the channels or the filters is needed; think about which elementary operation *is* the pointwise step.


# %% nbgrader={"grade": false, "grade_id": "separable_conv2d", "locked": false, "schema_version": 3, "solution": true, "task": false}
@keras.saving.register_keras_serializable(package="layerlab")
class SeparableConv2D(keras.layers.Layer):
    """2D depthwise separable convolution: filters each channel, then mixes channels.

    The depthwise step filters each input channel with `depth_multiplier`
    kernels of its own. The pointwise step makes each output channel a weighted
    sum of the filtered channels, pixel by pixel. Nothing stands between the
    two; the bias is added at the end. Kernels are not flipped.

    The layer is a drop-in for `keras.layers.SeparableConv2D` on the arguments
    below. You write it from elementary operations (slicing, padding, reshaping,
    products, sums, `matmul`, `einsum`, ...). Every convolution op and layer,
    and patch extraction, are banned here.

    Args:
        filters: int, the number of output channels.
        kernel_size: int or tuple/list of 2 integers, the height and width of
            the depthwise window.
        strides: int or tuple/list of 2 integers, the steps of the window along
            height and width.
        padding: string, `"valid"` or `"same"` (case-insensitive). `"valid"`:
            only windows that lie inside the picture. `"same"`: zeros are added
            around the picture so that the output has `ceil(size / stride)`
            rows and columns; if their number is odd, the extra one goes to the
            end (bottom, right).
        dilation_rate: int or tuple/list of 2 integers, the distances between
            neighboring taps along height and width; 1 means no gaps. Strides
            above 1 together with dilation rates above 1 are not required.
        depth_multiplier: int, the number of depthwise kernels of each input
            channel.
        use_bias: bool, whether a bias is added to the output.
        depthwise_initializer: initializer of the depthwise kernel.
        pointwise_initializer: initializer of the pointwise kernel.
        bias_initializer: initializer of the bias.

    Weights (created in `build`, in this order):
        `depthwise_kernel`: shape `(kernel_height, kernel_width, channels,
            depth_multiplier)`.
        `pointwise_kernel`: shape `(1, 1, channels * depth_multiplier,
            filters)`. Its row `c * depth_multiplier + q` weighs what kernel
            number `q` made of channel `c`.
        `bias`: shape `(filters,)`, if `use_bias`.

    Input shape:
        A 4D tensor `(batch, height, width, channels)`. The batch size may be
        unknown.

    Output shape:
        A 4D tensor `(batch, new_height, new_width, filters)`.

    Raises:
        ValueError: in the constructor, if `kernel_size`, `strides` or
            `dilation_rate` is not a positive integer or a tuple/list of 2 of
            them; if `filters` or `depth_multiplier` is not positive; if
            `padding` is not one of the strings above. Each message ends with
            "Received: ...". Also when the layer is built or asked for its
            output shape, if a `"valid"` window does not fit into the picture.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        dilation_rate=1,
        depth_multiplier=1,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        **kwargs,
    ):
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

        self.filters = filters
        self.kernel_size = pair("kernel_size", kernel_size)
        self.strides = pair("strides", strides)
        self.padding = str(padding).lower()
        self.dilation_rate = pair("dilation_rate", dilation_rate)
        self.depth_multiplier = depth_multiplier
        self.use_bias = use_bias
        self.depthwise_initializer = keras.initializers.get(depthwise_initializer)
        self.pointwise_initializer = keras.initializers.get(pointwise_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        for name, value in (("filters", filters), ("depth_multiplier", depth_multiplier)):
            if value <= 0:
                raise ValueError(
                    f"The `{name}` argument must be positive. Received: {name}={value}"
                )
        if self.padding not in ("valid", "same"):
            raise ValueError(
                f"The `padding` argument must be 'valid' or 'same'. Received: padding={padding}"
            )
        ### END SOLUTION

    def build(self, input_shape):
        ### BEGIN SOLUTION
        self.compute_output_shape(input_shape)  # raises if the window does not fit
        channels = input_shape[-1]
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={-1: channels})
        self.depthwise_kernel = self.add_weight(
            name="depthwise_kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
        )
        self.pointwise_kernel = self.add_weight(
            name="pointwise_kernel",
            shape=(1, 1, channels * self.depth_multiplier, self.filters),
            initializer=self.pointwise_initializer,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(self.filters,), initializer=self.bias_initializer
            )
        ### END SOLUTION

    def call(self, inputs):
        ### BEGIN SOLUTION
        _, rows, columns, _ = self.compute_output_shape(inputs.shape)

        # What the last window reaches for beyond the picture is added as zeros,
        # the smaller half in front. With "valid" windows that is nothing.
        borders = []
        for n, out, k, s, d in zip(
            inputs.shape[1:3], (rows, columns), self.kernel_size, self.strides, self.dilation_rate
        ):
            missing = max((out - 1) * s + (k - 1) * d + 1 - n, 0)
            borders.append((missing // 2, missing - missing // 2))
        x = keras.ops.pad(inputs, [(0, 0), *borders, (0, 0)])

        # Tap (i, j) of every window at once: (batch, rows, columns, channels, 1),
        # times its weights for each channel and kernel: (channels, multiplier).
        total = 0
        for i in range(self.kernel_size[0]):
            for j in range(self.kernel_size[1]):
                top, left = i * self.dilation_rate[0], j * self.dilation_rate[1]
                pixels = x[
                    :,
                    top : top + (rows - 1) * self.strides[0] + 1 : self.strides[0],
                    left : left + (columns - 1) * self.strides[1] + 1 : self.strides[1],
                ]
                total = total + keras.ops.expand_dims(pixels, -1) * self.depthwise_kernel[i, j]

        # A 1x1 convolution is a matrix product over the channels.
        channels = inputs.shape[-1] * self.depth_multiplier
        filtered = keras.ops.reshape(total, (-1, rows, columns, channels))
        outputs = keras.ops.matmul(filtered, self.pointwise_kernel[0, 0])
        if self.use_bias:
            outputs = outputs + self.bias
        return outputs
        ### END SOLUTION

    def compute_output_shape(self, input_shape):
        ### BEGIN SOLUTION
        batch, *lengths, _ = input_shape
        sizes = []
        for n, k, s, d in zip(lengths, self.kernel_size, self.strides, self.dilation_rate):
            if n is None:
                sizes.append(None)
            elif self.padding == "same":
                sizes.append(-(-n // s))
            else:
                sizes.append((n - (k - 1) * d - 1) // s + 1)
                if sizes[-1] <= 0:
                    raise ValueError(
                        "The window does not fit into the picture. Received: "
                        f"input_shape={tuple(input_shape)}, kernel_size={self.kernel_size}, "
                        f"dilation_rate={self.dilation_rate}"
                    )
        return (batch, *sizes, self.filters)
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        config = super().get_config()
        config.update(
            {
                "filters": self.filters,
                "kernel_size": self.kernel_size,
                "strides": self.strides,
                "padding": self.padding,
                "dilation_rate": self.dilation_rate,
                "depth_multiplier": self.depth_multiplier,
                "use_bias": self.use_bias,
                "depthwise_initializer": keras.initializers.serialize(self.depthwise_initializer),
                "pointwise_initializer": keras.initializers.serialize(self.pointwise_initializer),
                "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            }
        )
        return config
        ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_separable_conv2d", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(SeparableConv2D)

# %% nbgrader={"grade": true, "grade_id": "separable_outputs", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your layer's outputs with tf.nn.separable_conv2d's on many kernel sizes,
# strides, dilation rates, paddings, depth multipliers and numbers of filters.
graded("separable_outputs")

# %% nbgrader={"grade": true, "grade_id": "separable_gradients", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests pull random cotangents back through your layer and compare the gradients of its
# input, both kernels and the bias with those of tf.nn.separable_conv2d.
graded("separable_gradients")

# %% nbgrader={"grade": true, "grade_id": "separable_contract", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden tests check the arguments and their errors, the configuration, the weights, the output
# shape, saving, an unknown batch size, mixed precision, tf.function and XLA.
graded("separable_contract")

# %% [markdown]
# ## Exercise 3: what a layer costs
#
# Before anyone builds a network for a phone, they count. Write the two functions that count, for an ordinary convolution and for a separable one, the weights (biases included) and the multiply-adds for *one* picture.
#
# The formula $1/N + 1/D_K^2$ above was for stride 1 and `"same"` padding. Yours have to be right for all strides and both paddings, so ask yourself at *how many places* each step works.


# %% nbgrader={"grade": false, "grade_id": "conv_cost", "locked": false, "schema_version": 3, "solution": true, "task": false}
def conv_cost(input_shape, filters, kernel_size, strides=1, padding="valid", use_bias=True):
    """Returns what an ordinary 2D convolution costs for one picture.

    A multiplication with its addition counts as one. Taps that lie on padding
    count like all others. The additions of the bias do not count.

    Args:
        input_shape: tuple `(height, width, channels)`, without the batch.
        filters: int, the number of output channels.
        kernel_size: int or tuple of 2 integers.
        strides: int or tuple of 2 integers.
        padding: string, `"valid"` or `"same"`.
        use_bias: bool, whether the layer has a bias.

    Returns:
        A tuple of 2 integers `(parameters, multiply_adds)`.
    """
    ### BEGIN SOLUTION
    height, width, channels = input_shape
    kh, kw = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    sh, sw = (strides, strides) if isinstance(strides, int) else strides
    if padding == "valid":
        height, width = height - kh + 1, width - kw + 1
    places = -(-height // sh) * -(-width // sw)
    weights = kh * kw * channels * filters
    return weights + use_bias * filters, weights * places
    ### END SOLUTION


def separable_cost(
    input_shape,
    filters,
    kernel_size,
    strides=1,
    padding="valid",
    use_bias=True,
    depth_multiplier=1,
):
    """Returns what a depthwise separable 2D convolution costs for one picture.

    Counts as `conv_cost` does; the bias is that of `SeparableConv2D`.

    Args:
        input_shape: tuple `(height, width, channels)`, without the batch.
        filters: int, the number of output channels.
        kernel_size: int or tuple of 2 integers.
        strides: int or tuple of 2 integers.
        padding: string, `"valid"` or `"same"`.
        use_bias: bool, whether the layer has a bias.
        depth_multiplier: int, the number of depthwise kernels of each channel.

    Returns:
        A tuple of 2 integers `(parameters, multiply_adds)`.
    """
    ### BEGIN SOLUTION
    height, width, channels = input_shape
    filtered = channels * depth_multiplier
    # One depthwise kernel is an ordinary convolution from one channel to one.
    taps, steps = conv_cost((height, width, 1), 1, kernel_size, strides, padding, use_bias=False)
    places = steps // taps
    parameters = filtered * taps + filtered * filters + use_bias * filters
    return parameters, filtered * steps + filtered * filters * places
    ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_costs", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(conv_cost, separable_cost)

# %% nbgrader={"grade": true, "grade_id": "cost_values", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your counts with the weights of Keras's layers and with the number of
# floating-point operations that TensorFlow's profiler finds in their graphs.
graded("cost_values")

# %% [markdown]
# ## Experiment 2: the saving on paper, and its exceptions
#
# *Claim: a separable convolution has far fewer weights and multiply-adds.* Ask your functions, also about layers that are not in the textbook.

# %% tags=["experiment"]
# Needs your conv_cost and your separable_cost.
settings = [
    ("3x3, 64 -> 128, the textbook", (32, 32, 64), 128, 3, {}),
    ("7x7, 64 -> 128", (32, 32, 64), 128, 7, {}),
    ("3x3, 64 -> 128, stride 2", (32, 32, 64), 128, 3, {"strides": 2}),
    ("3x3, 3 -> 32, a first layer", (32, 32, 3), 32, 3, {}),
    ("3x3, 64 -> 1, a last layer", (32, 32, 64), 1, 3, {}),
    ("1x1, 64 -> 128", (32, 32, 64), 128, 1, {}),
    ("3x3, 64 -> 128, multiplier 8", (32, 32, 64), 128, 3, {"depth_multiplier": 8}),
    ("3x3, 64 -> 128, multiplier 9", (32, 32, 64), 128, 3, {"depth_multiplier": 9}),
]
print("(ordinary / separable)                 weights        million multiply-adds   share")
for name, shape, filters, size, extra in settings:
    plain = {key: value for key, value in extra.items() if key != "depth_multiplier"}
    common = {"padding": "same", "use_bias": False}
    weights, steps = conv_cost(shape, filters, size, **plain, **common)
    fewer, less = separable_cost(shape, filters, size, **extra, **common)
    print(
        f"{name:32s} {weights:7d} / {fewer:6d}   {steps / 1e6:9.2f} / {less / 1e6:6.2f}"
        f"     {less / steps:7.1%}"
    )

# %% [markdown]
# **Measured.** In the textbook case there are 8.4 times fewer weights and multiply-adds, and with a $7 \times 7$ kernel 35 times fewer. The share is $1/N + 1/D_K^2$ for weights and multiply-adds alike. The stride does not change it, because both steps of the separable layer work at the places that the stride leaves.
#
# **Confirmed, with a condition.** A layer with one filter, or with $1 \times 1$ kernels, becomes *more* expensive when it is separated: there was only one of the two jobs to do. And every further depthwise kernel per channel adds its share: with $3 \times 3$ kernels and 128 filters, a multiplier of 9 has eaten up the whole saving. In general, the separable layer is the cheaper one as long as $Q\,(1/N + 1/D_K^2) < 1$.

# %% [markdown]
# ## Experiment 3: the saving on the clock
#
# *Claim: separable convolution is faster, as it has less to compute.* We time Keras's own layers, so that both are at their best, and set the time beside the multiply-adds.

# %% tags=["experiment"]
# Needs none of your code. About 10 seconds.
import time

size, batch = 32, 8


def seconds(layer, pictures):
    """Time of the fastest of many calls, traced: the one that was disturbed least."""
    run = tf.function(layer)
    run(pictures)
    times = []
    while len(times) < 5 or (sum(times) < 0.5 and len(times) < 100):
        begin = time.perf_counter()
        run(pictures).numpy()
        times.append(time.perf_counter() - begin)
    return min(times)


counts, table = (8, 16, 32, 64, 128, 256), []
for channels in counts:
    pictures = tf.random.stateless_normal((batch, size, size, channels), seed=(5, channels))
    same = {"padding": "same", "use_bias": False}
    table.append(
        [
            seconds(keras.layers.Conv2D(channels, 3, **same), pictures),
            seconds(keras.layers.SeparableConv2D(channels, 3, **same), pictures),
            seconds(keras.layers.DepthwiseConv2D(3, **same), pictures),
            seconds(keras.layers.Conv2D(channels, 1, **same), pictures),
        ]
    )
ordinary, separable, depthwise, pointwise = np.array(table).T
counts = np.array(counts)
predicted = 1 / counts + 1 / 9
places = batch * size * size
steps = {
    "ordinary": (9 * counts**2 * places, ordinary),
    "depthwise": (9 * counts * places, depthwise),
    "pointwise": (counts**2 * places, pointwise),
}
# Multiply-adds for each number that must be read or written at least once.
moved = 2 * counts * places
intensity = {
    "ordinary": 9 * counts**2 * places / (moved + 9 * counts**2),
    "depthwise": 9 * counts * places / (moved + 9 * counts),
    "pointwise": counts**2 * places / (moved + counts**2),
}

print(f"3x3, {batch} pictures of {size} x {size} pixels, as many filters as channels")
for k, channels in enumerate(counts):
    print(
        f"{channels:4d} channels: ordinary {ordinary[k] * 1e3:6.2f} ms, separable "
        f"{separable[k] * 1e3:6.2f} ms: {separable[k] / ordinary[k]:5.1%} of the time for "
        f"{predicted[k]:5.1%} of the work"
    )
print("at the most channels, billion multiply-adds a second, and multiply-adds a number moved:")
for name, (work, times) in steps.items():
    print(f"  {name:10s} {work[-1] / times[-1] / 1e9:6.1f}   {intensity[name][-1]:7.1f}")
part = depthwise[-1] / (depthwise[-1] + pointwise[-1])
print(f"  the depthwise step: {9 / (9 + counts[-1]):.1%} of the work, {part:.1%} of the time")

figure, axes = plt.subplots(1, 2, figsize=(11, 4.2))
axes[0].loglog(counts, predicted, "--", color="0.5", marker="s", label="multiply-adds: 1/N + 1/9")
axes[0].loglog(counts, separable / ordinary, "-", color="0", marker="o", label="time (measured)")
axes[0].axhline(1, color="0.6", linestyle=":")
axes[0].set_ylabel("separable / ordinary (ratio)")
axes[0].set_yticks([0.1, 0.2, 0.5, 1], [0.1, 0.2, 0.5, 1])
axes[0].set_title("With few channels the time hardly falls")
for (name, (work, times)), style in zip(steps.items(), ["-o", "--s", ":^"]):
    axes[1].loglog(counts, work / times / 1e9, style, color="0", label=name)
axes[1].set_yticks([1, 10, 100], [1, 10, 100])
axes[1].set_ylabel("billion multiply-adds a second")
axes[1].set_title("The depthwise step works slowly, at any size")
for ax in axes:
    ax.minorticks_off()
    ax.set_xticks(counts, counts)
    ax.set_xlabel("channels (in and out)")
    ax.legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# **Measured.** We ran the cell four times, on a two-core machine that was busy with other things. With 8 channels, 24 % of the work took 91 to 104 % of the time; with 32 channels, 14 % of the work took 60 to 99 %; with 128 channels, 12 % of the work took 13 to 24 %. Only with 256 channels did the time keep up with the work (6 to 14 % of the time for 11.5 % of the work), and there because the *ordinary* layer had become slow: four times the work of 128 channels took it 5 to 10 times as long. Your numbers will differ, but expect no better agreement with the dashed line.
#
# **Set straight.** The saving in work is real, but time is work divided by speed, and the speeds differ. At 256 channels the pointwise step did 48 to 106 billion multiply-adds a second, the depthwise step 9 to 10 billion. So the depthwise step, 3.4 % of the work, took 15 to 30 % of the two steps' time.
#
# The column *multiply-adds a number moved* says why. Every number that the depthwise step fetches or writes is worth 4.5 multiply-adds, however many channels there are; in the pointwise step it is 126, in the ordinary layer 1010. This quotient is called *arithmetic intensity* (Williams et al., 2009). Where it is low, the arithmetic units wait for the memory. With few channels it is low in the pointwise step as well, and starting an operation takes some time too, however little there is to do; so with few channels the saving hardly shows.
#
# A second reason is often given: depthwise convolutions run in parallel, since each channel can be computed on its own. So can each output of an ordinary convolution: it is a sum that needs no other output. Parallelism is not what separates the two.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Written question
#
# In a network for pictures, a colleague replaces a $5 \times 5$ convolution from 32 to 64 channels (stride 1, `"same"`, no bias) by a depthwise separable one with the same kernel size and `depth_multiplier=1`.
#
# 1. How many weights do the two layers have, and what share of the ordinary layer's multiply-adds does the separable one take? Which of its two steps takes more of them? (1 point)
# 2. "So it will run 18 times faster." It runs 3 times faster. Explain why, in terms of what a processor does, and say which of the two steps you would look at first. (1 point)
# 3. "Separable kernels are a column times a row. So the new layer cannot hold a diagonal edge filter." Is that so? What *can* the ordinary layer do with one input channel that the new one cannot? (1 point)

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_answer", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# **Marking scheme (3 points)**
#
# - *1 point*, question 1: $25 \cdot 32 \cdot 64 = 51\,200$ weights against $25 \cdot 32 + 32 \cdot 64 = 800 + 2048 = 2848$, and the share $2848 / 51\,200 = 1/64 + 1/25 = 5.6\,\%$ (½; give it for a right method with a slip). The pointwise step takes more: $2048$ of $2848$ per pixel, 72 % (½).
# - *1 point*, question 2: multiply-adds are not the only cost; numbers must be fetched from memory and written back, and a separable layer also writes and reads a picture in between (½). The depthwise step does only 25 multiply-adds with each number that it fetches, however many filters there are; the ordinary layer does $25 \cdot 64$. So look at the depthwise step, although it is the smaller part of the work (½). Accept "low arithmetic intensity", "memory-bound", "cannot be written as a large matrix product".
# - *1 point*, question 3: no. The statement takes one meaning of "separable" for the other; a depthwise kernel is any $5 \times 5$ table, of any rank (½). But there is one depthwise kernel per input channel, so all 64 filters see the *same* filtered version of that channel, scaled by a number; the ordinary layer can apply 64 different kernels to it (½).
#
# **Model answer.** The ordinary layer has $51\,200$ weights, the separable one $800$ depthwise and $2048$ pointwise, together $2848$. All of them are used once at each pixel, so the multiply-adds stand in the same ratio, $5.6\,\%$, or $1/N + 1/D_K^2 = 1/64 + 1/25$. Almost three quarters belong to the pointwise step. The time does not follow the multiply-adds, because a processor must also move numbers: each pixel that the depthwise step fetches is used for 25 multiply-adds only and the arithmetic units wait for memory, while the ordinary layer uses it for $1600$ and the pointwise step, a large matrix product, for 64. In addition, the filtered channels are written out and read again. I would look at the depthwise step. The second remark confuses "depthwise separable" with "spatially separable": a depthwise kernel can be any table of $5 \times 5$ numbers, a diagonal edge too. What was given up is something else. Each channel has one kernel, so its pattern in all 64 filters is the same up to a factor: seen as a table of taps against filters, the ordinary kernel of one input channel has been reduced to rank one.

# %% [markdown]
# ## Challenge: several terms, and how the two meanings meet
#
# A kernel that is not separable is still a *sum* of separable ones. Write `separable_terms`, which finds the best sum with `rank` terms: the columns side by side in one matrix, the rows one below the other in a second, so that their matrix product is the sum.


# %% nbgrader={"grade": false, "grade_id": "separable_terms", "locked": false, "schema_version": 3, "solution": true, "task": false}
def separable_terms(kernel, rank):
    """Returns the sum of separable kernels that is closest to a kernel.

    "Closest" is meant in the Frobenius norm. The terms may come in any order,
    and sign and scale may be distributed over the factors in any way; only the
    product `columns @ rows` is checked.

    Args:
        kernel: array or tensor of floats, of shape `(kh, kw)`.
        rank: int, the number of terms, from 1 to `min(kh, kw)`. The singular
            value number `rank` is larger than the next one, so that the best
            sum is unique.

    Returns:
        A tuple `(columns, rows, residual)`: arrays or tensors of shapes
        `(kh, rank)` and `(rank, kw)`, and the Frobenius norm of
        `kernel - columns @ rows`, a number. No gradient has to pass.
    """
    ### BEGIN SOLUTION
    kernel = np.asarray(kernel)
    left, values, right = np.linalg.svd(kernel)
    columns = left[:, :rank] * values[:rank]
    rows = right[:rank]
    return columns, rows, np.linalg.norm(kernel - columns @ rows)
    ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_challenge", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(separable_terms)

# %% nbgrader={"grade": true, "grade_id": "challenge_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare the product of your factors, and your residual, with the best there are.
graded("challenge_values")

# %% [markdown]
# ### How much of a convolution fits into a separable one?
#
# *Claim: a separable layer captures complicated patterns less well than an ordinary one.* You can now say exactly what it gives up. Put the two kernels of a separable layer together: it does what an ordinary convolution does with the kernel
#
# $$\mathbf K_{i,j,m,n} = \sum_{q} \hat{\mathbf K}_{i,j,m,q} \cdot \mathbf P_{mQ+q,\,n}.$$
#
# Fix one input channel $m$, and lay the taps $(i, j)$ out in one long column. Then $\mathbf K$ is a table of $D_K^2$ taps by $N$ filters, and the formula says that this table is a sum of $Q$ terms, each a column times a row. *Rank at most $Q$*: the same word as in the first half of the lab, for another table. So your function takes any ordinary kernel apart into the best separable layer with multiplier $Q$, one input channel at a time. How good is it?

# %% tags=["experiment"]
# Needs your separable_terms and your SeparableConv2D.
rng = np.random.default_rng(55)
channels, filters = 4, 16
angles = np.pi * np.arange(filters) / filters
y, x = np.mgrid[-1:2, -1:2]
edges = np.stack([x * np.cos(a) + y * np.sin(a) for a in angles], axis=-1)  # turned edge filters
kinds = {
    "random": rng.normal(size=(3, 3, channels, filters)),
    "turned edges, slightly disturbed": edges[:, :, np.newaxis] * rng.normal(size=(channels, 1))
    + 0.05 * rng.normal(size=(3, 3, channels, filters)),
}
picture = rng.normal(size=(2, 24, 24, channels)).astype("float32")
plt.figure(figsize=(8, 4))
for (name, kernel), style in zip(kinds.items(), ["-o", "--s"]):
    kernel = kernel.astype("float32")
    truth = tf.nn.conv2d(picture, kernel, 1, "SAME").numpy()
    errors = []
    for multiplier in range(1, 10):
        depthwise = np.zeros((9, channels, multiplier), "float32")
        pointwise = np.zeros((channels, multiplier, filters), "float32")
        for channel in range(channels):
            table = kernel[:, :, channel].reshape(9, filters)
            parts = separable_terms(table, multiplier)
            depthwise[:, channel], pointwise[channel] = (np.asarray(part) for part in parts[:2])
        layer = SeparableConv2D(
            filters, 3, padding="same", depth_multiplier=multiplier, use_bias=False
        )
        layer.build(picture.shape)
        layer.set_weights(
            [
                depthwise.reshape(3, 3, channels, multiplier),
                pointwise.reshape(1, 1, channels * multiplier, filters),
            ]
        )
        answer = np.asarray(layer(picture))
        errors.append(np.sum((answer - truth) ** 2) / np.sum(truth**2))
    plt.plot(range(1, 10), errors, style, color="black", label=name)
    print(f"{name:34s}", " ".join(f"{error:8.1e}" for error in errors))
share = [q * (9 + filters) / (9 * filters) for q in range(1, 10)]
print("weights, separable / ordinary:    ", " ".join(f"{number:8.2f}" for number in share))
plt.axvline(144 / 25, color="0.6", linestyle=":", label="as many weights as the ordinary kernel")
plt.xlabel("depth multiplier Q (kernels a channel)")
plt.ylabel("missed share of the output's energy")
plt.title("With enough kernels a channel, a separable layer is an ordinary one")
plt.legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# **Measured.** With one kernel a channel, the random convolution loses 70 % of its output's energy: each channel had 16 patterns, and a single one, scaled, is left. With nine kernels, as many as there are taps, nothing is lost but rounding ($3 \cdot 10^{-14}$). By then the separable layer has 1.56 times as many weights as the ordinary one. The 16 edge filters in all directions are mixtures of only two patterns, a horizontal and a vertical slope: one kernel a channel loses half of the energy, two lose 0.1 %, at 35 % of the weights.
#
# **Sharpened.** What a separable layer gives up is *rank*, and with $Q = D_K^2$ it gives up nothing. How soon it is good enough depends on the kernels that the task asks for.
#
# And that is how the two meanings of "separable" meet. Both say that a table has rank one: separable in space, the table of rows against columns of one kernel; depthwise separable, the table of taps against filters of one input channel.

# %% [markdown]
# ## References
#
# - C. Eckart and G. Young, *The approximation of one matrix by another of lower rank*, Psychometrika 1(3), 1936. Read it for the best approximation of rank $R$.
# - L. Sifre, *Rigid-motion scattering for image classification*, PhD thesis, École Polytechnique, 2014. Read section 6.2 for the first depthwise separable convolutions in a network.
# - M. Jaderberg, A. Vedaldi and A. Zisserman, *Speeding up convolutional neural networks with low rank expansions*, BMVC 2014, arXiv:1405.3866. Read it for separable in space, inside a network.
# - F. Chollet, *Xception: deep learning with depthwise separable convolutions*, CVPR 2017, arXiv:1610.02357. Read section 1 for the idea that space and channels can be treated apart, and for the warning about the two meanings of the word.
# - A. G. Howard et al., *MobileNets: efficient convolutional neural networks for mobile vision applications*, arXiv:1704.04861, 2017. Read section 3.1 for the formulas and the costs used here.
# - S. Williams, A. Waterman and D. Patterson, *Roofline: an insightful visual performance model for multicore architectures*, Communications of the ACM 52(4), 2009. Read it for arithmetic intensity: when a computation waits for memory.
