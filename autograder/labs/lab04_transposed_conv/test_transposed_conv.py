"""Hidden tests of lab04: a custom transposed convolution against TensorFlow's own."""

import pytest


@pytest.mark.cell("insert_zeros_values")
@pytest.mark.cases("zeros")
def test_expanded_grid(examined):
    examined.must_match("value", "dtype", "gradient of input")


@pytest.mark.cell("transposed_outputs")
@pytest.mark.cases("plain")
def test_output(examined):
    examined.must_match("output")


@pytest.mark.cell("transposed_outputs")
@pytest.mark.cases("adjoint")
def test_output_by_the_identity(examined):
    examined.must_match("output")


@pytest.mark.cell("transposed_gradients")
@pytest.mark.cases("plain", "adjoint")
def test_gradients(examined):
    examined.must_match("gradient of *")


@pytest.mark.cell("transposed_contract")
@pytest.mark.cases("plain")
def test_weights_and_shapes(examined):
    examined.must_match("weights", "weight dtypes", "computed output shape", "output dtype")


@pytest.mark.cell("transposed_contract")
@pytest.mark.cases("config", "save", "unknown", "xla", "half")
def test_other_routes_and_modes(examined):
    examined.must_match(
        "output*", "gradient of *", "computed output shape", "weight*", "configuration keys"
    )


@pytest.mark.cell("transposed_contract")
@pytest.mark.cases("initial")
def test_initializers(examined):
    examined.must_match("initial *", "output")


@pytest.mark.cell("transposed_contract")
@pytest.mark.cases("invalid")
def test_invalid_arguments(examined):
    examined.must_match("refusal")


@pytest.mark.cell("challenge_values")
@pytest.mark.cases("counts")
def test_overlaps(examined):
    examined.must_match("value")


@pytest.mark.cell("challenge_values")
@pytest.mark.cases("icnr")
def test_equal_sub_pixels(examined):
    examined.must_match("values", "dtype", "configuration keys")


@pytest.mark.cell("challenge_values")
@pytest.mark.cases("invalid challenge")
def test_invalid_scale(examined):
    examined.must_match("refusal")
