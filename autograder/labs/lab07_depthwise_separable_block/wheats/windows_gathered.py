"""Gathers the windows along one axis after the other, and multiplies."""

import keras
import numpy as np
import tensorflow as tf
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
        x = tf.cast(x, "float32")
        if training:
            mean = tf.reduce_mean(x, [0, 1, 2])
            variance = tf.reduce_mean((x - mean) ** 2, [0, 1, 2])
            self.update(moving_mean, mean)
            self.update(moving_variance, variance)
        else:
            mean, variance = tf.identity(moving_mean), tf.identity(moving_variance)
        y = gamma * (x - mean) / tf.sqrt(variance + self.epsilon) + beta
        return tf.cast(y, self.compute_dtype)

    def update(self, moving, seen):
        moving.assign(self.momentum * moving + (1 - self.momentum) * seen)

    def around(self, x):
        x = self.windows(self.windows(x, 1), 3)
        return tf.einsum("bricjn,ijn->brcn", x, self.depthwise[..., 0])

    def windows(self, x, axis):
        size = x.shape[axis]
        places = -(-size // self.strides)
        before = max((places - 1) * self.strides + 3 - size, 0) // 2
        taps = np.arange(places)[:, None] * self.strides + np.arange(3) - before
        sides = np.zeros((len(x.shape), 2), int)
        sides[axis] = 1
        # The zeros stand at the places 0 and size + 1 of the padded axis.
        return tf.gather(tf.pad(x, sides), np.clip(taps, -1, size) + 1, axis=axis)

    def across(self, x):
        return tf.matmul(x, self.pointwise[0])

    def call(self, inputs, training=None):
        if self.variant == "mobilenet":
            x = tf.nn.relu(self.normalize(self.around(inputs), self.norm_1, training))
            return tf.nn.relu(self.normalize(self.across(x), self.norm_2, training))
        x = self.across(self.around(tf.nn.relu(inputs)))
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
    model = keras.Sequential([keras.Input(input_shape)])
    model.add(keras.layers.Conv2D(int(32 * alpha), 3, 2, "same", use_bias=False))
    model.add(keras.layers.BatchNormalization())
    model.add(keras.layers.ReLU())
    for filters, strides in table:
        model.add(DepthwiseSeparableBlock(int(filters * alpha), strides))
    model.add(keras.layers.GlobalAveragePooling2D(keepdims=True))
    model.add(keras.layers.Conv2D(classes, 1))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Softmax())
    return model


def fold_batch_norm(block):
    """Returns a block as it is at inference, without any batch normalization."""
    weights = [np.asarray(weight) for weight in block.trainable_weights]
    states = [np.asarray(weight) for weight in block.non_trainable_weights]
    normed = block.variant == "mobilenet"

    def fold(gamma, beta, mean, variance):
        factor = gamma / np.sqrt(variance + block.epsilon)
        return factor, beta - mean * factor

    depthwise, pointwise = weights[0], weights[-3]
    inputs = keras.Input((None, None, depthwise.shape[2]))
    first = keras.layers.DepthwiseConv2D(3, strides=block.strides, padding="same", use_bias=normed)
    second = keras.layers.Conv2D(pointwise.shape[3], 1)
    if normed:
        model = keras.Model(inputs, keras.ops.relu(second(keras.ops.relu(first(inputs)))))
        factor, shift = fold(*weights[1:3], *states[:2])
        # The output channels of a depthwise kernel stand along its axis 2.
        first.set_weights([depthwise * factor[:, None], shift])
    else:
        model = keras.Model(inputs, second(first(keras.ops.relu(inputs))))
        first.set_weights([depthwise])
    factor, shift = fold(*weights[-2:], *states[-2:])
    second.set_weights([pointwise * factor, shift])
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
