"""You average over the pictures before you take the absolute value; reactions of opposite sign
cancel out."""

import tensorflow as tf


def effective_receptive_field(model, input_shape, samples):
    """Measures how strongly a unit in the middle of the output reacts to each pixel."""
    pictures = tf.random.normal((samples, *input_shape))
    with tf.GradientTape() as tape:
        tape.watch(pictures)
        outputs = model(pictures)
        _, rows, columns, _ = outputs.shape
        # A sum over pictures: each of its terms depends on one picture only.
        unit = tf.reduce_sum(outputs[:, rows // 2, columns // 2])
    return tf.reduce_mean(tf.abs(tf.reduce_mean(tape.gradient(unit, pictures), axis=0)), axis=2)
