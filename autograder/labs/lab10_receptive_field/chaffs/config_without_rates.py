"""Your configuration leaves out `rates`: a layer that is saved and loaded comes back without its
gaps."""

import keras
import numpy as np


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
        _, rows, columns, _ = self.compute_output_shape(inputs.shape)
        (sh, sw), (dh, dw) = self.strides, self.rates

        # What the last window reaches for beyond the picture is added as zeros,
        # the smaller half in front. With "valid" windows that is nothing.
        borders = []
        for n, out, k, s, d in zip(
            inputs.shape[1:3], (rows, columns), self.size, self.strides, self.rates
        ):
            missing = max((out - 1) * s + (k - 1) * d + 1 - n, 0)
            borders.append((missing // 2, missing - missing // 2))
        x = keras.ops.pad(inputs, [(0, 0), *borders, (0, 0)])

        # One tap of all windows at once; then the taps side by side.
        taps = [
            x[
                :,
                i * dh : i * dh + (rows - 1) * sh + 1 : sh,
                j * dw : j * dw + (columns - 1) * sw + 1 : sw,
            ]
            for i in range(self.size[0])
            for j in range(self.size[1])
        ]
        return keras.ops.concatenate(taps, axis=-1)

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
                "padding": self.padding,
            }
        )
        return config
