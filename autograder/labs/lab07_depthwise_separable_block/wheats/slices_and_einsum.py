"""Sums shifted slices, mixes channels with einsum, normalizes by a factor and a shift."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseSeparableBlock(keras.layers.Layer):
    """Depthwise and pointwise convolution with batch normalization and ReLU."""

    def __init__(
        self,
        filters,
        strides=1,
        variant="mobilenet",
        momentum=0.99,
        epsilon=1e-3,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if filters <= 0:
            raise ValueError(f"`filters` must be positive. Received: filters={filters}")
        if strides <= 0:
            raise ValueError(f"`strides` must be positive. Received: strides={strides}")
        if variant not in ("mobilenet", "xception"):
            raise ValueError(f"`variant` is unknown. Received: variant={variant}")
        self.filters = filters
        self.strides = strides
        self.variant = variant
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self, input_shape):
        channels = input_shape[-1]
        self.depthwise = self.add_weight(name="depthwise", shape=(3, 3, channels, 1))
        if self.variant == "mobilenet":
            self.norm_1 = self.add_norm("norm_1", channels)
        self.pointwise = self.add_weight(name="pointwise", shape=(1, 1, channels, self.filters))
        self.norm_2 = self.add_norm("norm_2", self.filters)

    def add_norm(self, name, channels):
        full = {"shape": (channels,), "dtype": "float32", "autocast": False}
        return [
            self.add_weight(name=f"{name}_gamma", initializer="ones", **full),
            self.add_weight(name=f"{name}_beta", initializer="zeros", **full),
            self.add_weight(name=f"{name}_mean", initializer="zeros", trainable=False, **full),
            self.add_weight(name=f"{name}_variance", initializer="ones", trainable=False, **full),
        ]

    def normalize(self, x, norm, training):
        gamma, beta, moving_mean, moving_variance = norm
        x = ops.cast(x, "float32")
        if training:
            mean = ops.mean(x, axis=(0, 1, 2))
            variance = ops.mean(ops.square(x), axis=(0, 1, 2)) - ops.square(mean)
            self.update(moving_mean, mean)
            self.update(moving_variance, variance)
        else:
            mean = ops.convert_to_tensor(moving_mean)
            variance = ops.convert_to_tensor(moving_variance)
        factor = gamma * ops.rsqrt(variance + self.epsilon)
        return ops.cast(x * factor + (beta - mean * factor), self.compute_dtype)

    def update(self, moving, seen):
        moving.assign_add((1 - self.momentum) * (seen - moving))

    def around(self, x):
        step, (_, height, width, _) = self.strides, x.shape
        rows, columns = -(-height // step), -(-width // step)
        down, right = (
            max((places - 1) * step + 3 - size, 0)
            for places, size in ((rows, height), (columns, width))
        )
        sides = [(total // 2, total - total // 2 + step) for total in (down, right)]
        x = ops.pad(x, [(0, 0), *sides, (0, 0)])
        kernel = ops.convert_to_tensor(self.depthwise)
        total = 0.0
        for i in range(3):
            for j in range(3):
                seen = x[:, i : i + rows * step : step, j : j + columns * step : step]
                total = total + seen[:, :rows, :columns] * kernel[i, j, :, 0]
        return total

    def across(self, x):
        return ops.einsum("bhwc,cf->bhwf", x, self.pointwise[0, 0])

    def call(self, inputs, training=None):
        if self.variant == "mobilenet":
            x = ops.relu(self.normalize(self.around(inputs), self.norm_1, training))
            return ops.relu(self.normalize(self.across(x), self.norm_2, training))
        x = self.across(self.around(ops.relu(inputs)))
        return self.normalize(x, self.norm_2, training)

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        return (batch, -(-height // self.strides), -(-width // self.strides), self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "strides": self.strides,
            "variant": self.variant,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }


def build_mobilenet(alpha, input_shape, classes):
    """Builds MobileNetV1 from `DepthwiseSeparableBlock`s."""
    table = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
    table += [(512, 1)] * 5 + [(1024, 2), (1024, 1)]
    inputs = keras.Input(input_shape)
    x = keras.layers.Conv2D(int(32 * alpha), 3, strides=2, padding="same", use_bias=False)(inputs)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.ReLU()(x)
    for filters, strides in table:
        x = DepthwiseSeparableBlock(int(filters * alpha), strides)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs, x)


def fold_batch_norm(block):
    """Returns a block as it is at inference, without any batch normalization."""
    trained = [weight.numpy() for weight in block.trainable_weights]
    moving = [weight.numpy() for weight in block.non_trainable_weights]
    model = keras.Sequential([keras.Input((None, None, trained[0].shape[2]))])
    around = {"strides": block.strides, "padding": "same"}
    values = []
    if block.variant == "mobilenet":
        model.add(keras.layers.DepthwiseConv2D(3, activation="relu", **around))
        model.add(keras.layers.Conv2D(block.filters, 1, activation="relu"))
        scale = trained[1] / np.sqrt(moving[1] + block.epsilon)
        values += [trained[0] * scale[:, None], trained[2] - moving[0] * scale]
    else:
        model.add(keras.layers.ReLU())
        model.add(keras.layers.DepthwiseConv2D(3, use_bias=False, **around))
        model.add(keras.layers.Conv2D(block.filters, 1))
        values += [trained[0]]
    scale = trained[-2] / np.sqrt(moving[-1] + block.epsilon)
    values += [trained[-3] * scale, trained[-1] - moving[-2] * scale]
    model.set_weights(values)
    return model


@keras.saving.register_keras_serializable(package="layerlab")
class InvertedResidual(keras.layers.Layer):
    """The inverted residual block of MobileNetV2, with a linear bottleneck."""

    def __init__(self, filters, expansion=6, strides=1, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.expansion = expansion
        self.strides = strides

    def build(self, input_shape):
        channels = input_shape[-1]
        wide = self.expansion * channels
        sizes = [] if self.expansion == 1 else [((1, 1, channels, wide), wide)]
        sizes += [((3, 3, wide, 1), wide), ((1, 1, wide, self.filters), self.filters)]
        self.kernels, self.norms = [], []
        for number, (shape, width) in enumerate(sizes):
            full = {"shape": (width,), "autocast": False}
            self.kernels.append(self.add_weight(name=f"kernel_{number}", shape=shape))
            self.norms.append(
                [
                    self.add_weight(name=f"gamma_{number}", initializer="ones", **full),
                    self.add_weight(name=f"beta_{number}", initializer="zeros", **full),
                    self.add_weight(
                        name=f"mean_{number}", initializer="zeros", trainable=False, **full
                    ),
                    self.add_weight(
                        name=f"variance_{number}", initializer="ones", trainable=False, **full
                    ),
                ]
            )

    def call(self, inputs, training=None):
        x = inputs
        for number, kernel in enumerate(self.kernels):
            if kernel.shape[0] == 3:
                x = ops.depthwise_conv(x, kernel, strides=self.strides, padding="same")
            else:
                x = ops.conv(x, kernel)
            gamma, beta, moving_mean, moving_variance = self.norms[number]
            mean, variance = moving_mean, moving_variance
            if training:
                mean, variance = ops.moments(x, axes=(0, 1, 2))
                moving_mean.assign(0.99 * moving_mean + 0.01 * mean)
                moving_variance.assign(0.99 * moving_variance + 0.01 * variance)
            x = ops.batch_normalization(x, mean, variance, -1, beta, gamma, 1e-3)
            if number < len(self.kernels) - 1:
                x = ops.minimum(ops.relu(x), 6.0)
        return inputs + x if x.shape[1:] == inputs.shape[1:] and self.strides == 1 else x

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        return (batch, -(-height // self.strides), -(-width // self.strides), self.filters)

    def get_config(self):
        config = {"filters": self.filters, "expansion": self.expansion, "strides": self.strides}
        return {**super().get_config(), **config}
