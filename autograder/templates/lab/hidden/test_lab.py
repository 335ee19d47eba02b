"""Hidden tests of LAB_NAME: each names the graded cell it counts for and its groups of cases."""

import pytest


@pytest.mark.cell("scale_outputs")
@pytest.mark.cases("plain")
def test_outputs_and_gradients(examined):
    examined.must_match("output", "gradient of *")


@pytest.mark.cell("scale_contract")
@pytest.mark.cases("plain", "modes")
def test_contract(examined):
    examined.must_match("output*", "gradient of *", "weight*", "computed output shape")


@pytest.mark.cell("scale_contract")
@pytest.mark.cases("invalid")
def test_invalid_arguments(examined):
    examined.must_match("refusal")
