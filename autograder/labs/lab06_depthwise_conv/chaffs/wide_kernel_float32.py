"""You return the wide kernel in float32 whatever the dtype of the kernel that you were given."""

import tensorflow as tf


def equivalent_conv_kernel(kernel):
    """Returns the ordinary convolution kernel that does a depthwise kernel's work."""
    kernel = tf.cast(tf.convert_to_tensor(kernel), tf.float32)
    height, width, channels, multiplier = kernel.shape
    stays = tf.eye(channels, dtype=tf.bool)[:, :, tf.newaxis]
    wide = tf.where(stays, kernel[:, :, :, tf.newaxis, :], tf.zeros((), kernel.dtype))
    return tf.reshape(wide, (height, width, channels, channels * multiplier))
