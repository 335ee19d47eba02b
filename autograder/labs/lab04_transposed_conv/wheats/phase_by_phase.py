"""Computes each phase of the output (one remainder by the stride) without any zeros."""

import keras
import numpy as np
import tensorflow as tf


def insert_zeros(x, strides):
    """Stacks the picture with blank ones and interleaves them."""
    x = tf.convert_to_tensor(x)
    down, right = (strides, strides) if isinstance(strides, int) else strides
    _, height, width, channels = x.shape
    blank = tf.zeros_like(x)
    x = tf.stack([x] + [blank] * (right - 1), axis=3)
    x = tf.reshape(x, (-1, height, width * right, channels))[:, :, : (width - 1) * right + 1]
    blank = tf.zeros_like(x)
    x = tf.stack([x] + [blank] * (down - 1), axis=2)
    x = tf.reshape(x, (-1, height * down, x.shape[3], channels))
    return x[:, : (height - 1) * down + 1]


@keras.saving.register_keras_serializable(package="layerlab")
class Conv2DTranspose(keras.layers.Layer):
    """2D transposed convolution: the adjoint of a convolution with strides."""

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

    def build(self, input_shape):
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

    def call(self, inputs):
        (kh, kw), (sh, sw) = self.kernel_size, self.strides
        _, height, width, _ = inputs.shape
        _, rows, columns, _ = self.compute_output_shape(inputs.shape)
        more_h, more_w = -(-kh // sh), -(-kw // sw)
        tall, wide = height + more_h - 1, width + more_w - 1
        phases = []
        for a in range(sh):
            for b in range(sw):
                phase = keras.ops.zeros_like(inputs[:, :1, :1, :1])  # broadcast below
                for i in range(a, kh, sh):
                    for j in range(b, kw, sw):
                        weights = keras.ops.transpose(self.kernel[i, j])
                        down, right = i // sh, j // sw
                        borders = [(down, more_h - 1 - down), (right, more_w - 1 - right)]
                        stamped = keras.ops.einsum("bhwc,cf->bhwf", inputs, weights)
                        phase = phase + keras.ops.pad(stamped, [(0, 0), *borders, (0, 0)])
                shape = (keras.ops.shape(inputs)[0], tall, wide, self.filters)
                phases.append(keras.ops.broadcast_to(phase, shape))
        full = keras.ops.stack(phases, axis=-1)
        full = keras.ops.reshape(full, (-1, tall, wide, self.filters, sh, sw))
        full = keras.ops.transpose(full, (0, 1, 4, 2, 5, 3))
        full = keras.ops.reshape(full, (-1, tall * sh, wide * sw, self.filters))
        crops = [0, 0]
        if self.padding == "same":
            sizes = zip((height, width), (rows, columns), (kh, kw), (sh, sw))
            crops = [max((n - 1) * s + k - m, 0) // 2 for n, m, k, s in sizes]
        full = full[:, crops[0] : crops[0] + rows, crops[1] : crops[1] + columns]
        behind = [(0, rows - full.shape[1]), (0, columns - full.shape[2])]
        outputs = keras.ops.pad(full, [(0, 0), *behind, (0, 0)])
        return outputs + self.bias if self.use_bias else outputs

    def compute_output_shape(self, input_shape):
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

    def get_config(self):
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


def overlap_counts(size, kernel_size, stride):
    """Counts, for each pixel, the stamps that have begun but not ended, by a formula."""
    place = np.arange((size - 1) * stride + max(kernel_size, stride))
    last = np.minimum(place // stride, size - 1)
    first = np.maximum((place - kernel_size) // stride + 1, 0)
    along = np.maximum(last - first + 1, 0)
    return along[:, None] * along[None, :]


@keras.saving.register_keras_serializable(package="layerlab")
class ICNR(keras.initializers.Initializer):
    """Initializer of the convolution kernel in front of `tf.nn.depth_to_space`."""

    def __init__(self, initializer, scale):
        if not isinstance(scale, int) or scale <= 0:
            raise ValueError(
                f"The `scale` argument must be a positive integer. Received: scale={scale}"
            )
        self.initializer = keras.initializers.get(initializer)
        self.scale = scale

    def __call__(self, shape, dtype=None):
        *window, channels, outputs = shape
        filters = outputs // self.scale**2
        kernel = self.initializer((*window, channels, filters), dtype=dtype)
        order = [position % filters for position in range(outputs)]
        return keras.ops.take(kernel, order, axis=-1)

    def get_config(self):
        return {
            "initializer": keras.initializers.serialize(self.initializer),
            "scale": self.scale,
        }
