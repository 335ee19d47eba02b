"""Selects the pixels under each tap with one matrix for the rows and one for the columns."""

import keras
import numpy as np
from keras import ops


def dilate_kernel(kernel, rate):
    """Multiplies from both sides by matrices that send tap `i` to place `i * rate`."""
    kernel = ops.convert_to_tensor(kernel)
    down, right = (rate, rate) if isinstance(rate, int) else rate
    height, width = kernel.shape[:2]
    rows = np.eye((height - 1) * down + 1)[::down].astype(kernel.dtype.name)
    columns = np.eye((width - 1) * right + 1)[::right].astype(kernel.dtype.name)
    return ops.einsum("ia,jb,ij...->ab...", rows, columns, kernel)


def effective_kernel_size(kernel_size, rate):
    """Over how many pixels the taps reach."""
    if isinstance(kernel_size, int) and isinstance(rate, int):
        return (kernel_size - 1) * rate + 1
    sizes = (kernel_size,) * 2 if isinstance(kernel_size, int) else kernel_size
    rates = (rate,) * 2 if isinstance(rate, int) else rate
    return tuple((k - 1) * d + 1 for k, d in zip(sizes, rates))


@keras.saving.register_keras_serializable(package="layerlab")
class DilatedConv2D(keras.layers.Layer):
    """2D convolution whose taps stand apart."""

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

    def build(self, input_shape):
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

    def call(self, inputs):
        # A matrix for each axis, (taps, windows, pixels), says which pixel lies under which tap of
        # which window. What lies beyond the border is in none, so no zeros have to be added.
        shape = self.compute_output_shape(inputs.shape)
        matrices = []
        for n, out, k, s, d in zip(
            inputs.shape[1:3], shape[1:3], self.kernel_size, self.strides, self.dilation_rate
        ):
            front = max((out - 1) * s + (k - 1) * d + 1 - n, 0) // 2
            pixel = np.arange(out) * s + np.arange(k)[:, np.newaxis] * d - front
            matrices.append(np.eye(n)[np.clip(pixel, 0, n - 1)])
            matrices[-1][(pixel < 0) | (pixel >= n)] = 0
        down, right = (ops.cast(matrix, self.compute_dtype) for matrix in matrices)
        x = ops.einsum("iyh,bhwc->biywc", down, inputs)
        x = ops.einsum("jxw,biywc->bijyxc", right, x)
        outputs = ops.einsum("bijyxc,ijcf->byxf", x, self.kernel)
        return outputs + self.bias if self.use_bias else outputs

    def compute_output_shape(self, input_shape):
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

    def get_config(self):
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


def tap_coverage(kernel_size, rates):
    """Share of the receptive field that is seen."""
    reached = {0}
    for rate in rates:
        reached = {place + tap * rate for place in reached for tap in range(kernel_size)}
    side = max(reached) - min(reached) + 1
    return (len(reached) / side) ** 2
