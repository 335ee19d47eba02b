"""You accept an output padding as large as the stride; it chooses among as many sizes as the stride
counts, beginning with 0."""

import keras
import numpy as np


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
            if any(o > s for o, s in zip(self.output_padding, self.strides)):
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
