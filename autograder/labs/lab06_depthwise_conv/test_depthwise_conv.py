"""Hidden tests of lab06: a custom depthwise convolution against TensorFlow's own."""

import pytest


@pytest.mark.cell("depthwise_outputs")
@pytest.mark.cases("plain", "special")
def test_output(examined):
    examined.must_match("output")


@pytest.mark.cell("depthwise_gradients")
@pytest.mark.cases("plain")
def test_gradients(examined):
    examined.must_match("gradient of *")


@pytest.mark.cell("depthwise_contract")
@pytest.mark.cases("plain")
def test_weights_and_shapes(examined):
    examined.must_match("weights", "weight dtypes", "computed output shape", "output dtype")


@pytest.mark.cell("depthwise_contract")
@pytest.mark.cases("config", "save", "xla", "half")
def test_other_routes_and_modes(examined):
    examined.must_match(
        "output*", "gradient of *", "computed output shape", "weight*", "configuration keys"
    )


@pytest.mark.cell("depthwise_contract")
@pytest.mark.cases("initial")
def test_initializers(examined):
    examined.must_match("initial *")


@pytest.mark.cell("depthwise_contract")
@pytest.mark.cases("invalid")
def test_invalid_arguments(examined):
    examined.must_match("refusal")


@pytest.mark.cell("challenge_outputs")
@pytest.mark.cases("dense")
def test_equivalent_kernel(examined):
    examined.must_match("value", "dtype", "gradient of input")
