"""Patches written tap by tap along two new axes; fields by centers and half widths."""

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
        x = inputs
        for axis, (out, k, s, d) in enumerate(
            zip((rows, columns), self.size, self.strides, self.rates), start=1
        ):
            n = x.shape[axis]
            missing = max((out - 1) * s + (k - 1) * d + 1 - n, 0)
            shape = list(x.shape)
            shape[0] = tf.shape(x)[0]
            front, behind = [shape.copy(), shape.copy()]
            front[axis], behind[axis] = missing // 2, missing - missing // 2
            x = tf.concat([tf.zeros(front, x.dtype), x, tf.zeros(behind, x.dtype)], axis)
            taps = [
                tf.gather(x, list(range(t * d, t * d + (out - 1) * s + 1, s)), axis=axis)
                for t in range(k)
            ]
            x = tf.concat(taps, axis=-1) if axis == 2 else tf.stack(taps, axis=-2)
            if axis == 1:  # (batch, rows, width, kh, channels): the taps wait among the channels
                x = tf.reshape(x, (-1, out, inputs.shape[2], k * inputs.shape[3]))
        kh, kw = self.size
        x = tf.reshape(x, (-1, rows, columns, kw, kh, depth // (kh * kw)))
        return tf.reshape(tf.transpose(x, (0, 1, 2, 4, 3, 5)), (-1, rows, columns, depth))

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
    """Twice the center of unit 0's field and its width, so that all numbers are whole."""
    table = {None: [(0, 1, 1)] * 2}
    for layer, sources in layers_and_sources(model):
        row = []
        for axis in (0, 1):
            branches = [table[name][axis] for name in sources]
            low = min(center - (width - 1) for center, width, _ in branches)
            high = max(center + (width - 1) for center, width, _ in branches)
            center, width, jump = (low + high) // 2, (high - low) // 2 + 1, branches[0][2]
            if isinstance(layer, keras.layers.ZeroPadding2D):
                center -= 2 * layer.padding[axis][0] * jump
            elif hasattr(layer, "strides"):
                taps = getattr(layer, "kernel_size", None) or layer.pool_size
                rate = getattr(layer, "dilation_rate", (1, 1))[axis]
                reach, stride, front = (taps[axis] - 1) * rate, layer.strides[axis], 0
                if layer.padding == "same":
                    rest = layer.input.shape[1 + axis] % stride or stride
                    front = max(reach + 1 - rest, 0) // 2
                center += (reach - 2 * front) * jump
                width += reach * jump
                jump *= stride
            row.append((center, width, jump))
        table[layer.name] = row
    result = [(w, jump, (center - (w - 1)) // 2) for center, w, jump in table[layer.name]]
    return tuple(a if a == b else (a, b) for a, b in zip(*result))


def effective_receptive_field(model, input_shape, samples):
    """Measures how strongly a unit in the middle of the output reacts to each pixel."""
    pictures = tf.random.normal((samples, *input_shape))
    with tf.GradientTape() as tape:
        tape.watch(pictures)
        outputs = model(pictures)
        _, rows, columns, _ = outputs.shape
        # A sum over pictures: each of its terms depends on one picture only.
        unit = tf.reduce_sum(outputs[:, rows // 2, columns // 2])
    return tf.reduce_mean(tf.abs(tape.gradient(unit, pictures)), axis=(0, 3))


def minimum_depth(target, kernel_size, growth=1):
    """Returns the smallest number of layers whose receptive field reaches a size."""
    size, rate, depth = 1, 1, 0
    while size < target:
        size += (kernel_size - 1) * rate
        rate *= growth
        depth += 1
    return depth
