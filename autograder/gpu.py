"""The GPUs of this machine as the grader sees them: whether there is one, and how much fits on it.

The grader itself leaves them alone: what is true of a case is computed in float64 on the CPU.
"""

from __future__ import annotations

import functools
import os
import subprocess
from pathlib import Path

from autograder.errors import UsageError
from autograder.subject.limits import Limits

SHOWN = "CUDA_VISIBLE_DEVICES"
"""The variable that says which GPUs a process may use, by number or name; queues set it."""
CONTEXT = 2**30
"""Bytes that CUDA and its libraries take for each process, beside what TensorFlow hands out. A
generous guess: about half of it is what others report."""
_DEV = Path("/dev")
_SECONDS = 30


def present() -> bool:
    """Whether there is a GPU that may be used, by the device files of NVIDIA's driver."""
    return any(_DEV.glob("nvidia[0-9]*")) and os.environ.get(SHOWN) not in ("", "-1")


def free() -> int | None:
    """Bytes that are free on the GPU that submissions run on; `None` if the driver does not say."""
    shown = os.environ.get(SHOWN, "0").split(",")[0]
    command = ["nvidia-smi", f"--id={shown}", "--query-gpu=memory.free"]
    try:
        done = subprocess.run(
            [*command, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            check=True,
            timeout=_SECONDS,
        )
        return int(done.stdout) * 2**20
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def workers(wanted: int | None, cores: int, limits: Limits) -> int:
    """How many workers share the GPU: each submission has a share of its memory to itself.

    Args:
        wanted: How many are asked for; by default as many as fit, and no more than cores.
        cores: How many cores there are.
        limits: What a submission may use.

    Raises:
        UsageError: So many do not fit; the message says how many do.
    """
    room = free()
    if room is None:
        return wanted or 1
    each = limits.gpu_memory + CONTEXT
    fit = room // each
    if fit < (wanted or 1):
        remedy = f"use --jobs {fit}, or fewer" if fit else "use --device cpu"
        raise UsageError(
            f"The GPU has {room / 2**30:.1f} GiB of free memory, and a worker takes "
            f"{each / 2**30:.1f}: {remedy}."
        )
    return wanted or min(cores, fit)


@functools.cache
def leave() -> None:
    """Keeps this process off the GPUs, for good, if it has not run an op yet.

    TensorFlow would take all of their memory, and submissions would find none. CUDA looks at the
    variable once, when TensorFlow asks it for devices; processes started later see it as it was.
    """
    import tensorflow as tf

    shown = os.environ.get(SHOWN)
    os.environ[SHOWN] = ""
    tf.config.list_physical_devices("GPU")
    if shown is None:
        del os.environ[SHOWN]
    else:
        os.environ[SHOWN] = shown
