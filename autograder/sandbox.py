"""The sandbox around the template: bubblewrap, with nothing of the course in view."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
from pathlib import Path

import autograder
import layerlab
from autograder import gpu, subject
from autograder.errors import UsageError
from autograder.subject import confine
from autograder.subject.limits import Limits

INSIDE = "/opt/layerlab"
"""Where the sandbox shows the subject's code."""

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")


LAYERS = ("bubblewrap", *confine.LAYERS)
"""What stands between a submission and everything else; each works without the others."""

UNSANDBOXED = confine.LAYERS
"""What is left where bubblewrap is switched off, which has to be asked for by name."""


def command(limits: Limits, device: str, layers: tuple[str, ...] = LAYERS) -> list[str]:
    """The command line that starts a template.

    Args:
        limits: What a submission may use.
        device: `cpu` or `gpu`.
        layers: The layers of the confinement.

    Raises:
        UsageError: bubblewrap is missing; the message says how to get it.
    """
    template = [sys.executable, "-m", "autograder.subject.template"]
    if "bubblewrap" in layers:
        return [*confined(limits, device), *template]
    variables = {**environment(device), "PYTHONPATH": os.pathsep.join(_roots())}
    settings = [f"{name}={value}" for name, value in variables.items()]
    return ["/usr/bin/env", "--ignore-environment", "--chdir=/tmp", *settings, *template]


def _roots() -> list[str]:
    """Where `layerlab` and `autograder` are found, for a template that no sandbox shows them to."""
    return sorted(
        {str(Path(str(package.__file__)).parents[1]) for package in (layerlab, autograder)}
    )


def confined(limits: Limits, device: str) -> list[str]:
    """The command line that runs what follows it in bubblewrap.

    Args:
        limits: What a submission may use.
        device: `cpu` or `gpu`.

    Raises:
        UsageError: bubblewrap is missing; the message says how to get it.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise UsageError(
            "bubblewrap, the sandbox that submissions run in, is not installed: "
            "install it with `apt-get install bubblewrap` (or your system's package of that name). "
            "Nothing is run without it, unless you ask for that by --no-sandbox."
        )
    arguments = [bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    arguments += ["--cap-drop", "ALL", "--hostname", "lab"]
    # Before the rest, for a checkout that itself lies in /tmp.
    arguments += ["--size", str(limits.tmp_bytes), "--tmpfs", "/tmp"]
    for path in _visible():
        arguments += ["--ro-bind", str(path), str(path)]
    for path in map(Path, _SYSTEM):
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
    packages = {"layerlab": layerlab, "autograder/subject": subject}
    for name, package in packages.items():
        folder = Path(str(package.__file__)).parent
        arguments += ["--ro-bind", str(folder), f"{INSIDE}/{name}"]
    arguments += ["--proc", "/proc", "--dev", "/dev"]
    arguments += ["--size", str(limits.tmp_bytes), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    if device == "gpu":
        for path in sorted(Path("/dev").glob("nvidia*")):
            arguments += ["--dev-bind", str(path), str(path)]
    arguments += ["--chdir", "/tmp"]
    for name, value in environment(device).items():
        arguments += ["--setenv", name, value]
    return arguments


def _visible() -> list[Path]:
    """The interpreter, its packages and the system's libraries; nothing else of the machine."""
    system = [path for path in map(Path, _SYSTEM) if not path.is_symlink()]
    found: list[Path] = []
    for path in (*system, Path(sys.base_prefix), Path(sys.prefix)):
        if path.exists() and not any(path.is_relative_to(other) for other in found):
            found.append(path)
    return found


_QUICK_TO_COMPILE = {
    "2.21": "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false "
    "--xla_cpu_parallel_codegen_split_count=1",
}
"""XLA's flags by version of TensorFlow: to optimize a kernel that runs once costs more than to run
it. A flag that a version does not know ends the process."""


def environment(device: str) -> dict[str, str]:
    """The environment variables of a template: a submission sees no others.

    Args:
        device: `cpu` or `gpu`.
    """
    version = ".".join(importlib.metadata.version("tensorflow").split(".")[:2])
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "PYTHONPATH": INSIDE,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": "/tmp/.matplotlib",
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        # oneDNN writes what multiplies matrices for the processor at hand: soonest for an old one,
        # and then the same on every machine.
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "TF_DETERMINISTIC_OPS": "1",
        "NBGRADER_EXECUTION": "autograde",
        "XLA_FLAGS": _QUICK_TO_COMPILE.get(version, ""),
        **(_on_gpu() if device == "gpu" else {gpu.SHOWN: ""}),
    }


def _on_gpu() -> dict[str, str]:
    """What bounds are derived for: sums of float32 products, in any one order."""
    shown = os.environ.get(gpu.SHOWN)
    return {
        "NVIDIA_TF32_OVERRIDE": "0",  # whatever a submission says to TensorFlow
        "TF_ENABLE_WINOGRAD_NONFUSED": "0",  # Winograd's convolutions are no such sums
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",  # as nvidia-smi counts
        **({} if shown is None else {gpu.SHOWN: shown}),
    }
