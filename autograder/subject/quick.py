"""What makes TensorFlow quick for programs that run once, and changes nothing that they compute."""

from __future__ import annotations

import os

import tensorflow as tf
from tensorflow.python import pywrap_tfe
from tensorflow.python.framework import kernels


def quicken() -> None:
    """Sets the process up for its children. To be called in the template, before any op has run:
    no thread is started, and the runtime is not either.
    """
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    # A graph that runs once costs more to optimize than to run.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    _run_ops_as_ops()
    # The first op of a process goes through all of TensorFlow's kernels, and looks for devices.
    kernels.get_registered_kernels_for_op("AddV2")
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "":  # to look for a GPU would start its driver
        tf.config.list_physical_devices()


def _run_ops_as_ops() -> None:
    """TensorFlow wraps each eager op into a function of its own, which it has to build, to place
    and to optimize when it first comes: a third of what a layer costs that is called a few times.
    """
    set_wrapped = getattr(pywrap_tfe, "TFE_ContextOptionsSetRunEagerOpAsFunction", None)
    if set_wrapped is not None:  # it is no public setting: a later version may have none

        def unwrapped(options: object, _: bool) -> None:
            set_wrapped(options, False)

        pywrap_tfe.TFE_ContextOptionsSetRunEagerOpAsFunction = unwrapped
