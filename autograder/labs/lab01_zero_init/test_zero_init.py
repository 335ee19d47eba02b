"""Hidden tests of lab01: a custom dense layer against TensorFlow's ops, initializers against
Keras's bit for bit, and counts of different hidden units."""

import pytest


@pytest.mark.cell("dense_outputs")
@pytest.mark.cases("plain", "symmetry")
def test_output(examined):
    examined.must_match("output")


@pytest.mark.cell("dense_gradients")
@pytest.mark.cases("plain")
def test_gradients(examined):
    examined.must_match("gradient of *")


@pytest.mark.cell("dense_gradients")
@pytest.mark.cases("symmetry")
def test_copies_stay_copies(examined):
    examined.must_match("gradient of *")


@pytest.mark.cell("dense_contract")
@pytest.mark.cases("plain")
def test_weights_and_shapes(examined):
    examined.must_match("weights", "weight dtypes", "computed output shape", "output dtype")


@pytest.mark.cell("dense_contract")
@pytest.mark.cases("config", "save", "unknown", "xla", "half")
def test_other_routes_and_modes(examined):
    examined.must_match(
        "output*", "gradient of *", "computed output shape", "weight*", "configuration*"
    )


@pytest.mark.cell("dense_contract")
@pytest.mark.cases("initial")
def test_initializers(examined):
    examined.must_match("initial *")


@pytest.mark.cell("dense_contract")
@pytest.mark.cases("invalid")
def test_invalid_arguments(examined):
    examined.must_match("refusal")


@pytest.mark.cell("starts_values")
@pytest.mark.cases("starts")
def test_starts_equal_keras(examined):
    examined.must_match("values", "dtype", "configuration*", "repetition *")


@pytest.mark.cell("starts_values")
@pytest.mark.cases("statistics")
def test_starts_distribution(examined):
    examined.must_match("values")


@pytest.mark.cell("starts_values")
@pytest.mark.cases("invalid starts")
def test_starts_refuse(examined):
    examined.must_match("refusal")


@pytest.mark.cell("distinct_values")
@pytest.mark.cases("count")
def test_distinct_units(examined):
    examined.must_match("value")


@pytest.mark.cell("challenge_values")
@pytest.mark.cases("break")
def test_break_symmetry(examined):
    examined.must_match("value", "dtype")
