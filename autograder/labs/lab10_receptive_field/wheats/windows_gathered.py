"""Patches by two gathers; fields by places of taps, listed backward; the middle unit by a mask."""

import functools

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
        _, *places, depth = self.compute_output_shape(inputs.shape)
        x = inputs
        for axis, (n, out, k, s, d) in enumerate(
            zip(inputs.shape[1:3], places, self.size, self.strides, self.rates)
        ):
            needed = max((out - 1) * s + (k - 1) * d + 1 - n, 0)
            front = needed // 2 if self.padding == "same" else 0
            index = np.arange(out)[:, None] * s + np.arange(k) * d - front
            inside = (index >= 0) & (index < n)
            x = keras.ops.take(x, np.clip(index, 0, n - 1), axis=1 + 2 * axis)
            mask = inside.reshape((out, k) + (1,) * (2 - axis))
            x = x * keras.ops.cast(mask, x.dtype)
        # (batch, rows, kh, columns, kw, channels)
        x = keras.ops.transpose(x, (0, 1, 3, 2, 4, 5))
        return keras.ops.reshape(x, (-1, *places, depth))

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
    """From the unit back to the picture, as places of its first and last tap."""
    wires = layers_and_sources(model)
    by_name = {layer.name: (layer, sources) for layer, sources in wires}

    @functools.cache
    def places(name, axis, low, high):
        """The pixels between which units low to high of a layer see."""
        if name is None:
            return low, high
        layer, sources = by_name[name]
        taps = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
        if isinstance(layer, keras.layers.ZeroPadding2D):
            front = layer.padding[axis][0]
            low, high = low - front, high - front
        elif taps:
            k, s = taps[axis], layer.strides[axis]
            d = layer.dilation_rate[axis] if hasattr(layer, "dilation_rate") else 1
            front = 0
            if layer.padding == "same":
                n = layer.input.shape[axis + 1]
                front = max(d * (k - 1) + 1 - (n % s or s), 0) // 2
            low, high = low * s - front, high * s - front + d * (k - 1)
        ends = [places(source, axis, low, high) for source in set(sources)]
        return min(a for a, _ in ends), max(b for _, b in ends)

    answers = []
    for axis in (0, 1):
        first, last = places(wires[-1][0].name, axis, 0, 0)
        second, _ = places(wires[-1][0].name, axis, 1, 1)
        answers.append((last - first + 1, second - first, first))
    return tuple(a if a == b else (a, b) for a, b in zip(*answers))


def effective_receptive_field(model, input_shape, samples):
    """The middle unit picked by a mask of zeros and a one."""
    noise = keras.random.normal((samples, *input_shape))
    with tf.GradientTape() as tape:
        tape.watch(noise)
        y = model(noise)
        mask = np.zeros(y.shape[1:], "float32")
        mask[y.shape[1] // 2, y.shape[2] // 2] = 1
    slopes = tape.gradient(y, noise, output_gradients=tf.broadcast_to(mask, tf.shape(y)))
    return np.abs(slopes.numpy()).sum(axis=(0, 3))


def minimum_depth(target, kernel_size, growth=1):
    """By trying the depths."""
    for depth in range(target + 1):
        if 1 + (kernel_size - 1) * sum(growth**i for i in range(depth)) >= target:
            return depth
