"""The GPU: who may use it, how much of it, and what is said where there is none.

What only a card can show is marked `gpu`, and skipped where there is none.
"""

import copy
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import tensorflow as tf

from autograder import bank, gpu, sandbox
from autograder.errors import MachineFault, UsageError
from autograder.grading import Examination
from autograder.host import Template, TemplateDied
from autograder.subject import confine, device
from autograder.subject.limits import Limits
from autograder.workers import Grader, Workers

GIB = 2**30
LIMITS = Limits(gpu_memory=GIB)
EACH = GIB + gpu.CONTEXT


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """Stands in for nvidia-smi: says what a test wants, and keeps what it was asked."""
    path = tmp_path / "nvidia-smi"
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    def says(script):
        path.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n{script}\n')
        path.chmod(0o755)
        return tmp_path / "asked"

    return says


@pytest.fixture
def card(sandbox):
    if not gpu.present():
        pytest.skip("there is no GPU on this machine")


# Is there one?


@pytest.mark.parametrize(
    ("files", "shown", "found"),
    [
        ([], None, False),
        (["nvidiactl", "nvidia-uvm"], None, False),
        (["nvidia0"], None, True),
        (["nvidia3"], "0", True),
        (["nvidia0"], "", False),
        (["nvidia0"], "-1", False),
    ],
)
def test_a_gpu_is_there_if_the_driver_has_one_and_it_is_not_hidden(
    tmp_path, monkeypatch, files, shown, found
):
    monkeypatch.setattr(gpu, "_DEV", tmp_path)
    monkeypatch.delenv(gpu.SHOWN, raising=False)
    if shown is not None:
        monkeypatch.setenv(gpu.SHOWN, shown)
    for name in files:
        (tmp_path / name).touch()
    assert gpu.present() == found


# How much fits


@pytest.mark.parametrize(("shown", "asked"), [(None, "0"), ("3", "3"), ("GPU-8a,GPU-9b", "GPU-8a")])
def test_the_free_memory_is_that_of_the_first_gpu_shown(driver, monkeypatch, shown, asked):
    monkeypatch.delenv(gpu.SHOWN, raising=False)
    if shown is not None:
        monkeypatch.setenv(gpu.SHOWN, shown)
    questions = driver("echo 15360")
    assert gpu.free() == 15 * GIB
    assert f"--id={asked} " in questions.read_text()


@pytest.mark.parametrize("script", ["exit 9", "echo '[N/A]'", "echo 1; echo 2"])
def test_a_driver_that_does_not_say_is_not_guessed(driver, script):
    driver(script)
    assert gpu.free() is None


@pytest.mark.parametrize(
    ("room", "wanted", "workers"),
    [
        (8 * EACH, None, 8),
        (8 * EACH - 1, None, 7),
        (99 * EACH, None, 16),
        (99 * EACH, 40, 40),
        (8 * EACH, 8, 8),
        (None, None, 1),
        (None, 3, 3),
    ],
)
def test_as_many_workers_as_fit_and_no_more_than_cores(monkeypatch, room, wanted, workers):
    monkeypatch.setattr(gpu, "free", lambda: room)
    assert gpu.workers(wanted, 16, LIMITS) == workers


@pytest.mark.parametrize(
    ("room", "wanted", "remedy"),
    [(3 * EACH, 4, "use --jobs 3"), (EACH - 1, None, "--device cpu"), (0, 1, "--device cpu")],
)
def test_more_than_fit_are_refused(monkeypatch, room, wanted, remedy):
    monkeypatch.setattr(gpu, "free", lambda: room)
    with pytest.raises(UsageError, match=f"a worker takes 2.0: .*{remedy}"):
        gpu.workers(wanted, 16, LIMITS)


def test_a_class_asks_what_fits_before_it_starts(monkeypatch, course, lab06):
    monkeypatch.setattr(gpu, "free", lambda: EACH)
    with pytest.raises(UsageError, match="use --jobs 1"):
        Workers(course, lab06, "gpu", jobs=2, limits=LIMITS)


# What a subject does


class Config:
    """`tf.config` of a machine with two GPUs; notes what it is asked, in order."""

    LogicalDeviceConfiguration = SimpleNamespace

    def __init__(self):
        self.asked = []

    def list_physical_devices(self, kind):
        self.asked.append(("list", kind))
        return ["first", "second"]

    def set_visible_devices(self, devices, kind):
        self.asked.append(("visible", devices, kind))

    def set_logical_device_configuration(self, of, parts):
        self.asked.append(("share", of, [part.memory_limit for part in parts]))


@pytest.fixture
def two_gpus(monkeypatch):
    """TensorFlow with two GPUs that are not there; a product says that it is on `place`."""
    config, stands = Config(), SimpleNamespace(place="/device:GPU:0")

    def matmul(a, b):
        config.asked.append(("product",))
        if isinstance(stands.place, Exception):
            raise stands.place
        return SimpleNamespace(device=stands.place)

    linalg = SimpleNamespace(matmul=matmul)
    fake = SimpleNamespace(config=config, linalg=linalg, ones=tf.ones, errors=tf.errors)
    monkeypatch.setattr(device, "tf", fake)
    stands.asked = config.asked
    return stands


def test_a_subject_takes_its_share_of_the_first_gpu_before_anything_else(two_gpus):
    assert device.take("gpu", 3 * GIB) == ""
    assert two_gpus.asked == [
        ("list", "GPU"),
        ("visible", ["first"], "GPU"),
        ("share", "first", [3 * 1024]),
        ("product",),
    ]


def test_on_the_cpu_it_takes_nothing(two_gpus):
    assert device.take("cpu", GIB) == ""
    assert two_gpus.asked == []


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("/device:CPU:0", "computes on /device:CPU:0"),
        (tf.errors.ResourceExhaustedError(None, None, "out of\nmemory"), "(out of memory)"),
        (RuntimeError("too late"), "too late"),
    ],
)
def test_a_gpu_that_does_not_compute_is_said(two_gpus, place, said):
    two_gpus.place = place
    assert said in device.take("gpu", GIB)


def test_a_share_cannot_be_moved_once_something_was_computed():
    code = (
        "import tensorflow as tf\n"
        "tf.ones(2)\n"
        "cpu = tf.config.list_physical_devices('CPU')[0]\n"
        "parts = [tf.config.LogicalDeviceConfiguration()] * 2\n"
        "try: tf.config.set_logical_device_configuration(cpu, parts)\n"
        "except RuntimeError as error: print(error)\n"
    )
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert "cannot be modified after being initialized" in done.stdout


# What a template does


def variables(of):
    command = sandbox.command(Limits(), of, layers=confine.LAYERS)
    return dict(item.split("=", 1) for item in command if "=" in item and item[0] != "-")


def test_the_environment_on_a_gpu(monkeypatch):
    monkeypatch.setenv(gpu.SHOWN, "2")
    found = variables("gpu")
    assert found["NVIDIA_TF32_OVERRIDE"] == "0" and found["TF_ENABLE_WINOGRAD_NONFUSED"] == "0"
    assert found["TF_DETERMINISTIC_OPS"] == "1"
    assert (found[gpu.SHOWN], found["CUDA_DEVICE_ORDER"]) == ("2", "PCI_BUS_ID")
    monkeypatch.delenv(gpu.SHOWN)
    assert gpu.SHOWN not in variables("gpu")
    assert variables("cpu")[gpu.SHOWN] == ""


def test_the_drivers_files_may_be_written_on_a_gpu_alone(monkeypatch):
    seen = []
    monkeypatch.setattr(confine, "_landlock", seen.append)
    monkeypatch.setattr(confine, "_prctl", lambda *_: None)
    for devices in ((), ("/dev/nvidia0",)):
        confine.Confinement(Limits(), ("landlock",), devices).put_on()
    assert ["/dev/nvidia0" in paths for paths in seen] == [False, True]


@pytest.fixture(scope="module")
def template(sandbox):
    with Template(Limits()) as template:
        yield template


def shown(template, code):
    subject = template.fork()
    try:
        outputs = subject.ask({"cell": code}, 30)["outputs"]
    finally:
        subject.end()
    return "".join(item.get("text", item.get("evalue", "")) for item in outputs)


def test_nothing_has_touched_a_gpu_when_a_template_forks(template):
    code = (
        "from tensorflow.python.eager import context\n"
        "devices = context.context()._physical_devices or []\n"
        "print([device.device_type for device in devices], context.context()._context_handle)"
    )
    assert shown(template, code) == "['CPU'] None\n"


def test_ops_are_deterministic_and_tf32_is_off(template):
    code = (
        "import tensorflow as tf\n"
        "from tensorflow.python.util import _pywrap_determinism\n"
        "print(_pywrap_determinism.is_enabled())\n"
        "print(tf.config.experimental.tensor_float_32_execution_enabled())"
    )
    assert shown(template, code) == "True\nFalse\n"


@pytest.fixture
def hidden(sandbox, monkeypatch):
    """A machine whose GPUs, if it has any, are hidden."""
    monkeypatch.setenv(gpu.SHOWN, "-1")


@pytest.mark.parametrize("layers", [sandbox.LAYERS, sandbox.UNSANDBOXED])
def test_a_template_that_finds_no_gpu_is_refused(hidden, layers):
    with Template(Limits(), "gpu", layers) as template:
        for start in (template.start, template.fork):
            with pytest.raises(TemplateDied, match=r"^TensorFlow sees no GPU$"):
                start()


def test_a_class_without_a_gpu_is_refused_in_a_sentence(hidden, monkeypatch, course, lab06):
    monkeypatch.setattr(gpu, "free", lambda: None)
    with (
        Workers(course, lab06, "gpu") as workers,
        pytest.raises(UsageError, match=r"Nothing was run on .*: TensorFlow sees no GPU\.$"),
    ):
        list(workers.examine([("one", lab06.solution)]))


def graded_on_the_gpu(course, lab):
    """The result of a lab's solution."""
    grader = Grader(course, lab, "gpu")
    grader._misconceptions = []
    try:
        return grader.grade("solution", copy.deepcopy(lab.solution))
    finally:
        grader.close()


def test_one_notebook_without_a_gpu_is_not_graded(hidden, course, lab06):
    found = graded_on_the_gpu(course, lab06)
    assert (found.status, found.device) == ("not graded", "gpu")
    assert found.reason == "The sandbox failed: TensorFlow sees no GPU."


def test_chaffs_that_could_not_run_are_not_kept(course, lab06, monkeypatch):
    kept = []
    monkeypatch.setattr(bank, "keep", lambda *arguments: kept.append(arguments))
    examined = [Examination(chaff.name, "gpu", fault="No GPU.") for chaff in lab06.chaffs]
    with pytest.raises(MachineFault, match="No GPU"):
        bank.remember(course, SimpleNamespace(lab=lab06), examined, "gpu")
    assert kept == []


# The grader itself


@pytest.mark.parametrize("before", [None, "1"])
def test_the_grader_leaves_the_gpus_to_submissions(monkeypatch, before):
    monkeypatch.delenv(gpu.SHOWN, raising=False)
    if before is not None:
        monkeypatch.setenv(gpu.SHOWN, before)
    at_the_call = []
    monkeypatch.setattr(
        tf.config, "list_physical_devices", lambda kind: at_the_call.append(os.environ[gpu.SHOWN])
    )
    gpu.leave.__wrapped__()
    assert at_the_call == [""] and os.environ.get(gpu.SHOWN) == before


def test_it_does_so_before_it_asks_an_oracle(monkeypatch, lab06):
    order = []
    monkeypatch.setattr(gpu, "leave", lambda: order.append("leave"))
    oracle = SimpleNamespace(expect=lambda case: order.append("oracle") or {})
    monkeypatch.setattr(lab06, "module", lambda name: oracle)
    lab06.expect(None)
    assert order == ["leave", "oracle"]


# On a GPU


@pytest.fixture(scope="module")
def on_card(sandbox):
    if not gpu.present():
        pytest.skip("there is no GPU on this machine")
    with Template(LIMITS, "gpu") as template:
        yield template


@pytest.mark.gpu
def test_products_run_on_the_gpu_in_float32(on_card):
    # Rounded to ten bits 1 + 2**-12 is 1.
    code = (
        "import tensorflow as tf\n"
        "tf.config.experimental.enable_tensor_float_32_execution(True)\n"
        "x = tf.fill((256, 256), 1 + 2.0**-12)\n"
        "y = tf.linalg.matmul(x, tf.eye(256))\n"
        "print('GPU' in y.device, bool(tf.reduce_all(y == x)))"
    )
    assert shown(on_card, code) == "True True\n"


@pytest.mark.gpu
def test_a_submission_gets_its_share_and_no_more(on_card):
    code = "import tensorflow as tf\nx = tf.ones({0} * 2**20 // 4)\nprint('GPU' in x.device)"
    assert shown(on_card, code.format(700)) == "True\n"
    assert "OOM" in shown(on_card, code.format(1100))


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["lab06_depthwise_conv", "lab08_capsule"])
def test_the_reference_solution_has_full_marks_on_the_gpu(card, course, name):
    lab = course.lab(name)
    found = graded_on_the_gpu(course, lab)
    assert (found.status, found.device, found.score) == ("graded", "gpu", lab.max_score), found
