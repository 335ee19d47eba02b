"""You pad one zero on each side, as PyTorch does; with a stride above 1, TensorFlow's "same"
padding puts fewer zeros in front, and every window is shifted."""

import keras
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
        x = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
        return tf.nn.depthwise_conv2d(x, self.depthwise, strides, "VALID")

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
