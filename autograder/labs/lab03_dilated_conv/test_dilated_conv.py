"""Hidden tests of lab03: a custom dilated convolution against TensorFlow's own."""

import pytest


@pytest.mark.cell("kernel_values")
@pytest.mark.cases("kernel")
def test_dilated_kernel(examined):
    examined.must_match("value", "dtype", "gradient of input")


@pytest.mark.cell("kernel_values")
@pytest.mark.cases("size")
def test_effective_size(examined):
    examined.must_match("value")


@pytest.mark.cell("dilated_outputs")
@pytest.mark.cases("plain")
def test_output(examined):
    examined.must_match("output")


@pytest.mark.cell("dilated_gradients")
@pytest.mark.cases("plain")
def test_gradients(examined):
    examined.must_match("gradient of *")


@pytest.mark.cell("dilated_contract")
@pytest.mark.cases("plain")
def test_weights_and_shapes(examined):
    examined.must_match("weights", "weight dtypes", "computed output shape", "output dtype")


@pytest.mark.cell("dilated_contract")
@pytest.mark.cases("config", "save", "unknown", "xla", "half")
def test_other_routes_and_modes(examined):
    examined.must_match(
        "output*", "gradient of *", "computed output shape", "weight*", "configuration keys"
    )


@pytest.mark.cell("dilated_contract")
@pytest.mark.cases("initial")
def test_initializers(examined):
    examined.must_match("initial *", "output")


@pytest.mark.cell("dilated_contract")
@pytest.mark.cases("invalid")
def test_invalid_arguments(examined):
    examined.must_match("refusal")


@pytest.mark.cell("challenge_values")
@pytest.mark.cases("coverage")
def test_coverage(examined):
    examined.must_match("value")
