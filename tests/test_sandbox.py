"""The sandbox: what submitted code can and cannot do, and that it never takes the grader along."""

import json
import os
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import autograder
from autograder.host import (
    SubjectDied,
    SubjectTimedOut,
    Template,
    TemplateDied,
    TemplateLost,
)
from autograder.session import MOST_STRIKES, CodeCell, Session
from autograder.subject.limits import Limits
from autograder.subject.shell import MOST_DATA, MOST_OUTPUTS, MOST_TEXT
from layerlab.case import Case

ROOT = Path(autograder.__file__).parents[1]
LIMITS = Limits(cell_seconds=8.0, probe_seconds=8.0, memory=2**30)


@pytest.fixture(scope="module")
def template(sandbox):
    with Template(LIMITS) as template:
        template.start()
        yield template


@pytest.fixture
def impatient(template, patient, monkeypatch):
    """The template with hardly any time for a cell or a case."""
    limits = replace(LIMITS, cell_seconds=0.3, probe_seconds=0.3)
    monkeypatch.setattr(template, "limits", limits)
    monkeypatch.setattr("autograder.host.GRACE_SECONDS", 0.3)
    return template


class Submission:
    """Runs cells and asks cases, as an examiner does."""

    def __init__(self, template, *sources):
        cells = [CodeCell(number, source) for number, source in enumerate(sources)]
        self.session = Session(template, cells)

    def __enter__(self):
        self.session.__enter__()
        self.session.run()
        return self

    def __exit__(self, *error):
        self.session.__exit__(*error)

    def ask(self, target, *inputs):
        return self.session.probe(Case("k", "g", target, "function", inputs=inputs))

    def value(self, target, *inputs):
        found = self.ask(target, *inputs)
        assert "error" not in found, found
        return found["value"]

    def outputs(self, number=0):
        return self.session.cells[number].outputs

    def text(self, number=0):
        return "".join(item.get("text", "") for item in self.outputs(number))

    def ended(self, number=0):
        """What an error of the cell says."""
        (error,) = [item for item in self.outputs(number) if item["output_type"] == "error"]
        return error["evalue"]


@pytest.fixture
def submit(template):
    """Runs cells of one submission after the other."""
    opened = []

    def run(*sources, template=template):
        while opened:
            opened.pop().__exit__(None, None, None)
        opened.append(Submission(template, *sources))
        return opened[-1].__enter__()

    yield run
    while opened:
        opened.pop().__exit__(None, None, None)


def value_of(submit, expression, setup="pass"):
    return submit(f"{setup}\ndef answer():\n    return {expression}\n").value("answer")


# what it can see and reach


def test_cells_share_their_names(submit):
    found = submit("x = 20", "def answer():\n    return x + 1")
    assert found.value("answer") == 21


def test_a_layer_is_probed(submit):
    source = "import tensorflow as tf\ndef double(x):\n    return tf.constant(2.0) * x\n"
    found = submit(source).value("double", np.ones((2, 2), np.float32))
    assert np.array_equal(found, np.full((2, 2), 2.0))


@pytest.mark.parametrize(
    "path",
    [
        ROOT / "autograder",
        ROOT / "autograder" / "labs",
        ROOT / "source",
        ROOT / "labs",
        ROOT / "solutions",
        ROOT / "tests",
        ROOT / ".autograder",
        ROOT / "gradebook.db",
        ROOT / ".git",
        Path.home() / ".ssh",
        Path("/etc/passwd"),
        Path("/etc/shadow"),
        Path("/var"),
        Path("/opt/layerlab/autograder/labs"),
        Path("/opt/layerlab/autograder/oracle.py"),
        Path("/opt/layerlab/autograder/__init__.py"),
    ],
    ids=str,
)
def test_nothing_of_the_course_is_in_view(submit, path):
    assert value_of(submit, f"os.path.exists({str(path)!r})", "import os") is False


def test_no_module_of_the_grader_is_there(submit):
    setup = """
import importlib.util
def seen(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
"""
    names = ["autograder.labs", "autograder.oracle", "autograder.truth", "autograder.draw"]
    assert value_of(submit, f"[seen(name) for name in {names}]", setup) == [False] * 4


def test_no_secret_is_in_the_environment(submit):
    assert "AUTOGRADER_SEED" in os.environ
    found = value_of(submit, "list(os.environ)", "import os")
    assert not [name for name in found if name.startswith(("AUTOGRADER", "AWS", "GITHUB", "USER"))]


def test_no_hidden_data_is_in_memory(submit):
    setup = """
import gc, numpy as np
from layerlab.compare import Expected
"""
    counts = "[sum(isinstance(o, Expected) for o in gc.get_objects()), 'pytest' in sys.modules]"
    assert value_of(submit, counts, setup + "import sys") == [0, False]


def test_there_is_no_network(submit):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        setup = f"""
import socket
def reaches(address):
    try:
        socket.create_connection(address, 2).close()
        return True
    except OSError:
        return False
addresses = [("127.0.0.1", {port}), ("1.1.1.1", 53), ("localhost", {port})]
"""
        assert value_of(submit, "[reaches(a) for a in addresses]", setup) == [False] * 3
        lines = value_of(submit, "open('/proc/net/dev').read().splitlines()[2:]")
        assert {line.partition(":")[0].strip() for line in lines} <= {"lo"}


def test_only_tmp_can_be_written(submit):
    setup = """
import os
def writable(folder):
    try:
        open(os.path.join(folder, "x"), "w").close()
        return True
    except OSError:
        return False
import sys, keras, layerlab
folders = ["/tmp", "/usr", "/opt/layerlab/layerlab", sys.prefix, os.path.dirname(keras.__file__)]
"""
    assert value_of(submit, "[writable(f) for f in folders]", setup) == [True] + [False] * 4


def test_no_process_of_the_machine_is_in_view(submit):
    setup = "import os\npids = [int(p) for p in os.listdir('/proc') if p.isdigit()]"
    assert os.getpid() not in value_of(submit, "pids", setup) or os.getpid() < 10
    assert value_of(submit, "len(pids)", setup) <= 4


def test_no_privilege_is_left(submit):
    setup = "import re\nstatus = open('/proc/self/status').read()"
    assert value_of(submit, "re.search(r'CapEff:\\t(\\w+)', status)[1]", setup) == "0" * 16


def test_no_descriptor_is_inherited(submit):
    setup = """
import os
def kind(fd):
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return ""
"""
    found = value_of(submit, "[kind(fd) for fd in range(256)]", setup)
    assert set(found[:3]) == {"/dev/null"}
    others = [name for name in found[3:] if name]
    assert sum(name.startswith("socket:") for name in others) == 1
    assert not [name for name in others if name.startswith(("/", "pipe:"))]


def test_the_memory_of_the_template_is_shut(sandbox):
    source = """
import os
def opened(name):
    try:
        with open(f"/proc/{os.getppid()}/{name}", "r+b" if name == "mem" else "rb") as file:
            return bool(file.read(1)) or True
    except OSError:
        return False
def answer():
    return [opened(name) for name in ("mem", "environ", "maps")]
"""
    for layers in (("bubblewrap", "limits", "undumpable"), ("bubblewrap", "limits", "landlock")):
        with Template(LIMITS, layers=layers) as template, Submission(template, source) as found:
            assert found.value("answer")[0] is False, layers


def test_shared_memory_of_the_machine_is_its_own_and_emptied(submit):
    submit("open('/dev/shm/note', 'w').write('answers')\nopen('/tmp/note', 'w').write('answers')")
    found = value_of(submit, "[os.listdir('/dev/shm'), os.path.exists('/tmp/note')]", "import os")
    assert found == [[], False]


def test_what_cannot_be_removed_ends_the_template_and_not_the_next(submit, template):
    deep = "import os\nfor _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')"
    assert submit(f"{deep}\ndef answer():\n    return 1").value("answer") == 1
    assert value_of(submit, "os.path.exists('/tmp/d')", "import os") is False


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "import mmap\nm = mmap.mmap(-1, 3 * 2**29)\nfor i in range(0, len(m), 4096): m[i] = 1",
            "GiB of memory",
        ),
        (
            "import os, time\nfor _ in range(6):\n    if os.fork() == 0:\n"
            "        x = bytearray(2**28)\n        time.sleep(60)\ntime.sleep(60)",
            "GiB of memory",
        ),
        ("import os\nfor i in range(10**6):\n    open(f'/tmp/{i}', 'w').close()", "files"),
    ],
    ids=["shared memory", "memory of several", "files"],
)
def test_what_no_limit_of_one_process_tells_is_watched(submit, source, said):
    found = submit("x = 1", source, "def answer():\n    return x")
    assert said in found.ended(1)
    assert found.value("answer") == 1


@pytest.mark.parametrize(
    "start",
    ["threading.Thread(target=time.sleep, args=(60,)).start()", "os.fork() or time.sleep(60)"],
    ids=["threads", "processes"],
)
def test_too_many_threads_or_processes(submit, start):
    """The kernel refuses them, the watch ends them, or their time is up: the cell fails alone."""
    bomb = f"import os, threading, time\nfor _ in range(3000):\n    {start}\ntime.sleep(60)"
    found = submit("x = 1", bomb, "def answer():\n    return x")
    assert [item for item in found.outputs(1) if item["output_type"] == "error"]
    assert found.value("answer") == 1


def test_tmp_is_emptied_between_submissions(submit):
    write = """
import os
os.makedirs("/tmp/a/b")
open("/tmp/a/b/c", "w").write("x")
open("/tmp/.hidden", "w").write("x")
os.symlink("/usr", "/tmp/link")
"""
    fresh = value_of(submit, "sorted(os.listdir('/tmp'))", "import os")
    submit(write)
    assert value_of(submit, "sorted(os.listdir('/tmp'))", "import os") == fresh


def test_nothing_is_handed_on_in_a_locked_folder(submit):
    submit(
        "import os\nos.makedirs('/tmp/a/b')\nopen('/tmp/a/b/c', 'w').write('answers')\n"
        "os.chmod('/tmp/a/b', 0)\nos.chmod('/tmp/a', 0)"
    )
    assert value_of(submit, "os.path.lexists('/tmp/a')", "import os") is False


def test_one_submission_does_not_change_the_next(submit):
    submit("import numpy as np\nnp.allclose = lambda *_: True\nimport keras\nkeras.mine = 1\nx = 5")
    found = submit("import keras, numpy as np\ndef answer():\n    return hasattr(keras, 'mine')")
    assert found.value("answer") is False
    assert "error" in found.ask("x")


# what it may use


LOOP = "while True:\n    pass"
HANGS = "def hangs():\n    while True:\n        pass"
STUBBORN = """
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""


def test_an_endless_loop_in_a_cell(submit, impatient):
    found = submit("x = 1", LOOP, "def answer():\n    return x", template=impatient)
    assert "did not end within 0.3 s" in found.ended(1)
    assert found.value("answer") == 1


def test_an_endless_loop_that_takes_no_interrupt(submit, impatient):
    found = submit("x = 1", STUBBORN, "def answer():\n    return x", template=impatient)
    assert "did not end within 0.3 s" in found.ended(1)
    assert found.value("answer") == 1


def test_an_endless_loop_in_a_call(submit, impatient):
    cells = (
        f"def hangs():\n    {LOOP.replace(chr(10), chr(10) + '    ')}\ndef answer():\n    return 7"
    )
    found = submit(cells, template=impatient)
    error = found.ask("hangs")["error"]
    assert error["type"] == "Timeout" and "is there an endless loop?" in error["text"]
    assert found.value("answer") == 7


def test_an_exercise_that_hangs_is_not_asked_forever(submit, impatient):
    found = submit(HANGS, template=impatient)
    kinds = [found.ask("hangs")["error"]["type"] for _ in range(MOST_STRIKES + 2)]
    assert kinds == ["Timeout"] * MOST_STRIKES + ["Skipped"] * 2


def test_a_submission_that_has_used_up_its_time(submit, template, monkeypatch):
    monkeypatch.setattr(template, "limits", replace(LIMITS, total_seconds=0.0))
    found = submit("def answer():\n    return 1")
    assert "used up its time" in found.ask("answer")["error"]["text"]


@pytest.mark.parametrize("code", ["import sys; sys.exit(3)", "exit()", "raise SystemExit"])
def test_an_exit_in_a_cell_ends_the_cell_alone(submit, code):
    found = submit("x = 1", code, "def answer():\n    return x")
    assert found.value("answer") == 1


def test_os_exit_in_a_cell_ends_the_cell_alone(submit):
    found = submit("x = 1", "import os; os._exit(3)", "def answer():\n    return x")
    assert "ended the Python process (exit status 3)" in found.ended(1)
    assert found.value("answer") == 1


@pytest.mark.parametrize("code", ["os._exit(3)", "sys.exit(3)", "os.kill(os.getpid(), 9)"])
def test_an_exit_in_a_call_ends_the_call_alone(submit, code):
    found = submit(f"import os, sys\ndef ends():\n    {code}\ndef answer():\n    return 7")
    assert found.ask("ends")["error"]["type"] == "Died"
    assert found.value("answer") == 7


def test_a_crash_in_a_cell_ends_the_cell_alone(submit):
    crash = "import ctypes; ctypes.string_at(0)"
    found = submit("x = 1", crash, "def answer():\n    return x")
    assert "crashed (signal 11)" in found.ended(1)
    assert found.value("answer") == 1


def test_many_cells_that_end_the_process(submit):
    found = submit(*["import os; os._exit(1)"] * 12, "def answer():\n    return 1")
    assert found.ask("answer")["error"]["type"] in ("Timeout", "Died")


@pytest.mark.parametrize(
    "code",
    [
        "x = bytearray(4 * 2**30)",
        "import numpy as np; x = np.ones((2**29,))",
        "x = []\nwhile True:\n    x.append(bytearray(2**24))",
        "import tensorflow as tf; x = tf.ones((2**30,))",
    ],
    ids=["bytes", "NumPy", "little by little", "TensorFlow"],
)
def test_memory_that_runs_out_ends_the_cell_alone(submit, code):
    found = submit("y = 1", code, "def answer():\n    return y")
    assert [item for item in found.outputs(1) if item["output_type"] == "error"]
    assert found.value("answer") == 1


def test_memory_that_runs_out_in_a_call(submit):
    found = submit("def much():\n    return bytearray(4 * 2**30)\ndef answer():\n    return 7")
    assert "error" in found.ask("much")
    assert found.value("answer") == 7


def test_a_file_that_is_too_large(submit):
    found = submit(
        f"open('/tmp/x', 'wb').write(bytes({LIMITS.file_bytes + 2**20}))",
        "def answer():\n    return 1",
    )
    assert [item for item in found.outputs(0) if item["output_type"] == "error"]
    assert found.value("answer") == 1


def test_50_megabytes_of_text_are_bounded(submit):
    found = submit("print('x' * 50_000_000)", "def answer():\n    return 1")
    assert len(found.text()) < MOST_TEXT + 200
    assert "more characters were printed; they are not kept" in found.text()
    assert found.value("answer") == 1


def test_many_small_prints_are_bounded(submit):
    found = submit("for i in range(200_000):\n    print(i)")
    assert len(found.outputs()) <= 2 and len(found.text()) < MOST_TEXT + 200


def test_displays_are_bounded(submit):
    found = submit("from IPython.display import display\nfor i in range(1000):\n    display(i)")
    assert len(found.outputs()) <= MOST_OUTPUTS + 1


def test_large_displays_are_bounded(submit):
    found = submit(
        "from IPython.display import HTML, display\n"
        "for i in range(50):\n    display(HTML('x' * 1_000_000))"
    )
    assert len(json.dumps(found.outputs())) < 2 * MOST_DATA


def test_a_result_that_is_too_large_to_send(submit):
    found = submit("def much():\n    return 'x' * (70 * 2**20)\ndef answer():\n    return 1")
    assert "cannot be sent" in found.ask("much")["error"]["text"]
    assert found.value("answer") == 1


@pytest.mark.parametrize("value", ["object()", "{1, 2}", "2**200", "lambda: 1", "1j"])
def test_a_result_that_cannot_be_sent(submit, value):
    found = submit(f"def odd():\n    return {value}\ndef answer():\n    return 1")
    assert "cannot be sent" in found.ask("odd")["error"]["text"]
    assert found.value("answer") == 1


def test_text_that_is_no_unicode_does_not_stop_anything(submit):
    found = submit("print('\\ud800')", "def answer():\n    return 1")
    assert found.value("answer") == 1


def test_a_cell_that_is_no_unicode_does_not_stop_anything(submit):
    found = submit("x = '\ud800'", "def answer():\n    return 1")
    assert found.value("answer") == 1


def test_a_process_that_is_left_behind_is_gone(submit):
    submit(
        "import os, signal, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    while True:\n"
        "        time.sleep(60)\n"
    )
    setup = "import os\npids = [int(p) for p in os.listdir('/proc') if p.isdigit()]"
    found = submit(f"{setup}\ndef answer():\n    return [pids, os.getpid(), os.getppid()]")
    pids, own, parent = found.value("answer")
    assert set(pids) - {own, parent} == {1} or parent == 1


def test_a_thread_that_is_left_behind_does_not_stop_anything(submit):
    loop = (
        "import threading\ndef loop():\n    while True: pass\nthreading.Thread(target=loop).start()"
    )
    assert submit(loop, "def answer():\n    return 1").value("answer") == 1


def test_what_a_subject_sends_is_no_code(template):
    subject = template.fork()
    source = """
import os, socket, pickle, struct
for fd in range(3, 40):
    try:
        if os.fstat(fd).st_mode & 0o170000 == 0o140000:
            payload = pickle.dumps({"outputs": []})
            os.write(fd, struct.pack(">I", len(payload)) + payload)
    except OSError:
        pass
"""
    with pytest.raises(SubjectDied, match="not an answer"):
        subject.ask({"cell": source}, 8)


# what it shows


def test_results_and_displays_are_kept(submit):
    found = submit(
        "print('a')\nfrom IPython.display import HTML, display\ndisplay(HTML('<b>'))\n1 + 1"
    )
    kinds = [item["output_type"] for item in found.outputs()]
    assert kinds == ["stream", "display_data", "execute_result"]
    assert found.outputs()[1]["data"]["text/html"] == "<b>"
    assert found.outputs()[2]["data"]["text/plain"] == "2"


def test_figures_are_kept(submit):
    found = submit(
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    )
    (png,) = [item["data"]["image/png"] for item in found.outputs() if "image/png" in item["data"]]
    assert isinstance(png, str) and png.startswith("iVBOR")


def test_pictures_that_are_bytes_can_be_written_to_a_notebook(submit):
    found = submit("class Picture:\n    def _repr_png_(self):\n        return b'png'\nPicture()")
    assert "image/png" in found.outputs()[0]["data"]
    json.dumps(found.outputs())


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("%%capture out\nprint('x')", ""),
        ("%%time\nprint('x')", "x\n"),
        ("!echo hello", "hello"),
        ("x = !echo hello\nprint(x)", "hello"),
        ("%whos", ""),
        ("%timeit -n1 -r1 1", "loop"),
        ("import sys; print('x', file=sys.stderr)", "x"),
        ("%reset -f", ""),
        ("len?", ""),
        ("await __import__('asyncio').sleep(0)\nprint('awaited')", "awaited"),
    ],
)
def test_magics_work(submit, source, shown):
    found = submit(source, "def answer():\n    return 1")
    assert shown in found.text()
    assert not [item for item in found.outputs() if item["output_type"] == "error"]
    assert found.value("answer") == 1


def test_an_error_is_kept_with_its_traceback(submit):
    found = submit("x = 1\n1 / 0", "def answer():\n    return x")
    (error,) = found.outputs()
    assert (error["ename"], error["evalue"]) == ("ZeroDivisionError", "division by zero")
    assert found.value("answer") == 1


def test_a_syntax_error_ends_its_cell_alone(submit):
    found = submit("def f(:\n    pass", "def answer():\n    return 1")
    assert found.outputs()[0]["ename"] == "SyntaxError"
    assert found.value("answer") == 1


def test_log_lines_of_tensorflow_do_not_appear(submit):
    found = submit(
        "import tensorflow as tf\n"
        "f = tf.function(lambda x: tf.matmul(x, x), jit_compile=True)\n"
        "f(tf.ones((2, 2)))\n"
        "tf.config.list_physical_devices('GPU')\n"
        "None"
    )
    assert found.outputs() == []


def test_a_line_that_code_below_python_prints_does_not_appear(submit):
    assert submit("import os\nos.write(2, b'log line')\nNone").text() == ""


# the template


def test_a_template_that_is_killed_is_said_and_a_new_one_starts(sandbox):
    with Template(LIMITS) as template:
        subject = template.fork()
        template._process.kill()
        template._process.wait()
        with pytest.raises(TemplateLost):
            subject.ask({"cell": "x = 1"}, 8)
        with Submission(template, "def answer():\n    return 1") as found:
            assert found.value("answer") == 1


def test_a_template_that_is_killed_once_costs_nobody_anything(sandbox):
    with Template(LIMITS) as template:
        with Submission(template, "def answer():\n    return 1") as found:
            template._process.kill()
            template._process.wait()
            assert found.value("answer") == 1
            assert found.session.conduct == []
        assert template.fork().ask({"cell": "1"}, 8)["outputs"]


@pytest.fixture
def unguarded(sandbox):
    """A template without the layers that keep a submission from it."""
    with Template(LIMITS, layers=("bubblewrap", "limits")) as template:
        yield template


KILLS = "import os\ndef kills():\n    os.kill(os.getppid(), 9)\ndef answer():\n    return 1"
FREEZES = KILLS.replace("9", "19")


@pytest.mark.parametrize("source", [KILLS, FREEZES], ids=["kills", "freezes"])
def test_who_ends_the_template_is_charged_and_the_others_notice_nothing(
    unguarded, source, monkeypatch
):
    monkeypatch.setattr("autograder.host.CONTROL_SECONDS", 1.0)
    with Submission(unguarded, source) as found:
        assert found.ask("kills")["error"]["text"] == "kills ended the sandbox."
        assert found.value("answer") == 1
        assert found.session.conduct == ["ended the process that all submissions are started from"]
    with Submission(unguarded, "def answer():\n    return 2") as found:
        assert found.value("answer") == 2


def test_a_cell_that_ends_the_template_is_left_out(unguarded):
    cells = ("x = 1", "import os; os.kill(os.getppid(), 9)", "def answer():\n    return x")
    with Submission(unguarded, *cells) as found:
        assert found.ended(1) == "This cell ended the sandbox."
        assert found.value("answer") == 1


@pytest.mark.parametrize("source", [KILLS, FREEZES], ids=["kills", "freezes"])
@pytest.mark.parametrize("layer", ["landlock", "seccomp"])
def test_either_layer_alone_keeps_signals_from_the_template(sandbox, source, layer):
    with Template(LIMITS, layers=("bubblewrap", "limits", layer)) as template:
        template.start()
        if layer not in template.active:
            pytest.skip(f"this machine has no {layer}")
        process = template._process
        with Submission(template, source) as found:
            assert found.ask("kills")["error"]["type"] == "PermissionError"
        assert template._process is process and process.poll() is None


def test_a_missing_sandbox_says_how_to_get_it(monkeypatch):
    from autograder.errors import UsageError

    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(UsageError, match="apt-get install bubblewrap"):
        Template(LIMITS).start()


def test_a_sandbox_that_does_not_start_says_why(monkeypatch):
    command = ["/bin/sh", "-c", "echo first; echo no user namespaces >&2; exit 1"]
    monkeypatch.setattr("autograder.sandbox.command", lambda *_: command)
    with pytest.raises(TemplateDied, match="did not start: no user namespaces"):
        Template(LIMITS).start()


def test_a_timeout_says_how_long(template, patient):
    subject = template.fork()
    with pytest.raises(SubjectTimedOut, match=r"did not end within 0\.2 s") as caught:
        subject.ask({"cell": LOOP}, 0.2)
    assert caught.value.alive
    assert subject.ask({"cell": "1 + 1"}, 8)["outputs"]
    subject.end()
