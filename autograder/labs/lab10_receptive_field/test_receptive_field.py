"""Hidden tests of lab10: patches against TensorFlow's own, fields against gradients."""

import pytest


@pytest.mark.cell("patches_outputs")
@pytest.mark.cases("plain")
def test_patches(examined):
    examined.must_match("output")


@pytest.mark.cell("patches_gradients")
@pytest.mark.cases("plain")
def test_gradients(examined):
    examined.must_match("gradient of *")


@pytest.mark.cell("patches_contract")
@pytest.mark.cases("plain")
def test_shapes(examined):
    examined.must_match("weights", "weight dtypes", "computed output shape", "output dtype")


@pytest.mark.cell("patches_contract")
@pytest.mark.cases("config", "save", "unknown", "xla", "half")
def test_other_routes_and_modes(examined):
    examined.must_match("output*", "gradient of *", "computed output shape", "configuration keys")


@pytest.mark.cell("patches_contract")
@pytest.mark.cases("invalid")
def test_invalid_arguments(examined):
    examined.must_match("refusal")


@pytest.mark.cell("field_values")
@pytest.mark.cases("field")
def test_fields(examined):
    examined.must_match("value")


@pytest.mark.cell("field_published")
@pytest.mark.cases("published")
def test_published_fields(examined):
    examined.must_match("value")


@pytest.mark.cell("effective_values")
@pytest.mark.cases("effective")
def test_effective_fields(examined):
    examined.must_match("value")


@pytest.mark.cell("challenge_values")
@pytest.mark.cases("depth")
def test_depths(examined):
    examined.must_match("value")
