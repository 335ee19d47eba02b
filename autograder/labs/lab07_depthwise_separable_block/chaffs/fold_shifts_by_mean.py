"""You subtract the moving mean itself in the folded bias; it is normalized like any input, so gamma
and the standard deviation scale it as well."""

import keras
import numpy as np


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
        values += [trained[0] * scale[:, None], trained[2] - moving[0]]
    else:
        model.add(keras.layers.ReLU())
        model.add(keras.layers.DepthwiseConv2D(3, use_bias=False, **around))
        model.add(keras.layers.Conv2D(block.filters, 1))
        values += [trained[0]]
    scale = trained[-2] / np.sqrt(moving[-1] + block.epsilon)
    values += [trained[-3] * scale, trained[-1] - moving[-2]]
    model.set_weights(values)
    return model
