"""Each kind of leak is planted into a released copy and found; so is whatever else can be wrong."""

import base64
import copy
import html
import http.server
import io
import json
import shutil
import subprocess
import threading
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder import package, proof
from autograder.course import Course
from autograder.errors import UsageError
from autograder.leaks import _parts, history_leaks, secrets
from autograder.release import enter

LAB = "lab06_depthwise_conv"


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    """A course of one lab, in the gradebook."""
    home, root = Path(__file__).parents[1], tmp_path_factory.mktemp("course")
    shutil.copyfile(home / "nbgrader_config.py", root / "nbgrader_config.py")
    for part in ("source", "labs"):
        shutil.copytree(home / part / LAB, root / part / LAB)
    course = Course(root)
    enter(course, course.lab(LAB))
    return course


@pytest.fixture(scope="session")
def lab(course):
    return course.lab(LAB)


@pytest.fixture(scope="session")
def hidden(course, lab):
    return secrets(course, [lab])


@pytest.fixture(scope="session")
def built(course, lab, tmp_path_factory):
    stage = tmp_path_factory.mktemp("stage")
    package.build(course, [lab], stage)
    return stage


@pytest.fixture
def stage(built, tmp_path):
    return shutil.copytree(built, tmp_path / "stage")


def a_line(hidden, owner):
    """A hidden line of some file, if possible one with quotes, which HTML and JSON escape."""
    lines = [
        line
        for known in hidden._by_start.values()
        for line, where in known.items()
        if owner in where
    ]
    assert lines, owner
    return max(lines, key=lambda line: ('"' in line, len(line)))


def notebook_path(stage):
    return stage / "labs" / LAB / f"{LAB}.ipynb"


def change(stage, edit):
    """Edits the released notebook."""
    notebook = nbformat.read(notebook_path(stage), as_version=4)
    edit(notebook)
    nbformat.write(notebook, notebook_path(stage))


def in_zip(data, name, content):
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def test_a_release_holds_nothing_hidden(stage, lab, hidden):
    proved = proof.keeps_secrets([lab], stage, hidden)
    assert proved.problems == []
    assert len(hidden) > 300


@pytest.mark.parametrize(
    "owner",
    [
        "the solution of depthwise_conv2d",
        "the solution of equivalent_conv_kernel",
        "the marking scheme or model answer of written_answer",
        "chaffs/",
        "wheats/",
        "oracle.py",
        "cases.py",
        "test_depthwise_conv.py",
    ],
)
def test_each_kind_of_secret_is_found(hidden, owner):
    line = a_line(hidden, owner)
    (found,) = hidden.leaks("a.txt", f"one\n   {line}  \n".encode())
    assert found.startswith("a.txt, line 2, holds a line of")
    assert owner in found and repr(line) in found


def in_source(stage, line):
    change(stage, lambda nb: nb.cells[4].update(source=f"Look:\n{line}"))


def in_cell_metadata(stage, line):
    change(stage, lambda nb: nb.cells[1].metadata.update(note={"deep": [f"x {line}", 1]}))


def in_notebook_metadata(stage, line):
    change(stage, lambda nb: nb.metadata.update({line: True}))


def in_stream(stage, line):
    output = nbformat.v4.new_output("stream", text=f"\x1b[31m\n{line}\n")
    change(stage, lambda nb: nb.cells[3].outputs.append(output))


def in_html(stage, line):
    data = {"text/html": f"<pre>{html.escape(line)}</pre>"}
    output = nbformat.v4.new_output("display_data", data)
    change(stage, lambda nb: nb.cells[3].outputs.append(output))


def in_traceback(stage, line):
    output = nbformat.v4.new_output("error", ename="E", evalue="e", traceback=["a", line])
    change(stage, lambda nb: nb.cells[3].outputs.append(output))


def in_attachment(stage, line):
    encoded = base64.b64encode(f"{line}\n".encode()).decode()
    attachments = {"a.txt": {"text/plain": encoded}}
    change(stage, lambda nb: nb.cells[0].update(attachments=attachments))


def in_data_link(stage, line):
    encoded = base64.b64encode(line.encode()).decode()
    source = f"![](data:text/plain;base64,{encoded})"
    change(stage, lambda nb: nb.cells[0].update(source=source))


def under_a_key_that_is_there_twice(stage, line):
    path = notebook_path(stage)
    text = path.read_text()
    path.write_text(
        text.replace('"metadata": {', f'"metadata": {json.dumps(line)}, "metadata": {{', 1)
    )


def in_the_data_file(stage, line):
    path = stage / "labs" / LAB / "visible_cases.json"
    data = json.loads(path.read_text())
    data["misconceptions"][0]["message"] += line
    path.write_text(json.dumps(data))


def in_readme(stage, line):
    path = stage / "labs" / LAB / "README.md"
    path.write_text(path.read_text() + f"\n> {line}\n")


def in_wheel(stage, line):
    (wheel,) = stage.glob("*.whl")
    wheel.write_bytes(in_zip(wheel.read_bytes(), "layerlab/more.py", f"def f():\n    {line}\n"))


def in_a_zip_in_the_zip(stage, line):
    path = stage / package.ALL
    inner = in_zip(b"", "notes.txt", line)
    path.write_bytes(in_zip(path.read_bytes(), "more.zip", inner))


@pytest.mark.parametrize(
    "plant",
    [
        in_source,
        in_cell_metadata,
        in_notebook_metadata,
        in_stream,
        in_html,
        in_traceback,
        in_attachment,
        in_data_link,
        under_a_key_that_is_there_twice,
        in_the_data_file,
        in_readme,
        in_wheel,
        in_a_zip_in_the_zip,
    ],
)
def test_a_planted_line_is_found_wherever_it_is(stage, lab, hidden, plant):
    line = a_line(hidden, "the solution of depthwise_conv2d")
    plant(stage, line)
    problems = proof.keeps_secrets([lab], stage, hidden).problems
    assert any(repr(line) in problem for problem in problems)
    assert all(problem.endswith(".") for problem in problems)


def test_a_line_of_the_bank_in_a_cell_is_no_excuse_for_itself(stage, lab, hidden):
    """What counts as shown is read in the source, not in the release under proof."""
    line = a_line(hidden, "wheats/")
    in_source(stage, line)
    assert proof.keeps_secrets([lab], stage, hidden).problems


def test_a_mark_of_a_region_is_found(hidden):
    (found,) = hidden.leaks("a.py", b"### BEGIN HIDDEN TESTS")
    assert "mark of a region" in found


def test_what_nbgrader_takes_out_of_a_cell_is_hidden_and_the_rest_is_shown():
    source = (
        "a = 1\n    ### BEGIN SOLUTION\n    x = 2\n    ### END SOLUTION\nb = 1\n"
        "=== BEGIN MARK SCHEME ===\nfive points\n=== END MARK SCHEME ===\nend"
    )
    shown, taken_out = _parts(nbformat.v4.new_code_cell(source))
    assert shown.split() == ["a", "=", "1", "b", "=", "1", "end"]
    assert taken_out.split() == ["x", "=", "2", "five", "points"]


def test_the_seed_is_a_secret(course, lab, monkeypatch):
    seed = "0123456789abcdef0123456789abcdef"
    monkeypatch.setenv("AUTOGRADER_SEED", seed)
    (found,) = secrets(Course(course.root), [lab]).leaks("notes.txt", f"seed={seed}".encode())
    assert "seed" in found


def test_a_hidden_case_in_the_data_file_is_found(stage, lab, hidden):
    path = stage / "labs" / LAB / "visible_cases.json"
    data = json.loads(path.read_text())
    data["cases"][0]["case"]["config"]["kernel_size"] = 5
    path.write_text(json.dumps(data))
    (problem,) = proof.keeps_secrets([lab], stage, hidden).problems
    assert "no visible case" in problem


def test_the_wheel_is_layerlab_alone(stage, lab, hidden):
    (wheel,) = stage.glob("*.whl")
    wheel.write_bytes(in_zip(wheel.read_bytes(), "autograder/labs/x/oracle.py", "x = 1\n"))
    (problem,) = proof.keeps_secrets([lab], stage, hidden).problems
    assert "holds autograder/labs/x/oracle.py, which is no module of layerlab." in problem


# ---------------------------------------------------------------- history


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "published"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "README.md", "The labs\n")
    return folder


def git(folder, *arguments):
    who = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit(folder, name, content, message="Change"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "--short", "HEAD")


def test_a_clean_history_is_clean(repository, hidden, built):
    commit(repository, f"{LAB}.ipynb", notebook_path(built).read_bytes())
    assert list(history_leaks(repository, hidden)) == []


def test_what_was_deleted_is_found_in_the_history(repository, hidden):
    line = a_line(hidden, "chaffs/")
    bad = commit(repository, "notes/lab 6.py", f"x = 1\n{line}\n")
    commit(repository, "notes/lab 6.py", "x = 1\n")
    (problem,) = history_leaks(repository, hidden)
    assert f"commit {bad}, notes/lab 6.py, line 2, holds a line of chaffs/" in problem


def test_what_lies_on_another_branch_or_in_a_zip_is_found(repository, hidden):
    line = a_line(hidden, "oracle.py")
    git(repository, "checkout", "-q", "-b", "draft")
    bad = commit(repository, "old.zip", in_zip(b"", "oracle.py", line))
    git(repository, "checkout", "-q", "main")
    (problem,) = history_leaks(repository, hidden)
    assert f"commit {bad}, old.zip: oracle.py, line 1" in problem


def test_the_message_of_a_commit_is_published_too(repository, hidden):
    line = a_line(hidden, "test_depthwise_conv.py")
    commit(repository, "a.txt", "a", f"Fix the test\n\n    {line}")
    (problem,) = history_leaks(repository, hidden)
    assert "the commit" in problem and repr(line) in problem


def test_a_folder_without_a_history_is_a_usage_error(tmp_path, hidden):
    with pytest.raises(UsageError, match="clone of the published repository"):
        list(history_leaks(tmp_path / "nowhere", hidden))


# ---------------------------------------------------------------- it runs


def a_stub(folder, *cells):
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code, metadata={"tags": tags}) for code, tags in cells]
    )
    nbformat.write(notebook, folder / f"{LAB}.ipynb")


def test_a_stub_may_say_not_started_and_nothing_worse(built, tmp_path):
    (wheel,) = built.glob("*.whl")
    shutil.copyfile(wheel, tmp_path / wheel.name)
    a_stub(
        tmp_path,
        ("import layerlab\nassert '/library/' in layerlab.__file__, layerlab.__file__", []),
        (
            "import os\nassert sorted(os.listdir()) == ['lab06_depthwise_conv.ipynb', "
            f"{wheel.name!r}], os.listdir()",
            [],
        ),
        ("trained = 1\nraise NotImplementedError()", ["experiment"]),
        ("more = trained", ["experiment"]),
        ("more + other", ["experiment"]),
        ("raise NotImplementedError()", ["check"]),
        ("1 / 0", []),
    )
    # The third cell stops behind its assignment, so `trained` is there and `more` as well.
    started, problems = proof.run_stub(tmp_path, LAB)
    assert started == 1
    assert [problem.split(", ")[1].split(" says")[0] for problem in problems] == [
        f"Cell {number} of {LAB}" for number in (5, 6, 7)
    ]
    assert "NameError: name 'other'" in problems[0] and "ZeroDivisionError" in problems[2]


def test_what_waits_for_a_cell_that_is_not_started_is_not_started_either():
    notebook = nbformat.v4.new_notebook(
        cells=[
            ran("raise NotImplementedError\ntrained = 1", "NotImplementedError", ""),
            ran("more = trained", "NameError", "name 'trained' is not defined"),
            ran("more", "NameError", "name 'more' is not defined"),
            ran("typo", "NameError", "name 'typo' is not defined"),
        ]
    )
    started, problems = proof._judge(LAB, notebook)
    assert started == 3
    assert len(problems) == 1 and "name 'typo'" in problems[0]


def ran(source, ename, evalue):
    output = nbformat.v4.new_output("error", ename=ename, evalue=evalue, traceback=[])
    return nbformat.v4.new_code_cell(source, outputs=[output])


# ---------------------------------------------------------------- locks, points, links


def cell_of(notebook, name):
    (cell,) = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name]
    return cell


def test_the_lab_is_locked(stage, lab):
    proved = proof.is_locked([lab], stage)
    assert proved.problems == []
    assert proved.what == "All 6 check and graded cells are locked."


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda nb: cell_of(nb, "check_depthwise_conv2d").metadata.pop("nbgrader"), "not locked"),
        (lambda nb: cell_of(nb, "depthwise_outputs").metadata.pop("editable"), "not locked"),
        (lambda nb: cell_of(nb, "depthwise_outputs").metadata.pop("deletable"), "deleted"),
        (
            lambda nb: cell_of(nb, "depthwise_outputs").metadata.nbgrader.update(grade=False),
            "has no points",
        ),
        (
            lambda nb: cell_of(nb, "depthwise_outputs").update(source='graded("other")'),
            "says graded('other')",
        ),
    ],
)
def test_a_cell_that_is_not_locked_is_found(stage, lab, edit, said):
    change(stage, edit)
    (problem,) = proof.is_locked([lab], stage).problems
    assert said in problem and problem.startswith("Cell ")


def test_the_points_add_up(stage, course, lab):
    proved = proof.adds_up(course, [lab], stage)
    assert proved.problems == []
    assert proved.what.endswith("14 in 1 lab.")


def test_points_that_differ_are_found(stage, course, lab):
    change(stage, lambda nb: cell_of(nb, "depthwise_outputs").metadata.nbgrader.update(points=5))
    problems = proof.adds_up(course, [lab], stage).problems
    assert {problem.partition("points, ")[2] for problem in problems} == {
        "the rows of its README says 14.",
        "its README says 14.",
        "the manifest says 14.",
        "the gradebook says 14.",
    }


def test_the_links_resolve(stage, course, lab):
    proved = proof.links_resolve(course, [lab], stage, online=False)
    assert proved.problems == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[the data](data/cases.json)", "links to data/cases.json, which is not released."),
        ("![a picture](figure.png)", "figure.png, which is not released"),
        ('<img src="figure.png">', "figure.png, which is not released"),
        ("[above](#no-such-heading)", "which no heading"),
        ("[there](http:/example.org)", "which is no address"),
        ("as in lab 42", "speaks of lab 42"),
    ],
)
def test_a_dead_link_is_found(stage, course, lab, text, said):
    change(stage, lambda nb: nb.cells[0].update(source=f"# Title here\n\n{text}"))
    (problem,) = proof.links_resolve(course, [lab], stage, online=False).problems
    assert said in problem and problem.startswith(f"Cell 1 of {LAB}")


def test_links_that_are_there_are_not_complained_of(stage, course, lab):
    text = (
        "# Title here\n\n[a](visible_cases.json) [b](#Title-here) [c](https://example.org/x) lab 6"
    )
    change(stage, lambda nb: nb.cells[0].update(source=text))
    assert proof.links_resolve(course, [lab], stage, online=False).problems == []


def test_the_overview_lists_what_is_there(stage, course, lab):
    overview = stage / "labs" / "README.md"
    overview.write_text(overview.read_text().replace("/README.md", "/READ.md"))
    (problem,) = proof.links_resolve(course, [lab], stage, online=False).problems
    assert problem == f"labs/README.md links to {LAB}/READ.md, which is not released."


def test_addresses_are_asked_only_on_demand(stage, course, lab):
    class Gone(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(404)

        def log_message(self, *_):
            asked.append(self.path)

    asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gone)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/paper"
        keep = lambda nb: nb.update(cells=[nbformat.v4.new_markdown_cell(f"[a paper]({url})")])  # noqa: E731
        change(stage, keep)
        assert proof.links_resolve(course, [lab], stage, online=False).problems == []
        assert not asked
        (problem,) = proof.links_resolve(course, [lab], stage, online=True).problems
        assert f"links to {url}, which is gone (HTTP 404)." in problem
    finally:
        server.shutdown()
        server.server_close()


def test_verify_looks_through_the_release_in_labs(course, lab, hidden):
    assert list(proof.leaks(course, lab)) == []
    extra = course.root / "labs" / LAB / "oracle.txt"
    extra.write_text("x")
    try:
        (problem,) = proof.leaks(course, lab)
        assert "holds oracle.txt, which is no part of it" in problem
    finally:
        extra.unlink()


def test_the_structure_of_the_lab_is_whole(lab):
    assert list(proof.structure_problems(lab)) == []
    broken = Course(lab.root).lab(LAB)
    broken.release = copy.deepcopy(lab.release)
    cell_of(broken.release, "depthwise_outputs").metadata.nbgrader.points = 0
    assert "The graded cell depthwise_outputs has no points." in proof.structure_problems(broken)
