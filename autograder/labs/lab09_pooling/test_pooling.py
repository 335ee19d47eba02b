"""Hidden tests of lab09: custom pooling layers against plain formulas and TensorFlow's ops, and
against themselves on pictures that have moved or are brighter.
"""

import pytest

from autograder.answer import Answer
from autograder.labs.lab09_pooling.cases import BRIGHTER


@pytest.mark.cell("max_outputs")
@pytest.mark.cases("max", "tie")
def test_maxima(examined):
    examined.must_match("output")


@pytest.mark.cell("max_outputs")
@pytest.mark.cases("max shifted")
def test_a_shift_by_the_stride_moves_the_maxima_by_one(examined, original):
    _must_move_by_one(examined, original)


@pytest.mark.cell("max_outputs")
@pytest.mark.cases("max within")
def test_moves_within_a_window_leave_its_maximum(examined, original):
    _must_stay(
        examined, original, "pixels that change places within their window change the output"
    )


@pytest.mark.cell("max_outputs")
@pytest.mark.cases("max brighter")
def test_maxima_of_a_brighter_picture(examined, original):
    _must_brighten(examined, original)


@pytest.mark.cell("average_outputs")
@pytest.mark.cases("average")
def test_means(examined):
    examined.must_match("output")


@pytest.mark.cell("average_outputs")
@pytest.mark.cases("average shifted")
def test_a_shift_by_the_stride_moves_the_means_by_one(examined, original):
    _must_move_by_one(examined, original)


@pytest.mark.cell("average_outputs")
@pytest.mark.cases("average within")
def test_moves_within_a_window_leave_its_mean(examined, original):
    _must_stay(
        examined, original, "pixels that change places within their window change the output"
    )


@pytest.mark.cell("average_outputs")
@pytest.mark.cases("average brighter")
def test_means_of_a_brighter_picture(examined, original):
    _must_brighten(examined, original)


@pytest.mark.cell("global_values")
@pytest.mark.cases("global")
def test_global_means(examined):
    examined.must_match("output")


@pytest.mark.cell("global_values")
@pytest.mark.cases("global rolled")
def test_a_circular_shift_leaves_the_global_mean(examined, original):
    _must_stay(examined, original, "a circular shift of the picture changes the output")


@pytest.mark.cell("pooling_gradients")
@pytest.mark.cases("max", "average", "global", "tie")
def test_gradients(examined):
    examined.must_match("gradient of *")


@pytest.mark.cell("pooling_gradients")
@pytest.mark.cases("max view", "average view")
def test_what_flows_back_is_what_came(examined):
    total = examined.answer("gradient of input").through(lambda gradient: gradient.sum((1, 2)))
    came = examined.case.cotangent.astype(float).sum((1, 2))
    broken = "the gradient of input does not add up to what flows back"
    total.must_equal(Answer("gradient of input", came, 0 * came), broken)


@pytest.mark.cell("pooling_contract")
@pytest.mark.cases("max", "average", "global")
def test_weights_and_shapes(examined):
    examined.must_match("weights", "computed output shape", "output dtype")


@pytest.mark.cell("pooling_contract")
@pytest.mark.cases("config", "save", "unknown", "xla", "half")
def test_other_routes_and_modes(examined):
    examined.must_match("output*", "gradient of *", "computed output shape", "configuration keys")


@pytest.mark.cell("pooling_contract")
@pytest.mark.cases("invalid")
def test_invalid_arguments(examined):
    examined.must_match("refusal")


@pytest.mark.cell("challenge_outputs")
@pytest.mark.cases("blur")
def test_blur(examined):
    examined.must_match("output*", "gradient of *", "computed output shape", "configuration keys")


@pytest.mark.cell("challenge_outputs")
@pytest.mark.cases("blur-invalid")
def test_blur_invalid_arguments(examined):
    examined.must_match("refusal")


@pytest.mark.cell("challenge_outputs")
@pytest.mark.cases("blur shifted")
def test_a_shift_by_the_stride_moves_the_blur_by_one(examined, original):
    _must_move_by_one(examined, original)


def _must_move_by_one(examined, original):
    """Where no window, before or after, reaches beyond the picture: one from each border."""
    after = examined.answer("output").through(lambda output: output[:, 1:-2, 1:-2])
    before = original.answer("output").through(lambda output: output[:, 2:-1, 2:-1])
    after.must_equal(before, "a shift by the stride is not a shift of the output by one")


def _must_stay(examined, original, broken):
    examined.answer("output").must_equal(original.answer("output"), broken)


def _must_brighten(examined, original):
    result = original.answer("output").plus(BRIGHTER)
    broken = "a picture brighter by some amount does not give an output brighter by it"
    examined.answer("output").must_equal(result, broken)
