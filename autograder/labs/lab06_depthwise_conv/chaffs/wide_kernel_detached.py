"""You build the wide kernel outside TensorFlow, so no gradient flows back from it to the depthwise
kernel."""

import tensorflow as tf


def equivalent_conv_kernel(kernel):
    """Returns the ordinary convolution kernel that does a depthwise kernel's work."""
    kernel = tf.stop_gradient(tf.convert_to_tensor(kernel))
    height, width, channels, multiplier = kernel.shape
    stays = tf.eye(channels, dtype=tf.bool)[:, :, tf.newaxis]
    wide = tf.where(stays, kernel[:, :, :, tf.newaxis, :], tf.zeros((), kernel.dtype))
    return tf.reshape(wide, (height, width, channels, channels * multiplier))
