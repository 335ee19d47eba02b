"""Hidden tests of lab08: capsules against the formulas of the paper."""

import pytest


@pytest.mark.cell("squash_values")
@pytest.mark.cases("squash")
def test_squash(examined):
    examined.must_match("value", "dtype", "gradient of input")


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


@pytest.mark.cell("capsule_outputs")
@pytest.mark.cases("plain")
def test_output(examined):
    examined.must_match("output")


@pytest.mark.cell("capsule_gradients")
@pytest.mark.cases("plain")
def test_gradients(examined):
    examined.must_match("gradient of *")


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
