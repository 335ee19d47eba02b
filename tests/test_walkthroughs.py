"""The walk-throughs in `docs/` are run as they are written.

In a `console` block a line with `$ ` is a command, lines with `> ` go on with it, and the others
are what it says: each is found, in this order, in what it printed. Spaces count as one,
and `...` is what the page leaves out. Every command ends with exit status 0.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LAB = "lab06_depthwise_conv"
END = "\x1e"


def steps(page):
    """The commands of a page, each with the lines that it is said to print."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.startswith("> "):
                found[-1] = (f"{found[-1][0]}\n{line[2:]}", found[-1][1])
            elif line != "...":
                found[-1][1].append(line)
    return found


def walk(page, folder, **variables):
    """Runs a page's commands in one shell; gives the folder in which it ended.

    Args:
        page: The text of the page.
        folder: Where it begins.
        **variables: What the page takes as given.
    """
    commands = steps(page)
    told = f"status=$?; printf '{END}%s{END}' $status; [ $status = 0 ] || exit"
    script = [f"{command}\n{told}" for command, _ in commands]
    tools = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "-c", "exec 2>&1\n" + "\n".join([*script, "pwd"])],
        cwd=folder,
        env={
            **os.environ,
            **variables,
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "160",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    *pieces, last = done.stdout.split(END)
    for (command, expected), said, status in zip(commands, pieces[::2], pieces[1::2], strict=False):
        told = f"$ {command}\n{said}"
        assert status == "0", told
        rest = " ".join(said.split())
        for line in expected:
            _, found, rest = rest.partition(" ".join(line.split()))
            assert found, f"{line!r} is not in what is left of\n{told}"
    return Path(last.strip())


def page(course, name):
    return (course.root / "docs" / f"walkthrough-{name}.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def taught(sandbox, course, tmp_path_factory):
    """The course that the instructor's walk-through leaves."""
    folder = tmp_path_factory.mktemp("walkthrough")
    if course.state.is_dir():  # what is known of the lab, so that its chaffs need not run again
        kept = shutil.ignore_patterns(*(f"{name}-*" for name in course.lab_names if name != LAB))
        shutil.copytree(course.state, folder / "known", ignore=kept)
    text = page(course, "instructor").replace(
        "$ cd cnn\n", '$ cd cnn\n$ [ ! -d "$KNOWN" ] || cp -r "$KNOWN" .autograder\n', 1
    )
    return walk(text, folder, LAYERLAB=str(course.root), KNOWN=str(folder / "known"))


def test_the_instructors(taught):
    assert (taught / "grades.csv").is_file()


def test_the_teaching_assistants(taught, course):
    walk(page(course, "ta"), taught)


def test_the_students(course, lab06, tmp_path):
    solutions = {solution.name: solution.path for solution in (*lab06.chaffs, *lab06.wheats)}
    (tmp_path / LAB).mkdir()
    shutil.copyfile(solutions["kernel_flipped"], tmp_path / LAB / "first.py")
    shutil.copyfile(solutions["windows_gathered"], tmp_path / LAB / "second.py")
    text = page(course, "student").replace("$ cp -r $LAB ", "$ cp -rT $LAB ", 1)
    walk(text, tmp_path, LAB=str(course.root / "labs" / LAB))


def test_a_page_that_promises_too_much_is_caught(tmp_path):
    with pytest.raises(AssertionError, match="'two' is not in"):
        walk("```console\n$ echo one\none\ntwo\n```", tmp_path)
    with pytest.raises(AssertionError, match="false"):
        walk("```console\n$ false\n```", tmp_path)
    assert walk("```console\n$ cd ..\n$ cat <<E\n> a\n> E\na\n```", tmp_path) == tmp_path.parent
