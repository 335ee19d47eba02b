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
# # Lab 06: What is depthwise convolution, and how does it work?
#
# An ordinary convolution does two jobs at once: it looks at the *neighborhood* of each pixel, and it *mixes the channels*. A depthwise convolution does the first job only. Every channel is filtered by kernels of its own, and no channel ever learns anything about another.
#
# **What you will build.** `DepthwiseConv2D`, a layer that can stand in for `keras.layers.DepthwiseConv2D`, made of elementary operations only. As a challenge: `equivalent_conv_kernel`, the ordinary convolution kernel that does the same work.
#
# **What you should know before.** NumPy-style slicing and broadcasting; strides, padding and dilation of a convolution (lab 03); how a Keras layer is put together (`build`, `call`, `get_config`: lab 01, exercise 1). Lab 05 is not required: this lab takes its depthwise step apart.
#
# **How long it takes.** 60 to 90 minutes. Everything runs on a laptop's CPU.
#
# **What is put to the test.** That channels are treated independently, that a depthwise layer saves weights, work and time, and a popular worked example, which goes wrong.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from layerlab import check, graded, hint, progress

# %% [markdown]
# ## Intuition
#
# A picture with three channels is a stack of three sheets. An ordinary kernel is a *block*: it reaches through the whole stack and adds up all that it meets to one number. A depthwise kernel is a *patch* on one sheet: it adds up what it meets on its own sheet, and leaves the other sheets alone. So the result is again a stack, and sheet number $m$ of the result depends on sheet number $m$ of the picture only.


# %% tags=["experiment"]
# The intuition as a drawing. Needs none of your code.
def draw_sheet(ax, x, y, size, hatch=None, window=None, shift=0.0):
    """Draws one channel as a sheet of size x size pixels, with a window on it."""
    for line in range(size + 1):
        ax.plot([x, x + size], [y + line, y + line], color="0.6", linewidth=0.6, zorder=1 + shift)
        ax.plot([x + line, x + line], [y, y + size], color="0.6", linewidth=0.6, zorder=1 + shift)
    ax.add_patch(plt.Rectangle((x, y), size, size, facecolor="white", zorder=0.5 + shift))
    if window:
        row, column, length = window
        ax.add_patch(
            plt.Rectangle(
                (x + column, y + row),
                length,
                length,
                facecolor="0.9",
                edgecolor="black",
                hatch=hatch,
                linewidth=1.5,
                zorder=2 + shift,
            )
        )


figure, axes = plt.subplots(1, 2, figsize=(11, 4.4))
hatches = ["///", "...", "xxx"]
for ax, depthwise in zip(axes, (False, True)):
    for channel, hatch in enumerate(hatches):
        y = 7 * (2 - channel)
        draw_sheet(ax, 0, y, 5, hatch, (1, 1, 3), shift=3 * channel)
        ax.text(-0.4, y + 2.5, f"channel {channel}", ha="right", va="center")
        if depthwise:
            draw_sheet(ax, 14, y + 1, 3, hatch, (1, 1, 1), shift=3 * channel)
            ax.text(17.4, y + 2.5, f"output {channel}", va="center")
            target = y + 2.5
        else:
            target = 9.5
        ax.annotate(
            "",
            (13.8 if depthwise else 13.6, target),
            (5.3, y + 2.5),
            arrowprops={"arrowstyle": "->", "linewidth": 1.2},
        )
    if not depthwise:
        draw_sheet(ax, 14, 8, 3, "///...xxx", (1, 1, 1), shift=9)
        ax.text(17.4, 9.5, "output 0", va="center")
        ax.text(15.5, 13.2, "one sum over\nall channels", ha="center", va="center")
        ax.set_title("Ordinary: one kernel reads every channel")
    else:
        ax.text(9.8, 18.0, "one sum for\neach channel", ha="center", va="center")
        ax.set_title("Depthwise: each kernel reads one channel")
    ax.set_xlim(-6, 22)
    ax.set_ylim(-0.5, 20)
    ax.set_aspect("equal")
    ax.axis("off")
plt.tight_layout()
plt.show()

# %% [markdown]
# ## Mathematics
#
# We follow Howard et al. (2017), *MobileNets*, with the letters of lab 05. The picture $\mathbf F$ has $M$ channels and $D_F \times D_F$ pixels, and a kernel has $D_K \times D_K$ taps. (Indices start at 1 in these formulas.) An ordinary convolution with kernel $\mathbf K$ and $N$ filters is
#
# $$\mathbf G_{k,l,n} = \sum_{i,j,m} \mathbf K_{i,j,m,n} \cdot \mathbf F_{k+i-1,\,l+j-1,\,m}.$$
#
# Look at what stands under the sum: $i$, $j$ **and** $m$. The depthwise convolution with kernel $\hat{\mathbf K}$ is
#
# $$\hat{\mathbf G}_{k,l,m} = \sum_{i,j} \hat{\mathbf K}_{i,j,m} \cdot \mathbf F_{k+i-1,\,l+j-1,\,m}.$$
#
# The channel $m$ has left the sum and stands on the left. That is the whole difference. Two things have *not* changed:
#
# - The sum runs over $i$ **and** $j$: over all rows and all columns of the window. One position of the window gives one number per channel.
# - $i$ and $j$ appear with a plus on the right. The kernel lies on the picture as it is; it is not flipped. (As in lab 03: a cross-correlation, called convolution all the same.)
#
# ### Four more parameters
#
# Counting from zero, as your code does, with $Q$ kernels for each channel (`depth_multiplier`), strides $s$, dilation rates $d$, zeros in front $p$ and a bias $b$, your layer computes at row $y$ and column $x$
#
# $$\hat{\mathbf G}_{y,\,x,\,mQ+q} = b_{mQ+q} + \sum_{i,j} \hat{\mathbf K}_{i,j,m,q} \cdot \mathbf F_{y s_h + i d_h - p_h,\;\, x s_w + j d_w - p_w,\; m}, \qquad q = 0, \dots, Q-1.$$
#
# $\mathbf F$ counts as zero outside the picture. The result has $M \cdot Q$ channels, and those that come from the same input channel stand side by side. (That a depthwise layer has as many output channels as input channels is true for $Q = 1$ only.)
#
# ### Where the windows stand
#
# Along one axis, let the picture have $n$ pixels and the kernel $k$ taps, which reach over $(k-1)\,d + 1$ pixels.
#
# - `"valid"`: only windows inside the picture. There are $\lfloor (n - (k-1)d - 1) / s \rfloor + 1$ of them, and $p = 0$.
# - `"same"`: there are $o = \lceil n / s \rceil$ windows. They need $t = \max\bigl((o-1)s + (k-1)d + 1 - n,\, 0\bigr)$ zeros, of which $p = \lfloor t/2 \rfloor$ stand in front and the others behind. When $t$ is odd, the extra zero goes to the *end*.
#
# Note that $t$ depends on the stride and on the size of the picture. Other libraries pad otherwise: a common habit is $\lfloor k/2 \rfloor$ zeros on both sides, whatever $n$ and $s$ are. The output has the same shape, and other values.

# %% tags=["experiment"]
# Which pixels the windows see: n = 6 pixels, k = 3 taps, stride 2. Needs none of your code.
figure, axes = plt.subplots(1, 2, figsize=(11, 2.7), sharey=True)
for ax, front, name in zip(
    axes, (0, 1), ('"same": 0 in front, 1 behind', "habit: 1 on both sides")
):
    for pixel in range(-front, 7):
        inside = 0 <= pixel < 6
        ax.add_patch(
            plt.Rectangle(
                (pixel, 3.2),
                1,
                0.8,
                facecolor="0.85" if inside else "white",
                edgecolor="black",
                linestyle="-" if inside else ":",
            )
        )
        ax.text(pixel + 0.5, 3.6, f"F{pixel}" if inside else "0", ha="center", va="center")
    for window in range(3):
        start = 2 * window - front
        ax.add_patch(
            plt.Rectangle(
                (start + 0.06, 2.2 - window),
                2.88,
                0.7,
                facecolor="white",
                edgecolor="black",
                hatch="//",
            )
        )
        ax.text(
            start + 1.5,
            2.55 - window,
            f"output {window}",
            ha="center",
            va="center",
            backgroundcolor="w",
        )
    ax.set_xlim(-1.2, 7.2)
    ax.set_ylim(0, 4.2)
    ax.set_xlabel("position along the axis (pixels)")
    ax.set_yticks([])
    ax.set_title(f"{name}: outputs begin at pixel {-front}")
plt.tight_layout()
plt.show()

# %% [markdown]
# Both choices give three outputs, but each has slid by one pixel. A test that looks at shapes cannot tell them apart; a pretrained network whose weights were learned with the other choice certainly can.
#
# ### What it costs
#
# A multiplication with its addition counts as one multiply-add:
#
# | | weights | multiply-adds (stride 1, `"same"`) |
# | --- | --- | --- |
# | ordinary | $D_K^2 \cdot M \cdot N$ | $D_K^2 \cdot M \cdot N \cdot D_F^2$ |
# | depthwise | $D_K^2 \cdot M \cdot Q$ | $D_K^2 \cdot M \cdot Q \cdot D_F^2$ |
#
# The ratio is $Q/N$. For 64 channels in and out and $Q = 1$, the depthwise layer has one 64th of the weights. Keep in mind that it does one of two jobs. The experiments measure both sides of that bargain.

# %% [markdown]
# ## Exercise 1: the layer
#
# Write `DepthwiseConv2D`. The docstring is the contract. No loop over the batch, the pixels or the channels is needed; think about what can be computed *for all windows at once*.
#
# Two remarks on the contract:
#
# - **An infinite or NaN pixel stays where it belongs.** Real pictures contain dead sensors, and a value that overflowed should be easy to find. Since $0 \cdot \infty$ is NaN, it is not the same to multiply a pixel by zero and to leave it out.
# - **`channels_first` on the CPU.** TensorFlow's own depthwise op does not run for this data format on the CPU. Your layer does.


# %% nbgrader={"grade": false, "grade_id": "depthwise_conv2d", "locked": false, "schema_version": 3, "solution": true, "task": false}
@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    """2D depthwise convolution: each channel is filtered on its own.

    Each input channel has `depth_multiplier` kernels of its own. Each output is
    the sum, over the whole window of *one* channel, of pixel times weight. The
    kernel is not flipped, and channels are never added to each other.

    An infinite or NaN pixel changes only those outputs whose window contains
    it, in its own channel. (A dilated window contains only the pixels under its
    taps, not those between them.)

    The layer is a drop-in for `keras.layers.DepthwiseConv2D` on the arguments
    below, and works on the CPU for both data formats. You write it from
    elementary operations (slicing, padding, reshaping, products, sums, `matmul`,
    `einsum`, ...). Every convolution op and layer, and patch extraction, are
    banned here.

    Args:
        kernel_size: int or tuple/list of 2 integers, the height and width of
            the window.
        strides: int or tuple/list of 2 integers, the steps of the window along
            height and width.
        padding: string, `"valid"` or `"same"` (case-insensitive). `"valid"`:
            only windows that lie inside the picture. `"same"`: zeros are added
            around the picture so that the output has `ceil(size / stride)`
            rows and columns; if their number is odd, the extra one goes to the
            end (bottom, right).
        depth_multiplier: int, the number of kernels of each input channel.
        data_format: string, `"channels_last"` or `"channels_first"`
            (case-insensitive).
        dilation_rate: int or tuple/list of 2 integers, the distances between
            neighboring taps along height and width; 1 means no gaps. Strides
            above 1 together with dilation rates above 1 are not required.
        use_bias: bool, whether a bias is added to the output.
        depthwise_initializer: initializer of the kernel.
        bias_initializer: initializer of the bias.

    Weights (created in `build`, in this order):
        `kernel`: shape `(kernel_height, kernel_width, channels,
            depth_multiplier)`.
        `bias`: shape `(channels * depth_multiplier,)`, if `use_bias`.

    Input shape:
        A 4D tensor `(batch, height, width, channels)`, or `(batch, channels,
        height, width)` for `"channels_first"`. The batch size may be unknown.

    Output shape:
        A 4D tensor `(batch, new_height, new_width, channels *
        depth_multiplier)`, or `(batch, channels * depth_multiplier, new_height,
        new_width)` for `"channels_first"`. Kernel number `q` of channel `c`
        makes output channel `c * depth_multiplier + q`.

    Raises:
        ValueError: in the constructor, if `kernel_size`, `strides` or
            `dilation_rate` is not a positive integer or a tuple/list of 2 of
            them; if `depth_multiplier` is not positive; if `padding` or
            `data_format` is not one of the strings above. Each message ends
            with "Received: ...". Also when the layer is built or asked for its
            output shape, if a `"valid"` window does not fit into the picture.
    """

    def __init__(
        self,
        kernel_size,
        strides=1,
        padding="valid",
        depth_multiplier=1,
        data_format="channels_last",
        dilation_rate=1,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
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

        self.kernel_size = pair("kernel_size", kernel_size)
        self.strides = pair("strides", strides)
        self.dilation_rate = pair("dilation_rate", dilation_rate)
        self.padding = str(padding).lower()
        self.depth_multiplier = depth_multiplier
        self.data_format = str(data_format).lower()
        self.use_bias = use_bias
        self.depthwise_initializer = keras.initializers.get(depthwise_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        if self.padding not in ("valid", "same"):
            raise ValueError(
                f"The `padding` argument must be 'valid' or 'same'. Received: padding={padding}"
            )
        if self.data_format not in ("channels_last", "channels_first"):
            raise ValueError(
                "The `data_format` argument must be 'channels_last' or 'channels_first'. "
                f"Received: data_format={data_format}"
            )
        if depth_multiplier <= 0:
            raise ValueError(
                "The `depth_multiplier` argument must be positive. "
                f"Received: depth_multiplier={depth_multiplier}"
            )
        ### END SOLUTION

    def build(self, input_shape):
        ### BEGIN SOLUTION
        self.compute_output_shape(input_shape)  # raises if the window does not fit
        channel_axis = 3 if self.data_format == "channels_last" else 1
        channels = input_shape[channel_axis]
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={channel_axis: channels})
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(channels * self.depth_multiplier,),
                initializer=self.bias_initializer,
            )
        ### END SOLUTION

    def call(self, inputs):
        ### BEGIN SOLUTION
        x = inputs
        output_shape = self.compute_output_shape(inputs.shape)
        if self.data_format == "channels_first":
            x = keras.ops.transpose(x, (0, 2, 3, 1))
            output_shape = [output_shape[axis] for axis in (0, 2, 3, 1)]
        _, rows, columns, filters = output_shape

        # What the last window reaches for beyond the picture is added as zeros,
        # the smaller half in front. With "valid" windows that is nothing.
        borders = [(0, 0)]
        for n, out, k, s, d in zip(
            x.shape[1:3], (rows, columns), self.kernel_size, self.strides, self.dilation_rate
        ):
            missing = max((out - 1) * s + (k - 1) * d + 1 - n, 0)
            borders.append((missing // 2, missing - missing // 2))
        x = keras.ops.pad(x, [*borders, (0, 0)])

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
                total = total + keras.ops.expand_dims(pixels, -1) * self.kernel[i, j]

        outputs = keras.ops.reshape(total, (-1, rows, columns, filters))
        if self.use_bias:
            outputs = outputs + self.bias
        if self.data_format == "channels_first":
            outputs = keras.ops.transpose(outputs, (0, 3, 1, 2))
        return outputs
        ### END SOLUTION

    def compute_output_shape(self, input_shape):
        ### BEGIN SOLUTION
        if self.data_format == "channels_last":
            batch, *lengths, channels = input_shape
        else:
            batch, channels, *lengths = input_shape
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
        filters = channels * self.depth_multiplier
        if self.data_format == "channels_last":
            return (batch, *sizes, filters)
        return (batch, filters, *sizes)
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        config = super().get_config()
        config.update(
            {
                "kernel_size": self.kernel_size,
                "strides": self.strides,
                "padding": self.padding,
                "depth_multiplier": self.depth_multiplier,
                "data_format": self.data_format,
                "dilation_rate": self.dilation_rate,
                "use_bias": self.use_bias,
                "depthwise_initializer": keras.initializers.serialize(self.depthwise_initializer),
                "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            }
        )
        return config
        ### END SOLUTION


# %% [markdown]
# Stuck? `hint(DepthwiseConv2D)` leads from a question to the idea, one step at each call; `hint("DepthwiseConv2D")` works before you have written anything. `progress()` says which exercises pass.

# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_depthwise_conv2d", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(DepthwiseConv2D)

# %% nbgrader={"grade": true, "grade_id": "depthwise_outputs", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your layer's outputs with tf.nn.depthwise_conv2d's on many kernel sizes,
# strides, dilation rates, paddings, depth multipliers and both data formats.
graded("depthwise_outputs")

# %% nbgrader={"grade": true, "grade_id": "depthwise_gradients", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests pull random cotangents back through your layer and compare the gradients of its
# input, kernel and bias with those of tf.nn.depthwise_conv2d.
graded("depthwise_gradients")

# %% nbgrader={"grade": true, "grade_id": "depthwise_contract", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests check the arguments and their errors, the configuration, the weights, the output
# shape, saving, an unknown batch size, mixed precision, tf.function and XLA.
graded("depthwise_contract")

# %% [markdown]
# ## Experiment 1: a worked example, checked by your layer
#
# *Claim: a depthwise output is pixels times weights, row by row, and alike in all channels.* So says a popular worked example. Here is another, with a picture of $3 \times 3$ pixels and three channels, small enough for pencil and paper, and a kernel for each channel:
#
# | | channel 0 | channel 1 | channel 2 |
# | --- | --- | --- | --- |
# | picture $\mathbf F$ | $\begin{bmatrix}1&2&0\\0&1&3\\2&1&1\end{bmatrix}$ | $\begin{bmatrix}2&0&1\\1&1&0\\0&3&2\end{bmatrix}$ | $\begin{bmatrix}1&1&1\\0&2&0\\3&0&1\end{bmatrix}$ |
# | kernel $\hat{\mathbf K}$ | $\begin{bmatrix}1&0&-1\\1&0&-1\\1&0&-1\end{bmatrix}$ | $\begin{bmatrix}0&1&0\\1&1&1\\0&1&0\end{bmatrix}$ | $\begin{bmatrix}1&2&0\\0&1&0\\0&0&2\end{bmatrix}$ |
# | first row | $1 + 0 + 0 = 1$ | $0 + 0 + 0 = 0$ | $1 + 2 + 0 = 3$ |
# | second row | $0 + 0 - 3 = -3$ | $1 + 1 + 0 = 2$ | $0 + 2 + 0 = 2$ |
# | third row | $2 + 0 - 1 = 1$ | $0 + 3 + 0 = 3$ | $0 + 0 + 2 = 2$ |
# | **output** (sum of the rows) | $\mathbf{-1}$ | $\mathbf{5}$ | $\mathbf{7}$ |
#
# A $3 \times 3$ window fits into a $3 \times 3$ picture once. So the output has $1 \times 1$ pixel and three channels: $(-1, 5, 7)$.
#
# Do not take our word for it. Ask your layer, and ask TensorFlow.

# %% tags=["experiment"]
# Needs your DepthwiseConv2D.
picture = np.array(
    [
        [[1, 2, 0], [0, 1, 3], [2, 1, 1]],
        [[2, 0, 1], [1, 1, 0], [0, 3, 2]],
        [[1, 1, 1], [0, 2, 0], [3, 0, 1]],
    ],
    dtype="float32",
)
kernels = np.array(
    [
        [[1, 0, -1], [1, 0, -1], [1, 0, -1]],
        [[0, 1, 0], [1, 1, 1], [0, 1, 0]],
        [[1, 2, 0], [0, 1, 0], [0, 0, 2]],
    ],
    dtype="float32",
)
x = picture.transpose(1, 2, 0)[np.newaxis]  # (1, height, width, channels)
kernel = kernels.transpose(1, 2, 0)[..., np.newaxis]  # (kh, kw, channels, 1)


def apply(x, kernel, **arguments):
    """Your layer, without a bias, with a given kernel."""
    multiplier = kernel.shape[-1]
    layer = DepthwiseConv2D(
        kernel.shape[:2], depth_multiplier=multiplier, use_bias=False, **arguments
    )
    layer.build(x.shape)
    layer.set_weights([kernel])
    return layer(x).numpy()


row_sums = (picture * kernels).sum(axis=2)
print("row sums, channel by channel:   ", row_sums.astype(int).tolist())
print("sums over the whole window:     ", row_sums.sum(axis=1).astype(int).tolist())
print("your layer says:                ", apply(x, kernel).astype(int).ravel().tolist())
truth = tf.nn.depthwise_conv2d(x, kernel, (1, 1, 1, 1), "VALID").numpy()
print("tf.nn.depthwise_conv2d says:    ", truth.astype(int).ravel().tolist())
print()
same = apply(x, kernel, padding="same")[0].astype(int)
for channel in range(3):
    print(f'channel {channel} with padding="same":', same[:, :, channel].tolist())
assert np.array_equal(apply(x, kernel), truth)
assert np.array_equal(truth.ravel(), [-1, 5, 7])

# %% [markdown]
# **Measured.** Your layer and TensorFlow agree on $(-1, 5, 7)$. With `"same"` padding there are $3 \times 3$ positions of the window, hence $3 \times 3$ outputs per channel, and the middle one is the output from above: there the window covers the whole picture and no padding.
#
# **Set straight.** The popular example stops one line too early. It hands out the three *row sums* as if they were the output. They are partial sums, and the last addition is missing: the formula sums over $i$ *and* $j$. The same example has one picture and one kernel for all three channels, and so gets the same numbers three times. Each channel has its own pixels and its own kernel; nothing makes their outputs equal.

# %% [markdown]
# ## Experiment 2: one classical filter for each color
#
# *Claim: each channel is filtered independently of the others.* Image processing knew useful kernels long before networks learned them. A depthwise layer can hold a different one for every channel: here a Sobel kernel (it answers to vertical edges) for red, a Gaussian (it smooths) for green, and the identity for blue, all of $5 \times 5$ taps.

# %% tags=["experiment"]
# Needs your DepthwiseConv2D.
rng = np.random.default_rng(6)
rows, columns = np.mgrid[0:64, 0:64]
scene = np.zeros((1, 64, 64, 3), "float32")
scene[0, :, :, 0] = (rows - 32) ** 2 + (columns - 32) ** 2 < 20**2  # red: a disc
scene[0, :, :, 1] = (columns // 16 % 2) * 0.6 + rng.normal(0, 0.2, (64, 64))  # green: noisy bars
scene[0, :, :, 2] = (rows + columns) / 126  # blue: a ramp

sobel = np.zeros((5, 5))
sobel[1:4, 1:4] = np.outer([1, 2, 1], [-1, 0, 1])
gauss = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256
identity = np.zeros((5, 5))
identity[2, 2] = 1
filters = np.stack([sobel, gauss, identity], axis=-1)[..., np.newaxis].astype("float32")
filtered = apply(scene, filters, padding="same")

figure, axes = plt.subplots(2, 4, figsize=(11, 5.6))
names = ["red", "green", "blue"]
answers = ["Sobel finds the edges", "Gaussian removes noise", "identity keeps it"]
for channel in range(3):
    axes[0, channel].imshow(scene[0, :, :, channel], cmap="gray")
    axes[0, channel].set_title(f"input {channel} ({names[channel]})")
    axes[1, channel].imshow(filtered[0, :, :, channel], cmap="gray")
    axes[1, channel].set_title(f"output {channel}: {answers[channel]}", fontsize=9)
axes[0, 3].axis("off")
mixed = filtered[0] @ np.array(
    [0.25, 1, 1], "float32"
)  # a 1x1 convolution is a product over channels
axes[1, 3].imshow(mixed, cmap="gray")
axes[1, 3].set_title("1x1 afterwards: channels meet", fontsize=9)
for ax in axes.ravel():
    ax.set_xlabel("column (pixels)")
    ax.set_ylabel("row (pixels)")
plt.tight_layout()
plt.show()

# Who depends on whom? Replace one input channel by noise and see which outputs change.
two_each = np.concatenate([filters, filters[::-1]], axis=-1)  # depth_multiplier = 2
before = apply(scene, two_each, padding="same")
print("largest change of output channel:   0     1     2     3     4     5")
for channel in range(3):
    disturbed = scene.copy()
    disturbed[..., channel] = rng.normal(size=(64, 64))
    change = np.abs(apply(disturbed, two_each, padding="same") - before).max(axis=(0, 1, 2))
    print(f"  input channel {channel} disturbed:    ", "  ".join(f"{c:4.1f}" for c in change))

# %% [markdown]
# **Measured.** Each kernel does its work on its own channel. With `depth_multiplier=2`, input channel $m$ moves output channels $2m$ and $2m+1$, and every other change is not small but **exactly zero**.
#
# **Confirmed.** The channels are independent. That is also the layer's limit. In the lower right picture, disc edge, bars and ramp come together in one picture. That took one more operation: a $1 \times 1$ convolution, which mixes the channels at each pixel.

# %% [markdown]
# ## Experiment 3: what a depthwise layer cannot learn
#
# *Claim: a depthwise layer does the work of an ordinary one with fewer weights.* The inputs are random pictures with three independent channels. The target is the blurred *difference* of the first two. A function that sees only one channel can explain at most half of the target's variance, however clever it is: the two channels have equal shares in the target, and one says nothing about the other.
#
# Three models try, all made of your layer: one depthwise layer; a stack of three depthwise layers, with four kernels per channel and ReLU in between; one depthwise layer followed by a $1 \times 1$ convolution.

# %% tags=["experiment"]
# Needs your DepthwiseConv2D. About 10 seconds.
keras.utils.set_random_seed(6)
noise = np.random.default_rng(6).normal(size=(64, 16, 16, 3)).astype("float32")
blur = np.repeat(np.outer([1, 2, 1], [1, 2, 1])[:, :, None, None] / 6, 3, axis=2).astype("float32")
blurred = tf.nn.depthwise_conv2d(noise, blur, (1, 1, 1, 1), "SAME").numpy()
target = blurred[..., :1] - blurred[..., 1:2]
target /= target.std()


def depthwise(**arguments):
    return DepthwiseConv2D(3, padding="same", **arguments)


models = {
    "one depthwise layer": [depthwise()],
    "three depthwise layers, 4 kernels, ReLU": [
        depthwise(depth_multiplier=4),
        keras.layers.ReLU(),
        depthwise(),
        keras.layers.ReLU(),
        depthwise(),
    ],
    "depthwise, then 1x1": [depthwise(), keras.layers.Conv2D(1, 1)],
}
curves = {}
for name, layers in models.items():
    model = keras.Sequential([keras.Input((16, 16, 3)), *layers])
    optimizer = keras.optimizers.Adam(0.02)
    optimizer.build(model.trainable_variables)

    @tf.function
    def step(model=model, optimizer=optimizer):
        with tf.GradientTape() as tape:
            # Every output channel tries to hit the target; we report the best of them.
            losses = tf.reduce_mean((model(noise) - target) ** 2, axis=(0, 1, 2))
            loss = tf.reduce_sum(losses)
        variables = model.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
        return tf.reduce_min(losses)

    curves[name] = [float(step()) for _ in range(120)]

plt.figure(figsize=(8, 4))
for (name, curve), style in zip(curves.items(), ["--", "-.", "-"]):
    plt.plot(curve, style, color="black", label=name)
    print(f"{name:42s} unexplained share of the variance: {curve[-1]:.3f}")
plt.axhline(0.5, color="0.6", linewidth=4, zorder=0, label="the limit for one channel: 1/2")
plt.xlabel("step of Adam")
plt.ylabel("unexplained share of the variance")
plt.ylim(0, 1.2)
plt.title("No stack of depthwise layers passes the limit; one 1x1 layer does")
plt.legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# **Measured.** The single depthwise layer was left with 0.498 of the variance, the stack of three with 0.502, and the depthwise layer with a $1 \times 1$ after it with 0.000. (The limit is one half up to the chance of the sample.)
#
# **Set straight.** A depthwise layer does not do the same work. A tiny linear model that may mix channels explains everything; a deeper, nonlinear one with four times the filters that may not mix them is stuck at the limit. This is why depthwise layers nearly always come with a $1 \times 1$ convolution beside them: that pair is the depthwise *separable* convolution of labs 05 and 07.

# %% [markdown]
# ## Experiment 4: what is saved
#
# *Claim: far fewer weights and multiply-adds, hence as much faster.* We count both for more and more channels, and take the time (of Keras's layers, so that both are at their best). Lab 05 does the same for the separable layer.

# %% tags=["experiment"]
# Needs none of your code. About 10 seconds.
import time

size, batch = 32, 8
rows = []
for channels in (16, 32, 64, 128, 256):
    pictures = tf.random.stateless_normal((batch, size, size, channels), seed=(6, channels))
    row = {"channels": channels}
    for kind in ("ordinary", "depthwise"):
        if kind == "ordinary":
            layer = keras.layers.Conv2D(channels, 3, padding="same", use_bias=False)
        else:
            layer = keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False)
        layer.build(pictures.shape)
        run = tf.function(layer)
        run(pictures)
        times = []
        while len(times) < 5 or (sum(times) < 0.7 and len(times) < 100):
            begin = time.perf_counter()
            run(pictures).numpy()
            times.append(time.perf_counter() - begin)
        weights = layer.count_params()
        row[kind] = (weights, weights * size * size * batch, np.median(times))
    rows.append(row)

print(f"3x3, {batch} pictures of {size} x {size} pixels: ordinary / depthwise")
for row in rows:
    (w0, a0, t0), (w1, a1, t1) = row["ordinary"], row["depthwise"]
    print(
        f"{row['channels']:4d} channels: weights {w0:6d} / {w1:4d} = {w0 / w1:3.0f},"
        f"  time {t0 * 1e3:6.2f} / {t1 * 1e3:5.2f} ms = {t0 / t1:4.1f},"
        f"  {a0 / t0 / 1e9:5.1f} / {a1 / t1 / 1e9:4.1f} billion multiply-adds a second"
    )

counts = [row["channels"] for row in rows]
plt.figure(figsize=(8, 4))
plt.loglog(counts, counts, "--", color="0.5", marker="s", label="fewer weights and multiply-adds")
plt.loglog(
    counts,
    [row["ordinary"][2] / row["depthwise"][2] for row in rows],
    "-",
    color="black",
    marker="o",
    label="less time (measured)",
)
plt.minorticks_off()
plt.xticks(counts, counts)
plt.yticks([1, 4, 16, 64, 256], [1, 4, 16, 64, 256])
plt.xlabel("channels (in and out)")
plt.ylabel("ordinary / depthwise (ratio)")
plt.title("The time saved is far less than the multiply-adds saved")
plt.legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# **Measured.** For $Q = 1$ the ratio of the weights, and of the multiply-adds, is exactly the number of filters. On our two-core machine, in three runs, the layer with 16 times fewer multiply-adds was 1.5 to 1.6 times as fast, and the one with 256 times fewer 28 to 38 times. At 256 channels the depthwise layer did 7 to 9 billion multiply-adds a second, the ordinary one 49 to 80 billion. Your numbers will differ; the gap will not go away.
#
# **Confirmed, and set straight.** The saving in weights and multiply-adds is real; the step from there to the time is where the claim goes too far. What counts is what a number is used for once it has been fetched from memory. In an ordinary convolution each pixel takes part in $D_K^2 \cdot N$ multiply-adds, in a depthwise one in $D_K^2 = 9$, however many channels there are. The ordinary layer keeps the arithmetic units busy; the depthwise layer has little to do with each number that it fetches (its *arithmetic intensity* is low: lab 05, experiment 3). On a phone, too, a time must be measured, not computed from multiply-adds.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Written question
#
# A colleague wants a smaller network. In every one of its layers they replace the $3 \times 3$ convolution from 64 to 64 channels by a depthwise $3 \times 3$ convolution with `depth_multiplier=1` (ReLU stays in between), and leave biases out. "Same shapes, one 64th of the weights," they say. But the accuracy falls badly.
#
# 1. Why? What can output channel 5 of the *last* layer depend on, and why does neither depth nor ReLU help? (1 point)
# 2. Would `depth_multiplier=4` cure it? Give the reason. (1 point)
# 3. What is the smallest addition to each layer that does cure it, how many weights has a layer then, and what share of the ordinary layer's is that? (1 point)

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_answer", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# **Marking scheme (3 points)**
#
# - *1 point*, question 1: output channel 5 of a depthwise layer depends on input channel 5 alone, and by induction so does output channel 5 of the last layer (½). ReLU works on each number by itself, and more depth only widens the window; neither brings two channels together (½).
# - *1 point*, question 2: no (½). More kernels per channel give several descriptions of the *same* channel; outputs $4m, \dots, 4m+3$ all come from channel $m$, and no sum over channels has appeared (½).
# - *1 point*, question 3: a $1 \times 1$ (pointwise) convolution from 64 to 64 channels (½). $9 \cdot 64 + 64 \cdot 64 = 576 + 4096 = 4672$ weights, against $9 \cdot 64 \cdot 64 = 36\,864$: about 12.7 %, or $1/N + 1/D_K^2 = 1/64 + 1/9$ (½; give it for a right method with a slip in the arithmetic). Do not ask for the name "depthwise separable convolution".
#
# **Model answer.** In a depthwise layer the sum runs over the window, not over the channels, so output channel 5 sees input channel 5 only. The next layer treats its channel 5 in the same way, so the whole stack is 64 separate networks side by side, each of which sees one channel of the input. ReLU acts on each number alone and depth enlarges the window only. A larger multiplier gives each of these networks more filters and still keeps them apart. What is missing is a weighted sum over channels; the smallest is a $1 \times 1$ convolution after each depthwise one. It adds $64 \cdot 64 = 4096$ weights to the 576, together 4672, which is 12.7 % of 36 864. The colleague's 1/64 was not a saving on the same work: most of the work, the mixing, was left out.

# %% [markdown]
# ## Challenge: the ordinary kernel that does the same
#
# *Claim: it is a convolution in which each filter meets its own channel only.* If so, it is an ordinary convolution in which most of the weights are zero. Which ones? Write `equivalent_conv_kernel`: it takes $\hat{\mathbf K}$ and returns the $\mathbf K$ of an ordinary convolution from $M$ to $M \cdot Q$ channels that computes the same.
#
# Count first: for 64 channels and $Q = 1$, how many of the weights of $\mathbf K$ can differ from zero?


# %% nbgrader={"grade": false, "grade_id": "equivalent_conv_kernel", "locked": false, "schema_version": 3, "solution": true, "task": false}
def equivalent_conv_kernel(kernel):
    """Returns the ordinary convolution kernel that does a depthwise kernel's work.

    An ordinary convolution adds up all of its input channels. With zeros
    wherever channels would mix it computes what the depthwise convolution with
    `kernel` computes, for any strides, padding and dilation rate, with the
    output channels in the same order: `c * multiplier + q`.

    Args:
        kernel: array or tensor of any float dtype, a depthwise kernel of shape
            `(kh, kw, channels, multiplier)`.

    Returns:
        A tensor of shape `(kh, kw, channels, channels * multiplier)` and of the
        dtype of `kernel`. Gradients flow through it to `kernel`.
    """
    ### BEGIN SOLUTION
    kernel = tf.convert_to_tensor(kernel)
    height, width, channels, multiplier = kernel.shape
    # (kh, kw, from, 1, m) against (from, to, 1): kept where `from` is `to`.
    stays = tf.eye(channels, dtype=tf.bool)[:, :, tf.newaxis]
    wide = tf.where(stays, kernel[:, :, :, tf.newaxis, :], tf.zeros((), kernel.dtype))
    return tf.reshape(wide, (height, width, channels, channels * multiplier))
    ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_equivalent_conv_kernel", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(equivalent_conv_kernel)

# %% nbgrader={"grade": true, "grade_id": "challenge_outputs", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your kernel, entry by entry, and its gradient with a reference.
graded("challenge_outputs")

# %% [markdown]
# ### Is it really the same?
#
# For finite pictures, yes. Now let one pixel of channel 1 be infinite.

# %% tags=["experiment"]
# Needs your DepthwiseConv2D and your equivalent_conv_kernel.
rng = np.random.default_rng(66)
image = rng.normal(size=(1, 9, 9, 3)).astype("float32")
kernel = rng.normal(size=(3, 3, 3, 1)).astype("float32")
wide = equivalent_conv_kernel(kernel)
difference = np.abs(apply(image, kernel) - tf.nn.conv2d(image, wide, 1, "VALID").numpy()).max()
print(f"largest difference on a finite picture: {difference:.1e}")
print(f"weights: {kernel.size} depthwise, {tf.size(wide)} ordinary, most of them zero")

image[0, 4, 4, 1] = np.inf
results = [apply(image, kernel), tf.nn.conv2d(image, wide, 1, "VALID").numpy()]
figure, axes = plt.subplots(2, 3, figsize=(8, 5.6))
for row, (result, name) in enumerate(zip(results, ["yours", "conv2d"])):
    for channel, ax in enumerate(axes[row]):
        spoiled = ~np.isfinite(result[0, :, :, channel])
        ax.imshow(spoiled, cmap="gray_r", vmin=0, vmax=1.5)
        ax.set_title(f"{name}, output {channel}: {spoiled.sum()} of 49", fontsize=10)
        ax.set_xlabel("column (pixels)")
        ax.set_ylabel("row (pixels)")
figure.suptitle("Gray: infinite or NaN. Zero weights do not keep channels apart")
plt.tight_layout()
plt.show()

# %% [markdown]
# **Measured.** On the finite picture the two agree up to rounding ($7 \cdot 10^{-7}$), and of the 81 weights of $\mathbf K$, 54 are zero. With one infinite pixel they differ. In your layer, the 9 outputs whose window contains it are affected, in its own channel. In the ordinary convolution 27 are: those of channels 0 and 2 as well, because $0 \cdot \infty$ is NaN.
#
# **Confirmed, for finite pixels.** A weight of zero is a number that is multiplied and added; a weight that is not there is not. Hence the clause about infinite pixels in the contract of exercise 1.

# %% [markdown]
# ## References
#
# - L. Sifre, *Rigid-motion scattering for image classification*, PhD thesis, École Polytechnique, 2014. Read section 6.2 for the first depthwise separable convolutions in a network.
# - F. Chollet, *Xception: deep learning with depthwise separable convolutions*, CVPR 2017, arXiv:1610.02357. Read section 1 for the idea that spatial and cross-channel correlations can be treated apart.
# - A. G. Howard et al., *MobileNets: efficient convolutional neural networks for mobile vision applications*, arXiv:1704.04861, 2017. Read section 3.1 for the formulas and the costs used here.
# - V. Dumoulin and F. Visin, *A guide to convolution arithmetic for deep learning*, arXiv:1603.07285, 2016. Read it for padding, strides and dilation in pictures and formulas.
# - N. Ma, X. Zhang, H.-T. Zheng and J. Sun, *ShuffleNet V2: practical guidelines for efficient CNN architecture design*, ECCV 2018, arXiv:1807.11164. Read sections 1 and 2 for why multiply-adds alone do not tell the time.
