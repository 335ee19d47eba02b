"""Gathers the windows with index tables; TensorFlow's SVD; counts by listing places."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops


def separate(kernel):
    """Returns the column and the row whose product is closest to a kernel."""
    values, left, right = tf.linalg.svd(kernel, full_matrices=False)
    root = tf.sqrt(values[0])
    column, row = left[:, :1] * root, tf.transpose(right[:, :1]) * root
    return column, row, tf.norm(values[1:])


@keras.saving.register_keras_serializable(package="layerlab")
class SeparableConv2D(keras.layers.Layer):
    """2D depthwise separable convolution: filters each channel, then mixes channels."""

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

    def build(self, input_shape):
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

    def call(self, inputs):
        output_shape = self.compute_output_shape(inputs.shape)
        windows = inputs
        # Along height, then along width: an axis of places becomes one of places and one of taps.
        for axis, out, k, s, d in zip(
            (1, 3), output_shape[1:3], self.kernel_size, self.strides, self.dilation_rate
        ):
            missing = max((out - 1) * s + (k - 1) * d + 1 - windows.shape[axis], 0)
            border = [(0, 0)] * len(windows.shape)
            border[axis] = (missing // 2, missing - missing // 2)
            places = np.arange(out)[:, np.newaxis] * s + np.arange(k) * d
            windows = ops.take(ops.pad(windows, border), places, axis=axis)
        filtered = ops.einsum("byixjc,ijcq->byxcq", windows, self.depthwise_kernel)
        channels = inputs.shape[-1] * self.depth_multiplier
        outputs = ops.tensordot(
            ops.reshape(filtered, (-1, *output_shape[1:3], channels)),
            ops.reshape(self.pointwise_kernel, (channels, self.filters)),
            axes=1,
        )
        return ops.add(outputs, self.bias) if self.use_bias else outputs

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
                "depth_multiplier": self.depth_multiplier,
                "use_bias": self.use_bias,
                "depthwise_initializer": keras.initializers.serialize(self.depthwise_initializer),
                "pointwise_initializer": keras.initializers.serialize(self.pointwise_initializer),
                "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            }
        )
        return config


def conv_cost(input_shape, filters, kernel_size, strides=1, padding="valid", use_bias=True):
    """Returns what an ordinary 2D convolution costs for one picture."""
    *lengths, channels = input_shape
    taps = np.broadcast_to(kernel_size, 2)
    places = 1
    for length, tap, stride in zip(lengths, taps, np.broadcast_to(strides, 2)):
        last = length if padding == "same" else length - tap + 1
        places *= len(range(0, last, stride))
    weights = int(np.prod(taps)) * channels * filters
    return weights + (filters if use_bias else 0), weights * places


def separable_cost(
    input_shape, filters, kernel_size, strides=1, padding="valid", use_bias=True, depth_multiplier=1
):
    """Returns what a depthwise separable 2D convolution costs for one picture."""
    *lengths, channels = input_shape
    taps = np.broadcast_to(kernel_size, 2)
    places = 1
    for length, tap, stride in zip(lengths, taps, np.broadcast_to(strides, 2)):
        last = length if padding == "same" else length - tap + 1
        places *= len(range(0, last, stride))
    weights = channels * depth_multiplier * (int(np.prod(taps)) + filters)
    return weights + (filters if use_bias else 0), weights * places


def separable_terms(kernel, rank):
    """Returns the sum of separable kernels that is closest to a kernel."""
    values, left, right = tf.linalg.svd(kernel, full_matrices=False)
    columns, rows = left[:, :rank], tf.transpose(right[:, :rank] * values[:rank])
    return columns, rows, tf.norm(values[rank:])
