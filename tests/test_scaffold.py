"""`autograder new`: a lab that passes once its blanks are filled."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.errors import UsageError
from autograder.init import init
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
def own(tmp_path_factory, sandbox):
    """A course outside this checkout, as `autograder init` makes it."""
    return init(tmp_path_factory.mktemp("courses") / "own", ["lab06_depthwise_conv"]).root


def run(root, *command):
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_new_lab_verifies_once_its_blanks_are_filled(own):
    made = run(own, "autograder", "new", NAME)
    assert made.returncode == 0 and BLANK in made.stderr
    hidden = own / "autograder" / "labs" / NAME
    assert (hidden / "oracle.py").is_file()
    assert list(Course(own).settings.labs) == ["lab06_depthwise_conv", NAME]
    assert run(own, "autograder", "release", NAME).returncode == 0
    blank = json.loads(run(own, "autograder", "verify", NAME, "--json").stdout)["labs"][0]
    assert blank["problems"] and all("A blank is left" in problem for problem in blank["problems"])
    source = own / "source" / NAME / f"{NAME}.py"
    source.write_text(source.read_text().replace(BLANK, "Written"))
    assert run(own, "autograder", "release", NAME).returncode == 0
    done = run(own, "autograder", "verify", NAME, "--json")
    proof = json.loads(done.stdout)["labs"][0]
    assert done.returncode == 0 and proof["ok"], proof["problems"]
    assert proof["chaffs"] == {"total": 3, "caught": 3, "named": 3}
    solution = f"solutions/{NAME}/{NAME}.ipynb"
    by_hand = run(own, "pytest", f"autograder/labs/{NAME}", "--submission", solution)
    assert by_hand.returncode == 0 and " passed" in by_hand.stdout, by_hand.stdout


def test_a_name_of_the_engine_s_own_labs_is_taken(own):
    with pytest.raises(UsageError, match="lab02_mean_zero_init already"):
        new(Course(own), "lab02_mean_zero_init")
