"""The checks of the machine."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

from autograder import capacity
from autograder import gpu as gpus
from autograder import sandbox as confinement
from autograder.doctor import Finding, ok, problem, warning
from autograder.errors import UsageError
from autograder.host import Template, TemplateDied
from autograder.subject.limits import Limits

_LOCK = Path(__file__).parents[2] / "requirements.lock"
_MOST_NAMED = 4
_LITTLE_DISK_GB = 1.0
_KERNEL = Path("/proc/sys")
_FORBIDDING = {
    "kernel.unprivileged_userns_clone": ("0", "1"),
    "user.max_user_namespaces": ("0", "15000"),
    "kernel.apparmor_restrict_unprivileged_userns": ("1", "0"),
}
"""Settings of the kernel, the value that forbids user namespaces, and one that does not."""
_GPU_SECONDS = 120


def versions() -> Finding:
    """Python and its packages, against the lock."""
    python = f"Python {platform.python_version()}"
    if not _LOCK.is_file():
        return warning(f"{python}; there is no {_LOCK} to compare with.", "Use a checkout.")
    locked = list(_locked(_LOCK.read_text(encoding="utf-8")))
    different = []
    for name, version in locked:
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            installed = "missing"
        if installed != version:
            different.append(f"{name} {installed} (not {version})")
    if not different:
        return ok(f"{python}; all {len(locked)} packages are as in {_LOCK.name}.")
    named = ", ".join(different[:_MOST_NAMED])
    more = f" and {len(different) - _MOST_NAMED} more" if len(different) > _MOST_NAMED else ""
    return warning(
        f"{python}; not as in {_LOCK.name}: {named}{more}.",
        f"Scores were proved with the lock: {sys.executable} -m pip install -r {_LOCK}.",
    )


def _locked(text: str) -> Iterator[tuple[str, str]]:
    """Name and version of each package that the lock has for this machine."""
    for line in text.splitlines():
        if line[:1].isalnum():
            requirement = Requirement(line.rstrip("\\ "))
            if requirement.marker is None or requirement.marker.evaluate():
                yield requirement.name, str(requirement.specifier).removeprefix("==")


def user_namespaces() -> Finding:
    """What the kernel says of the namespaces that the sandbox is made of."""
    for setting, (bad, good) in _FORBIDDING.items():
        path = _KERNEL / setting.replace(".", "/")
        if path.is_file() and path.read_text(encoding="ascii").strip() == bad:
            return warning(
                f"{setting} is {bad}: the sandbox may start for root alone.",
                f"sudo sysctl -w {setting}={good}",
            )
    if sys.platform != "linux":
        return problem("The sandbox needs Linux.", "Grade in a virtual machine with one.")
    return ok("The kernel allows user namespaces.")


def sandbox() -> Finding:
    """Bubblewrap, started with our own settings."""
    try:
        command = [*confinement.confined(Limits(), "cpu"), "true"]
    except UsageError as error:
        return problem("bubblewrap is not installed.", str(error))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return problem(
            f"bubblewrap does not start: {said}.",
            "Allow user namespaces (the line above), or in a container: run it with "
            "--security-opt seccomp=unconfined, or --privileged.",
        )
    return ok(f"{command[0]} starts.")


def tensorflow() -> Finding:
    """TensorFlow, imported where submissions run, and the layers around it there."""
    try:
        with Template(Limits()) as template:
            template.start()
            missing = [layer for layer in template.layers if layer not in template.active]
    except (UsageError, TemplateDied) as error:
        return problem(
            f"TensorFlow does not come up in the sandbox: {error}",
            f"Mend the sandbox first; then see `{sys.executable} -c 'import tensorflow'`.",
        )
    up = f"TensorFlow {importlib.metadata.version('tensorflow')} comes up in the sandbox"
    if missing:
        return warning(
            f"{up}, which lacks {' and '.join(missing)} here.",
            "docs/security.md says what remains; for seccomp: apt-get install libseccomp2.",
        )
    return ok(f"{up}, behind {', '.join(template.active)}.")


def gpu() -> Finding:
    """A GPU, from its driver's device file to a product in the sandbox."""
    if not gpus.present():
        return ok("No GPU here: submissions run on the CPU.")
    code = "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=False,
            timeout=_GPU_SECONDS,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "1"},
        )
    except subprocess.TimeoutExpired:
        seen, said = "", f"it did not answer within {_GPU_SECONDS} s"
    else:
        seen = done.stdout.strip()
        said = (done.stderr.strip().splitlines() or ["it gives no reason"])[-1]
    if not (seen.isdigit() and int(seen)):
        return warning(
            f"There is a GPU, and TensorFlow does not see it: {said}",
            "Install requirements-gpu.lock, or grade with --device cpu.",
        )
    try:
        with Template(Limits(), "gpu") as template:
            template.start()
        workers = gpus.workers(None, capacity.here(Limits()), Limits())
    except (UsageError, TemplateDied) as error:
        return warning(f"TensorFlow sees a GPU, but not for us: {error}", "Use --device cpu.")
    return ok(f"TensorFlow computes on a GPU in the sandbox, for {workers} worker(s).")


def memory() -> Finding:
    """Cores, memory, and the number of workers that follows."""
    cores, free, limits = capacity.cores(), capacity.memory(), Limits()
    workers = capacity.workers(cores, free, limits)
    most = f"a worker takes up to {capacity.bound(limits) / 2**30:.1f} GB with its submission"
    there = f"Cores: {cores}; free memory: {free / 2**30:.1f} GB, of which {most}"
    if free < capacity.GRADER + capacity.WORKER:
        return problem(
            f"{there}: too little for one.", "End other programs, or use another machine."
        )
    if free < capacity.GRADER + cores * capacity.bound(limits):
        return warning(
            f"{there}: workers: {workers}.",
            "End other programs; or say --jobs, if you know that submissions take less.",
        )
    return ok(f"{there}: workers: {workers}.")


def disk() -> Finding:
    """Room where the course is, and for temporary files."""
    for folder in (Path.cwd(), Path("/tmp")):
        free = shutil.disk_usage(folder).free / 2**30
        if free < _LITTLE_DISK_GB:
            return problem(f"{folder} has {free:.1f} GB left.", "Make room on that disk.")
    return ok(f"{shutil.disk_usage(Path.cwd()).free / 2**30:.0f} GB are left on the disk.")
