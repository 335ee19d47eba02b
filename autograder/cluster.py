"""Workers of Dask, on any machines, behind the interface of `concurrent.futures`.

Scheduler and workers are trusted as this process is: they hold hidden tests, and Dask runs what its
clients send. A submission stays in the sandbox of the worker that it runs on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from distributed import Client, Worker

from autograder.errors import UsageError
from autograder.kit import Kit, engine, mismatch

GPU = "GPU"
"""The resource that a worker with a GPU declares; a submission takes one of it."""
START_SECONDS = 10.0
"""How long a scheduler may take to answer."""


@dataclass(frozen=True)
class Deployment:
    """A package of Dask's that starts workers where they have to be asked for.

    Args:
        package: What has to be installed.
        module: Where its class is.
        name: The class; its keyword arguments are what a file says.
    """

    package: str
    module: str
    name: str


DEPLOYMENTS = {
    "slurm": Deployment("dask-jobqueue", "dask_jobqueue", "SLURMCluster"),
    "kubernetes": Deployment("dask-kubernetes", "dask_kubernetes.operator", "KubeCluster"),
}


class Cluster:
    """A scheduler that has workers.

    Args:
        client: The connection to it.

    Raises:
        UsageError: A worker would not grade as this machine does.
    """

    def __init__(self, client: Client):
        self._client = client
        workers = client.run(engine, on_error="return")
        for address, found in workers.items():
            _check(f"worker {address}", found)
        _check("scheduler", _of_scheduler(client))
        self.size = len(workers)
        """Number of workers."""
        self._gpus = sum(client.run(_gpus, on_error="ignore").values())

    def device(self, wanted: str) -> str:
        """The device that submissions run on.

        Args:
            wanted: `cpu`, `gpu`, or `auto` for the GPU if a worker has one.

        Raises:
            UsageError: No worker has a GPU.
        """
        if wanted == "gpu" and not self._gpus:
            raise UsageError(
                f"No worker says that it has a GPU: start those that have one with "
                f'`dask worker --resources "{GPU}=1"`.'
            )
        return "gpu" if self._gpus and wanted != "cpu" else "cpu"

    def executor(self, device: str) -> Executor:
        """Hands work to the workers; on the GPU, to those that have one.

        Args:
            device: `cpu` or `gpu`.
        """
        return _Dask(self._client, {"resources": {GPU: 1}} if device == "gpu" else {})


class _Dask(Executor):
    """As Dask's own executor, but a kit goes to each worker once, and then from one to the next."""

    def __init__(self, client: Client, settings: dict[str, Any]):
        self._client = client
        self._executor = client.get_executor(pure=False, **settings)
        self._kits: dict[str, Any] = {}

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        try:
            return self._executor.submit(work, *map(self._sent, arguments), **named)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise UsageError(f"The scheduler takes no more work ({reason}): grade again.") from None

    def _sent(self, argument: Any) -> Any:
        if not isinstance(argument, Kit):
            return argument
        if argument.digest not in self._kits:
            # A task, not scattered data: if all that have it die, the scheduler makes it anew.
            self._kits[argument.digest] = self._client.submit(_same, argument, pure=False)
        return self._kits[argument.digest]


def _same(kit: Kit) -> Kit:
    return kit


def _of_scheduler(client: Client) -> dict[str, str] | Exception:
    """The engine of the scheduler, which reads the tasks that pass through it."""
    try:
        return dict(client.run_on_scheduler(engine))
    except Exception as error:  # whatever it cannot import or run
        return error


def _gpus(dask_worker: Worker) -> float:
    return float(dask_worker.state.total_resources.get(GPU, 0))


def _check(what: str, found: dict[str, str] | Exception) -> None:
    """Refuses what would not grade as this machine does."""
    if isinstance(found, Exception):
        different = f"no autograder that answers ({type(found).__name__}: {found})"
    else:
        different = mismatch(found, engine())
    if different:
        raise UsageError(f"The {what} has {different}: give it what this machine has.")


@contextmanager
def reached(address: str) -> Iterator[Cluster]:
    """The cluster of a scheduler that runs already.

    Args:
        address: Where it listens, such as `tcp://10.0.0.1:8786`.

    Raises:
        UsageError: It cannot be reached, has no worker, or one that would grade otherwise.
    """
    with _client(address) as client:
        if not client.nthreads():
            raise UsageError(
                f"The scheduler {address} has no worker: start some with "
                f"`dask worker {address} --nthreads 1`."
            )
        yield Cluster(client)


@contextmanager
def started(kind: str, file: Path, jobs: int | None) -> Iterator[Cluster]:
    """A cluster of its own, started for this class and ended with it.

    Args:
        kind: A key of `DEPLOYMENTS`.
        file: YAML with the keyword arguments of its class.
        jobs: Number of workers, if not what the file says as `n_workers`.

    Raises:
        UsageError: Its package is missing, the file says nothing that it takes, or it does not
            start.
    """
    deployment = DEPLOYMENTS[kind]
    settings = _settings(file)
    if jobs is not None:
        settings["n_workers"] = jobs
    if not settings.get("n_workers"):
        raise UsageError(f"How many workers? Say it as n_workers in {file}, or with --jobs.")
    try:
        factory = getattr(import_module(deployment.module), deployment.name)
    except ImportError:
        raise UsageError(
            f"--{kind} needs {deployment.package}: install it with "
            f"`pip install {deployment.package}`."
        ) from None
    try:
        cluster = factory(**settings)
    except Exception as error:  # each of them raises kinds of its own
        reason = " ".join(str(error).split())[:300]
        raise UsageError(
            f"{deployment.name} does not start with {file}: {type(error).__name__}: {reason}."
        ) from None
    with cluster, _client(cluster) as client:
        client.wait_for_workers(1)  # a queue may take hours; the rest joins when it is there
        yield Cluster(client)


def _settings(file: Path) -> dict[str, Any]:
    try:
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise UsageError(f"{file} cannot be read as YAML: {reason}.") from None
    if not isinstance(settings, dict) or not all(isinstance(name, str) for name in settings):
        raise UsageError(f"{file} has to hold names and values: the arguments of a cluster.")
    return settings


@contextmanager
def _client(where: Any) -> Iterator[Client]:
    # What happens is said here in one sentence; Dask's log would stand between.
    for name in ("distributed", "distributed.client", "distributed.gc"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(where, timeout=START_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise UsageError(f"The scheduler {where} cannot be reached: {reason}.") from None
    with client:
        yield client
