"""`notebook`: reading whatever was handed in, restoring locked cells, choosing what is run."""

import copy
import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder import notebook as notebooks
from autograder.errors import NotGraded
from autograder.notebook import code_cells, grade_id, read, restore


def cell_of(notebook, name):
    (cell,) = [cell for cell in notebook.cells if grade_id(cell) == name]
    return cell


def index_of(notebook, name):
    return notebook.cells.index(cell_of(notebook, name))


def written(tmp_path, content):
    path = tmp_path / "lab.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


CODE = {"cell_type": "code", "source": "x = 1", "metadata": {}, "outputs": []}
NOTEBOOK = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("not json", "is not JSON, so not a notebook"),
        ('{"cells": [', "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("", "is empty"),
        ("  \n", "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\xff", "is not text"),
        ("[]", "JSON but not a Jupyter notebook"),
        ("null", "JSON but not a Jupyter notebook"),
        ("3", "JSON but not a Jupyter notebook"),
        ('{"a": 1}', "JSON but not a Jupyter notebook"),
        ('{"nbformat": "4"}', "JSON but not a Jupyter notebook"),
        ('{"nbformat": 4}', "not a valid Jupyter notebook"),
        ('{"nbformat": 99, "nbformat_minor": 0, "metadata": {}, "cells": []}', "not a valid"),
        (json.dumps({**NOTEBOOK, "cells": "none"}), "not a valid"),
        (json.dumps({**NOTEBOOK, "cells": [1]}), "not a valid"),
        (json.dumps({**NOTEBOOK, "cells": [{"cell_type": "code"}]}), "not a valid"),
        (json.dumps({**NOTEBOOK, "cells": [{**CODE, "cell_type": "spell"}]}), "not a valid"),
        (json.dumps({**NOTEBOOK, "cells": [{**CODE, "source": 5}]}), "not a valid"),
    ],
)
def test_what_is_no_notebook_is_not_graded(tmp_path, content, said):
    with pytest.raises(NotGraded, match=f"lab.ipynb .*{said}"):
        read(written(tmp_path, content))


def test_a_missing_file_is_not_graded(tmp_path):
    with pytest.raises(NotGraded, match="cannot be read"):
        read(tmp_path / "lab.ipynb")


def test_a_folder_is_not_graded(tmp_path):
    with pytest.raises(NotGraded, match="cannot be read"):
        read(tmp_path)


def test_a_huge_file_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "LARGEST_FILE", 10)
    with pytest.raises(NotGraded, match="larger than"):
        read(written(tmp_path, json.dumps(NOTEBOOK)))


def test_a_sentence_says_what_is_wrong(tmp_path):
    with pytest.raises(NotGraded) as caught:
        read(written(tmp_path, json.dumps({**NOTEBOOK, "cells": [{**CODE, "source": 5}]})))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_format_3_is_read(tmp_path):
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [
            {
                "metadata": {},
                "cells": [
                    {
                        "cell_type": "code",
                        "language": "python",
                        "input": "x = 1",
                        "outputs": [],
                        "collapsed": False,
                        "metadata": {},
                    }
                ],
            }
        ],
    }
    notebook = read(written(tmp_path, json.dumps(old)))
    assert [cell.source for cell in notebook.cells] == ["x = 1"]


@pytest.mark.parametrize("missing", ["outputs", "execution_count", "metadata", "id"])
def test_fields_that_do_not_matter_may_be_missing(tmp_path, missing):
    cell = {**CODE, "id": "one", "execution_count": None}
    cell.pop(missing)
    notebook = read(written(tmp_path, json.dumps({**NOTEBOOK, "cells": [cell]})))
    assert notebook.cells[0].source == "x = 1"
    nbformat.validate(notebook)


def test_a_source_in_lines_is_joined(tmp_path):
    cell = {**CODE, "id": "one", "execution_count": None, "source": ["x = 1\n", "y = 2"]}
    notebook = read(written(tmp_path, json.dumps({**NOTEBOOK, "cells": [cell]})))
    assert notebook.cells[0].source == "x = 1\ny = 2"


def test_the_release_reads_as_it_is(lab06, course, tmp_path):
    path = course.root / "labs" / lab06.name / f"{lab06.name}.ipynb"
    assert nbformat.writes(read(path)) == nbformat.writes(lab06.release)


# restore


def test_an_untouched_notebook_stays(lab06, stub):
    restored = restore(stub, lab06)
    assert restored.notes == {}
    assert nbformat.writes(restored.notebook) == nbformat.writes(stub)


def test_the_submission_itself_is_not_changed(lab06, stub):
    cell_of(stub, "imports").source = "edited"
    before = nbformat.writes(stub)
    restore(stub, lab06)
    assert nbformat.writes(stub) == before


def test_work_in_exercise_cells_stays(lab06, stub):
    cell_of(stub, "depthwise_conv2d").source = "class DepthwiseConv2D: pass"
    restored = restore(stub, lab06)
    assert cell_of(restored.notebook, "depthwise_conv2d").source == "class DepthwiseConv2D: pass"
    assert restored.notes == {}


@pytest.mark.parametrize(
    "name", ["imports", "check_depthwise_conv2d", "depthwise_outputs", "question"]
)
def test_an_edited_locked_cell_is_as_released(lab06, stub, name):
    cell_of(stub, name).source = "1.0"
    restored = restore(stub, lab06)
    assert cell_of(restored.notebook, name).source == cell_of(lab06.release, name).source
    assert "had been edited" in restored.notes[name]


@pytest.mark.parametrize(
    "name", ["imports", "depthwise_outputs", "challenge_outputs", "question", "written_answer"]
)
def test_a_deleted_cell_is_put_back_in_its_place(lab06, stub, name):
    stub.cells.remove(cell_of(stub, name))
    restored = restore(stub, lab06)
    assert cell_of(restored.notebook, name).source == cell_of(lab06.release, name).source
    assert "was missing" in restored.notes[name]
    order = [grade_id(cell) for cell in restored.notebook.cells if grade_id(cell)]
    assert order == [grade_id(cell) for cell in lab06.release.cells if grade_id(cell)]


def test_all_cells_deleted(lab06, stub):
    stub.cells.clear()
    restored = restore(stub, lab06)
    names = [grade_id(cell) for cell in restored.notebook.cells]
    assert {"depthwise_outputs", "depthwise_gradients", "written_answer"} <= set(names)
    nbformat.validate(restored.notebook)


def test_a_deleted_exercise_stays_deleted(lab06, stub):
    stub.cells.remove(cell_of(stub, "depthwise_conv2d"))
    assert "depthwise_conv2d" not in map(grade_id, restore(stub, lab06).notebook.cells)


def test_a_duplicated_graded_cell_is_there_once(lab06, stub):
    double = copy.deepcopy(cell_of(stub, "depthwise_outputs"))
    double.id, double.source = "double", "print('mine')"
    stub.cells.insert(0, double)
    restored = restore(stub, lab06)
    cell = cell_of(restored.notebook, "depthwise_outputs")
    assert cell.source == cell_of(lab06.release, "depthwise_outputs").source
    assert "more than once" in restored.notes["depthwise_outputs"]
    nbformat.validate(restored.notebook)


def test_of_a_duplicated_exercise_both_run_and_the_last_counts(lab06, stub):
    first = cell_of(stub, "depthwise_conv2d")
    double = copy.deepcopy(first)
    first.source, double.source, double.id = "A = 1", "A = 2", "double"
    stub.cells.insert(index_of(stub, "depthwise_conv2d") + 1, double)
    restored = restore(stub, lab06)
    assert cell_of(restored.notebook, "depthwise_conv2d").source == "A = 2"
    sources = [cell.source for cell in code_cells(restored.notebook, lab06)]
    assert sources.index("A = 1") < sources.index("A = 2")


@pytest.mark.parametrize(
    "change",
    [
        {"points": 1000},
        {"points": -1},
        {"grade": False},
        {"locked": False, "solution": True},
        {"cell_type": "markdown"},
        {"schema_version": 1},
        {"checksum": "0"},
    ],
)
def test_changed_metadata_is_as_released(lab06, stub, change):
    cell_of(stub, "depthwise_outputs").metadata.nbgrader.update(change)
    cell = cell_of(restore(stub, lab06).notebook, "depthwise_outputs")
    assert cell.metadata.nbgrader == cell_of(lab06.release, "depthwise_outputs").metadata.nbgrader


def test_points_of_ones_own_are_taken_away(lab06, stub):
    info = copy.deepcopy(cell_of(stub, "depthwise_outputs").metadata.nbgrader)
    info.grade_id, info.points = "mine", 100
    stub.cells.append(new_code_cell("100.0", metadata={"nbgrader": info}))
    restored = restore(stub, lab06)
    assert "nbgrader" not in restored.notebook.cells[-1].metadata


@pytest.mark.parametrize("info", ["text", 5, [], None, {"grade_id": 5}, {"grade_id": ["a"]}, {}])
def test_metadata_that_makes_no_sense(lab06, stub, info):
    cell_of(stub, "depthwise_outputs").metadata["nbgrader"] = info
    restored = restore(stub, lab06)
    assert cell_of(restored.notebook, "depthwise_outputs").metadata.nbgrader.points == 4


@pytest.mark.parametrize("name", ["depthwise_outputs", "question", "written_answer"])
def test_a_cell_of_another_type_is_as_released_and_valid(lab06, stub, name):
    old = cell_of(stub, name)
    made = new_markdown_cell if old.cell_type == "code" else new_code_cell
    cell = made("1.0", id=old.id, metadata=old.metadata)
    stub.cells[index_of(stub, name)] = cell
    restored = restore(stub, lab06)
    assert cell_of(restored.notebook, name).cell_type == cell_of(lab06.release, name).cell_type
    nbformat.validate(restored.notebook)


def test_an_exercise_turned_into_text_is_valid(lab06, stub):
    old = cell_of(stub, "depthwise_conv2d")
    cell = new_markdown_cell("class DepthwiseConv2D: pass", id=old.id, metadata=old.metadata)
    stub.cells[index_of(stub, "depthwise_conv2d")] = cell
    restored = restore(stub, lab06)
    nbformat.validate(restored.notebook)
    assert "class DepthwiseConv2D: pass" in [c.source for c in restored.notebook.cells]


# what is run


def test_the_imports_and_the_exercises_run(lab06, stub):
    sources = [cell.source for cell in code_cells(stub, lab06)]
    assert sources == [
        cell_of(stub, name).source
        for name in ("imports", "depthwise_conv2d", "equivalent_conv_kernel")
    ]


def test_keys_are_positions_in_the_notebook(lab06, stub):
    for cell in code_cells(stub, lab06):
        assert stub.cells[cell.key].source == cell.source


def test_a_cell_of_the_students_own_runs(lab06, stub):
    stub.cells.insert(2, new_code_cell("helper = 1"))
    assert "helper = 1" in [cell.source for cell in code_cells(stub, lab06)]


def test_blank_cells_are_left_out(lab06, stub):
    stub.cells.insert(2, new_code_cell("  \n"))
    assert len(code_cells(stub, lab06)) == 3


def experiment(notebook):
    return next(cell for cell in notebook.cells if "experiment" in cell.metadata.get("tags", []))


def test_an_experiment_is_known_by_its_id(lab06, stub):
    cell = experiment(stub)
    cell.source, cell.metadata = "edited = 1", {}
    assert "edited = 1" not in [c.source for c in code_cells(restore(stub, lab06).notebook, lab06)]


def test_an_experiment_is_known_by_its_text(lab06, stub):
    cell = experiment(stub)
    cell.id, cell.metadata = "other", nbformat.NotebookNode()
    assert cell.source not in [c.source for c in code_cells(restore(stub, lab06).notebook, lab06)]


def test_an_id_that_is_stolen_from_an_experiment_hides_no_exercise(lab06, stub):
    cell_of(stub, "depthwise_conv2d").id = experiment(stub).id
    sources = [cell.source for cell in code_cells(restore(stub, lab06).notebook, lab06)]
    assert cell_of(stub, "depthwise_conv2d").source in sources


@pytest.mark.parametrize("tag", ["experiment", "check", "skip-execution"])
def test_tags_of_a_student_skip_nothing(lab06, stub, tag):
    before = [cell.source for cell in code_cells(stub, lab06)]
    for cell in stub.cells:
        cell.metadata["tags"] = [tag]
    assert [c.source for c in code_cells(restore(stub, lab06).notebook, lab06)] == before


def test_no_check_and_no_graded_cell_runs(lab06, lab02):
    for lab in (lab02, lab06):
        sources = "\n".join(cell.source for cell in code_cells(lab.release, lab))
        assert "check(" not in sources and "graded(" not in sources.replace("import check, ", "")
