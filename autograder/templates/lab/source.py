# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # TODO the question, as the title of the lab
#
# TODO why the question matters, in a paragraph or two, and what the student should know before.

# %% nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from layerlab import check, graded, hint, progress

# %% [markdown]
# ## Intuition
#
# TODO what the figure below shows.

# %% tags=["experiment"]
# The intuition as a drawing. (No code of yours is needed here.)
gains = np.array([0.5, 1.0, 2.0])
figure, ax = plt.subplots(figsize=(5, 3), layout="constrained")
ax.bar(range(3), gains, color="gray", edgecolor="black")
ax.set_xlabel("channel")
ax.set_ylabel("gain (no unit)")
ax.set_title("Each channel has a gain of its own")
plt.show()

# %% [markdown]
# ## Mathematics
#
# For an input $x$ whose last axis $c$ has the channels, a gain $g$ and an offset $b$:
#
# $$y_{\dots,\,c} = g_c \, x_{\dots,\,c} + b_c.$$
#
# ## Exercise: `Scale`


# %% nbgrader={"grade": false, "grade_id": "scale", "locked": false, "schema_version": 3, "solution": true, "task": false}
@keras.saving.register_keras_serializable(package="layerlab")
class Scale(keras.layers.Layer):
    """Multiplies each channel by a gain of its own and adds an offset.

    Args:
        use_offset: Whether an offset is added.

    Input shape: `(batch, ..., channels)`.
    Output shape: the same.

    Weights: `gain (channels,)`, started at one; `offset (channels,)`, started at zero.

    Raises:
        ValueError: `use_offset` is neither `True` nor `False`.
    """

    def __init__(self, use_offset=True, **kwargs):
        super().__init__(**kwargs)
        ### BEGIN SOLUTION
        if not isinstance(use_offset, bool):
            raise ValueError(f"`use_offset` must be True or False. Received: {use_offset}")
        self.use_offset = use_offset
        ### END SOLUTION

    def build(self, input_shape):
        """Makes the weights."""
        ### BEGIN SOLUTION
        shape = (input_shape[-1],)
        self.gain = self.add_weight(name="gain", shape=shape, initializer="ones")
        if self.use_offset:
            self.offset = self.add_weight(name="offset", shape=shape, initializer="zeros")
        ### END SOLUTION

    def call(self, inputs):
        """Returns the scaled input."""
        ### BEGIN SOLUTION
        outputs = inputs * tf.cast(self.gain, inputs.dtype)
        return outputs + tf.cast(self.offset, inputs.dtype) if self.use_offset else outputs
        ### END SOLUTION

    def compute_output_shape(self, input_shape):
        """Returns the shape of the output, the batch size included."""
        ### BEGIN SOLUTION
        return tuple(input_shape)
        ### END SOLUTION

    def get_config(self):
        """Returns the arguments of the constructor."""
        ### BEGIN SOLUTION
        return {**super().get_config(), "use_offset": self.use_offset}
        ### END SOLUTION


# %% [markdown]
# Stuck? `hint(Scale)` leads from a question to the idea, one step at each call; `hint("Scale")` works before you have written anything. `progress()` says which exercises pass.

# %% tags=["check"] nbgrader={"grade": false, "grade_id": "check_scale", "locked": true, "schema_version": 3, "solution": false, "task": false}
check(Scale)

# %% nbgrader={"grade": true, "grade_id": "scale_outputs", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Hidden tests compare your layer's outputs and gradients with TensorFlow's own.
graded("scale_outputs")

# %% nbgrader={"grade": true, "grade_id": "scale_contract", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Hidden tests look at the weights, shapes and dtypes, at saving, and at tf.function.
graded("scale_contract")

# %% [markdown]
# ## Experiment
#
# TODO what is measured here, and what the popular answer claims.

# %% tags=["experiment"]
# Needs your Scale.
layer = Scale()
x = tf.random.stateless_normal((64, 3), seed=(1, 2))
print("standard deviation before and after:", tf.math.reduce_std(x), tf.math.reduce_std(layer(x)))

# %% [markdown] nbgrader={"grade": false, "grade_id": "question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question
#
# TODO a question that is answered in words.

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_answer", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# **Marking scheme (3 points).**
#
# * 1 point: TODO an idea that the answer must have.
# * 2 points: TODO another.
#
# **Model answer.** TODO

# %% [markdown]
# ## References
#
# * TODO paper, year, and what to read it for.
