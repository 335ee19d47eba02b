"""nbgrader's own checks, made once: they find what they found before."""

import jsonschema
import pytest
from nbformat.v4 import new_code_cell
from nbgrader.nbgraderformat import common
from nbgrader.nbgraderformat.v3 import MetadataValidatorV3

from autograder import preprocessors  # noqa: F401  it makes nbgrader economize

FINE = {
    "grade": True,
    "grade_id": "outputs",
    "locked": True,
    "points": 3,
    "schema_version": 3,
    "solution": False,
    "task": False,
    "cell_type": "code",
}


def checked(metadata):
    MetadataValidatorV3().validate_cell(new_code_cell(metadata={"nbgrader": metadata}))


def test_right_metadata_pass():
    checked(FINE)
    checked({**FINE, "points": 0})


@pytest.mark.parametrize("wrong", [{"points": -1}, {"grade": "yes"}, {"grade_id": None}])
def test_wrong_metadata_raise_what_jsonschema_raises(wrong):
    metadata = {**FINE, **wrong}
    with pytest.raises(jsonschema.ValidationError) as theirs:
        jsonschema.validate(metadata, MetadataValidatorV3().schema)
    with pytest.raises(jsonschema.ValidationError) as ours:
        checked(metadata)
    assert str(ours.value) == str(theirs.value)


def test_it_is_the_validation_of_nbgrader_that_is_replaced():
    assert common.jsonschema.validate is not jsonschema.validate
