"""You put a ReLU6 behind the projection; the narrow end of an inverted residual is a linear
bottleneck, without any activation."""

import keras


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
        x = keras.ops.relu6(self.norm_2(self.project(x), training=training))
        return x + inputs if self.adds else x

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        return (batch, -(-height // self.strides), -(-width // self.strides), self.filters)

    def get_config(self):
        config = {"filters": self.filters, "expansion": self.expansion, "strides": self.strides}
        return {**super().get_config(), **config}
