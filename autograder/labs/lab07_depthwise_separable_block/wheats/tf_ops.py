"""TensorFlow's operations on weights of its own."""

import keras
import numpy as np
import tensorflow as tf


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
            mean, variance = tf.nn.moments(x, [0, 1, 2])
            self.update(moving_mean, mean)
            self.update(moving_variance, variance)
        else:
            mean, variance = tf.identity(moving_mean), tf.identity(moving_variance)
        y = gamma * (x - mean) / tf.sqrt(variance + self.epsilon) + beta
        return tf.cast(y, self.compute_dtype)

    def update(self, moving, seen):
        moving.assign(self.momentum * moving + (1 - self.momentum) * seen)

    def around(self, x):
        strides = [1, self.strides, self.strides, 1]
        return tf.nn.depthwise_conv2d(x, self.depthwise, strides, "SAME")

    def across(self, x):
        return tf.nn.conv2d(x, self.pointwise, 1, "SAME")

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
        self.adds = self.strides == 1 and channels == self.filters
        self.widen = None
        if self.expansion > 1:
            self.widen = keras.layers.Conv2D(wide, 1, use_bias=False, dtype=self.dtype_policy)
            self.widen.build(input_shape)
            self.norm_0 = keras.layers.BatchNormalization(dtype=self.dtype_policy)
            self.norm_0.build((None, None, None, wide))
        self.depthwise = keras.layers.DepthwiseConv2D(
            3, self.strides, "same", use_bias=False, dtype=self.dtype_policy
        )
        self.depthwise.build((None, None, None, wide))
        self.norm_1 = keras.layers.BatchNormalization(dtype=self.dtype_policy)
        self.norm_1.build((None, None, None, wide))
        self.project = keras.layers.Conv2D(self.filters, 1, use_bias=False, dtype=self.dtype_policy)
        self.project.build((None, None, None, wide))
        self.norm_2 = keras.layers.BatchNormalization(dtype=self.dtype_policy)
        self.norm_2.build((None, None, None, self.filters))

    def call(self, inputs, training=None):
        x = inputs
        if self.widen is not None:
            x = keras.ops.relu6(self.norm_0(self.widen(x), training=training))
        x = keras.ops.relu6(self.norm_1(self.depthwise(x), training=training))
        x = self.norm_2(self.project(x), training=training)
        return x + inputs if self.adds else x

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        return (batch, -(-height // self.strides), -(-width // self.strides), self.filters)

    def get_config(self):
        config = {"filters": self.filters, "expansion": self.expansion, "strides": self.strides}
        return {**super().get_config(), **config}
