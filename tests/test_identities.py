"""Each hidden test of an identity: the solution passes, and a wrong one fails it by its numbers."""

import inspect

import pytest

from autograder.answer import Mismatch
from autograder.examine import Examiner
from autograder.notebook import tags
from autograder.truth import Truth, load
from layerlab import probe

NUMBER_BY_NUMBER = """
def squash(s, axis=-1, epsilon=1e-7):
    return s * keras.ops.abs(s) / (1 + s**2)
"""
ONE_MATRIX_OF_ALL = """
class Capsule(Capsule):
    def call(self, inputs):
        predictions = keras.ops.einsum("bid,jde->bjie", inputs, self.kernel[:, 0])
        logits = keras.ops.zeros_like(predictions[..., 0])
        for _ in range(self.routings):
            coupling = keras.ops.softmax(logits, axis=1)
            outputs = squash(keras.ops.einsum("bji,bjie->bje", coupling, predictions))
            logits = logits + keras.ops.einsum("bjie,bje->bji", predictions, outputs)
        return outputs
"""
RESHAPED_NOT_TRANSPOSED = """
class Capsule(Capsule):
    def call(self, inputs):
        output = super().call(inputs)
        return keras.ops.reshape(keras.ops.transpose(output, (1, 0, 2)), output.shape)
"""
RIGHT_COUNTS_MORE = """
class {0}({0}):
    def call(self, inputs):
        share = np.linspace(1, 2, inputs.shape[2], dtype="float32")
        return super().call(inputs * share[:, np.newaxis])
"""
MAX_TO_THE_RIGHT = RIGHT_COUNTS_MORE.format("MaxPooling2D")
AVERAGE_TO_THE_RIGHT = RIGHT_COUNTS_MORE.format("AveragePooling2D")
BLUR_TO_THE_RIGHT = RIGHT_COUNTS_MORE.format("BlurPool2D")

WRONG = {
    "lab08_capsule": {
        "test_a_turn_before_squash_is_a_turn_behind_it": NUMBER_BY_NUMBER,
        "test_squash_keeps_directions": NUMBER_BY_NUMBER,
        "test_squash_makes_lengths_of_lengths_alone": "norm_instead_of_square",
        "test_primary_capsules_turn_with_their_filters": "relu_before_squash",
        "test_primary_capsules_change_places_with_their_filters": "filters_split_the_other_way",
        "test_the_order_of_input_capsules_does_not_matter": ONE_MATRIX_OF_ALL,
        "test_output_capsules_change_places_with_their_matrices": RESHAPED_NOT_TRANSPOSED,
        "test_output_capsules_turn_with_their_matrices": "agreement_with_input",
        "test_each_picture_is_routed_by_itself": "logits_shared_by_batch",
        "test_gradients_change_places_with_input_capsules": ONE_MATRIX_OF_ALL,
        "test_gradients_turn_with_the_matrices": "squash_along_capsules",
    },
    "lab09_pooling": {
        "test_a_shift_by_the_stride_moves_the_maxima_by_one": MAX_TO_THE_RIGHT,
        "test_moves_within_a_window_leave_its_maximum": "window_one_short",
        "test_maxima_of_a_brighter_picture": "zeros_beyond_the_picture",
        "test_a_shift_by_the_stride_moves_the_means_by_one": AVERAGE_TO_THE_RIGHT,
        "test_moves_within_a_window_leave_its_mean": AVERAGE_TO_THE_RIGHT,
        "test_means_of_a_brighter_picture": "border_mean_of_full_window",
        "test_a_circular_shift_leaves_the_global_mean": "width_and_channels_averaged",
        "test_what_flows_back_is_what_came": "gradient_to_every_position",
        "test_a_shift_by_the_stride_moves_the_blur_by_one": BLUR_TO_THE_RIGHT,
    },
}
"""A wrong solution for each test: a chaff by its name, or what stands behind the solution."""


class Answers:
    """Asks a solution in this process."""

    def __init__(self, namespace):
        self.namespace = namespace

    def probe(self, case):
        return probe.run(case, self.namespace)


@pytest.fixture(scope="module")
def truths(course):
    """The cases of a lab that are images of others, and those others, with their truth."""
    known = {}

    def chosen_of(name):
        if name not in known:
            truth = load(course, course.lab(name))
            images = [case for case in truth.cases if "image_of" in case.options]
            keys = {case.key for case in images} | {case.options["image_of"] for case in images}
            chosen = [case for case in truth.cases if case.key in keys]
            known[name] = Truth(truth.lab, chosen, {}, truth.expected, truth.seeds)
        return known[name]

    return chosen_of


def solved(lab, wrong=""):
    """The names that the solution defines, with those of a wrong one in their places."""
    namespace = {"__name__": "__main__"}
    for cell in lab.solution.cells:
        given = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and not given.get("grade") and not tags(cell):
            exec(cell.source, namespace)
    exec({chaff.name: chaff.path.read_text() for chaff in lab.chaffs}.get(wrong, wrong), namespace)
    return namespace


def identities(truth):
    """The hidden tests that run on images or their originals, by name, and their cases."""
    (path,) = truth.lab.hidden.glob("test_*.py")
    groups = {case.group for case in truth.cases}
    for name, test in inspect.getmembers(truth.lab.module(path.stem), inspect.isfunction):
        for mark in getattr(test, "pytestmark", []):
            if mark.name == "cases" and groups >= set(mark.args):
                yield name, test, [case for case in truth.cases if case.group in mark.args]


def broken(test, cases, examiner):
    """What a test says about a solution, case by case."""
    found = []
    for case in cases:
        fixtures = {"examined": examiner.examined, "original": examiner.original}
        wanted = inspect.signature(test).parameters
        try:
            test(**{name: fixtures[name](case) for name in wanted})
        except Mismatch as mismatch:
            found += mismatch.differences
    return found


@pytest.mark.parametrize("name", WRONG)
def test_the_solution_obeys_every_identity(name, truths):
    truth = truths(name)
    tests = list(identities(truth))
    examiner = Examiner(Answers(solved(truth.lab)), truth)
    assert {test for test, _, _ in tests} == WRONG[name].keys()
    for _, test, cases in tests:
        assert cases and broken(test, cases, examiner) == []


@pytest.mark.parametrize(
    ("name", "law", "wrong"), [(n, law, w) for n in WRONG for law, w in WRONG[n].items()]
)
def test_a_wrong_solution_breaks_the_identity(name, law, wrong, truths):
    truth = truths(name)
    ((test, cases),) = [(t, cases) for found, t, cases in identities(truth) if found == law]
    differences = broken(test, cases, Examiner(Answers(solved(truth.lab, wrong)), truth))
    assert differences
    assert {difference.kind for difference in differences} == {"identity"}


@pytest.mark.parametrize("name", WRONG)
def test_an_untouched_exercise_is_not_started(name, truths):
    truth = truths(name)
    for _, test, cases in identities(truth):
        stub = (
            f"class {cases[0].target}:\n    def __init__(self, *a, **k): raise NotImplementedError"
        )
        differences = broken(test, cases, Examiner(Answers(solved(truth.lab, stub)), truth))
        assert {difference.kind for difference in differences} == {"not started"}
