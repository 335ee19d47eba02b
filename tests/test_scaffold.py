"""`autograder new`: a lab that passes once its blanks are filled."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from autograder.errors import UsageError
from autograder.scaffold import BLANK, new

NAME = "lab11_attention"


def test_a_name_must_be_one(course):
    for name in ("Lab", "11", "a-b", "", "../x"):
        with pytest.raises(UsageError, match="cannot be a lab's name"):
            new(course, name)


def test_a_lab_that_is_there_is_left_alone(course):
    with pytest.raises(UsageError, match="already"):
        new(course, "lab06_depthwise_conv")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory, course, sandbox):
    """A checkout of its own, without the labs of this one."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("autograder", "layerlab"):
        ignored = shutil.ignore_patterns("__pycache__", "lab[0-9]*")
        shutil.copytree(course.root / name, root / name, ignore=ignored)
    shutil.copyfile(course.root / "nbgrader_config.py", root / "nbgrader_config.py")
    return root


def autograder(checkout, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "autograder", *arguments],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_new_lab_verifies_once_its_blanks_are_filled(checkout):
    made = autograder(checkout, "new", NAME)
    assert made.returncode == 0 and BLANK in made.stderr
    assert autograder(checkout, "release", NAME).returncode == 0
    blank = json.loads(autograder(checkout, "verify", NAME, "--json").stdout)["labs"][0]
    assert blank["problems"] and all("A blank is left" in problem for problem in blank["problems"])
    source = checkout / "source" / NAME / f"{NAME}.py"
    source.write_text(source.read_text().replace(BLANK, "Written"))
    assert autograder(checkout, "release", NAME).returncode == 0
    done = autograder(checkout, "verify", NAME, "--json")
    proof = json.loads(done.stdout)["labs"][0]
    assert done.returncode == 0 and proof["ok"], proof["problems"]
    assert proof["chaffs"] == {"total": 3, "caught": 3, "named": 3}
