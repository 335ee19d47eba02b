"""Hidden tests of lab08: capsules against the formulas of the paper, and against each other."""

import numpy as np
import pytest

from autograder.answer import Answer
from autograder.labs.lab08_capsule.cases import CHANNELS, INPUTS, OUTPUTS, TURN

EPSILON = 1e-7


@pytest.mark.cell("squash_values")
@pytest.mark.cases("squash")
def test_squash(examined):
    examined.must_match("value", "dtype", "gradient of input")


@pytest.mark.cell("squash_values")
@pytest.mark.cases("turned")
def test_a_turn_before_squash_is_a_turn_behind_it(examined, original):
    result = original.answer("value").times(TURN)
    examined.answer("value").must_equal(result, "squash does not turn with its vectors")


@pytest.mark.cell("squash_values")
@pytest.mark.cases("lengths", "turned")
def test_squash_keeps_directions(examined):
    across = np.eye(3) - _unit(examined)[:, :, np.newaxis] * _unit(examined)[:, np.newaxis]
    said = examined.answer("value").through(lambda value: value[:, np.newaxis])
    nothing = Answer("value", np.zeros((4, 1, 3)), np.zeros((4, 1, 3)))
    said.times(across).must_equal(nothing, "squash changes the directions of vectors")


@pytest.mark.cell("squash_values")
@pytest.mark.cases("lengths", "turned")
def test_squash_makes_lengths_of_lengths_alone(examined):
    square = np.sum(examined.case.inputs[0].astype(float) ** 2, axis=-1)[:, np.newaxis, np.newaxis]
    said = examined.answer("value").through(lambda value: value[:, np.newaxis])
    # sqrt(q) / (1 + q) has a slope of at most 1 / 2 sqrt(q): so much is epsilon good for.
    length = Answer("value", square / (1 + square), np.full(square.shape, EPSILON / 2))
    along = said.times(_unit(examined)[:, :, np.newaxis])
    along.must_equal(length, "squash does not make n^2 / (1 + n^2) of a length n")


def _unit(examined):
    (vectors,) = examined.case.inputs
    return vectors / np.linalg.norm(vectors.astype(float), axis=-1, keepdims=True)


@pytest.mark.cell("primary_values")
@pytest.mark.cases("primary")
def test_primary_capsules(examined):
    examined.must_match("output", "gradient of *")


@pytest.mark.cell("primary_values")
@pytest.mark.cases("primary", "primary contract")
def test_primary_capsules_contract(examined):
    examined.must_match("output*", "gradient of *", "computed output shape", "weight*", "config*")


@pytest.mark.cell("primary_values")
@pytest.mark.cases("primary invalid")
def test_primary_capsules_refuse(examined):
    examined.must_match("refusal")


@pytest.mark.cell("primary_values")
@pytest.mark.cases("filters-turned")
def test_primary_capsules_turn_with_their_filters(examined, original):
    result = original.answer("output").times(TURN)
    examined.answer("output").must_equal(result, "capsules do not turn with their filters")


@pytest.mark.cell("primary_values")
@pytest.mark.cases("channels-swapped")
def test_primary_capsules_change_places_with_their_filters(examined, original):
    def swapped(output):
        return output.reshape(1, -1, 2, 3)[:, :, CHANNELS].reshape(output.shape)

    result = original.answer("output").through(swapped)
    examined.answer("output").must_equal(result, "channels do not change places with their filters")


@pytest.mark.cell("capsule_outputs")
@pytest.mark.cases("plain")
def test_output(examined):
    examined.must_match("output")


@pytest.mark.cell("capsule_outputs")
@pytest.mark.cases("inputs-permuted")
def test_the_order_of_input_capsules_does_not_matter(examined, original):
    broken = "the order of the input capsules changes the output"
    examined.answer("output").must_equal(original.answer("output"), broken)


@pytest.mark.cell("capsule_outputs")
@pytest.mark.cases("outputs-permuted")
def test_output_capsules_change_places_with_their_matrices(examined, original):
    result = original.answer("output").through(lambda output: output[:, OUTPUTS])
    broken = "output capsules do not change places with their matrices"
    examined.answer("output").must_equal(result, broken)


@pytest.mark.cell("capsule_outputs")
@pytest.mark.cases("poses-turned")
def test_output_capsules_turn_with_their_matrices(examined, original):
    result = original.answer("output").times(TURN)
    broken = "output capsules do not turn with their matrices"
    examined.answer("output").must_equal(result, broken)


@pytest.mark.cell("capsule_outputs")
@pytest.mark.cases("one-picture")
def test_each_picture_is_routed_by_itself(examined, original):
    result = original.answer("output").through(lambda output: output[1:])
    broken = "the output of a picture depends on the others in the batch"
    examined.answer("output").must_equal(result, broken)


@pytest.mark.cell("capsule_gradients")
@pytest.mark.cases("plain")
def test_gradients(examined):
    examined.must_match("gradient of *")


@pytest.mark.cell("capsule_gradients")
@pytest.mark.cases("inputs-permuted")
def test_gradients_change_places_with_input_capsules(examined, original):
    for aspect in ("gradient of input", "gradient of kernel"):
        result = original.answer(aspect).through(lambda gradient: gradient[:, INPUTS])
        broken = f"the {aspect} does not change places with the input capsules"
        examined.answer(aspect).must_equal(result, broken)


@pytest.mark.cell("capsule_gradients")
@pytest.mark.cases("poses-turned")
def test_gradients_turn_with_the_matrices(examined, original):
    broken = "the gradient of input depends on how the poses are turned"
    aspect = "gradient of input"
    examined.answer(aspect).must_equal(original.answer(aspect), broken)
    result = original.answer("gradient of kernel").times(TURN)
    broken = "the gradient of kernel does not turn with the matrices"
    examined.answer("gradient of kernel").must_equal(result, broken)


@pytest.mark.cell("capsule_contract")
@pytest.mark.cases("plain")
def test_weights_and_shapes(examined):
    examined.must_match("weights", "weight dtypes", "computed output shape", "output dtype")


@pytest.mark.cell("capsule_contract")
@pytest.mark.cases("config", "save", "unknown", "xla", "half", "again")
def test_other_routes_and_modes(examined):
    examined.must_match("output*", "gradient of *", "computed output shape", "weight*", "config*")


@pytest.mark.cell("capsule_contract")
@pytest.mark.cases("initial")
def test_initializer(examined):
    examined.must_match("initial *")


@pytest.mark.cell("capsule_contract")
@pytest.mark.cases("invalid")
def test_invalid_arguments(examined):
    examined.must_match("refusal")


@pytest.mark.cell("margin_values")
@pytest.mark.cases("margin")
def test_margin_loss(examined):
    examined.must_match("value", "gradient of *", "config*")


@pytest.mark.cell("challenge_values")
@pytest.mark.cases("mask")
def test_mask_capsules(examined):
    examined.must_match("output*", "gradient of *", "computed output shape", "weights")
