"""Where a subject computes: on the CPU, or in its share of a GPU."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf


def files() -> list[str]:
    """The device files of NVIDIA's driver."""
    return [str(path) for path in sorted(Path("/dev").glob("nvidia*"))]


def take(device: str, memory: int) -> str:
    """Brings the calling process onto a device, for good: call it before its first op.

    TensorFlow initializes CUDA when it is asked what devices there are, and CUDA does not survive a
    fork: so every subject does this for itself, and the template never.

    Args:
        device: `cpu`, or `gpu` for the first one that CUDA shows.
        memory: Bytes of the GPU's memory that TensorFlow may hand out in this process.

    Returns:
        Why it is not there, as a clause; empty if it is.
    """
    if device == "cpu":
        return ""
    try:
        gpus = tf.config.list_physical_devices("GPU")
        if not gpus:
            return "TensorFlow sees no GPU"
        tf.config.set_visible_devices(gpus[:1], "GPU")
        share = tf.config.LogicalDeviceConfiguration(memory_limit=memory // 2**20)
        tf.config.set_logical_device_configuration(gpus[0], [share])
        # A first product, so that what it takes is there: after it no code can move the share.
        place = tf.linalg.matmul(tf.ones((2, 2)), tf.ones((2, 2))).device
    except (RuntimeError, ValueError, tf.errors.OpError) as error:
        return f"the GPU does not compute ({' '.join(str(error).split())[:300]})"
    return "" if "GPU" in place else f"TensorFlow computes on {place or 'no device'}"
