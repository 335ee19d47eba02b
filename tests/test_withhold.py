"""`withhold`: functions are taken away, by whatever name they are called."""

import subprocess
import sys

import pytest

SCRIPT = """
import os
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", KERAS_BACKEND="tensorflow")
import keras
from autograder.subject.withhold import withhold
before = keras.layers.Dense
fans = keras.src.initializers.random_initializers.compute_fans
withhold({beginnings})
try:
    {statement}
except RuntimeError as error:
    print(error)
else:
    print("works")
"""


def said(beginnings, statement):
    code = SCRIPT.format(beginnings=beginnings, statement=statement)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


DENSE = ["keras.src.layers.core.dense:"]
INITIALIZERS = ["keras.src.initializers.random_initializers:VarianceScaling",
                "keras.src.initializers.random_initializers:compute_fans"]  # fmt: skip


@pytest.mark.parametrize(
    ("beginnings", "statement", "outcome"),
    [
        (DENSE, "before(3)", "this function is withheld"),
        (DENSE, "keras.layers.EinsumDense('ab,bc->ac', 3)", "works"),
        (DENSE, "keras.layers.Conv2D(3, 2)(keras.ops.ones((1, 4, 4, 2)))", "works"),
        (INITIALIZERS, "fans((2, 3))", "this function is withheld"),
        (INITIALIZERS, "keras.initializers.HeNormal()((2, 3))", "this function is withheld"),
        (INITIALIZERS, "keras.initializers.RandomNormal()((2, 3))", "works"),
        (["keras.src.layers.convolutional."], "keras.layers.DepthwiseConv2D(2)",
         "this function is withheld"),
        (["tensorflow.python.ops.nn_impl:separable_conv2d"],
         "__import__('tensorflow').nn.separable_conv2d(1, 2, 3, 4, 5)",
         "this function is withheld"),
    ],
)  # fmt: skip
def test_what_is_withheld(beginnings, statement, outcome):
    assert said(beginnings, statement) == outcome
