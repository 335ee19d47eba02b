"""Hidden tests of lab02: initializers against Keras's bit for bit and against their definition;
a probe of moments against NumPy in float64."""

import pytest


@pytest.mark.cell("fans_values")
@pytest.mark.cases("fans")
def test_fans(examined):
    examined.must_match("value")


@pytest.mark.cell("scaling_values")
@pytest.mark.cases("scaling")
def test_scaling_equals_keras(examined):
    examined.must_match("values", "dtype", "configuration*")


@pytest.mark.cell("scaling_values")
@pytest.mark.cases("invalid")
def test_scaling_refuses(examined):
    examined.must_match("refusal")


@pytest.mark.cell("scaling_statistics")
@pytest.mark.cases("statistics")
def test_scaling_distribution(examined):
    examined.must_match("values")


@pytest.mark.cell("scaling_statistics")
@pytest.mark.cases("again")
def test_scaling_repeats(examined):
    examined.must_match("repetition *", "values")


@pytest.mark.cell("named_values")
@pytest.mark.cases("named")
def test_named_equal_keras(examined):
    examined.must_match("values", "dtype", "configuration*")


@pytest.mark.cell("probe_outputs")
@pytest.mark.cases("probe")
def test_probe_passes_through(examined):
    examined.must_match("output", "gradient of input")


@pytest.mark.cell("probe_statistics")
@pytest.mark.cases("probe")
def test_probe_moments(examined):
    examined.must_match("mean after *", "variance after *", "saturated after *")


@pytest.mark.cell("probe_contract")
@pytest.mark.cases("probe", "probe modes")
def test_probe_contract(examined):
    examined.must_match(
        "weights",
        "weight dtypes",
        "state",
        "computed output shape",
        "output dtype",
        "configuration keys",
    )


@pytest.mark.cell("probe_contract")
@pytest.mark.cases("probe modes")
def test_probe_in_other_modes(examined):
    examined.must_match("output", "gradient of input", "mean after *", "variance after *")


@pytest.mark.cell("probe_contract")
@pytest.mark.cases("invalid probe")
def test_probe_refuses(examined):
    examined.must_match("refusal")


@pytest.mark.cell("challenge_values")
@pytest.mark.cases("gain")
def test_gain(examined):
    examined.must_match("value")
