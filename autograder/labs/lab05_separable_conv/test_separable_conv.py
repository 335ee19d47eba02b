"""Hidden tests of lab05: a custom separable convolution against TensorFlow's own."""

import pytest


@pytest.mark.cell("separate_values")
@pytest.mark.cases("separate")
def test_separate(examined):
    examined.must_match("shapes", "product of the factors", "residual")


@pytest.mark.cell("separable_outputs")
@pytest.mark.cases("plain")
def test_output(examined):
    examined.must_match("output")


@pytest.mark.cell("separable_gradients")
@pytest.mark.cases("plain")
def test_gradients(examined):
    examined.must_match("gradient of *")


@pytest.mark.cell("separable_contract")
@pytest.mark.cases("plain")
def test_weights_and_shapes(examined):
    examined.must_match("weights", "weight dtypes", "computed output shape", "output dtype")


@pytest.mark.cell("separable_contract")
@pytest.mark.cases("config", "save", "unknown", "xla", "half")
def test_other_routes_and_modes(examined):
    examined.must_match(
        "output*", "gradient of *", "computed output shape", "weight*", "configuration keys"
    )


@pytest.mark.cell("separable_contract")
@pytest.mark.cases("initial")
def test_initializers(examined):
    examined.must_match("initial *", "output")


@pytest.mark.cell("separable_contract")
@pytest.mark.cases("invalid")
def test_invalid_arguments(examined):
    examined.must_match("refusal")


@pytest.mark.cell("cost_values")
@pytest.mark.cases("cost")
def test_costs(examined):
    examined.must_match("value")


@pytest.mark.cell("challenge_values")
@pytest.mark.cases("terms")
def test_separable_terms(examined):
    examined.must_match("shapes", "product of the factors", "residual")
