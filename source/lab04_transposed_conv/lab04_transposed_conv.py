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
# # Lab 04: What is transposed convolution, and how does it work?
#
# A convolution with strides makes pictures smaller. Decoders, generators and networks for segmentation need the way back: from a small picture to a large one, with weights that are learned. A transposed convolution goes that way. It goes by the names of *deconvolution* and *fractionally strided convolution*, too, and is often said to be the reverse of a convolution. This lab is about what it really is.
#
# **What you will build.** `insert_zeros`, which draws the textbook picture of the operation; `Conv2DTranspose`, a layer that can stand in for `keras.layers.Conv2DTranspose`, made of elementary operations only. As a challenge: `overlap_counts`, which predicts its checkerboards, and `ICNR`, an initializer that starts a rival method without any.
#
# **What you should know before.** NumPy-style slicing and padding; what a convolution layer with strides, padding and several channels computes (lab 03); that a linear map is a matrix; how a Keras layer is put together (`build`, `call`, `get_config`: lab 01, exercise 1).
#
# **How long it takes.** 60 to 90 minutes. Everything runs on a laptop's CPU.
#
# **What is put to the test.** That transposed convolution reverses a convolution, that it works by inserting zeros, and that a kernel whose size is a multiple of the stride is safe from checkerboards.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from layerlab import check, graded, hint, progress

# %% [markdown]
# ## Intuition
#
# A popular drawing shows nine numbers beside nine others and the word "transposed" between them. It explains nothing: the sizes are equal, and no arrow says which number goes where. Look at *one pixel* instead.
#
# In a convolution, an output pixel *collects*: it looks at a window of the input and adds up pixels times weights. In a transposed convolution, an input pixel *sends*: it multiplies the whole kernel by its own value and stamps the result on the output. The next pixel stamps its own copy, `strides` pixels further on. Where stamps overlap, they are added.

# %% tags=["experiment"]
# The intuition as a drawing. Needs none of your code.
pixels = np.array([[1, 2], [3, 0]])
stamp = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]])


def draw(ax, numbers, title):
    ax.imshow(numbers, cmap="gray_r", vmin=0, vmax=24)
    for (row, column), number in np.ndenumerate(numbers):
        color = "white" if number > 12 else "black"
        ax.text(column, row, str(number), ha="center", va="center", color=color)
    ax.set_title(title, fontsize=10)
    ax.set_xticks(range(numbers.shape[1]))
    ax.set_yticks(range(numbers.shape[0]))
    ax.set_xlabel("column (pixels)")


figure, axes = plt.subplots(1, 5, figsize=(15, 3.6), layout="constrained")
draw(axes[0], pixels, "input, 2 x 2")
total = np.zeros((5, 5), int)
styles = {(0, 0): "-", (0, 1): "--", (1, 0): ":"}
for ax, ((i, j), style) in zip(axes[1:4], styles.items()):
    canvas = np.zeros((5, 5), int)
    canvas[2 * i : 2 * i + 3, 2 * j : 2 * j + 3] = pixels[i, j] * stamp
    total += canvas
    draw(ax, canvas, f"stamp of pixel ({i}, {j}): {pixels[i, j]} x kernel")
    for target in (ax, axes[4]):
        target.add_patch(
            plt.Rectangle(
                (2 * j - 0.45, 2 * i - 0.45), 2.9, 2.9, fill=False, linestyle=style, linewidth=2
            )
        )
draw(axes[4], total, "output: the sum, 5 x 5")
axes[0].set_ylabel("row (pixels)")
figure.suptitle("Each input pixel stamps the kernel, scaled, 2 pixels from its neighbor's stamp")
plt.show()

# %% [markdown]
# The kernel of the drawing has the rows 1 2 1, 2 4 2 and 1 2 1, and the strides are 2. Check a sum or two by hand: the 6 in the middle of the output is $1 \cdot 1 + 2 \cdot 1 + 3 \cdot 1$, a corner of each stamp. (The fourth pixel is 0: its stamp is left out of the drawing, and changes nothing.)
#
# Two things can be seen already. The output is *larger* than the input, by about the factor 2. And each output pixel is still a weighted sum of input pixels, but the output pixels are not treated alike: the one in the middle lies under all four stamps, its neighbors under two, others under one. You will meet that again, as a checkerboard.

# %% [markdown]
# ## Mathematics
#
# We follow Dumoulin and Visin (2016, chapter 4). Write the pixels of a picture one below the other, as a vector $x$. A convolution is linear in $x$, so there is a matrix $C$, full of zeros and of kernel weights, with
#
# $$\operatorname{conv}(x, K) = C x.$$
#
# The chain rule sends a gradient $g$ that arrives at the output back to the input as $C^{\mathsf T} g$. The *transposed convolution* is that map, taken as a layer of its own:
#
# $$\operatorname{conv}^{\mathsf T}(y, K) = C^{\mathsf T} y.$$
#
# That is where the name comes from, and it is the whole definition. $C$ and $C^{\mathsf T}$ have the same weights in them. There is a way to say it without any matrix, by inner products (sums of products of all pixels): for all pictures $x$ and $y$ that fit,
#
# $$\langle \operatorname{conv}(x, K),\; y \rangle \;=\; \langle x,\; \operatorname{conv}^{\mathsf T}(y, K) \rangle.$$
#
# A map with this property is called the *adjoint*. It is **not the inverse**: $C^{\mathsf T} C$ is not the identity. The hidden tests use this identity: among the true outputs that your layer is compared with are some that were made from it and from ordinary convolutions alone.
#
# ### With everything that a layer has
#
# Count from zero, as your code does. The input $y$ has $n_h \times n_w$ pixels and channels $c$, the kernel is $K_{i,j,f,c}$ for filter (output channel) $f$, the strides are $s$, the bias is $b$. Pixel $(u, v)$ stamps its kernel at row $u s_h$, column $v s_w$. At row $r$ and column $q$, the output is
#
# $$z_{r,\,q,\,f} = b_f + \sum_{c} \;\sum_{\substack{u,\,i:\\ u s_h + i \,=\, r + p_h}} \;\; \sum_{\substack{v,\,j:\\ v s_w + j \,=\, q + p_w}} K_{i,j,f,c} \cdot y_{u,v,c}.$$
#
# Look at the order of the kernel's axes: $(k_h, k_w, \text{filters}, \text{channels})$. It is the kernel of the *convolution*, which goes from $f$ to $c$; your layer uses it the other way.
#
# Here $p$ is the number of pixels that are cut off in front. It and the output's size $m$ follow from `padding` and `output_padding`. Keras's rules, along one axis with $n$ input pixels, kernel size $k$, stride $s$ and output padding $o$:
#
# | `padding` | `output_padding=None` | `output_padding=o` |
# | --- | --- | --- |
# | `"valid"` | $m = (n - 1)\,s + \max(k, s)$ | $m = (n - 1)\,s + k + o$ |
# | `"same"` | $m = n\,s$ | $m = (n - 1)\,s + (k \bmod 2) + o$ |
#
# All stamps together reach over $(n - 1)\,s + k$ pixels. With `"valid"`, nothing is cut off in front. With `"same"`, $t = \max\bigl((n - 1)\,s + k - m,\; 0\bigr)$ pixels are too many: $p = \lfloor t/2 \rfloor$ of them go in front and the others at the end. When $t$ is odd, the *end* loses one more. Where the output is longer than the stamps reach, it ends in pixels that no stamp has touched: they hold the bias alone.
#
# ### Why there is such a thing as output padding
#
# A `"same"` convolution with stride 3 makes 7 pixels from 19, from 20 and from 21. Each has its own transposed convolution, from 7 pixels to 19, to 20, and to 21. The output size cannot be computed from the input size; somebody has to choose. So `output_padding` adds no information and no border of zeros; it *selects* one of $s$ possible sizes, and so $0 \le o < s$. Keras refuses other values with a `ValueError`, and so does your layer.
#
# (One hole is left. With `"same"`, an even kernel and `output_padding=0`, the rule says $m = (n - 1)\,s$, and no convolution goes from there to $n$ pixels. Keras's own layer breaks down in that case, and no test asks for it.)

# %% [markdown]
# ## Exercise 1: the picture with the holes
#
# The usual drawing of a transposed convolution puts zeros between the pixels of the input and moves a kernel over the expanded grid:
#
# $$\begin{bmatrix} y_{00} & y_{01} \\ y_{10} & y_{11} \end{bmatrix} \quad\xrightarrow{\;s\, =\, 3\;}\quad \begin{bmatrix} y_{00} & 0 & 0 & y_{01} \\ 0 & 0 & 0 & 0 \\ 0 & 0 & 0 & 0 \\ y_{10} & 0 & 0 & y_{11} \end{bmatrix}$$
#
# The output moves $s$ pixels for one pixel of the input: the input moves by a *fraction* of a pixel for one pixel of the output. Hence "fractionally strided". Write the function that makes this grid. How many zeros are there between two pixels? How many behind the last one?


# %% nbgrader={"grade": false, "grade_id": "insert_zeros", "locked": false, "schema_version": 3, "solution": true, "task": false}
def insert_zeros(x, strides):
    """Returns a picture with zeros between its pixels.

    Neighboring pixels end up `strides` pixels apart, with `strides - 1` zeros
    between them, along height and width. No zeros are added before the first
    pixel or after the last one.

    Args:
        x: array or tensor of any float dtype, of shape
            `(batch, height, width, channels)`.
        strides: int or tuple/list of 2 integers, the distances between
            neighboring pixels along height and width; 1 changes nothing.

    Returns:
        A tensor of shape `(batch, (height - 1) * strides_h + 1,
        (width - 1) * strides_w + 1, channels)` and of the dtype of `x`.
        Gradients flow through it to `x`.
    """
    ### BEGIN SOLUTION
    x = tf.convert_to_tensor(x)
    down, right = (strides, strides) if isinstance(strides, int) else strides
    _, height, width, channels = x.shape
    # Give every pixel a cell of `down` x `right` numbers of its own: itself and zeros.
    cells = tf.reshape(x, (-1, height, 1, width, 1, channels))
    cells = tf.pad(cells, [(0, 0), (0, 0), (0, down - 1), (0, 0), (0, right - 1), (0, 0)])
    grid = tf.reshape(cells, (-1, height * down, width * right, channels))
    # The zeros behind the last pixel are too many.
    return grid[:, : (height - 1) * down + 1, : (width - 1) * right + 1]
    ### END SOLUTION


# %% [markdown]
# Stuck? `hint(insert_zeros)` leads from a question to the idea, one step at each call; `hint("insert_zeros")` works before you have written anything. `progress()` says which exercises pass.

# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_insert_zeros", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(insert_zeros)

# %% nbgrader={"grade": true, "grade_id": "insert_zeros_values", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your expanded grids, pixel by pixel, and their gradients with the right ones,
# for strides that are integers or pairs.
graded("insert_zeros_values")

# %% [markdown]
# ## Exercise 2: the layer
#
# Write `Conv2DTranspose`. The docstring is the contract. No loop over the batch, the pixels, the channels or the filters is needed; a loop over the places in the kernel is fine. Think about what one of them, $(i, j)$, contributes to the output *for all input pixels at once*.
#
# You may call your `insert_zeros`, but you need not. If you let a kernel *collect* from the expanded grid, think about which weight of a stamp lies over a given output pixel when the stamp was made to its upper left: the one at the kernel's lower right. What does that do to the kernel?


# %% nbgrader={"grade": false, "grade_id": "conv2d_transpose", "locked": false, "schema_version": 3, "solution": true, "task": false}
@keras.saving.register_keras_serializable(package="layerlab")
class Conv2DTranspose(keras.layers.Layer):
    """2D transposed convolution: the adjoint of a convolution with strides.

    Each input pixel multiplies the kernel by its channels and stamps the result
    on the output, `strides` pixels from its neighbor's stamp. Overlapping
    stamps are added.

    The layer is a drop-in for `keras.layers.Conv2DTranspose` on the arguments
    below. You write it from elementary operations (slicing, padding, reshaping,
    products, sums, `matmul`, `einsum`, `take`, ...). Every convolution op and
    layer, transposed or not, and patch extraction are banned here.

    Args:
        filters: int, the number of filters, which is the number of output
            channels.
        kernel_size: int or tuple/list of 2 integers, the height and width of
            the kernel.
        strides: int or tuple/list of 2 integers, the distances between the
            stamps of neighboring input pixels along height and width.
        padding: string, `"valid"` or `"same"` (case-insensitive). `"valid"`:
            nothing is cut off in front. `"same"`: what the stamps reach beyond
            the output size is cut off, half in front and half at the end; if
            it is odd, one more at the end.
        output_padding: int or tuple/list of 2 integers, at least 0 and less
            than the strides, or `None`. It sets the output size, see there.
        use_bias: bool, whether a bias is added to the output.
        kernel_initializer: initializer of the kernel.
        bias_initializer: initializer of the bias.

    Weights (created in `build`, in this order):
        `kernel`: shape `(kernel_height, kernel_width, filters, channels)`.
        `bias`: shape `(filters,)`, if `use_bias`.

    Input shape:
        A 4D tensor `(batch, height, width, channels)`. The batch size may be
        unknown.

    Output shape:
        A 4D tensor `(batch, new_height, new_width, filters)`. Along each axis,
        for an input `size`, kernel size `k` and stride `s`:
        `"valid"`: `(size - 1) * s + k + output_padding`, and for `None`
        `(size - 1) * s + max(k, s)`.
        `"same"`: `(size - 1) * s + k % 2 + output_padding`, and for `None`
        `size * s`. Note that 0 is not `None`.
        Pixels that no stamp reaches stand at the end and hold the bias alone.

    Raises:
        ValueError: in the constructor, if `filters` is not positive; if
            `kernel_size` or `strides` is not a positive integer or a tuple/list
            of 2 of them; if `padding` is not one of the strings above; if
            `output_padding` is neither `None` nor such integers, at least 0 and
            less than the strides. Each message ends with "Received: ...".
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        output_padding=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        **kwargs,
    ):
        super().__init__(**kwargs)

        ### BEGIN SOLUTION
        def pair(name, value, least=1):
            values = (value, value) if isinstance(value, int) else value
            if (
                not isinstance(values, (tuple, list))
                or len(values) != 2
                or not all(isinstance(v, (int, np.integer)) and v >= least for v in values)
            ):
                raise ValueError(
                    f"The `{name}` argument must be an integer of at least {least} or a tuple "
                    f"of 2 of them. Received: {name}={value}"
                )
            return tuple(values)

        self.filters = filters
        self.kernel_size = pair("kernel_size", kernel_size)
        self.strides = pair("strides", strides)
        self.padding = str(padding).lower()
        self.output_padding = output_padding
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
        if output_padding is not None:
            self.output_padding = pair("output_padding", output_padding, least=0)
            if any(o >= s for o, s in zip(self.output_padding, self.strides)):
                raise ValueError(
                    "The output padding must be less than the strides. Received: "
                    f"output_padding={output_padding}, strides={strides}"
                )
        ### END SOLUTION

    def build(self, input_shape):
        ### BEGIN SOLUTION
        channels = input_shape[-1]
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={-1: channels})
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, self.filters, channels),
            initializer=self.kernel_initializer,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(self.filters,), initializer=self.bias_initializer
            )
        ### END SOLUTION

    def call(self, inputs):
        ### BEGIN SOLUTION
        (kh, kw), (sh, sw) = self.kernel_size, self.strides
        _, height, width, _ = inputs.shape
        _, rows, columns, _ = self.compute_output_shape(inputs.shape)

        # The weights (i, j) of all stamps at once: (batch, height, width, channels) times
        # (channels, filters). Those of pixel (u, v) belong at row u * sh + i, column v * sw + j.
        full = 0
        for i in range(kh):
            for j in range(kw):
                stamped = keras.ops.matmul(inputs, keras.ops.transpose(self.kernel[i, j]))
                cells = keras.ops.reshape(stamped, (-1, height, 1, width, 1, self.filters))
                cells = keras.ops.pad(
                    cells, [(0, 0), (0, 0), (0, sh - 1), (0, 0), (0, sw - 1), (0, 0)]
                )
                spread = keras.ops.reshape(cells, (-1, height * sh, width * sw, self.filters))
                full = full + keras.ops.pad(
                    spread, [(0, 0), (i, kh - 1 - i), (j, kw - 1 - j), (0, 0)]
                )

        # What "same" cuts off in front: the smaller half of what is too much.
        top, left = (
            max((n - 1) * s + k - m, 0) // 2 if self.padding == "same" else 0
            for n, m, k, s in zip((height, width), (rows, columns), (kh, kw), (sh, sw))
        )
        outputs = full[:, top : top + rows, left : left + columns]
        return outputs + self.bias if self.use_bias else outputs
        ### END SOLUTION

    def compute_output_shape(self, input_shape):
        ### BEGIN SOLUTION
        batch, *lengths, _ = input_shape
        sizes = []
        for n, k, s, o in zip(
            lengths, self.kernel_size, self.strides, self.output_padding or (None, None)
        ):
            if n is None:
                sizes.append(None)
            elif self.padding == "valid":
                sizes.append((n - 1) * s + (max(k, s) if o is None else k + o))
            else:
                sizes.append(n * s if o is None else (n - 1) * s + k % 2 + o)
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
                "output_padding": self.output_padding,
                "use_bias": self.use_bias,
                "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
                "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            }
        )
        return config
        ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_conv2d_transpose", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(Conv2DTranspose)

# %% nbgrader={"grade": true, "grade_id": "transposed_outputs", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your layer's outputs with TensorFlow's transposed convolution on many kernel
# sizes, strides, paddings, output paddings, numbers of channels and of filters, and with what the
# defining identity makes of TensorFlow's ordinary convolution.
graded("transposed_outputs")

# %% nbgrader={"grade": true, "grade_id": "transposed_gradients", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests pull random cotangents back through your layer and compare the gradients of its
# input, kernel and bias with the true ones. (The input's is an ordinary convolution. Why?)
graded("transposed_gradients")

# %% nbgrader={"grade": true, "grade_id": "transposed_contract", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests check the arguments and their errors, the configuration, the weights, the output
# shape, saving, an unknown batch size, mixed precision, tf.function and XLA.
graded("transposed_contract")

# %% [markdown]
# ## Experiment 1: the adjoint, and not the inverse
#
# *Claim: a transposed convolution reverses a convolution.* We write down the matrix $C$ of a convolution, column by column: column $q$ is what the convolution makes of a picture that is 1 at pixel $q$ and 0 elsewhere. Your layer has a matrix too, found in the same way. Then we compare, and send a picture to the small size and back.

# %% tags=["experiment"]
# Needs your Conv2DTranspose.
rng = np.random.default_rng(4)


def apply(y, kernel, **arguments):
    """Your layer, without a bias, with a given kernel (height, width, filters, channels)."""
    layer = Conv2DTranspose(kernel.shape[2], kernel.shape[:2], use_bias=False, **arguments)
    layer.build(y.shape)
    layer.set_weights([kernel])
    return layer(y).numpy()


print("the identity, on whole numbers:  <conv(x, K), y>   <x, convT(y, K)>")
for k, s, padding, size in ((3, 1, "valid", 9), (3, 2, "same", 8), (5, 3, "valid", 11)):
    x = rng.integers(-3, 4, (1, size, size, 2)).astype("float32")
    kernel = rng.integers(-3, 4, (k, k, 2, 4)).astype("float32")
    small = tf.nn.conv2d(x, kernel, s, padding.upper()).numpy()
    y = rng.integers(-3, 4, small.shape).astype("float32")
    back = apply(y, kernel, strides=s, padding=padding)
    print(
        f"  {k}x{k}, stride {s}, {padding:5s}  {np.sum(small * y):22.0f} {np.sum(x * back):18.0f}"
    )

side, half = 28, 14
u, v = np.mgrid[:side, :side]
distance = np.hypot(u - 13.5, v - 13.5)
picture = ((distance < 12) & (distance > 8)) | ((abs(u - v) < 3) & (distance < 12))
picture = picture.astype("float32")[None, :, :, None]
blur = np.full((3, 3, 1, 1), 1 / 9, "float32")  # the mean of 3 x 3 pixels

units = np.eye(side * side, dtype="float32").reshape(-1, side, side, 1)
C = tf.nn.conv2d(units, blur, 2, "SAME").numpy().reshape(side * side, -1).T
units = np.eye(half * half, dtype="float32").reshape(-1, half, half, 1)
T = apply(units, blur, strides=2, padding="same").reshape(half * half, -1).T
print(f"\nC: {C.shape[0]} x {C.shape[1]}, rank {np.linalg.matrix_rank(C.astype(float))}")
print("your layer's matrix equals C, transposed:", np.array_equal(T, C.T))

shrunk = C @ picture.ravel()
returned = C.T @ shrunk
returned = returned * (returned @ picture.ravel()) / (returned @ returned)  # the best scale
nearest = np.linalg.pinv(C.astype(float)) @ shrunk
figure, axes = plt.subplots(1, 4, figsize=(13, 4.2), layout="constrained")
for ax, image, name in zip(
    axes,
    (picture, shrunk, returned, nearest),
    ("picture", "convolved, stride 2", "transposed convolution", "least squares"),
):
    image = image.reshape(int(image.size**0.5), -1)
    if image.size == picture.size and name != "picture":
        error = np.linalg.norm(image.ravel() - picture.ravel()) / np.linalg.norm(picture)
        again = np.linalg.norm(C @ image.ravel() - shrunk) / np.linalg.norm(shrunk)
        print(f"{name:24s} relative error {error:.2f}; convolved again: off by {again:.1e}")
        name += f"\nrelative error {error:.2f}"
    ax.imshow(image, cmap="gray")
    ax.set_title(name)
    ax.set_xlabel("column (pixels)")
axes[0].set_ylabel("row (pixels)")
figure.suptitle("The shape comes back, the values do not")
plt.show()

# %% [markdown]
# **Measured.** The identity holds, to the last digit, and the matrix of your layer *is* $C^{\mathsf T}$: a transposed convolution runs along the connections of a convolution, with the same weights, backwards. A $28 \times 28$ picture goes to $14 \times 14$ numbers, and the transposed convolution returns $28 \times 28$ numbers. They are off by 52 % of the picture's norm, even at the best overall scale; convolved again, they do not give the small picture (off by 20 %).
#
# **Set straight.** It reverses a convolution, but does not undo it: it restores the *shape*, not the values. Nothing else could have returned the picture either: $C$ has rank 196, so 588 of 784 directions are lost. What one can ask for is a picture that *fits*. The least squares solution in the last panel does: convolved again, it gives the small picture but for rounding. Solving for it is what "deconvolution" means in mathematics and in signal processing, another operation to which the name is best left.
#
# The third panel shows something more: the returned picture has a regular grid in it. That is the subject of experiment 3.

# %% [markdown]
# ## Experiment 2: are there zeros, and is there a flip?
#
# *Claim: it spreads the input out with zeros and convolves the result with the kernel.* Here is that recipe, made with TensorFlow's ordinary convolution, once with the kernel as it is and once with the kernel turned by half a turn (both axes flipped), beside your layer and beside the gradient of a convolution.

# %% tags=["experiment"]
# Needs your insert_zeros and your Conv2DTranspose.
rng = np.random.default_rng(44)
y = rng.integers(-3, 4, (1, 5, 5, 2)).astype("float32")
kernel = rng.integers(-3, 4, (3, 3, 4, 2)).astype("float32")
print(
    "stride   kernel as it is   kernel flipped   gradient of conv   share of products with a zero"
)
for s in (1, 2, 3, 4):
    yours = apply(y, kernel, strides=s, output_padding=0)
    grid = tf.pad(insert_zeros(y, s), [(0, 0), (2, 2), (2, 2), (0, 0)])
    plain = np.swapaxes(kernel, 2, 3)
    found = [tf.nn.conv2d(grid, k, 1, "VALID") for k in (plain, plain[::-1, ::-1])]
    x = tf.zeros_like(yours)
    with tf.GradientTape() as tape:
        tape.watch(x)
        small = tf.nn.conv2d(x, kernel, s, "VALID")
    found.append(tape.gradient(small, x, output_gradients=y))
    same = ["equal" if np.array_equal(yours, other) else "different" for other in found]
    inside = insert_zeros(tf.ones((1, 200, 200, 1)), s).numpy()
    print(f"{s:6d} {same[0]:>17s} {same[1]:>16s} {same[2]:>18s} {1 - inside.mean():22.1%}")

# %% [markdown]
# **Measured.** With the flipped kernel, all three ways lead to the same numbers. So there is one operation with several names: "fractionally strided convolution" (from the grid), "transposed convolution" (from the matrix), and the gradient of a convolution by its input, which every training of a convolutional network computes in its backward pass.
#
# **Set straight, twice.**
#
# - *The recipe leaves out the flip.* The kernel that moves over the grid is turned round in both axes, and its axes for filters and channels change places. With the kernel as it is, the answer differs even at a stride of 1. (In a network that starts from random weights nobody notices a missing flip; with weights that come from elsewhere, it shows.)
# - *The zeros are a drawing, not a method.* At a stride of 2, three in four products would be with a zero, at a stride of 3 eight in nine: a share of $1 - 1/s^2$ (a little less where the grid ends). Stamping multiplies none of them.

# %% [markdown]
# ## Experiment 3: checkerboards
#
# *Claim: a kernel size that the stride divides is safe from checkerboards.* Odena, Dumoulin and Olah (2016) noticed a grid in the pictures of generators and blamed the uneven overlap of stamps. Their advice: such a kernel size, or a resize followed by an ordinary convolution. We test the advice where the right answer is known: an input that is *constant* should give an output that is constant, away from the border. What varies in it is the checkerboard.
#
# The number is the standard deviation of the output pixels inside, as a share of their root mean square. First with a kernel of ones, which shows the overlap alone; then with random kernels, as at the start of a training. Before you run the cell: for which kernel sizes will it be zero, with ones and with random weights?

# %% tags=["experiment"]
# Needs your Conv2DTranspose.
keras.utils.set_random_seed(4)


def unevenness(y, border):
    """Standard deviation over the inner pixels, as a share of the root mean square."""
    inner = np.asarray(y, "float64")[:, border:-border, border:-border]
    spread = inner.std(axis=(1, 2))
    return np.sqrt((spread**2).mean() / (inner**2).mean())


constant = tf.ones((1, 12, 12, 8))
sizes = [2, 3, 4, 5, 6, 7, 8]
ones, drawn, resized = [], [], []
for k in sizes:
    initializers = {"kernel_initializer": "ones"}, {}
    pair = [
        Conv2DTranspose(64, k, strides=2, padding="same", use_bias=False, **which)(constant)
        for which in initializers
    ]
    ones.append(unevenness(pair[0], 8))
    drawn.append(unevenness(pair[1], 8))
    enlarged = tf.repeat(tf.repeat(constant, 2, axis=1), 2, axis=2)
    convolution = keras.layers.Conv2D(64, k, padding="same", use_bias=False)
    resized.append(unevenness(convolution(enlarged), 8))
    print(
        f"kernel {k}x{k}: ones {ones[-1]:.3f}, random {drawn[-1]:.3f}, "
        f"resize, then random convolution {resized[-1]:.1e}"
    )

plt.figure(figsize=(8, 4))
places = np.arange(len(sizes))
plt.bar(places - 0.3, ones, 0.28, color="0.25", edgecolor="black", label="kernel of ones")
plt.bar(places, drawn, 0.28, color="0.75", edgecolor="black", hatch="//", label="random kernels")
plt.bar(places + 0.3, resized, 0.28, color="white", edgecolor="black", label="resize, then conv")
plt.plot(places + 0.3, resized, "kv", markersize=5, clip_on=False)
plt.xticks(places, [f"{k} x {k}" for k in sizes])
plt.ylim(0, 1.3)
plt.xlabel("kernel size (stride 2)")
plt.ylabel("unevenness (share of the rms)")
plt.title("Even overlap is not even output: random kernels make a grid at every size")
plt.legend()
plt.tight_layout()
plt.show()

# %% [markdown]
# **Measured.** With a kernel of ones, 3, 5 and 7 are uneven at stride 2 (0.44, 0.28, 0.20), and 2, 4, 6 and 8 are even. Larger kernels suffer less, for one stamp more or less counts less among many. With *random* kernels the unevenness was between 0.85 and 0.90 at every size. Resizing by nearest neighbors and then convolving gave exactly 0.
#
# **Set straight.** The claim is half of the truth: an even overlap is not yet an even output. The reason: with stride 2 there are four kinds of output pixels (even or odd row, even or odd column), and each kind is made with *other* weights of the kernel. A $4 \times 4$ kernel has four of them for each kind; the counts are equal, the sums of random weights are not. (For four independent sums with mean zero one expects about $\sqrt{3/4} = 0.87$.) An even overlap makes a grid *avoidable*: the weights of the four kinds can learn to have equal sums.
#
# After a resize, all output pixels are made with the same weights, and a constant picture stays constant whatever they are.

# %% [markdown]
# ### Does training remove it?
#
# *Claim: the network learns to avoid the grid.* Three decoders enlarge a code of $8 \times 8$ numbers, the means of smooth pictures of $32 \times 32$, in two steps by 2. They differ in the layer that enlarges. All learn to return the smooth pictures; no checkerboard is in the data. After every ten steps we give them a constant code and look at the unevenness of their answer.


# %% tags=["experiment"]
# Needs your Conv2DTranspose. About 10 seconds.
def smooth_pictures(rng, count):
    """Sums of a few long waves, with values between 0 and 1."""
    waves = np.arange(32) * 2 * np.pi / 32
    parts = [
        np.cos(a * waves[:, None] + b * waves[None, :] + rng.uniform(0, 2 * np.pi, (count, 1, 1)))
        for a, b in ((0, 1), (1, 0), (1, 1), (1, -1), (2, 1), (1, 2))
    ]
    total = sum(rng.normal(size=(count, 1, 1)) * part for part in parts)
    return (0.5 + 0.1 * total + rng.uniform(-0.2, 0.2, (count, 1, 1)))[..., None].astype("float32")


def enlarging(kind, filters, activation):
    layers = {
        "transposed, 3x3": [Conv2DTranspose(filters, 3, strides=2, padding="same")],
        "transposed, 4x4": [Conv2DTranspose(filters, 4, strides=2, padding="same")],
        "resize, conv 3x3": [
            keras.layers.UpSampling2D(2),
            keras.layers.Conv2D(filters, 3, padding="same"),
        ],
    }[kind]
    return [*layers, keras.layers.Activation(activation)]


kinds = ["transposed, 3x3", "transposed, 4x4", "resize, conv 3x3"]
steps, every = 200, 10
flat_code = tf.fill((1, 8, 8, 1), 0.5)
curves, losses, answers = {}, {}, {}
for kind in kinds:
    keras.utils.set_random_seed(4)
    rng = np.random.default_rng(4)
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), *enlarging(kind, 16, "relu"), *enlarging(kind, 1, "linear")]
    )
    optimizer = keras.optimizers.Adam(0.003)
    optimizer.build(model.trainable_variables)

    @tf.function(autograph=False)
    def step(pictures):
        codes = tf.nn.avg_pool2d(pictures, 4, 4, "VALID")
        with tf.GradientTape() as tape:
            errors = (model(codes) - pictures)[:, 6:-6, 6:-6]
            loss = tf.reduce_mean(errors**2)
        variables = model.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    first = model(flat_code)
    curves[kind] = [unevenness(first, 10)]
    for number in range(1, steps + 1):
        loss = step(smooth_pictures(rng, 16))
        if number % every == 0:
            curves[kind].append(unevenness(model(flat_code), 10))
    losses[kind] = float(loss)
    answers[kind] = np.asarray(first)[0, ..., 0], np.asarray(model(flat_code))[0, ..., 0]
    print(
        f"{kind:17s} unevenness at the start {curves[kind][0]:.4f}, after {every} steps "
        f"{curves[kind][1]:.4f}, after {steps} steps {curves[kind][-1]:.4f}; loss {losses[kind]:.5f}"
    )

figure, axes = plt.subplots(
    1, 4, figsize=(15, 4.4), width_ratios=[1, 1, 1, 1.5], layout="constrained"
)
for ax, kind in zip(axes, kinds):
    image = answers[kind][1][8:-8, 8:-8]
    ax.imshow(image, cmap="gray", vmin=0.48, vmax=0.52)
    ax.set_title(f"{kind},\nafter {steps} steps")
    ax.set_xlabel("column (pixels)")
axes[0].set_ylabel("row (pixels)")
for kind, style in zip(kinds, ("-s", "--o", ":v")):
    shown = np.maximum(curves[kind], 1e-7)  # an exact 0 is drawn at the lower edge
    axes[3].semilogy(
        np.arange(0, steps + 1, every), shown, style, color="black", markevery=4, label=kind
    )
axes[3].set_xlabel("step of Adam")
axes[3].set_ylabel("unevenness (share of the rms)")
axes[3].set_title("Training fights the grid")
axes[3].legend()
figure.suptitle("Answers to a constant code (gray from 0.48 to 0.52), and how uneven they are")
plt.show()

# %% [markdown]
# **Measured.** The training data has no grid, and training does fight it: the unevenness of the $3 \times 3$ decoder fell from 0.99 to 0.012 in 200 steps, and that of the $4 \times 4$ decoder from 0.76 to 0.009. The even overlap was an advantage on the way (after 10 steps 0.22 against 0.42), and not a cure: what is left is about a hundredth in both. The third decoder had none at the first step and none at the last. At the end its loss was the lowest, too: 0.0008 against 0.0019 ($4 \times 4$) and 0.0050 ($3 \times 3$).
#
# **Sharpened.** Transposed convolutions *can* learn to be even, they have to, and where the loss does not see a faint grid, a faint grid stays. One run on a small task does not rank three methods. Resizing has its price: the convolution works on four times as many pixels, and it cannot easily make detail that is sharper than its enlarged input.
#
# (The same happens where no transposed convolution is in sight. The gradient of a convolution with strides by its input *is* a transposed convolution. So the gradient that arrives at the pixels of such a network has checkerboards, too; look for them in saliency maps.)

# %% [markdown]
# ## Experiment 4: learned, but from where?
#
# *Claim: it is an upsampling that is learned.* Its weights are learned like any others, so a good place to start is an upsampling that is known to be good. Long et al. (2015) start from *bilinear* interpolation: with stride 2 that is a kernel of $4 \times 4$ weights.

# %% tags=["experiment"]
# Needs your Conv2DTranspose.
hat = np.array([0.25, 0.75, 0.75, 0.25])
bilinear = np.outer(hat, hat).astype("float32")[:, :, None, None]
rng = np.random.default_rng(444)
small = rng.integers(0, 9, (1, 10, 10, 1)).astype("float32") * 16
large = apply(small, bilinear, strides=2, padding="same")
resized = tf.image.resize(small, (20, 20), method="bilinear").numpy()
print(
    "largest difference from bilinear resizing, inside:   ",
    abs(large - resized)[:, 1:-1, 1:-1].max(),
)
print("largest difference in the outermost rows and columns:", abs(large - resized).max())
phases = bilinear[:, :, 0, 0].reshape(2, 2, 2, 2).sum(axis=(0, 2))
print("sum of the weights that meet in each of the four kinds of output pixels:", phases.ravel())

# %% [markdown]
# **Measured.** Inside, the layer is a bilinear resize, exactly. Only the outermost pixels differ: there `tf.image.resize` repeats the border, where the layer adds zeros.
#
# **Confirmed.** Learned upsampling contains the classic kind as one choice of weights, a common start in networks for segmentation. Note the last line: the weights that meet in each of the four kinds of output pixels have the same sum, 1. That is just the condition for no checkerboard on a constant picture. Training starts from there instead of having to find it.

# %% [markdown] nbgrader={"grade": false, "grade_id": "question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Written question
#
# A colleague shrinks pictures of $28 \times 28$ pixels by a `"same"` convolution with a $3 \times 3$ kernel and strides of 2. "Then I *deconvolve*," they say: "I apply `Conv2DTranspose` with strides of 2 and the very same kernel. That reverses the convolution, so I get my picture back." The result does have $28 \times 28$ pixels. But it is not the picture, and there is a fine grid all over it.
#
# 1. What does the second step compute, if not the inverse? Name the identity that defines it, and give a reason why *no* layer whatsoever could return every such picture exactly from the $14 \times 14$ numbers. (1 point)
# 2. Where does the grid come from? Give the numbers of stamps that overlap inside the output, and two different remedies, saying for each what it does against the uneven overlap. (1 point)
# 3. Another convolution, `"same"` with strides of 3, leads from $20 \times 20$ to $7 \times 7$ pixels. Which `output_padding` leads back from 7 to 20 for a $5 \times 5$ kernel, and which for a $4 \times 4$ kernel? Why can the layer not find that out by itself? (1 point)

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_answer", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# **Marking scheme (3 points)**
#
# - *1 point*, question 1: it applies the adjoint (the transposed matrix; the gradient of the convolution by its input; every pixel stamping the kernel), defined by $\langle \operatorname{conv}(x), y\rangle = \langle x, \operatorname{conv}^{\mathsf T}(y)\rangle$ (½; give it for $C^{\mathsf T}$ in words too). 784 numbers are mapped linearly to 196, so different pictures have the same image (the null space has at least 588 dimensions), and nothing that sees the image alone can tell them apart (½).
# - *1 point*, question 2: with 3 taps at distance 2, one or two stamps overlap along each axis in turn, so 1, 2 or 4 in two dimensions, in a pattern with period 2 (½). Two remedies (¼ each, only with its effect): a kernel size that is a multiple of the stride (the overlap is even; the phases still have different weights, and can learn the pattern or start with it); resize, then an ordinary convolution (all output pixels share all weights; no strides, no pattern); sub-pixel convolution started by ICNR (no overlap, equal sub-pixels at the start).
# - *1 point*, question 3: $(7 - 1) \cdot 3 + 1 + o = 20$ gives $o = 1$ for the $5 \times 5$ kernel, and $18 + 0 + o = 20$ gives $o = 2$ for $4 \times 4$ (½; ¼ for one of them). 19, 20 and 21 pixels all lead to 7, so the input does not tell which of them is meant (½).
#
# **Model answer.** The convolution is a matrix $C$ with 196 rows and 784 columns (for one channel). The second step multiplies by $C^{\mathsf T}$: it is the adjoint, for which $\langle Cx, y\rangle = \langle x, C^{\mathsf T}y\rangle$ for all $x$ and $y$, and which backpropagation uses. It has the shape of an inverse, not the values; $C^{\mathsf T}C$ is not the identity. And there is no inverse: $C$ has a null space of at least 588 dimensions, so many pictures lead to the same 196 numbers. The grid is the uneven overlap of stamps of $3 \times 3$ weights at distance 2. Along one axis, pixels lie under one and under two stamps in turn, so under 1, 2 or 4 in the plane. With a $4 \times 4$ kernel every pixel inside lies under 4 stamps, and the counts are even (the weights of the phases may still differ). With nearest-neighbor resizing and then an ordinary convolution, all output pixels are made by the same weights. For the sizes: $18 + 1 + o = 20$ asks for $o = 1$ with the odd kernel, $18 + 0 + o = 20$ for $o = 2$ with the even one. The layer sees only the 7, and 19, 20 and 21 pixels all lead to 7 with stride 3; which of them is meant, somebody has to say.

# %% [markdown]
# ## Challenge: predict the checkerboard, and start without one
#
# **`overlap_counts`.** The uneven overlap needs no network to be seen; it can be counted. Write the function that says, for each output pixel of a `"valid"` transposed convolution of a square picture, how many input pixels have stamped on it.
#
# **`ICNR`.** There is a third way to make pictures larger, the *sub-pixel convolution* of Shi et al. (2016): an ordinary convolution makes $\text{scale}^2$ times as many channels as are wanted, and `tf.nn.depth_to_space` lays them out as blocks of $\text{scale} \times \text{scale}$ pixels. Nothing overlaps. But each of the $\text{scale}^2$ *sub-pixels* of a block has a kernel of its own, and random kernels differ: the output begins with a checkerboard just the same. Aitken et al. (2017) propose an initializer, *initialized to convolution, nearest-neighbor resize* (ICNR): let the sub-pixels of one output channel start with *equal* kernels. Then the first outputs are those of a convolution, enlarged by nearest neighbors; training is free to leave that start.
#
# Write it. First find out in which order `tf.nn.depth_to_space` takes the channels: give it a single pixel with the channels $0, 1, 2, \dots$ and look.


# %% nbgrader={"grade": false, "grade_id": "overlap_counts", "locked": false, "schema_version": 3, "solution": true, "task": false}
def overlap_counts(size, kernel_size, stride):
    """Counts the input pixels that touch each output pixel.

    The operation is a 2D transposed convolution with `"valid"` padding and no
    output padding given (`None`), applied to a square picture. All arguments
    hold for both axes.

    Args:
        size: int, height and width of the input.
        kernel_size: int, height and width of the kernel.
        stride: int, the stride.

    Returns:
        A 2D array or tensor of whole numbers (of any numeric dtype), with
        `(size - 1) * stride + max(kernel_size, stride)` rows and columns. Pixels
        that no input pixel touches count 0.
    """
    ### BEGIN SOLUTION
    side = (size - 1) * stride + max(kernel_size, stride)
    along = np.zeros(side, int)
    for pixel in range(size):
        along[pixel * stride : pixel * stride + kernel_size] += 1
    # A pixel touches if it does so in its row and in its column.
    return np.outer(along, along)
    ### END SOLUTION


@keras.saving.register_keras_serializable(package="layerlab")
class ICNR(keras.initializers.Initializer):
    """Initializer of the convolution kernel in front of `tf.nn.depth_to_space`.

    The kernel has the shape `(height, width, channels, filters * scale**2)`.
    `initializer` draws one kernel `(height, width, channels, filters)`, and
    every filter of it is used for all `scale**2` sub-pixels of its output
    channel. So `tf.nn.depth_to_space(y, scale)`, where `y` is the output of
    the convolution, consists of blocks of `scale` by `scale` equal pixels.

    Args:
        initializer: what `keras.initializers.get` understands: the initializer
            that draws.
        scale: int, the factor by which the picture is enlarged.

    Call arguments:
        shape: the kernel's shape, with 4 entries; the last one is a multiple
            of `scale**2`.
        dtype: dtype of the values, handed on to `initializer`, or `None`.

    Raises:
        ValueError: in the constructor, if `scale` is not a positive integer.
            The message ends with "Received: ...".
    """

    def __init__(self, initializer, scale):
        ### BEGIN SOLUTION
        if not isinstance(scale, int) or scale <= 0:
            raise ValueError(
                f"The `scale` argument must be a positive integer. Received: scale={scale}"
            )
        self.initializer = keras.initializers.get(initializer)
        self.scale = scale
        ### END SOLUTION

    def __call__(self, shape, dtype=None):
        ### BEGIN SOLUTION
        *window, channels, outputs = shape
        filters = outputs // self.scale**2
        kernel = self.initializer((*window, channels, filters), dtype=dtype)
        # depth_to_space has the sub-pixel outside and the filter inside:
        # channel (row * scale + column) * filters + filter.
        return keras.ops.tile(kernel, (1, 1, 1, self.scale**2))
        ### END SOLUTION

    def get_config(self):
        ### BEGIN SOLUTION
        return {
            "initializer": keras.initializers.serialize(self.initializer),
            "scale": self.scale,
        }
        ### END SOLUTION


# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_challenge", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(overlap_counts, ICNR)

# %% nbgrader={"grade": true, "grade_id": "challenge_values", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your counts with the right ones, and your kernels with those that the same
# seeded initializer draws, laid out for tf.nn.depth_to_space.
graded("challenge_values")

# %% [markdown]
# ### The prediction, and the start without a grid
#
# Your counts should be what your layer makes of ones with a kernel of ones. And a sub-pixel convolution that starts with your `ICNR` should give blocks of equal pixels for any picture, where a Glorot start gives a grid.

# %% tags=["experiment"]
# Needs your Conv2DTranspose, overlap_counts and ICNR.
figure, axes = plt.subplots(1, 4, figsize=(14, 4.2), layout="constrained")
for ax, (k, s) in zip(axes, ((3, 2), (4, 2))):
    counts = np.asarray(overlap_counts(5, k, s))
    ones = apply(np.ones((1, 5, 5, 1), "float32"), np.ones((k, k, 1, 1), "float32"), strides=s)
    print(
        f"kernel {k}, stride {s}: counts equal the layer's ones:",
        np.array_equal(counts, ones[0, ..., 0]),
    )
    ax.imshow(counts, cmap="gray_r", vmin=0, vmax=8)
    for (row, column), number in np.ndenumerate(counts):
        ax.text(column, row, int(number), ha="center", va="center", fontsize=8)
    ax.set_title(f"stamps per pixel,\nkernel {k} x {k}, stride {s}")
keras.utils.set_random_seed(4)
picture = smooth_pictures(np.random.default_rng(7), 1)[:, :10, :10] - 0.5
glorot = keras.initializers.GlorotUniform(seed=4)
for ax, (name, initializer) in zip(axes[2:], (("Glorot", glorot), ("ICNR", ICNR(glorot, 2)))):
    layer = keras.layers.Conv2D(4, 3, use_bias=False, kernel_initializer=initializer)
    large = tf.nn.depth_to_space(layer(picture), 2).numpy()[0, ..., 0]
    blocks = large.reshape(8, 2, 8, 2)
    within = blocks.std(axis=(1, 3)).mean() / large.std()
    print(f"sub-pixel convolution, {name:6s}: deviation in blocks {within:.2f} of the whole")
    ax.imshow(large, cmap="gray")
    ax.set_title(f"sub-pixel convolution,\n{name} start, first output")
for ax in axes:
    ax.set_xlabel("column (pixels)")
axes[0].set_ylabel("row (pixels)")
figure.suptitle("Overlap is even for 4 x 4; sub-pixels start equal with ICNR")
plt.show()

# %% [markdown]
# **Measured.** The counts predict what your layer does. For $3 \times 3$ they are 1, 2 and 4 in turn, and for $4 \times 4$ they are 4 everywhere inside.
#
# In the sub-pixel convolution no stamps overlap at all, and yet a Glorot start makes a grid: the deviation inside the blocks of $2 \times 2$ pixels was 0.78 of that of the whole picture. This is the second cause of checkerboards, the unequal weights, on its own. With `ICNR` the deviation inside the blocks is exactly 0. The first output is a smooth picture, made of blocks, as after a resize by nearest neighbors.

# %% [markdown]
# ## References
#
# - V. Dumoulin and F. Visin, *A guide to convolution arithmetic for deep learning*, arXiv:1603.07285, 2016. Read chapter 4 for the convolution as a matrix, its transpose, the zeros, and all the sizes.
# - M. Zeiler, D. Krishnan, G. Taylor and R. Fergus, *Deconvolutional networks*, CVPR 2010. Read it for the place where the word "deconvolution" came in; there it means to solve for a code, which is another thing.
# - J. Long, E. Shelhamer and T. Darrell, *Fully convolutional networks for semantic segmentation*, CVPR 2015, arXiv:1411.4038. Read section 3.3 for upsampling as a backward convolution with strides, and section 4 for the bilinear start.
# - A. Odena, V. Dumoulin and C. Olah, *Deconvolution and checkerboard artifacts*, Distill, 2016, doi:10.23915/distill.00003. Read it for the overlap, with pictures that you can play with, and for the artifacts in gradients.
# - W. Shi et al., *Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural network*, CVPR 2016, arXiv:1609.05158. Read it for the sub-pixel convolution.
# - W. Shi et al., *Is the deconvolution layer the same as a convolutional layer?*, arXiv:1609.07009, 2016. Read it for why a transposed convolution and a sub-pixel convolution can compute the same.
# - A. Aitken et al., *Checkerboard artifact free sub-pixel convolution*, arXiv:1707.02937, 2017. Read it for ICNR, the initializer of the challenge.
