"""Hidden tests of lab09: custom pooling layers against plain formulas and TensorFlow's ops."""

import pytest


@pytest.mark.cell("max_outputs")
@pytest.mark.cases("max", "tie")
def test_maxima(examined):
    examined.must_match("output")


@pytest.mark.cell("average_outputs")
@pytest.mark.cases("average")
def test_means(examined):
    examined.must_match("output")


@pytest.mark.cell("global_values")
@pytest.mark.cases("global")
def test_global_means(examined):
    examined.must_match("output")


@pytest.mark.cell("pooling_gradients")
@pytest.mark.cases("max", "average", "global", "tie")
def test_gradients(examined):
    examined.must_match("gradient of *")


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
