"""`graphs` and `replay`: what an exercise answers is held against what its graph computes."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from autograder import graphs
from autograder.banned import CONVOLUTIONS, Banned
from autograder.graphs import Known, hold
from autograder.subject import replay
from layerlab import probe
from layerlab.case import Case
from layerlab.compare import Expected

RNG = np.random.default_rng(0)


def array(*shape):
    return RNG.normal(size=shape).astype(np.float32)


CASE = Case("c", "plain", "double", "function", {}, (array(3, 2),), (), array(3, 2))
TWIN = graphs.twin(CASE, np.random.default_rng(1))
BANNED = Banned(ops=frozenset({"Square"}))


def truth(case):
    value = 2 * case.inputs[0]
    bound = np.full(value.shape, 1e-6)
    return {
        "value": Expected(value, bound),
        "gradient of input": Expected(2 * case.cotangent, bound),
    }


KNOWN = Known({"c": truth(CASE), TWIN.key: truth(TWIN)}, {"c": TWIN}, {"double": BANNED})


class Submission:
    """A session whose submission is a function in this process."""

    def __init__(self, double):
        self.names = {"double": double}

    def probe(self, case):
        return probe.run(case, self.names)

    def replay(self, request):
        return replay.run(**request)


def finding(double):
    session = Submission(double)
    return hold(session, [CASE], {"c": session.probe(CASE)}, KNOWN).get("double")


def test_an_honest_answer_is_borne_out():
    assert finding(lambda x: x + x) is None
    assert finding(lambda x: 2.0 * x) is None


def test_a_wrong_answer_is_no_lie():
    assert finding(lambda x: 3 * x) is None


def test_an_answer_that_is_wrong_for_some_values_is_no_lie():
    """A misconception may show for negative values alone: the twin has the same signs."""
    assert finding(lambda x: 2 * tf.maximum(x, -0.1)) is None


def test_a_banned_op_in_the_graph():
    found = finding(lambda x: 2 * tf.sqrt(tf.square(x)) * tf.sign(x))
    assert "the op Square in its graph" in found.reason and not found.conduct


def test_another_answer_when_it_is_traced():
    found = finding(lambda x: 2 * x if tf.executing_eagerly() else 3 * x)
    assert "its graph does not compute" in found.reason
    assert found.conduct == "double answers other than its graph computes"


def test_constants_that_hold_the_answers():
    @tf.custom_gradient
    def double(x):
        answer = tf.constant(2 * CASE.inputs[0])
        return answer, lambda dy: tf.constant(2 * CASE.cotangent)

    found = finding(double)
    assert "holds answers" in found.reason
    assert "for what it was asked, and for nothing else" in found.conduct


def test_what_cannot_be_traced():
    found = finding(lambda x: tf.constant(2 * x.numpy()))
    assert "cannot be traced" in found.reason and not found.conduct


def test_python_that_runs_inside_the_graph():
    found = finding(
        lambda x: tf.ensure_shape(tf.py_function(lambda y: 2 * y, [x], tf.float32), (3, 2))
    )
    assert "has an op EagerPyFunc in it" in found.reason


def test_constants_of_its_own_are_part_of_the_graph():
    table = tf.fill((200, 2), 2.0)
    assert finding(lambda x: x * table[:3]) is None


def test_loops_and_branches_are_allowed_and_looked_into():
    def loop(x, body):
        return tf.while_loop(lambda i, y: i < 1, lambda i, y: (i + 1, body(y)), (0, x))[1]

    assert finding(lambda x: loop(x, lambda y: 2 * y)) is None
    found = finding(lambda x: loop(x, lambda y: 2 * y + 0 * tf.square(y)))
    assert "Square" in found.reason


@pytest.mark.parametrize(
    "exhibit",
    [
        {"graph": b"no graph"},
        {"graph": 5},
        {"graph": b"", "feeds": 3, "fetches": [], "constants": "x"},
        {"graph": b"", "feeds": ["x:0"], "fetches": {"value": "nothing:0"}, "constants": {}},
    ],
    ids=str,
)
def test_what_is_no_graph_earns_nothing(exhibit):
    session = Submission(lambda x: 2 * x)
    answers = {"c": session.probe(CASE)}
    session.probe = lambda case: exhibit
    found = hold(session, [CASE], answers, KNOWN)["double"]
    assert "does not run" in found.reason or "does not compute" in found.reason


# twins


def test_a_twin_compares_with_itself_as_its_case_does():
    case = Case("c", "g", "t", inputs=(array(50),), weights=(array(9),), cotangent=array(4))
    twin = graphs.twin(case, np.random.default_rng(2))
    pairs = zip(
        (*case.inputs, *case.weights, case.cotangent),
        (*twin.inputs, *twin.weights, twin.cotangent),
        strict=True,
    )
    for one, other in pairs:
        assert np.array_equal(np.argsort(one), np.argsort(other))
        assert np.array_equal(np.sign(one), np.sign(other))
        assert one.dtype == other.dtype
        share = other / one
        assert share.std() > 0.01  # no factor leads from one to the other


def test_zeros_and_ties_stay():
    values = np.array([0, 1, 1, -2, 0], np.float32)
    case = Case("c", "g", "t", inputs=(values,), cotangent=values)
    (bent,) = graphs.twin(case, np.random.default_rng(3)).inputs
    assert bent[0] == bent[4] == 0 and bent[1] == bent[2] > 0 > bent[3]


@pytest.mark.parametrize(
    ("changes", "provable"),
    [
        ({}, True),
        ({"options": {"weight_names": ["a"]}}, True),
        ({"options": {"mode": "xla", "policy": "mixed_float16", "route": "save"}}, True),
        ({"cotangent": None}, True),
        ({"options": {"training": [True]}}, False),
        ({"options": {"image_of": "another"}}, False),
        ({"probe": "refuse"}, False),
        ({"inputs": (np.array([np.nan], np.float32),)}, True),
        ({"inputs": ("relu",)}, False),
        ({"inputs": (np.array([1]),)}, False),
    ],
    ids=str,
)
def test_which_cases_can_be_held_against_a_graph(changes, provable):
    fields = {"inputs": (array(2),), "cotangent": array(2), "probe": "layer", **changes}
    case = Case("c", "g", "t", **fields)
    assert graphs.provable(case, CONVOLUTIONS) == provable
    assert not graphs.provable(case, None)
    assert not graphs.provable(case, Banned(functions=("keras.",)))


def test_which_cases_are_picked_depends_on_submission_and_secret_alone():
    cases = [Case(f"c{number}", "g", "t") for number in range(20)]
    picks = {
        (secret, content): tuple(case.key for case in graphs.picked(cases, secret, content))
        for secret in "ab"
        for content in "xyz"
    }
    assert len(set(picks.values())) == len(picks)
    again = graphs.picked(cases[::-1], "a", "x")
    assert tuple(case.key for case in again) == picks["a", "x"]


def test_a_case_is_picked_that_shows_the_way_back_where_there_is_one():
    forward = [Case(f"f{number}", "g", "t") for number in range(20)]
    back = [Case(f"b{number}", "g", "t", cotangent=array(1)) for number in range(2)]
    for content in map(str, range(10)):
        assert all(case in back for case in graphs.picked([*forward, *back], "a", content))
        assert len(graphs.picked(forward, "a", content)) == graphs.PICKED


# the graph is foreign


def graph_of(function, *specs):
    return tf.function(function).get_concrete_function(*specs).graph


@pytest.mark.parametrize(
    "function",
    [
        lambda: tf.io.read_file("/etc/hostname"),
        lambda: tf.io.matching_files("/*"),
        lambda: (tf.io.write_file("/tmp/x", "x"), None)[1],
        lambda: tf.py_function(lambda: 1.0, [], tf.float32),
        lambda: tf.numpy_function(lambda: 1.0, [], tf.float64),
        lambda: tf.random.normal(()),
        lambda: tf.timestamp(),
        lambda: tf.raw_ops.ImmutableConst(
            dtype=tf.float32, shape=(2,), memory_region_name="/etc/hostname"
        ),
        lambda: (tf.raw_ops.Abort(error_msg="x"), None)[1],
        lambda: tf.data.Dataset.range(3).reduce(np.int64(0), lambda x, _: x),
    ],
    ids=["read", "list", "write", "Python", "NumPy", "random", "time", "map", "abort", "dataset"],
)
def test_an_op_that_does_more_than_compute_is_refused(function):
    found = replay.run(graph_of(function).as_graph_def().SerializeToString(), [{}], {})
    assert found["refused"] in found["ops"]
    assert "results" not in found


def test_an_op_hidden_behind_a_function_of_another_name_is_refused():
    definition = graph_of(lambda: tf.constant("/etc/hostname")).as_graph_def()
    function = definition.library.function.add()
    function.signature.name = "ReadFile"  # TensorFlow runs its own op all the same
    node = definition.node.add()
    node.name, node.op = "stolen", "ReadFile"
    node.input.append(definition.node[0].name)
    found = replay.run(definition.SerializeToString(), [{}], {"value": "stolen:0"})
    assert found["refused"] == "ReadFile"


def test_an_op_that_tensorflow_does_not_know_is_not_named():
    definition = tf.compat.v1.GraphDef()
    definition.node.add(name="x", op="Secret123")
    assert replay.run(definition.SerializeToString(), [{}], {})["refused"] == "of no known name"


@pytest.mark.parametrize(
    "op", ["MatMul", "Einsum", "Roll", "StridedSlice", "Svd", "While", "FFT2D"]
)
def test_what_computes_is_allowed(op):
    assert op in replay.allowed()


@pytest.mark.parametrize(
    "op", ["ReadFile", "PyFunc", "EagerPyFunc", "VarHandleOp", "RemoteCall", "XlaCustomCallV2"]
)
def test_what_does_more_is_not(op):
    assert op not in replay.allowed()


# what a layer hands out


class Masked(keras.layers.Layer):
    """A layer with a weight that is not trained, and a table made when it is built."""

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(3,))
        self.mask = self.add_weight(name="mask", shape=(3,), initializer="ones", trainable=False)
        self.table = tf.fill((300, 3), 2.0)

    def call(self, x):
        return x * self.kernel * self.mask * tf.cast(self.table[0], x.dtype)


@pytest.mark.parametrize("options", [{}, {"policy": "mixed_float16"}, {"route": "config"}], ids=str)
def test_a_layer_hands_out_the_graph_of_its_answer(options):
    case = Case("c", "g", "Masked", "layer", {}, (array(2, 3),), (array(3),), array(2, 3), options)
    answer = probe.run(case, {"Masked": Masked})
    exhibit = probe.run(dataclasses.replace(case, probe="export"), {"Masked": Masked})
    (found,) = replay.run(**graphs._request(exhibit, [case]))["results"]
    assert set(found) == {"output", "gradient of input", "gradient of kernel"}
    for aspect, value in found.items():
        assert np.array_equal(value, answer[aspect]), aspect


def test_a_variable_that_keras_does_not_track_is_told():
    state = tf.Variable(2.0)
    exhibit = Submission(lambda x: x * state).probe(dataclasses.replace(CASE, probe="export"))
    assert "use add_weight" in exhibit["error"]["text"]
