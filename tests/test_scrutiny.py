"""`scrutiny`: what only an attack does is a sign; what could hide something is a doubt."""

import pytest

from autograder import scrutiny


@pytest.mark.parametrize(
    "source",
    [
        "import sys\nsys._getframe(1)",
        "import inspect\ninspect.currentframe()",
        "frame.f_back.f_locals",
        "from gc import get_objects",
        "import ctypes as c",
        "import autograder.oracle",
        "from layerlab.compare import compare",
        "import layerlab.probe",
        "import pytest",
        "np.allclose = lambda *_: True",
        "tf.nn.depthwise_conv2d = mine",
        "import builtins\nbuiltins.abs = len",
        "setattr(np, 'allclose', len)",
        "import sys\nsys.modules['numpy'] = mine",
        "get_ipython().ast_transformers.append(x)",
        "get_ipython().displayhook(2.0)",
        "import os\nos.kill(os.getppid(), 9)",
        "import os\nos.kill(1, 9)",
        "open('/proc/1/environ')",
        "open('../../../gradebook.db')",
        "open('../../source/lab.py')",
        "open('conftest.py', 'w')",
        "sys.setprofile(None)",
    ],
)
def test_a_sign(source):
    assert scrutiny.read([source]).signs


@pytest.mark.parametrize(
    "source",
    [
        "from layerlab import check, graded, hint, progress",
        "import layerlab",
        "print('x' * 1000)",
        "import threading\nthreading.Thread(target=print).start()",
        "class A:\n    def __eq__(self, other):\n        return True",
        "try:\n    f()\nexcept Exception:\n    pass",
        "getattr(tf.nn, 'relu')",
        "plt.style.library = {}",
        "self.kernel = 1\nmodel.x = 2",
        "import inspect\ninspect.signature(f)",
        "np.random.seed(0)",
        "import gc\ngc.collect()",
        '"""How a gradebook works, see /proc/1.\n\nMore."""',
        "open('notes.txt')",
        "import subprocess\nsubprocess.run(['ls'])",
        "%matplotlib inline\n!ls /proc/self\nx = 1",
        "def f(:",
    ],
)
def test_no_sign(source):
    assert scrutiny.read([source]).signs == []


@pytest.mark.parametrize(
    "source",
    [
        "getattr(tf.nn, 'depthwise_' + 'conv2d')",
        "getattr(keras.layers, name)",
        "exec('x = 1')",
        "import importlib",
        "__import__('os')",
        "from tensorflow.nn import *",
        "import gc\ngc.collect()",
        "tf.py_function(f, [x], tf.float32)",
        "import threading",
        "if tf.executing_eagerly(): pass",
        "keras.layers.deserialize(config)",
        "keras.layers.Layer.__subclasses__()",
    ],
)
def test_a_doubt(source):
    assert scrutiny.read([source]).doubts


@pytest.mark.parametrize(
    "source",
    [
        "getattr(x, 'shape')",
        "keras.initializers.get(name)",
        "keras.initializers.serialize(x)",
        "tf.pad(x, [[0, 0]])",
        "@tf.custom_gradient\ndef f(x): pass",
        "tf.stop_gradient(x)",
    ],
)
def test_no_doubt(source):
    assert not scrutiny.read([source]).doubts


def test_no_solution_of_the_bank_shows_a_sign(course):
    from autograder import bank
    from autograder.notebook import code_cells

    for lab in course.labs():
        for solution in (*lab.wheats, *lab.chaffs):
            cells = code_cells(bank.notebook(lab, solution), lab)
            assert scrutiny.read(cell.source for cell in cells).signs == [], solution.path


def test_each_sign_is_said_once():
    assert len(scrutiny.read(["import ctypes\nctypes.CDLL(None)", "import ctypes"]).signs) == 1


def test_the_digest_tells_sources_apart():
    texts = (["ab", "c"], ["a", "bc"], ["abc"], ["abd"])
    digests = [scrutiny.read(sources).digest for sources in texts]
    assert len(set(digests)) == 4
    assert digests[0] == scrutiny.read(["ab", "c"]).digest
