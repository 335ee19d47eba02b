"""Similar submissions: copies are found, independent solutions and the released stub are not."""

import re

import pytest

from autograder import bank
from autograder.notebook import grade_id
from autograder.report import _code
from autograder.similarity import FEWEST_SHARING, _tokens, similar_pairs

CALL = """
class Layer:
    def build(self, shape):
        self.kernel = self.add_weight(shape=(3, 3, shape[-1]))
        self.scale = tf.sqrt(tf.cast(tf.reduce_prod(self.kernel.shape), "float32"))
        for tap in range(9):
            row, column = divmod(tap, 3)
            self.taps.append(tf.roll(self.kernel, shift=(row, column), axis=(0, 1)))

    def call(self, inputs):
        total = tf.zeros_like(inputs)
        for tap, (row, column) in zip(self.taps, self.places):
            moved = tf.pad(inputs, [(0, 0), (row, 2 - row), (column, 2 - column), (0, 0)])
            total += moved[:, 1:-1, 1:-1] * tf.expand_dims(tap, axis=0)
        # divided in the end, so that all taps weigh the same
        return total / self.scale
"""


@pytest.fixture(scope="module")
def known(lab06):
    """What everybody may have."""
    return [_code(lab06.release, lab06), _code(lab06.solution, lab06)]


@pytest.fixture(scope="module")
def wheats(lab06):
    """A class of independent solutions."""
    return {entry.name: _code(bank.notebook(lab06, entry), lab06) for entry in lab06.wheats}


def disguised(code):
    """A copy with its variables renamed, its comments gone, its layout and methods' order new."""
    cells = {}
    for cell, source in code.items():
        for name in ("inputs", "outputs", "channels", "batch", "lengths", "sizes", "rows", "n"):
            source = re.sub(rf"(?<![\w.]){name}(?![\w=])", f"my_{name}", source)
        source = re.sub(r"#.*", "", source).replace("    ", "  ")
        first, *methods = re.split(r"(?m)^(?=  def )", source)
        cells[cell] = first + "\n\n".join(reversed(methods))
    return cells


def names(pairs):
    return [(pair.first, pair.second) for pair in pairs]


def test_a_disguised_copy_is_found_with_its_passages(wheats, known):
    original = sorted(wheats)[0]
    copy = disguised(wheats[original])
    assert copy != wheats[original]
    [pair] = similar_pairs({**wheats, "copy": copy}, known)
    assert {pair.first, pair.second} == {"copy", original}
    assert pair.lines > 0.8 * min(pair.own)
    assert any("def call" in one.text and "my_" in one.text for one, _ in pair.passages)
    for one, other in pair.passages:
        assert one.text in copy[one.cell] and other.text in wheats[original][other.cell]
        lines = wheats[original][other.cell].split("\n")
        assert other.text.startswith(lines[other.line - 1])


def test_independent_solutions_are_not_flagged(wheats, known):
    assert len(wheats) > 3
    assert similar_pairs(wheats, known) == []


def test_untouched_notebooks_are_not_flagged(lab06, known):
    untouched = {f"student_{n}": _code(lab06.release, lab06) for n in range(3)}
    assert similar_pairs(untouched, known) == []


def test_the_reference_solution_is_nobodys_own(lab06, known):
    solved = {f"student_{n}": _code(lab06.solution, lab06) for n in range(3)}
    assert similar_pairs(solved, known) == []
    assert similar_pairs(solved, known[:1]) != []


def test_the_order_of_the_class_does_not_matter(wheats, known):
    copies = {f"copy_{n}": disguised(wheats[name]) for n, name in enumerate(sorted(wheats)[:2])}
    members = {**wheats, **copies}
    backwards = dict(reversed(members.items()))
    pairs = similar_pairs(members, known)
    assert len(pairs) == 2 and similar_pairs(backwards, reversed(known)) == pairs


def test_what_many_have_is_nobodys_own():
    few = {f"student_{n}": {"cell": CALL} for n in range(FEWEST_SHARING)}
    pairs = similar_pairs(few, [])
    assert len(pairs) == FEWEST_SHARING * (FEWEST_SHARING - 1) // 2
    assert similar_pairs({**few, "one_more": {"cell": CALL}}, []) == []


def test_what_a_library_is_asked_for_matters():
    others = re.sub(r"\b(tf\.\w+|range|divmod|zip)\b", r"\1_other", CALL)
    assert names(similar_pairs({"a": {"cell": CALL}, "b": {"cell": CALL}}, [])) == [("a", "b")]
    assert similar_pairs({"a": {"cell": CALL}, "b": {"cell": others}}, []) == []


def test_layout_does_not_matter():
    spread = CALL.replace("axis=(0, 1)))", "axis=(\n 0,\n 1,\n),\n)\n)")
    assert [token for token, _ in _tokens(spread)] == [token for token, _ in _tokens(CALL)]
    [pair] = similar_pairs({"a": {"cell": CALL}, "b": {"cell": spread}}, [])
    assert pair.lines == pair.own[0]


@pytest.mark.parametrize("source", ["", "def (:\n'''", "\x00\ud800", "(" * 5000, "é = 'ß'"])
def test_what_is_no_code_does_not_disturb(source):
    assert similar_pairs({"a": {"cell": source}, "b": {"cell": source}}, []) == []


def test_only_exercise_cells_count(lab06, solution):
    for cell in solution.cells:
        if grade_id(cell) not in lab06.exercises:
            cell.source += CALL
    assert CALL not in "".join(_code(solution, lab06).values())
