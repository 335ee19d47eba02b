"""Keras's layers as attributes, a subclassed model for the folded block."""

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
        inner = (None, None, None, channels)
        norm = {"momentum": self.momentum, "epsilon": self.epsilon, "dtype": self.dtype_policy}
        self.depthwise = keras.layers.DepthwiseConv2D(
            (3, 3), (self.strides, self.strides), "same", use_bias=False, dtype=self.dtype_policy
        )
        self.depthwise.build(inner)
        if self.variant == "mobilenet":
            self.first_norm = keras.layers.BatchNormalization(**norm)
            self.first_norm.build(inner)
        # A pointwise convolution is a product with a matrix; as a layer it is still Conv2D's.
        self.pointwise = keras.layers.Conv2D(
            self.filters, (1, 1), padding="same", use_bias=False, dtype=self.dtype_policy
        )
        self.pointwise.build(inner)
        self.last_norm = keras.layers.BatchNormalization(**norm)
        self.last_norm.build((None, None, None, self.filters))

    def call(self, inputs, training=None):
        if self.variant == "mobilenet":
            x = self.first_norm(self.depthwise(inputs), training=training)
            x = self.last_norm(self.pointwise(ops.maximum(x, 0)), training=training)
            return ops.maximum(x, 0)
        x = self.pointwise(self.depthwise(ops.relu(inputs)))
        return self.last_norm(x, training=training)

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


def _unchanged(x):
    return x


class _Folded(keras.Model):
    def __init__(self, kernels, biases, strides, before, between):
        super().__init__()
        around = {"strides": strides, "padding": "same", "use_bias": biases[0] is not None}
        self.before, self.between = before, between
        self.first = keras.layers.DepthwiseConv2D(3, **around)
        self.second = keras.layers.Conv2D(kernels[1].shape[3], 1)
        self.first.build((None, None, None, kernels[0].shape[2]))
        self.second.build((None, None, None, kernels[0].shape[2]))
        self.first.set_weights([x for x in (kernels[0], biases[0]) if x is not None])
        self.second.set_weights([kernels[1], biases[1]])
        self.built = True

    def call(self, inputs):
        x = self.first(self.before(inputs))
        return self.between(self.second(self.between(x)))


def fold_batch_norm(block):
    """Returns a block as it is at inference, without any batch normalization."""
    values = [ops.convert_to_numpy(x) for x in block.trainable_weights]
    means, variances = block.non_trainable_weights[::2], block.non_trainable_weights[1::2]
    kernels, biases = [], []
    while values:
        kernel, values = values[0], values[1:]
        if kernel.shape[0] == 3 and block.variant == "xception":
            kernels, biases = [kernel], [None]
            continue
        (gamma, beta), values = values[:2], values[2:]
        number = len(kernels) if block.variant == "mobilenet" else 0
        root = np.sqrt(np.asarray(variances[number]) + block.epsilon)
        wide = (gamma / root)[:, None] if kernel.shape[0] == 3 else gamma / root
        kernels.append(kernel * wide)
        biases.append(beta - gamma * np.asarray(means[number]) / root)
    mobile = block.variant == "mobilenet"
    before, between = (_unchanged, ops.relu) if mobile else (ops.relu, _unchanged)
    return _Folded(kernels, biases, block.strides, before, between)


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
