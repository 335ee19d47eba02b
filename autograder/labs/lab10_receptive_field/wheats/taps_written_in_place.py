"""Patches by a transposed stack of shifted pictures; fields as sets of pixels."""

import keras
import numpy as np
import tensorflow as tf


@keras.saving.register_keras_serializable(package="layerlab")
class ExtractPatches2D(keras.layers.Layer):
    """Lays out the pixels that each window sees along the last axis."""

    def __init__(self, size, strides=1, rates=1, padding="valid", **kwargs):
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

        self.size = pair("size", size)
        self.strides = pair("strides", strides)
        self.rates = pair("rates", rates)
        self.padding = str(padding).lower()
        if self.padding not in ("valid", "same"):
            raise ValueError(
                f"The `padding` argument must be 'valid' or 'same'. Received: padding={padding}"
            )

    def call(self, inputs):
        _, rows, columns, depth = self.compute_output_shape(inputs.shape)
        places = (rows, columns)
        x = inputs
        pads = [[0, 0]]
        for n, out, k, s, d in zip(x.shape[1:3], places, self.size, self.strides, self.rates):
            missing = max((out - 1) * s + (k - 1) * d + 1 - n, 0)
            # zeros behind up to a whole number of strides
            pads.append([missing // 2, missing - missing // 2 + s])
        x = tf.pad(x, pads + [[0, 0]])
        taps = []
        for i in range(self.size[0]):
            for j in range(self.size[1]):
                shifted = tf.roll(x, (-i * self.rates[0], -j * self.rates[1]), axis=(1, 2))
                taps.append(shifted[:, :: self.strides[0], :: self.strides[1]][:, :rows, :columns])
        stacked = tf.transpose(tf.stack(taps), (1, 2, 3, 0, 4))
        return tf.reshape(stacked, (-1, rows, columns, depth))

    def compute_output_shape(self, input_shape):
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

    def get_config(self):
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


def layers_and_sources(model):
    """The layers in order, each with the names of those it takes its input from."""
    if isinstance(model, keras.Sequential):
        names = [None] + [layer.name for layer in model.layers]
        return [(layer, [name]) for layer, name in zip(model.layers, names)]
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    makers = {id(layer.output): layer.name for layer in layers}
    return [
        (layer, [makers.get(id(x)) for x in keras.tree.flatten(layer.input)]) for layer in layers
    ]


def receptive_field(model):
    """The pixels of units 0 and 1, as sets."""

    def window(layer, axis):
        if isinstance(layer, keras.layers.ZeroPadding2D):
            return [-layer.padding[axis][0]], 1
        k = getattr(layer, "pool_size", getattr(layer, "kernel_size", (1, 1)))[axis]
        s = layer.strides[axis] if k > 1 or hasattr(layer, "strides") else 1
        d = getattr(layer, "dilation_rate", (1, 1))[axis]
        front = 0
        if getattr(layer, "padding", "valid") == "same":
            n = layer.input.shape[1 + axis]
            front = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0) // 2
        return [tap * d - front for tap in range(k)], s

    axes = []
    for axis in (0, 1):
        fields = []
        for unit in (0, 1):
            wires = layers_and_sources(model)
            wanted = {wires[-1][0].name: {unit}}
            for layer, sources in reversed(wires):
                taps, stride = window(layer, axis)
                places = {i * stride + tap for i in wanted.pop(layer.name, ()) for tap in taps}
                for name in sources:
                    wanted.setdefault(name, set()).update(places)
            fields.append(wanted[None])
        low = min(fields[0])
        axes.append((max(fields[0]) - low + 1, min(fields[1]) - low, low))
    return tuple(a if a == b else (a, b) for a, b in zip(*axes))


def effective_receptive_field(model, input_shape, samples):
    """The gradient inside a tf.function."""

    @tf.function
    def slopes(noise):
        outputs = model(noise, training=False)
        middle = outputs[:, outputs.shape[1] // 2, outputs.shape[2] // 2, :]
        return tf.gradients(middle, noise)[0]

    noise = np.random.default_rng(3).normal(size=(samples, *input_shape)).astype("float32")
    return tf.reduce_sum(tf.reduce_mean(tf.abs(slopes(tf.constant(noise))), axis=0), axis=-1)


def minimum_depth(target, kernel_size, growth=1):
    """Returns the smallest number of layers whose receptive field reaches a size."""
    size, rate, depth = 1, 1, 0
    while size < target:
        size += (kernel_size - 1) * rate
        rate *= growth
        depth += 1
    return depth
