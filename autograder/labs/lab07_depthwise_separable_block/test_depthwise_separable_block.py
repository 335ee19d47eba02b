"""Hidden tests of lab07: a block of two convolutions against TensorFlow's ops, and a network."""

import pytest


@pytest.mark.cell("block_outputs")
@pytest.mark.cases("plain")
def test_output(examined):
    examined.must_match("output")


@pytest.mark.cell("block_gradients")
@pytest.mark.cases("plain")
def test_gradients(examined):
    examined.must_match("gradient of *")


@pytest.mark.cell("block_statistics")
@pytest.mark.cases("plain")
def test_moving_statistics(examined):
    examined.must_match("moving *")


@pytest.mark.cell("block_contract")
@pytest.mark.cases("plain")
def test_weights_and_shapes(examined):
    examined.must_match(
        "weights", "state", "weight dtypes", "computed output shape", "output dtype"
    )


@pytest.mark.cell("block_contract")
@pytest.mark.cases("config", "save", "unknown", "xla", "half")
def test_other_routes_and_modes(examined):
    examined.must_match(
        "output*", "gradient of *", "moving *", "initial *", "computed output shape", "weight*",
        "configuration keys",
    )  # fmt: skip


@pytest.mark.cell("block_contract")
@pytest.mark.cases("invalid")
def test_invalid_arguments(examined):
    examined.must_match("refusal")


@pytest.mark.cell("mobilenet_values")
@pytest.mark.cases("model")
def test_model(examined):
    examined.must_match("number of *", "input shape", "output*", "layers' output shapes")


@pytest.mark.cell("challenge_values")
@pytest.mark.cases("fold")
def test_folded(examined):
    examined.must_match("value", "number of parameters")


@pytest.mark.cell("challenge_values")
@pytest.mark.cases("residual")
def test_inverted_residual(examined):
    examined.must_match(
        "output*", "gradient of *", "moving *", "initial *", "weight*", "state",
        "computed output shape", "configuration keys",
    )  # fmt: skip
