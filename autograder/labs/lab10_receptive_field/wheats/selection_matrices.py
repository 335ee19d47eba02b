"""Patches by matrices of zeros and ones; fields by Araujo's sums over size and padding."""

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
        selections = []
        for n, out, k, s, d in zip(inputs.shape[1:3], places, self.size, self.strides, self.rates):
            front = 0
            if self.padding == "same":
                front = max((out - 1) * s + (k - 1) * d + 1 - n, 0) // 2
            index = np.arange(out)[:, None] * s + np.arange(k) * d - front
            chosen = (index[:, :, None] == np.arange(n)).astype("float32")
            selections.append(keras.ops.cast(chosen, inputs.dtype))
        x = keras.ops.einsum("bhwc,rih->briwc", inputs, selections[0])
        x = keras.ops.einsum("briwc,qjw->brqijc", x, selections[1])
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
    """Size, jump and padding of every layer, forward."""
    nothing = {"size": np.array([1, 1]), "jump": np.array([1, 1]), "first": np.array([0, 0])}
    state = {None: nothing}
    for layer, sources in layers_and_sources(model):
        given = [state[name] for name in sources]
        first = np.min([item["first"] for item in given], axis=0)
        end = np.max([item["first"] + item["size"] for item in given], axis=0)
        jump, size = given[0]["jump"], end - first
        if isinstance(layer, keras.layers.ZeroPadding2D):
            first = first - jump * [sides[0] for sides in layer.padding]
        elif hasattr(layer, "kernel_size") or hasattr(layer, "pool_size"):
            k = np.array(layer.kernel_size if hasattr(layer, "kernel_size") else layer.pool_size)
            extra = (k - 1) * getattr(layer, "dilation_rate", (1, 1))
            s = np.array(layer.strides)
            if layer.padding == "same":
                n = np.array(layer.input.shape[1:3])
                total = np.maximum((np.ceil(n / s).astype(int) - 1) * s + extra + 1 - n, 0)
                first = first - jump * (total // 2)
            size, jump = size + extra * jump, jump * s
        state[layer.name] = {"size": size, "jump": jump, "first": first}
    values = [state[layer.name][key].tolist() for key in ("size", "jump", "first")]
    return tuple(v[0] if v[0] == v[1] else tuple(v) for v in values)


def effective_receptive_field(model, input_shape, samples):
    """One picture after the other."""
    total = np.zeros(input_shape[:2])
    for seed in range(samples):
        noise = tf.random.stateless_normal((1, *input_shape), seed=(seed, 10))
        with tf.GradientTape() as tape:
            tape.watch(noise)
            y = model(noise)[0]
            unit = tf.reduce_sum(y[y.shape[0] // 2, y.shape[1] // 2])
        total += tf.reduce_sum(tf.abs(tape.gradient(unit, noise)), axis=(0, 3)).numpy()
    return total / samples


def minimum_depth(target, kernel_size, growth=1):
    """Recursion on what the first layer leaves to do."""

    def needed(pixels, step):
        return 0 if pixels <= 0 else 1 + needed(pixels - step, step * growth)

    return needed(target - 1, kernel_size - 1)
