"""A class on other executors than the local one: above all Dask, where workers die or dawdle."""

import copy
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import types
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import nbformat
import pytest

from autograder import bank, bench, folder, terminal, truth
from autograder.cli import main
from autograder.errors import UsageError
from autograder.kit import Kit, OtherEngine, engine, unpacked
from autograder.lab import HIDDEN, Lab
from autograder.result import GRADED, NOT_GRADED, Result
from autograder.sandbox import LAYERS
from autograder.subject.limits import Limits
from autograder.subject.wire import pack, unpack
from autograder.truth import Truth
from autograder.workers import Workers
from layerlab.diagnose import Misconception

distributed = pytest.importorskip("distributed", reason="Dask is not installed (extra `cluster`)")

from autograder import cluster  # noqa: E402

LAB = "lab06_depthwise_conv"
ROOT = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
PATIENCE = 300
"""Seconds that anything here may take on a busy machine."""


def hand_in(root, student, notebook):
    folder = root / "submitted" / student / LAB
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{LAB}.ipynb")


def make_class(course, lab, root, students):
    """A course of its own; what is known of the lab is copied."""
    root.mkdir()
    shutil.copyfile(course.root / "nbgrader_config.py", root / "nbgrader_config.py")
    for part in ("source", "labs"):
        shutil.copytree(course.root / part / LAB, root / part / LAB)
    for part in ("truth", "misconceptions"):
        if (course.state / part).is_dir():
            shutil.copytree(course.state / part, root / ".autograder" / part)
    for student, notebook in students.items():
        hand_in(root, student, notebook)
    return root


@pytest.fixture(scope="module")
def students(lab06):
    """Right, wrong, untouched and hopeless ones."""
    # None whose graph takes seconds to trace: limits are wall-clock time, and cores are shared.
    names = ["multiplier_major", "kernel_flipped", "bias_order_swapped", "bias_left_out"]
    entries = [entry for entry in lab06.chaffs if entry.name in names] + lab06.wheats[:1]
    found = {entry.name: bank.notebook(lab06, entry) for entry in entries}
    exits = copy.deepcopy(lab06.solution)
    for cell in exits.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "depthwise_conv2d":
            cell.source += "\nimport os; os._exit(3)"
    return {**found, "exits": exits, "solved": lab06.solution, "untouched": lab06.release}


def command(*options):
    return [sys.executable, "-m", "autograder", "grade", LAB, "--device", "cpu", *options]


@contextmanager
def running(root, *options):
    """The command, while it runs."""
    process = subprocess.Popen(
        command(*options),
        cwd=root,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def run(root, *options):
    return subprocess.run(
        command(*options),
        cwd=root,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * PATIENCE,
    )


def results(root):
    """Each student's result, but for the time that it took and how far it has got."""
    found = {}
    for path in root.glob(f".autograder/results/{LAB}/*.json"):
        found[path.stem] = json.loads(path.read_text())
        found[path.stem].pop("kept", None)
        for part in (found[path.stem], *found[path.stem]["cells"]):
            del part["seconds"]
    return found


def seconds(root, student):
    """The time that a kept result took."""
    path = root / f".autograder/results/{LAB}/{student}.json"
    return json.loads(path.read_text())["seconds"]


def gradebook(root):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{root}/gradebook.db", "layerlab") as book:
        return sorted(
            (submission.student.id, grade.name, grade.auto_score)
            for submission in book.assignment_submissions(LAB)
            for grade in submission.notebooks[0].grades
        )


def until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.05)


# ---------------------------------------------------------------- kits


@pytest.fixture(scope="module")
def packed(course, lab06):
    known = truth.load(course, lab06)
    return known, Kit.make(known, [], Limits(probe_seconds=7.0), "cpu", LAYERS)


@pytest.fixture
def elsewhere(tmp_path):
    """Runs some lines in a process of their own, in an empty folder, as on another machine."""

    def run(lines, *arguments):
        done = subprocess.run(
            [sys.executable, "-c", lines, *map(str, arguments)],
            cwd=tmp_path,
            env={**ENVIRONMENT, "AUTOGRADER_SEED": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


def test_a_kit_is_unpacked_as_it_was_packed_without_the_course(packed, elsewhere, tmp_path):
    known, kit = packed
    kit = kit.kept_in(tmp_path)
    lines = """
import sys
from pathlib import Path
from autograder.kit import Kit, unpacked
from autograder.subject.wire import pack
found = unpacked(Kit(sys.argv[1], Path(sys.argv[2])), Path(sys.argv[3]))
cases = [case.as_data() for case in (*found.truth.all_cases, *found.truth.twins.values())]
data = pack([cases, found.truth.as_data()])
print(data.hex(), found.limits.probe_seconds, found.truth.lab.hidden)
"""
    data, seconds, hidden = elsewhere(lines, kit.digest, kit.content, tmp_path / "root").split()
    cases = [case.as_data() for case in (*known.all_cases, *known.twins.values())]
    assert data == pack([cases, known.as_data()]).hex() and float(seconds) == 7
    assert Path(hidden) == tmp_path / "root" / "autograder" / "labs" / LAB


def test_a_kit_is_named_by_its_content(packed):
    known, kit = packed
    assert kit == Kit.make(known, [], Limits(probe_seconds=7.0), "cpu", LAYERS)
    others = [
        Kit.make(known, [], Limits(), "cpu", LAYERS),
        Kit.make(known, [], Limits(probe_seconds=7.0), "gpu", LAYERS),
        Kit.make(known, [], Limits(probe_seconds=7.0), "cpu", LAYERS[1:]),
        Kit.make(known, [Misconception("m", "It.", {})], Limits(probe_seconds=7.0), "cpu", LAYERS),
    ]
    assert len({kit.digest, *(other.digest for other in others)}) == 5


def test_neither_the_seed_nor_the_bank_travels(packed, course, lab06):
    _, kit = packed
    assert course.seed.encode() not in kit.content
    content = unpack(kit.content)
    assert sorted(content["hidden"]) == sorted(
        path.name for path in lab06.hidden.iterdir() if path.is_file()
    )
    for solution in (*lab06.chaffs, *lab06.wheats):
        assert solution.path.read_bytes() not in kit.content


def test_a_kit_of_another_version_is_refused(packed, monkeypatch, tmp_path):
    monkeypatch.setattr("autograder.kit.engine", lambda: {**engine(), "tensorflow": "1.15"})
    with pytest.raises(OtherEngine, match=r"^tensorflow 1\.15 instead of 2\."):
        unpacked(packed[1], tmp_path)
    assert not [*tmp_path.iterdir()]


# ---------------------------------------------------------------- a worker's process


def test_a_worker_leaves_nothing_behind_and_clears_up_after_others(
    packed, elsewhere, tmp_path, monkeypatch
):
    kit = packed[1].kept_in(tmp_path)
    left = tmp_path / f"{folder.PREFIX}left"
    used = tmp_path / f"{folder.PREFIX}used"
    left.mkdir()
    used.mkdir()
    descriptor = os.open(used, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    lines = """
import sys
from multiprocessing import get_context
from pathlib import Path
from autograder import bench, folder, host
from autograder.kit import Kit
def work(kit):
    host.Template.start = lambda self: None
    bench.ready(kit)
    print(len([*Path.cwd().glob(folder.PREFIX + "*")]), flush=True)
if __name__ == "__main__":
    kit = Kit(sys.argv[1], Path(sys.argv[2]))
    child = get_context("fork").Process(target=work, args=(kit,))
    child.start()
    child.join()
    work(kit)
"""
    monkeypatch.setitem(ENVIRONMENT, "TMPDIR", str(tmp_path))
    assert elsewhere(lines, kit.digest, kit.content).split() == ["2", "2"]
    assert [*tmp_path.glob(f"{folder.PREFIX}*")] == [used]
    os.close(descriptor)


def test_a_worker_takes_another_kit_of_the_same_lab(packed, elsewhere, tmp_path):
    """An instructor changes a hidden module, and grades again on workers that still run."""
    known, _ = packed
    changed = tmp_path / "changed"
    shutil.copytree(known.lab.hidden, changed / "autograder" / "labs" / LAB)
    with (changed / "autograder" / "labs" / LAB / "cases.py").open("a") as file:
        file.write("\nCHANGED = True\n")
    shutil.copytree(ROOT / "labs" / LAB, changed / "labs" / LAB)
    other = Truth(Lab(LAB, changed), [], {}, known.expected, known.seeds)
    kits = [Kit.make(of, [], Limits(), "cpu", LAYERS).kept_in(tmp_path) for of in (known, other)]
    lines = """
import sys
from pathlib import Path
from autograder import bench, host
from autograder.kit import Kit
host.Template.start = lambda self: None
kits = [Kit(Path(path).name, Path(path)) for path in sys.argv[1:]]
for kit in (kits[0], kits[1], kits[0]):
    laid, template = bench._bench.lay(kit)
    print(hasattr(laid.truth.lab.module("cases"), "CHANGED"), id(template))
"""
    found = elsewhere(lines, *(kit.content for kit in kits)).split()
    assert found[::2] == ["False", "True", "False"] and len(set(found[1::2])) == 1


# ---------------------------------------------------------------- any executor


class Told(Executor):
    """Runs nothing: each submission ends as the test says."""

    def __init__(self):
        self.outcomes = {}
        self.futures = []

    def submit(self, work, kit, *arguments):
        future = Future()
        if work is bench.grade:
            name = arguments[0]
            self.futures.append(future)
            outcome = self.outcomes.get(name, Result(LAB, name, GRADED).as_data())
            if isinstance(outcome, CancelledError):
                future.cancel()
                future.set_running_or_notify_cancel()
            elif isinstance(outcome, Exception):
                future.set_exception(outcome)
            elif outcome is not None:
                future.set_result(outcome)
        return future


@pytest.fixture
def told(course, lab06, monkeypatch):
    monkeypatch.setattr("autograder.bank.known", lambda *_: True)
    monkeypatch.setattr("autograder.bank.misconceptions", lambda *_: [])
    executor = Told()
    with Workers(course, lab06, jobs=2, executor=executor) as made:
        yield made, executor


def class_of(names, read):
    for name in names:
        read.append(name)
        yield name, {}


def test_no_more_is_read_than_the_workers_need(told):
    read, done = [], []
    for result in told[0].grade(class_of("abcdefghij", read), ahead=3):
        done.append(result.submission)
        assert len(read) - len(done) < 3
    assert sorted(done) == [*"abcdefghij"]


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (BrokenExecutor(), "A worker of the grader ended unexpectedly; grade it again."),
        (KeyError("x"), "The grader failed: KeyError: 'x'."),
    ],
)
def test_a_fault_with_one_submission_is_its_own(told, outcome, reason):
    told[1].outcomes["b"] = outcome
    found = {result.submission: result for result in told[0].grade(class_of("abc", []))}
    assert (found["b"].status, found["b"].reason) == (NOT_GRADED, reason)
    assert found["a"].status == found["c"].status == GRADED


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (UsageError("Nothing was run on node7: no bubblewrap."), "Nothing was run on node7"),
        (CancelledError(), "The workers are gone: what is graded is kept"),
        (ModuleNotFoundError("No module named 'keras'"), "lacks what is installed here: No module"),
    ],
)
def test_a_fault_of_the_workers_ends_the_run(told, outcome, sentence):
    told[1].outcomes |= {"a": None, "b": outcome}  # one is with a worker still
    with pytest.raises(UsageError, match=sentence):
        list(told[0].grade(class_of("ab", [])))
    assert told[1].futures[0].cancelled()


def test_any_executor_with_processes_will_do(sandbox, course, lab06, grader):
    known = truth.load(course, lab06)
    if not bank.known(course, known):
        pytest.skip("the chaffs have not been observed yet")
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        with Workers(course, lab06, jobs=1, executor=pool) as made:
            (result,) = made.grade([("solved", lab06.solution)])
        assert pool.submit(abs, -1).result() == 1  # it is not ours to close
    expected = grader.grade("solved", lab06.solution)
    assert [cell.message for cell in result.cells] == [cell.message for cell in expected.cells]
    assert (result.score, result.status) == (11, GRADED)


def test_threads_of_the_caller_are_refused(told, course, lab06):
    """They would take the hidden modules of a kit for those of the course, or the other way."""
    with (
        ThreadPoolExecutor(1) as pool,
        Workers(course, lab06, jobs=1, executor=pool) as made,
        pytest.raises(UsageError, match=r"Nothing was run on .*: one process grades one course\."),
    ):
        list(made.grade(class_of("a", [])))
    assert lab06.hidden == HIDDEN / LAB and lab06.banned


# ---------------------------------------------------------------- what is asked for


@pytest.fixture
def told_no(course, monkeypatch, capfd, tmp_path):
    """Runs the command for a class of one; returns its status and what it says."""
    make_class(course, course.lab(LAB), tmp_path / "class", {"solved": course.lab(LAB).release})
    monkeypatch.chdir(tmp_path / "class")
    monkeypatch.setattr(terminal, "_messages", terminal.Console(stderr=True, width=400))

    def run(*options):
        status = main(["grade", LAB, *map(str, options)])
        return status, capfd.readouterr().err

    return run


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--scheduler", "tcp://127.0.0.1:1"], "scheduler tcp://127.0.0.1:1 cannot be reached"),
        (["--scheduler", "carrier-pigeon://x"], "carrier-pigeon://x cannot be reached"),
        (["--scheduler", "tcp://x", "--jobs", "3"], "leave --jobs out"),
        (["--slurm", "missing.yaml"], "missing.yaml cannot be read as YAML"),
        (["--slurm", "list.yaml"], "has to hold names and values"),
        (["--slurm", "none.yaml"], "How many workers?"),
        (["--slurm", "four.yaml"], "--slurm needs dask-jobqueue: install it with `pip install"),
        (["--kubernetes", "four.yaml"], "--kubernetes needs dask-kubernetes: install it"),
    ],
)
def test_a_cluster_that_cannot_be_is_a_sentence(told_no, options, sentence, monkeypatch, tmp_path):
    monkeypatch.setattr(cluster, "START_SECONDS", 0.5)
    monkeypatch.setitem(sys.modules, "dask_jobqueue", None)
    monkeypatch.setitem(sys.modules, "dask_kubernetes", None)
    for name, text in {"list": "[1]", "none": "queue: long", "four": "n_workers: 4"}.items():
        (tmp_path / "class" / f"{name}.yaml").write_text(text)
    status, err = told_no(*options)
    assert status == 2 and sentence in err and err.count("\n") == 1


def test_without_dask_it_is_a_sentence(told_no, monkeypatch):
    monkeypatch.delattr("autograder.cluster")
    monkeypatch.setitem(sys.modules, "autograder.cluster", None)
    status, err = told_no("--scheduler", "tcp://127.0.0.1:1")
    assert status == 2 and "pip install distributed" in err


def test_one_notebook_is_graded_here(course, capfd, monkeypatch, tmp_path):
    monkeypatch.chdir(course.root)
    path = tmp_path / f"{LAB}.ipynb"
    path.touch()
    assert main(["grade", str(path), "--scheduler", "tcp://127.0.0.1:1"]) == 2
    assert "A cluster grades a class" in capfd.readouterr().err


def test_two_places_at_once_make_no_sense(capfd):
    with pytest.raises(SystemExit) as caught:
        main(["grade", LAB, "--scheduler", "tcp://x", "--slurm", "f"])
    assert caught.value.code == 2 and "not allowed with" in capfd.readouterr().err


@contextmanager
def threads(n_workers, **options):
    """A cluster in this process: it runs what needs no process of its own."""
    settings = {"dashboard_address": None, "processes": False, "threads_per_worker": 1}
    with distributed.LocalCluster(n_workers=n_workers, **settings, **options) as made:
        yield made


@pytest.mark.parametrize(("jobs", "workers"), [(None, 2), (3, 3)])
def test_a_queue_is_asked_for_workers(monkeypatch, tmp_path, jobs, workers):
    asked = []

    class Stand(distributed.LocalCluster):
        def __init__(self, n_workers, queue):
            asked.append((n_workers, queue))
            super().__init__(n_workers=n_workers, processes=False, dashboard_address=None)

    monkeypatch.setitem(sys.modules, "dask_jobqueue", types.SimpleNamespace(SLURMCluster=Stand))
    (tmp_path / "slurm.yaml").write_text("n_workers: 2\nqueue: long\n")
    with cluster.started("slurm", tmp_path / "slurm.yaml", jobs) as found:
        assert 1 <= found.size <= workers and asked == [(workers, "long")]
        assert found.executor("cpu").submit(abs, -2).result(PATIENCE) == 2


def test_what_a_queue_does_not_take_is_a_sentence(monkeypatch, tmp_path):
    class Stand:
        def __init__(self, n_workers):
            pass

    monkeypatch.setitem(sys.modules, "dask_jobqueue", types.SimpleNamespace(SLURMCluster=Stand))
    (tmp_path / "slurm.yaml").write_text("n_workers: 2\ncolour: red\n")
    with (
        pytest.raises(UsageError, match=r"SLURMCluster does not start with .*: TypeError: .*col"),
        cluster.started("slurm", tmp_path / "slurm.yaml", None),
    ):
        pass


def test_a_gpu_is_a_resource_of_its_worker():
    with threads(1, resources={"GPU": 1}) as made, cluster.reached(made.scheduler_address) as found:
        assert [found.device(wanted) for wanted in ("auto", "cpu", "gpu")] == ["gpu", "cpu", "gpu"]
        assert found.executor("gpu").submit(abs, -3).result(PATIENCE) == 3
        waits = found.executor("gpu").submit(time.sleep, 5)
        until(lambda: [ts for ts in made.scheduler.tasks.values() if ts.resource_restrictions])
        (task,) = [ts for ts in made.scheduler.tasks.values() if ts.resource_restrictions]
        assert task.resource_restrictions == {"GPU": 1}
        waits.cancel()


def test_without_a_gpu_none_is_used():
    with threads(1) as made, cluster.reached(made.scheduler_address) as found:
        assert found.device("auto") == "cpu"
        with pytest.raises(UsageError, match='dask worker --resources "GPU=1"'):
            found.device("gpu")


def test_a_scheduler_without_workers_is_a_sentence():
    with (
        threads(0) as made,
        pytest.raises(UsageError, match="has no worker: start some with `dask worker"),
        cluster.reached(made.scheduler_address),
    ):
        pass


def test_a_kit_is_sent_once(packed):
    sent = []

    def see(kit, name):
        sent.append(kit.digest)
        return name

    with threads(1) as made, cluster.reached(made.scheduler_address) as found:
        executor = found.executor("cpu")
        futures = [executor.submit(see, packed[1], number) for number in range(3)]
        assert [future.result(PATIENCE) for future in futures] == [0, 1, 2]
        assert len([key for key in made.scheduler.tasks if "_same" in str(key)]) == 1


# ---------------------------------------------------------------- a real scheduler, real workers


class Dask:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.workers = []
        file = folder / "scheduler.json"
        self.scheduler = self._start(
            *("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"),
            *("--scheduler-file", str(file)),
        )
        until(file.exists)
        until(lambda: file.read_text().strip().endswith("}"))
        self.address = json.loads(file.read_text())["address"]

    def worker(self, root=ROOT, *options):
        started = self._start(
            *("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard"),
            *("--name", f"worker-{len(self.workers)}", "--local-directory", str(self.folder)),
            *options,
            root=root,
        )
        self.workers.append(started)
        return started

    def _start(self, *arguments, root=ROOT):
        with (self.folder / "log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments],
                env={**ENVIRONMENT, "PYTHONPATH": str(root), "TMPDIR": str(self.folder)},
                cwd=self.folder,  # what is here would come before `root`
                stdout=log,
                stderr=log,
            )

    def close(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def dask(sandbox, tmp_path_factory):
    """A scheduler with four workers."""
    started = Dask(tmp_path_factory.mktemp("dask"))
    try:
        for _ in range(4):
            started.worker()
        with distributed.Client(started.address, set_as_default=False) as client:
            client.wait_for_workers(4, timeout=PATIENCE)
        yield started
    finally:
        started.close()


@contextmanager
def slowed(process):
    """Lets a process run for a quarter of the time."""
    over = threading.Event()

    def dawdle():
        while not over.wait(0.1):
            process.send_signal(signal.SIGSTOP)
            over.wait(0.3)
            process.send_signal(signal.SIGCONT)

    thread = threading.Thread(target=dawdle)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_workers_that_die_or_dawdle_change_nothing(dask, course, lab06, students, tmp_path):
    here = make_class(course, lab06, tmp_path / "here", students)
    there = make_class(course, lab06, tmp_path / "there", students)
    local = run(here, "--jobs", "2", "--json")
    assert local.returncode == 0, local.stderr
    slow, *others = dask.workers
    with (
        running(there, "--scheduler", dask.address, "--json") as grading,
        slowed(slow),
        distributed.Client(dask.address, set_as_default=False) as client,
    ):
        until(lambda: len(results(there)) >= 2 or grading.poll() is not None)
        busy = [address for address, tasks in client.processing().items() if tasks]
        pids = client.run(os.getpid, workers=busy)
        (victim, *_) = [process for process in others if process.pid in pids.values()]
        victim.kill()
        out, err = grading.communicate(timeout=PATIENCE)
    assert grading.returncode == 0, err
    assert results(there) == results(here) and len(results(there)) == len(students)
    assert gradebook(there) == gradebook(here)
    reported = json.loads(out)
    assert [result["submission"] for result in reported] == sorted(students)
    assert {result["status"] for result in reported} == {"graded"}
    assert len(list(there.glob(f"feedback/*/{LAB}/{LAB}.html"))) == len(students)


def test_a_worker_of_another_version_is_refused(dask, course, lab06, students, tmp_path):
    root = make_class(course, lab06, tmp_path / "class", {"solved": students["solved"]})
    other = tmp_path / "other"
    for package in ("autograder", "layerlab"):
        shutil.copytree(ROOT / package, other / package)
    (other / "autograder" / "grading.py").open("a").write("# It gives more points.\n")
    odd = dask.worker(other)
    try:
        with distributed.Client(dask.address, set_as_default=False) as client:
            until(lambda: odd.pid in client.run(os.getpid).values())
        done = run(root, "--scheduler", dask.address)
    finally:
        odd.kill()
        odd.wait()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("autograder: The worker tcp://")
    assert f" instead of {engine()['autograder']}: give it what this" in done.stderr
    assert not results(root)


def test_a_scheduler_that_ends_midway_loses_nothing(dask, course, lab06, students, tmp_path):
    some = {name: students[name] for name in ("exits", "kernel_flipped", "solved", "untouched")}
    root = make_class(course, lab06, tmp_path / "class", some)
    with running(root, "--scheduler", dask.address) as grading, slowed(dask.workers[0]):
        until(lambda: results(root) or grading.poll() is not None)
        dask.scheduler.kill()
        out, err = grading.communicate(timeout=PATIENCE)
    before = results(root)
    assert (grading.returncode, out) == (2, ""), err
    assert "The workers are gone: what is graded is kept" in err and "Traceback" not in err
    unreachable = run(root, "--scheduler", dask.address)
    assert unreachable.returncode == 2 and "cannot be reached" in unreachable.stderr
    assert results(root) == before and set(before) < set(some)
    spent = {name: seconds(root, name) for name in before}
    again = run(root, "--jobs", "2", "--json")
    assert again.returncode == 0, again.stderr
    assert set(results(root)) == set(some) and results(root).items() >= before.items()
    # Those were not graded a second time.
    assert {name: seconds(root, name) for name in before} == spent
