"""Python's search for garbage: put off while something is imported, seldom afterwards."""

import subprocess
import sys


def said(script):
    """What a process of its own prints: the search for garbage is one for all of a process."""
    ran = subprocess.run(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True
    )
    return ran.stdout.split()


def test_nothing_is_searched_within_and_what_was_made_is_left_out_afterwards():
    script = (
        "import gc\n"
        "from autograder.subject.garbage import importing\n"
        "with importing():\n"
        "    print(gc.isenabled())\n"
        "    kept = [[] for _ in range(1000)]\n"
        "print(gc.isenabled(), gc.get_freeze_count() > 1000, len(gc.get_objects()) < 1000)"
    )
    assert said(script) == ["False", "True", "True", "True"]


def test_an_import_that_fails_leaves_the_search_on():
    script = (
        "import contextlib, gc\n"
        "from autograder.subject.garbage import importing\n"
        "with contextlib.suppress(ImportError), importing():\n"
        "    import no_such_module\n"
        "print(gc.isenabled())"
    )
    assert said(script) == ["True"]
