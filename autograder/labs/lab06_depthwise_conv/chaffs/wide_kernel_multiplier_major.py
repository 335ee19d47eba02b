"""Your wide kernel has its output channels in the wrong order: the kernels of one input channel
should stand side by side."""

import tensorflow as tf


def equivalent_conv_kernel(kernel):
    """Returns the ordinary convolution kernel that does a depthwise kernel's work."""
    kernel = tf.convert_to_tensor(kernel)
    height, width, channels, multiplier = kernel.shape
    stays = tf.eye(channels, dtype=tf.bool)[:, :, tf.newaxis]
    wide = tf.where(stays, kernel[:, :, :, tf.newaxis, :], tf.zeros((), kernel.dtype))
    wide = tf.einsum("hwcom->hwcmo", wide)
    return tf.reshape(wide, (height, width, channels, channels * multiplier))
