"""You differentiate the sum of all outputs; the field belongs to one unit in the middle."""

import tensorflow as tf


def effective_receptive_field(model, input_shape, samples):
    """Measures how strongly a unit in the middle of the output reacts to each pixel."""
    pictures = tf.random.normal((samples, *input_shape))
    with tf.GradientTape() as tape:
        tape.watch(pictures)
        outputs = model(pictures)
        # A sum over pictures: each of its terms depends on one picture only.
        unit = tf.reduce_sum(outputs)
    return tf.reduce_mean(tf.abs(tape.gradient(unit, pictures)), axis=(0, 3))
