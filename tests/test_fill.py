"""`fill`: a plain Python file becomes a submission."""

import textwrap

import nbformat
import pytest

from autograder.errors import UsageError
from autograder.fill import fill
from autograder.notebook import grade_id

LAYER = "DepthwiseConv2D"
WIDE = "equivalent_conv_kernel"


@pytest.fixture
def filled(lab06, stub, tmp_path):
    """The exercise cells, by `grade_id`, after a file with this text was filled in."""

    def run(text):
        path = tmp_path / "mine.py"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        notebook = fill(stub, lab06, path)
        nbformat.validate(notebook)
        return {grade_id(cell): cell.source for cell in notebook.cells if grade_id(cell)}

    return run


BOTH = '''
    """What this file is."""
    import keras
    import numpy as np

    SIZE = 3

    def helper(x):
        return x + SIZE

    class DepthwiseConv2D(keras.layers.Layer):
        """Mine."""

    # between the two
    TWO = 2

    def equivalent_conv_kernel(kernel):
        return helper(kernel)  # mine

    def afterwards():
        return TWO
'''


def test_definitions_take_the_place_of_the_stubs(filled):
    cells = filled(BOTH)
    assert '"""Mine."""' in cells["depthwise_conv2d"]
    assert "NotImplementedError" not in cells["depthwise_conv2d"]
    assert "return helper(kernel)  # mine" in cells[WIDE]


def test_imports_and_helpers_go_in_front_of_their_cell(filled):
    cell = filled(BOTH)["depthwise_conv2d"]
    for line in ("import numpy as np", "SIZE = 3", "def helper(x):"):
        assert cell.index(line) < cell.index("class DepthwiseConv2D")


def test_what_stands_between_goes_with_the_second(filled):
    cell = filled(BOTH)[WIDE]
    assert cell.index("TWO = 2") < cell.index("def equivalent_conv_kernel")


def test_what_stands_behind_goes_behind_the_last(filled):
    cells = filled(BOTH)
    assert cells[WIDE].index("def equivalent") < cells[WIDE].index("def afterwards")
    assert "def afterwards" not in cells["depthwise_conv2d"]


def test_the_docstring_of_the_file_is_left_out(filled):
    assert not any("What this file is." in source for source in filled(BOTH).values())


def test_the_registration_of_the_stub_is_kept(filled):
    cell = filled("class DepthwiseConv2D:\n    pass\n")["depthwise_conv2d"]
    assert cell.count('@keras.saving.register_keras_serializable(package="layerlab")') == 1


def test_decorators_of_the_file_take_the_place_of_the_stubs(filled):
    cell = filled("import x\n\n@x.mine\n@x.other(1)\nclass DepthwiseConv2D:\n    pass\n")
    assert "@x.mine\n@x.other(1)\nclass DepthwiseConv2D:" in cell["depthwise_conv2d"]
    assert "register_keras_serializable" not in cell["depthwise_conv2d"]


def test_the_order_of_the_file_does_not_matter(filled):
    text = """
        import first

        def equivalent_conv_kernel(kernel):
            return 1

        HELP = 2

        class DepthwiseConv2D:
            pass
    """
    cells = filled(text)
    assert cells["depthwise_conv2d"].index("import first") < cells["depthwise_conv2d"].index("HELP")
    assert "return 1" in cells[WIDE] and "import first" not in cells[WIDE]


def test_an_exercise_that_the_file_lacks_stays_a_stub(filled):
    cells = filled("class DepthwiseConv2D:\n    pass\n")
    assert "raise NotImplementedError" in cells[WIDE]


def test_only_exercise_cells_change(filled, lab06):
    before = {grade_id(cell): cell.source for cell in lab06.release.cells if grade_id(cell)}
    after = filled(BOTH)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"depthwise_conv2d", WIDE}


def test_the_notebook_that_is_given_stays_as_it_is(lab06, stub, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("class DepthwiseConv2D:\n    pass\n")
    before = nbformat.writes(stub)
    fill(stub, lab06, path)
    assert nbformat.writes(stub) == before


def test_imports_stay_if_a_name_is_defined_twice(filled):
    text = (
        "import first\n\nclass DepthwiseConv2D:\n    a = 1\n\nclass DepthwiseConv2D:\n    b = 2\n"
    )
    cell = filled(text)["depthwise_conv2d"]
    assert "import first" in cell and "b = 2" in cell


@pytest.mark.parametrize("separator", ["\x0c", "\u2028", "\x1c", "\x85"])
def test_lines_are_counted_as_python_counts_them(filled, separator):
    text = f"A = '{separator}'\n{LAYER_SOURCE}" if separator != "\x0c" else f"\x0c\n{LAYER_SOURCE}"
    cell = filled(text)["depthwise_conv2d"]
    assert "class DepthwiseConv2D:\n    a = 1" in cell


LAYER_SOURCE = "class DepthwiseConv2D:\n    a = 1\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x = 1\n", "mine.py defines none of the names.*DepthwiseConv2D, equivalent_conv_kernel"),
        (b"", "defines none"),
        (b"class Depthwiseconv2d:\n    pass\n", "defines none"),
        (b"if True:\n    class DepthwiseConv2D: pass\n", "defines none"),
        (b"x = 1\nclass DepthwiseConv2D\n    pass\n", "mine.py, line 2: expected ':'"),
        (b"def f():\nreturn 1\n", "mine.py, line 2"),
        (b"\xff\xfe", "cannot be read"),
        (b"x = 1\0\n", "mine.py"),
    ],
    ids=["other names", "empty", "near", "inner", "no colon", "indent", "not UTF-8", "null byte"],
)
def test_a_file_that_cannot_be_used_is_bad_usage(lab06, stub, tmp_path, content, said):
    path = tmp_path / "mine.py"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=said):
        fill(stub, lab06, path)


def test_a_file_that_is_not_there_is_bad_usage(lab06, stub, tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        fill(stub, lab06, tmp_path / "missing.py")


def test_a_folder_is_bad_usage(lab06, stub, tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        fill(stub, lab06, tmp_path)


@pytest.mark.parametrize("name", ["lab02", "lab06"])
def test_the_whole_bank_fills(name, request):
    from autograder import bank

    lab = request.getfixturevalue(name)
    for entry in (*lab.wheats, *lab.chaffs):
        for cell in bank.notebook(lab, entry).cells:
            if cell.cell_type == "code":
                compile(cell.source, entry.name, "exec")
