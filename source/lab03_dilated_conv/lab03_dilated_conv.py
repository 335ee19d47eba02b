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
# # Lab 03: What is dilated convolution, and how does it work?
#
# A convolution looks at the *neighbors* of a pixel. A dilated convolution looks at pixels that stand *apart*: it has as many weights as before, but they reach further. *À trous*, "with holes", is its other name, and the holes are what this lab is about: what they give you, what they cost, and what falls through them.
#
# **What you will build.** `dilate_kernel`, which draws the textbook picture of a dilated kernel; `DilatedConv2D`, a layer that can stand in for `keras.layers.Conv2D`, made of elementary operations only. As a challenge: `tap_coverage`, which says how much of its receptive field a stack of such layers really sees.
#
# **What you should know before.** NumPy-style slicing and padding; what a convolution layer with several channels computes; how a Keras layer is put together (`build`, `call`, `get_config`: lab 01, exercise 1).
#
# **How long it takes.** 60 to 90 minutes. Everything runs on a laptop's CPU.
#
# **What is put to the test.** That a dilated kernel is a kernel with zeros in it, that it costs no more than a small one, and that it enlarges the receptive field. The last is half of the truth; you will measure the other half.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from layerlab import check, graded, hint, progress

# %% [markdown]
# ## Intuition
#
# Take the nine weights of a $3 \times 3$ kernel, its *taps*, and pull them apart like the corners of a net. With rate 1 they touch neighboring pixels. With rate 2 there is one pixel between two taps, with rate 4 there are three. The net spans more and more of the picture, but it never has more than nine knots.

# %% tags=["experiment"]
# The intuition as a drawing. Needs none of your code.
figure, axes = plt.subplots(1, 3, figsize=(11, 4.2))
for ax, rate in zip(axes, (1, 2, 4)):
    reach = 2 * rate + 1
    first = 4 - rate
    ax.imshow(np.ones((9, 9)), cmap="gray", vmin=0, vmax=1, extent=(0, 9, 9, 0))
    ax.add_patch(
        plt.Rectangle((first, first), reach, reach, facecolor="0.88", edgecolor="none", zorder=1)
    )
    for line in range(10):
        ax.plot([0, 9], [line, line], color="0.6", linewidth=0.6, zorder=2)
        ax.plot([line, line], [0, 9], color="0.6", linewidth=0.6, zorder=2)
    for i in range(3):
        for j in range(3):
            row, column = first + i * rate, first + j * rate
            ax.add_patch(plt.Rectangle((column, row), 1, 1, facecolor="0.25", zorder=3))
            ax.text(
                column + 0.5,
                row + 0.5,
                f"{i},{j}",
                color="white",
                ha="center",
                va="center",
                fontsize=9,
                zorder=4,
            )
    ax.set_title(f"rate {rate}: 9 taps reach over {reach} x {reach} pixels")
    ax.set_xlabel("column (pixels)")
    ax.set_ylabel("row (pixels)")
figure.suptitle("The same nine weights, further and further apart")
plt.tight_layout()
plt.show()

# %% [markdown]
# ## Mathematics
#
# We follow Yu and Koltun (2016), section 2. The picture is a function $F$ on the pixels $\mathbf p \in \mathbb Z^2$, the kernel a function $k$ on a small square of places $\mathbf t$. Their *discrete convolution* and its *dilated* relative with dilation factor $l$ are
#
# $$(F * k)(\mathbf p) = \sum_{\mathbf s + \mathbf t = \mathbf p} F(\mathbf s)\, k(\mathbf t), \qquad (F *_l k)(\mathbf p) = \sum_{\mathbf s + l\,\mathbf t = \mathbf p} F(\mathbf s)\, k(\mathbf t).$$
#
# One letter has been added: the factor $l$ stands in front of $\mathbf t$. It moves the *taps* apart, not the pixels and not the outputs. For $l = 1$ nothing has changed.
#
# Solve the condition for $\mathbf s$ and you read $F(\mathbf p - l\,\mathbf t)$, with a minus: the kernel is flipped, as mathematicians do it. Neural network libraries leave out the flip and read $F(\mathbf p + l\,\mathbf t)$ (a cross-correlation, called convolution all the same). For learned weights that makes no difference; for a test that compares numbers it does. Your layer does not flip.
#
# ### With everything that a layer has
#
# Count from zero, as your code does. Let the kernel be $k_{i,j,c,f}$ for input channel $c$ and filter $f$, the strides $s$, the dilation rates $d$, the zeros in front of the picture $p$ each with one value for the height ($h$) and one for the width ($w$), and the bias $b$. At row $y$ and column $x$,
#
# $$G_{y,\,x,\,f} = b_f + \sum_{i,j,c} k_{i,j,c,f} \cdot F_{y s_h + i d_h - p_h,\;\, x s_w + j d_w - p_w,\;\, c}.$$
#
# $F$ counts as zero outside the picture. Look at who multiplies whom: the stride $s$ multiplies the place of the *output*, the rate $d$ the place of the *tap*. Mixing up the two is the most common mistake. (Yu and Koltun's $l$ is this $d$: from here on it has the letter that labs 05, 06 and 10 use.)
#
# ### How far a kernel reaches
#
# Along one axis, $k$ taps have $k - 1$ steps between them, each $d$ pixels long. With the first pixel they reach over
#
# $$k_{\text{eff}} = (k - 1)\,d + 1$$
#
# pixels, the *effective kernel size*. (Not $k \cdot d$: nothing comes after the last tap.) It takes the place of $k$ wherever the size of the window counts. For a picture with $n$ pixels along that axis:
#
# - `"valid"`: only windows inside the picture. There are $\lfloor (n - k_{\text{eff}}) / s \rfloor + 1$ of them, and $p = 0$.
# - `"same"`: there are $o = \lceil n / s \rceil$ windows. They need $t = \max\bigl((o - 1)\,s + k_{\text{eff}} - n,\; 0\bigr)$ zeros, of which $p = \lfloor t/2 \rfloor$ stand in front and the others behind. When $t$ is odd, the extra zero goes to the *end*.
#
# A layer with a stride above 1 *and* a rate above 1 would skip pixels twice. Keras refuses that combination with a `ValueError`, and so does your layer.

# %% [markdown]
# ## Exercise 1: the picture of a dilated kernel
#
# The usual drawing of a dilated kernel is a larger kernel with zeros in it:
#
# $$\begin{bmatrix} k_{00} & k_{01} \\ k_{10} & k_{11} \end{bmatrix} \quad\xrightarrow{\;d\, =\, 3\;}\quad \begin{bmatrix} k_{00} & 0 & 0 & k_{01} \\ 0 & 0 & 0 & 0 \\ 0 & 0 & 0 & 0 \\ k_{10} & 0 & 0 & k_{11} \end{bmatrix}$$
#
# Write the function that makes it, and the one that says how large it is. Count the zeros between two taps in the picture before you start: how many are there for $d = 3$?


# %% nbgrader={"grade": false, "grade_id": "dilate_kernel", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dilate_kernel(kernel, rate):
    """Returns a kernel with zeros between its taps.

    Neighboring taps end up `rate` pixels apart, with `rate - 1` zeros between
    them, along the first two axes (height and width). No zeros are added before
    the first tap or after the last one. All other axes stay as they are.

    Args:
        kernel: array or tensor of any float dtype and of rank 2 or more, of
            shape `(kh, kw, ...)`.
        rate: int or tuple/list of 2 integers, the distances between
            neighboring taps along height and width; 1 changes nothing.

    Returns:
        A tensor of shape `((kh - 1) * rate_h + 1, (kw - 1) * rate_w + 1, ...)`
        and of the dtype of `kernel`. Gradients flow through it to `kernel`.
    """
    ### BEGIN SOLUTION
    kernel = tf.convert_to_tensor(kernel)
    down, right = (rate, rate) if isinstance(rate, int) else rate
    height, width, *rest = kernel.shape
    # Give every tap a cell of `down` x `right` numbers of its own: itself and zeros.
    cells = tf.reshape(kernel, (height, 1, width, 1, *rest))
    cells = tf.pad(cells, [(0, 0), (0, down - 1), (0, 0), (0, right - 1)] + [(0, 0)] * len(rest))
    wide = tf.reshape(cells, (height * down, width * right, *rest))
    # The zeros behind the last tap are too many.
    return wide[: (height - 1) * down + 1, : (width - 1) * right + 1]
    ### END SOLUTION


def effective_kernel_size(kernel_size, rate):
    """Returns over how many pixels the taps of a dilated kernel reach.

    Args:
        kernel_size: int or tuple/list of 2 integers, the number of taps.
        rate: int or tuple/list of 2 integers, the distance between taps.

    Returns:
        An int if both arguments are integers. If both are pairs, a tuple of 2
        integers, for height and width.
    """
    ### BEGIN SOLUTION
    if isinstance(kernel_size, int) and isinstance(rate, int):
        return (kernel_size - 1) * rate + 1
    sizes = (kernel_size,) * 2 if isinstance(kernel_size, int) else kernel_size
    rates = (rate,) * 2 if isinstance(rate, int) else rate
    return tuple((k - 1) * d + 1 for k, d in zip(sizes, rates))
    ### END SOLUTION


# %% [markdown]
# Stuck? `hint(dilate_kernel)` leads from a question to the idea, one step at each call; `hint("dilate_kernel")` works before you have written anything. `progress()` says which exercises pass.

# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_dilate_kernel", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(dilate_kernel, effective_kernel_size)

# %% nbgrader={"grade": true, "grade_id": "kernel_values", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your dilated kernels, entry by entry, their gradients, and your effective
# sizes with the right ones, for kernels of rank 2 to 4 and rates that are integers or pairs.
graded("kernel_values")

# %% [markdown]
# ## Exercise 2: the layer
#
# Write `DilatedConv2D`. The docstring is the contract. No loop over the batch, the pixels, the channels or the filters is needed; think about what can be computed *for all windows at once*.
#
# You may call your functions from exercise 1, but you need not: the picture with the zeros *describes* the operation, and is one way among others to *compute* it. Experiment 1 compares the two.


# %% nbgrader={"grade": false, "grade_id": "dilated_conv2d", "locked": false, "schema_version": 3, "solution": true, "task": false}
@keras.saving.register_keras_serializable(package="layerlab")
class DilatedConv2D(keras.layers.Layer):
    """2D convolution whose taps stand `dilation_rate` pixels apart.

    Each output is the sum, over the taps of its window and over all input
    channels, of pixel times weight. The kernel is not flipped.

    The layer is a drop-in for `keras.layers.Conv2D` on the arguments below. You
    write it from elementary operations (slicing, padding, reshaping, products,
    sums, `matmul`, `einsum`, `take`, ...). Every convolution op and layer, and
    patch extraction, are banned here.

    Args:
        filters: int, the number of filters, which is the number of output
            channels.
        kernel_size: int or tuple/list of 2 integers, the number of taps along
            height and width.
        strides: int or tuple/list of 2 integers, the steps of the window along
            height and width.
        padding: string, `"valid"` or `"same"` (case-insensitive). `"valid"`:
            only windows that lie inside the picture. `"same"`: zeros are added
            around the picture so that the output has `ceil(size / stride)`
            rows and columns; if their number is odd, the extra one goes to the
            end (bottom, right).
        dilation_rate: int or tuple/list of 2 integers, the distances between
            neighboring taps along height and width; 1 means no gaps.
        use_bias: bool, whether a bias is added to the output.
        kernel_initializer: initializer of the kernel.
        bias_initializer: initializer of the bias.

    Weights (created in `build`, in this order):
        `kernel`: shape `(kernel_height, kernel_width, channels, filters)`.
        `bias`: shape `(filters,)`, if `use_bias`.

    Input shape:
        A 4D tensor `(batch, height, width, channels)`. The batch size may be
        unknown.

    Output shape:
        A 4D tensor `(batch, new_height, new_width, filters)`.

    Raises:
        ValueError: in the constructor, if `filters` is not positive; if
            `kernel_size`, `strides` or `dilation_rate` is not a positive
            integer or a tuple/list of 2 of them; if `padding` is not one of the
            strings above; if any stride and any dilation rate are both above 1.
            Each message ends with "Received: ...". Also when the layer is built
            or asked for its output shape, if a `"valid"` window does not fit
            into the picture.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        dilation_rate=1,
        use_bias=True,
        kernel_initializer="glorot_uniform",
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
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        if filters <= 0:
            raise ValueError(
                f"The `filters` argument must be positive. Received: filters={filters}"
            )
        if self.padding not in ("valid", "same"):
            raise ValueError(
                f"The `padding` argument must be 'valid' or 'same'. Received: padding={padding}"
            )
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "Strides above 1 cannot be combined with dilation rates above 1. "
                f"Received: strides={strides}, dilation_rate={dilation_rate}"
            )
        ### END SOLUTION

    def build(self, input_shape):
        ### BEGIN SOLUTION
        self.compute_output_shape(input_shape)  # raises if the window does not fit
        channels = input_shape[-1]
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={-1: channels})
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, self.filters),
            initializer=self.kernel_initializer,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(self.filters,), initializer=self.bias_initializer
            )
        ### END SOLUTION

    def call(self, inputs):
        ### BEGIN SOLUTION
        _, rows, columns, _ = self.compute_output_shape(inputs.shape)
        (sh, sw), (dh, dw) = self.strides, self.dilation_rate

        # What the last window reaches for beyond the picture is added as zeros,
        # the smaller half in front. With "valid" windows that is nothing.
        borders = []
        for n, out, k, s, d in zip(
            inputs.shape[1:3], (rows, columns), self.kernel_size, self.strides, self.dilation_rate
        ):
            missing = max((out - 1) * s + (k - 1) * d + 1 - n, 0)
            borders.append((missing // 2, missing - missing // 2))
        x = keras.ops.pad(inputs, [(0, 0), *borders, (0, 0)])

        # The pixels under tap (i, j) of every window at once, times its weights:
        # (batch, rows, columns, channels) times (channels, filters).
        outputs = 0
        for i in range(self.kernel_size[0]):
            for j in range(self.kernel_size[1]):
                top, left = i * dh, j * dw
                pixels = x[
                    :,
                    top : top + (rows - 1) * sh + 1 : sh,
                    left : left + (columns - 1) * sw + 1 : sw,
                ]
                outputs = outputs + keras.ops.matmul(pixels, self.kernel[i, j])
        return outputs + self.bias if self.use_bias else outputs
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
                "use_bias": self.use_bias,
                "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
                "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            }
        )
        return config
        ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_dilated_conv2d", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(DilatedConv2D)

# %% nbgrader={"grade": true, "grade_id": "dilated_outputs", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your layer's outputs with TensorFlow's convolution on many kernel sizes,
# strides, dilation rates, paddings, numbers of channels and of filters.
graded("dilated_outputs")

# %% nbgrader={"grade": true, "grade_id": "dilated_gradients", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests pull random cotangents back through your layer and compare the gradients of its
# input, kernel and bias with those of TensorFlow's convolution.
graded("dilated_gradients")

# %% nbgrader={"grade": true, "grade_id": "dilated_contract", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests check the arguments and their errors, the configuration, the weights, the output
# shape, saving, an unknown batch size, mixed precision, tf.function and XLA.
graded("dilated_contract")

# %% [markdown]
# ## Experiment 1: are the zeros really there?
#
# *Claim: a dilated kernel is a larger kernel with zeros in it.* Moved over the picture as an ordinary convolution, it should give just what your layer gives. Here are both on whole numbers, where a sum has no rounding, and a count of the multiplications that each asks for.

# %% tags=["experiment"]
# Needs your dilate_kernel and your DilatedConv2D.
rng = np.random.default_rng(3)


def apply(x, kernel, **arguments):
    """Your layer, without a bias, with a given kernel."""
    layer = DilatedConv2D(kernel.shape[-1], kernel.shape[:2], use_bias=False, **arguments)
    layer.build(x.shape)
    layer.set_weights([kernel])
    return layer(x).numpy()


x = rng.integers(-3, 4, (1, 12, 12, 2)).astype("float32")
kernel = rng.integers(-3, 4, (3, 3, 2, 4)).astype("float32")
print("the picture of a kernel, channel 0, filter 0, rate 2:")
print(dilate_kernel(kernel[:, :, 0, 0], 2).numpy().astype(int))
print()
for rate in (1, 2, 3, (1, 4)):
    wide = dilate_kernel(kernel, rate).numpy()
    filled = tf.nn.conv2d(x, wide, 1, "SAME").numpy()
    yours = apply(x, kernel, padding="same", dilation_rate=rate)
    taps, numbers = 9, wide.shape[0] * wide.shape[1]
    print(
        f"rate {rate!s:6s}: equal: {np.array_equal(filled, yours)},  multiplications per output "
        f"and channel: {taps} with gaps, {numbers:2d} with zeros"
    )

x[0, 6, 6, 0] = np.inf  # one pixel under a gap of the windows at its sides
gaps = apply(x, kernel[..., :1], padding="same", dilation_rate=2)[0, :, :, 0]
zeros = tf.nn.conv2d(x, dilate_kernel(kernel[..., :1], 2), 1, "SAME")[0, :, :, 0].numpy()
truth = tf.nn.conv2d(x, kernel[..., :1], 1, "SAME", dilations=2)[0, :, :, 0].numpy()
print("\none infinite pixel, rate 2: outputs that are infinite or NaN")
for name, y in (
    ("TensorFlow's dilated op", truth),
    ("your layer", gaps),
    ("kernel with zeros", zeros),
):
    print(f"  {name:24s} {np.sum(~np.isfinite(y)):2d}")

# %% [markdown]
# **Measured.** The layer and the kernel with zeros agree to the last digit, for every rate. With rate $d$ there are $d - 1$ zeros between two taps, and $3 \times 3$ becomes $5 \times 5$ for rate 2.
#
# **Sharpened.** The claim describes the result, not the work. Two of the measurements show where it stops being true:
#
# - With real zeros, rate 2 asks for 25 multiplications where 9 do, rate 3 for 49. A dilated convolution *leaves out* the pixels in the gaps; it does not multiply them by zero. That is why it costs no more than an ordinary convolution with the same number of taps.
# - One infinite pixel spoils 9 outputs of TensorFlow's dilated op: those which have a tap on it. With the zeros it spoils 25, because $0 \cdot \infty$ is NaN. (Your layer may give either number; it depends on how you built it. The hidden tests use finite pixels.)

# %% [markdown]
# ### And what does it cost?
#
# *Claim: dilation is the cheaper way to a large reach.* A kernel of $17 \times 17$ weights reaches as far as a $3 \times 3$ kernel with rate 8. In multiplications the claim is plain: 289 against 9 for each output and channel. But multiplications are not seconds. We take the time, with Keras's own layer so that both are at their best.

# %% tags=["experiment"]
# Needs none of your code. About 6 seconds.
import time

pictures = tf.random.stateless_normal((4, 64, 64, 32), seed=(3, 3))


def milliseconds(**arguments):
    layer = keras.layers.Conv2D(32, padding="same", use_bias=False, **arguments)
    layer.build(pictures.shape)
    run = tf.function(layer)
    run(pictures)
    times = []
    while len(times) < 5 or (sum(times) < 0.5 and len(times) < 50):
        begin = time.perf_counter()
        run(pictures).numpy()
        times.append(time.perf_counter() - begin)
    return 1e3 * np.median(times), layer.count_params()


reaches, dilated, dense = [3, 5, 9, 17], [], []
for reach in reaches:
    dilated.append(milliseconds(kernel_size=3, dilation_rate=(reach - 1) // 2))
    dense.append(milliseconds(kernel_size=reach))
    print(
        f"reach {reach:2d} pixels: 3x3 dilated {dilated[-1][0]:5.1f} ms, {dilated[-1][1]:5d} weights;"
        f"  {reach:2d}x{reach:<2d} full {dense[-1][0]:5.1f} ms, {dense[-1][1]:6d} weights"
    )

plt.figure(figsize=(8, 4))
plt.loglog(reaches, [t for t, _ in dense], "--", color="0.4", marker="s", label="full kernel")
plt.loglog(reaches, [t for t, _ in dilated], "-", color="black", marker="o", label="3x3, dilated")
plt.minorticks_off()
plt.xticks(reaches, reaches)
plt.yticks([1, 3, 10, 30, 100], [1, 3, 10, 30, 100])
plt.xlabel("reach of the kernel (pixels)")
plt.ylabel("time of a layer (ms)")
plt.title("Reach is almost free with dilation, and expensive with a full kernel")
plt.legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# **Measured.** The dilated layer has 9216 weights whatever its rate; the full kernel of $17 \times 17$ has 32 times as many. On our two-core machine, in four runs with little else going on, rate 8 took 2.8 to 3.6 ms and the full $17 \times 17$ kernel 32 to 88 ms.
#
# **Confirmed, and sharpened.** Dilation is cheaper in weights, in multiplications and in time. But rate 8 took a little longer than rate 1 (2.1 to 2.8 ms), though the multiplications are the same: pixels that stand apart are less handy to fetch. And the same reach is not the same function: the full kernel can weigh 289 pixels, the dilated one nine of them.

# %% [markdown]
# ## Experiment 2: receptive fields, with and without holes
#
# *Claim: dilation enlarges the receptive field, and needs no further weights for it.* Stack four $3 \times 3$ layers. Each adds $2d$ pixels to the side of the *receptive field*, the square of input pixels over which one output reaches:
#
# $$\text{side} = 1 + \sum_{\text{layers}} (k - 1)\, d.$$
#
# Yu and Koltun double the rate from layer to layer, $d = 2^i$: with 3, 7, 15, 31, ... pixels the side grows exponentially, while the weights grow by nine (per pair of channels) for every layer. The formula counts the pixels between the outermost taps. It does not say that all of them are *seen*. So we ask the layer itself. With all weights equal to 1, the gradient of one output by an input pixel is the number of paths that lead from this pixel to the output. A pixel with no path is a hole.

# %% tags=["experiment"]
# Needs your DilatedConv2D.
stacks = [(1, 1, 1, 1), (2, 2, 2, 2), (1, 2, 4, 8)]


def paths(rates, size=33):
    """The number of paths from each input pixel to the output in the middle."""
    x = tf.zeros((1, size, size, 1))
    layers = [
        DilatedConv2D(
            1, 3, padding="same", dilation_rate=rate, use_bias=False, kernel_initializer="ones"
        )
        for rate in rates
    ]
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x
        for layer in layers:
            y = layer(y)
        middle = y[0, size // 2, size // 2, 0]
    weights = sum(layer.count_params() for layer in layers)
    return tape.gradient(middle, x)[0, :, :, 0].numpy(), weights


figure, axes = plt.subplots(1, 3, figsize=(11, 4.4))
print("rates          weights   side   pixels in the field   seen   share")
for ax, rates in zip(axes, stacks):
    counts, weights = paths(rates)
    seen_rows = np.flatnonzero(counts.sum(axis=1))
    side = seen_rows[-1] - seen_rows[0] + 1
    seen = np.sum(counts > 0)
    name = ", ".join(map(str, rates))
    print(
        f"{name:14s} {weights:7d} {side:6d} {side**2:21d} {seen:6d} {100 * seen / side**2:6.1f} %"
    )
    ax.imshow(np.sqrt(counts / counts.max()), cmap="gray_r")
    corner = seen_rows[0] - 0.5
    ax.add_patch(plt.Rectangle((corner, corner), side, side, fill=False, linestyle="--"))
    ax.set_title(f"rates {name}:\n{seen} of {side} x {side} pixels seen")
    ax.set_xlabel("column (pixels)")
    ax.set_ylabel("row (pixels)")
figure.suptitle("Same weights, three fields (dashed); darker: more paths; white: none")
plt.tight_layout()
plt.show()

# %% [markdown]
# **Measured.** All three stacks have 36 weights (in general nine per layer and pair of channels), and fields with 9, 17 and 31 pixels a side.
#
# **Set straight.** What dilation enlarges is the *outline* of the field. With rates 2, 2, 2, 2 the outline has 289 pixels, and the output sees 81 of them, 28 %. That is not one pixel more than the 81 that the stack without dilation sees: it sees as much as before, spread out. Every offset is a sum of multiples of 2, so no odd offset can occur. Rates 1, 2, 4, 8 see all 961. What matters is not that the rates are large but that they *differ*, so that each layer fills the gaps of the next.
#
# The picture tells one thing more. The fields are not evenly dark: many more paths start near the middle than at the rim. Lab 10 comes back to that (exercise 3).

# %% [markdown]
# ## Experiment 3: what a stack cannot learn
#
# *Claim: a dilated stack brings in what is far away.* Does a hole do harm in practice, or do many channels and training find a way round it? The task: noise goes in, and the output has to be the input moved to the right by 3, by 6 and by 7 pixels (three output channels, one for each distance). A stack that sees the right pixel has an easy task. One that does not can do no better than to guess the mean, which leaves all of the variance (1.0) unexplained.
#
# The three stacks have the same numbers of weights and get the same pictures. Before you run the cell, predict which of the nine curves will go to zero.

# %% tags=["experiment"]
# Needs your DilatedConv2D. About 10 seconds.
distances = (3, 6, 7)


def train(rates, steps=90):
    keras.utils.set_random_seed(3)
    noise = np.random.default_rng(3).normal(size=(steps, 8, 40, 40, 1)).astype("float32")
    layers = [
        DilatedConv2D(8 if position < 3 else 3, 3, padding="same", dilation_rate=rate)
        for position, rate in enumerate(rates)
    ]
    model = keras.Sequential([keras.Input((40, 40, 1)), *layers])
    optimizer = keras.optimizers.Adam(0.01)
    optimizer.build(model.trainable_variables)

    @tf.function(autograph=False)
    def step(x):
        moved = tf.concat([tf.roll(x, distance, axis=2) for distance in distances], axis=-1)
        with tf.GradientTape() as tape:
            # The outer 12 pixels are left out: some windows leave the picture there.
            errors = (model(x) - moved)[:, 12:-12, 12:-12] ** 2
            losses = tf.reduce_mean(errors, axis=(0, 1, 2))
            loss = tf.reduce_sum(losses)
        variables = model.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
        return losses

    return np.array([step(x) for x in noise]), model.count_params()


figure, axes = plt.subplots(1, 3, figsize=(11, 3.8), sharey=True)
print("share of the variance left unexplained    3 pixels   6 pixels   7 pixels   weights")
for ax, rates in zip(axes, stacks):
    curve, weights = train(rates)
    left = curve[-20:].mean(axis=0)
    name = ", ".join(map(str, rates))
    print(f"  rates {name:30s}" + "".join(f"{v:11.3f}" for v in left) + f"{weights:10d}")
    for values, distance, style in zip(curve.T, distances, ("-", "--", ":")):
        ax.plot(values, style, color="black", label=f"moved by {distance} pixels")
    ax.set_title(f"rates {name}")
    ax.set_xlabel("step of Adam")
axes[0].set_ylabel("unexplained share of the variance")
axes[0].legend(loc="center right")
figure.suptitle("A stack learns what it sees: only 1, 2, 4, 8 reaches far and sees everything")
plt.tight_layout()
plt.show()

# %% [markdown]
# **Measured.** The stack 1, 1, 1, 1 learned the distance 3 (0.001 left) and neither 6 nor 7 (0.98 and 0.99), for it sees up to 4 pixels away. The stack 2, 2, 2, 2 reaches 8 pixels and yet failed at 3 and 7: it learned the *even* distance alone. The stack 1, 2, 4, 8 learned all three. (What is left of a task that cannot be learned is 1 up to the chance of the sample.)
#
# **Confirmed, and sharpened.** Dilation does help where the answer depends on something far away. But an output has to reach *the right* pixels; the rates decide which, and no training cures a hole.

# %% [markdown]
# ## Experiment 4: why networks for segmentation use it
#
# *Claim: dilation keeps the resolution that segmentation needs.* A network for classification makes its pictures smaller, by strides or pooling, until one pixel of the last layer stands for a large patch. Segmentation wants an answer for *every* pixel. Can it keep the large patch *and* the resolution, with the weights that are already trained?
#
# Two layers with stride 2 in the first: the second layer's neighboring pixels are 2 input pixels apart. Now set the stride to 1, and give the *second* layer the rate 2. Its taps are again 2 input pixels apart.

# %% tags=["experiment"]
# Needs your DilatedConv2D.
rng = np.random.default_rng(33)
picture = rng.integers(-2, 3, (1, 21, 21, 3)).astype("float32")
first = rng.integers(-2, 3, (3, 3, 3, 4)).astype("float32")
second = rng.integers(-2, 3, (3, 3, 4, 2)).astype("float32")

small = apply(np.maximum(apply(picture, first, strides=2), 0), second)
full = apply(np.maximum(apply(picture, first), 0), second, dilation_rate=2)
print("stride 2, then rate 1:", small.shape[1:3], "outputs per filter")
print("stride 1, then rate 2:", full.shape[1:3], "outputs per filter")
print("every second row and column of the full output equals the small one:")
print("   ", np.array_equal(full[:, ::2, ::2], small))

# %% [markdown]
# **Measured.** The dense network gives $15 \times 15$ outputs where the strided one gives $8 \times 8$, with the same weights. Where both have an answer the answers are equal, exactly. The others, about three in four, are new.
#
# **Confirmed.** The strides of a trained classifier can be exchanged for rates, and its weights keep their meaning. A dilated layer by itself shrinks nothing but what `"valid"` windows lose at the border, like any convolution. The price: the dense network works on four times as many pixels from the first layer on.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Written question
#
# A colleague builds a network for segmentation from four $3 \times 3$ layers. "I need context," they say, "so all four get rate 4: as many weights as before, and each output now sees $33 \times 33$ pixels." The result is disappointing: thin lines are missed, and the output shows a regular pattern of little squares.
#
# 1. Is it true that the weights stay the same and that the receptive field has a side of 33 pixels? How many of its $33^2$ pixels does one output really see? (1 point)
# 2. Take two outputs side by side in a row. Which input pixels do both of them see? Explain the pattern from that. (1 point)
# 3. Give four rates with the same number of weights and a field of at least 31 pixels a side in which every pixel is seen, and say why none is missed. (1 point)

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_answer", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# **Marking scheme (3 points)**
#
# - *1 point*, question 1: the weights do stay the same, and the side is $1 + 4 \cdot 2 \cdot 4 = 33$ (½). Along each axis only the offsets $-16, -12, \dots, 16$ are reached, 9 of 33, so $9^2 = 81$ of $1089$ pixels, about 7.4 % (½; give it for a right method with a slip in the arithmetic).
# - *1 point*, question 2: none (½). Every offset is a multiple of 4, so an output sees only pixels with its own remainders of row and column when divided by 4; the picture falls apart into 16 coarse pictures that never meet. Neighboring outputs come from different ones, so nothing makes them agree, and the differences repeat every 4 pixels; a thin line lies in a few of the 16 only (½ for either explanation).
# - *1 point*, question 3: rates such as 1, 2, 4, 8 (side 31) or 1, 3, 9, 3 (side 33), in any order (½). A reason (½): for instance, after rates $1, \dots, 2^{m-1}$ all offsets up to $\pm(2^m - 1)$ are reached, and a further layer with rate $2^m$ lays copies of that block side by side without a gap. Accept a listing of the offsets, or a picture. Any other rates that leave no hole and reach 31 get full marks.
#
# **Model answer.** Four layers with nine taps each have as many weights at any rate, and the outermost taps are $4 \cdot 2 \cdot 4 = 32$ pixels apart, so the side is 33. But a sum of multiples of 4 is a multiple of 4: along each axis the offsets are $-16, -12, \dots, 16$, nine of them, and the output sees 81 of the 1089 pixels, 7.4 %. The output next to it is shifted by one pixel, so all of its offsets differ by one: they share no pixel at all. The picture is cut into $4 \times 4 = 16$ interleaved coarse pictures, and each is processed by itself, as by ordinary convolutions at a quarter of the resolution. Nothing ties neighboring outputs to each other, and that is the pattern; a line of one pixel's width is seen by a quarter of the outputs only. Rates 1, 2, 4, 8 have the same weights and the side $1 + 2 \cdot 15 = 31$. The first layer reaches the offsets $-1, 0, 1$; with rate 2 the offsets $-3, \dots, 3$, with rate 4 $-7, \dots, 7$, and with rate 8 the blocks $-15 \dots -1$, $-7 \dots 7$, $1 \dots 15$, which overlap. Every offset occurs, so no pixel is missed.

# %% [markdown]
# ## Challenge: how much does a stack see?
#
# In experiment 2 a gradient told us. Now predict it. A stack of layers with kernels of $k \times k$ taps, strides 1, and the rates $d_1, d_2, \dots$ is given. Write `tap_coverage`, which returns the share of the pixels of the receptive field that reach one output through at least one path. No layer needs to run for that.
#
# For $k = 3$ and the rates $2, 2, 2$ the field has $13 \times 13$ pixels, and 49 of these 169 are seen. (Wang et al., 2018, call the effect *gridding*.)


# %% nbgrader={"grade": false, "grade_id": "tap_coverage", "locked": false, "schema_version": 3, "solution": true, "task": false}
def tap_coverage(kernel_size, rates):
    """Returns the share of its receptive field that a stack of layers sees.

    The stack has one layer for each rate, each with `kernel_size` by
    `kernel_size` taps and strides of 1. The receptive field of one output is
    the square of input pixels from the first to the last pixel that reaches it,
    along both axes. A pixel is seen if at least one path of taps leads from it
    to the output.

    Args:
        kernel_size: int, the number of taps of all kernels along either axis;
            it may be even.
        rates: list or tuple of ints, the dilation rate of each layer; one rate
            holds for both axes.

    Returns:
        A float, at most 1: the number of pixels that are seen, over the number
        of pixels in the receptive field.
    """
    ### BEGIN SOLUTION
    # Along one axis: where the taps of taps of taps of an output end up.
    reached = {0}
    for rate in rates:
        reached = {place + tap * rate for place in reached for tap in range(kernel_size)}
    side = max(reached) - min(reached) + 1
    # Rows and columns are chosen independently of each other.
    return (len(reached) / side) ** 2
    ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_tap_coverage", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(tap_coverage)

# %% nbgrader={"grade": true, "grade_id": "challenge_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare the shares that you predict with the right ones, for stacks of one to five
# layers with even and odd kernels.
graded("challenge_values")

# %% [markdown]
# ### Which rates are best?
#
# With a prediction at hand, we can search. Of all ways to choose three rates from 1 to 12 for kernels of $3 \times 3$ taps: which reach farthest and see everything?

# %% tags=["experiment"]
# Needs your tap_coverage.
triples = [(a, b, c) for a in range(1, 13) for b in range(a, 13) for c in range(b, 13)]
complete = [rates for rates in triples if tap_coverage(3, list(rates)) > 0.999]
print(f"{len(complete)} of {len(triples)} choices have no hole; those that reach farthest:")
for rates in sorted(complete, key=sum)[-4:]:
    print(f"  rates {rates}: side {1 + 2 * sum(rates)}")

figure, axes = plt.subplots(1, 4, figsize=(12, 3.2), sharey=True)
for ax, rates in zip(axes, [(2, 2, 2), (1, 2, 4), (1, 2, 9), (1, 3, 9)]):
    ways = np.ones(1)
    for rate in rates:
        ways = np.convolve(ways, np.eye(2 * rate + 1)[[0, rate, 2 * rate]].sum(axis=0))
    offsets = np.arange(ways.size) - ways.size // 2
    ax.bar(offsets, ways, color="0.45", edgecolor="black", linewidth=0.5, width=1.0)
    ax.plot(offsets[ways == 0], np.full(np.sum(ways == 0), 0.25), "kx", markersize=5)
    ax.set_xticks([-ways.size // 2 + 1, 0, ways.size // 2])
    ax.set_title(
        f"rates {rates}:\n{100 * tap_coverage(3, list(rates)):.1f} % of {ways.size}$^2$ seen"
    )
    ax.set_xlabel("offset from the output (pixels)")
axes[0].set_ylabel("paths along one axis (count)")
figure.suptitle("Paths to one output (x: no path). Rates 1, 3, 9 use every path for a new pixel")
plt.tight_layout()
plt.show()

# %% [markdown]
# **Measured.** Only 18 of the 364 choices see everything. The familiar 1, 2, 4 is one of them, with a side of 15. The farthest is 1, 3, 9 with a side of 27. The rightmost picture shows why: with three taps per layer there are $3 \cdot 3 \cdot 3 = 27$ paths along an axis, and rates 1, 3, 9 send each to a pixel of its own. No stack of three can do better without a hole. The choice 1, 2, 4 sends up to three paths to the same pixel; it pays with reach for looking more than once.
#
# Rates 1, 2, 9 are an example from Wang et al. that fails: the step from 2 to 9 is too large for the block of 7 pixels that the first two layers have filled, and 70.6 % is left. Rates with a common factor, such as 2, 4, 8, always fail: all offsets are multiples of it.

# %% [markdown]
# ## References
#
# - F. Yu and V. Koltun, *Multi-scale context aggregation by dilated convolutions*, ICLR 2016, arXiv:1511.07122. Read section 2 for the definition and the exponential receptive field, section 3 for a module made of such layers.
# - P. Wang et al., *Understanding convolution for semantic segmentation*, WACV 2018, arXiv:1702.08502. Read section 3.2 for gridding and for "hybrid dilated convolution", a choice of rates without holes.
# - F. Yu, V. Koltun and T. Funkhouser, *Dilated residual networks*, CVPR 2017, arXiv:1705.09914. Read it for strides that are exchanged for dilation, as in experiment 4, and the grid pattern that comes of it.
# - L.-C. Chen et al., *DeepLab: semantic image segmentation with deep convolutional nets, atrous convolution, and fully connected CRFs*, IEEE TPAMI 40(4), 2018, arXiv:1606.00915. Read section 3.1 for dense answers from a network that was trained for classification.
# - M. Holschneider, R. Kronland-Martinet, J. Morlet and P. Tchamitchian, *A real-time algorithm for signal analysis with the help of the wavelet transform*, in *Wavelets: Time-Frequency Methods and Phase Space*, Springer, 1989. Read it for the "algorithme à trous", where the holes come from.
# - V. Dumoulin and F. Visin, *A guide to convolution arithmetic for deep learning*, arXiv:1603.07285, 2016. Read section 5.1 for the effective kernel size.
