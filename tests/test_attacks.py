"""The corpus of attacks in `tests/attacks`: none gains, learns, harms or goes unnoticed.

All of them hand in to one course, in which canaries are planted, and are graded as a class is.
"""

import hashlib
import json
import os
import re
import shutil
from collections import Counter

import numpy as np
import pytest
from attacks import corpus
from attacks.contest import LIMITS, Neighbours
from nbgrader.api import Gradebook

from autograder import bank, classroom, report
from autograder.converting import with_our_tools
from autograder.course import CONFIG, Course
from autograder.host import CONTROL_SECONDS

ATTACKS = corpus.load(seldom=os.environ.get(corpus.EVERYTHING) == "all")
LABS = sorted({attack.lab for attack in ATTACKS})
CANARY = "canary-7f3a9c"
SLACK = 20.0
"""Seconds over its limit that a submission may take: for templates that start anew."""


@pytest.fixture(scope="module")
def arena(sandbox, course, tmp_path_factory):
    """A course with canaries in it, and all attacks handed in and graded."""
    root = tmp_path_factory.mktemp("arena")
    shutil.copyfile(course.root / CONFIG, root / CONFIG)
    for name in LABS:
        for part in ("source", "labs"):
            shutil.copytree(course.root / part / name, root / part / name)
    for kept in ("truth", "misconceptions"):
        if (course.state / kept).is_dir():
            shutil.copytree(course.state / kept, root / ".autograder" / kept)
    arena = Arena(Course(root))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOGRADER_CANARY", CANARY)
        arena.plant()
        for attack in ATTACKS:
            lab = arena.course.lab(attack.lab)
            attack.submit(lab, root / "submitted" / attack.student / lab.name)
        arena.before = arena.fingerprint()
        for name in LABS:
            arena.grade(name)
    return arena


class Arena:
    """The course of the attacks.

    Args:
        course: The course.
    """

    def __init__(self, course):
        self.course = course
        self.results = {}
        self.seen = {}
        self.alone = {}

    def plant(self):
        """Puts canaries where a thief would look."""
        root = self.course.root
        (root / "source" / LABS[0] / "notes.py").write_text(f"{CANARY} = 'in the source'\n")
        (root / ".autograder").mkdir(exist_ok=True)
        (root / ".autograder" / "seed").write_text(f"{CANARY} in the seed\n")
        (root / "feedback" / "victim").mkdir(parents=True)
        (root / "feedback" / "victim" / "page.html").write_text(f"{CANARY} in the feedback\n")
        for name in LABS:
            lab = self.course.lab(name)
            notebook = bank.notebook(lab, lab.wheats[0])
            notebook.cells[0].source += f"\n{CANARY} of a neighbour"
            folder = root / "submitted" / "neighbour" / name
            folder.mkdir(parents=True)
            (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
        with_our_tools()
        with Gradebook(f"sqlite:///{root / 'gradebook.db'}", "") as gradebook:
            gradebook.add_student("victim", first_name=CANARY, last_name=CANARY)

    def fingerprint(self):
        """What no submission may change: every file of the course but what grading writes."""
        written = ("autograded", "feedback", ".autograder", "gradebook.db", "__pycache__")
        made = {path.with_suffix(".ipynb") for path in self.course.root.glob("source/*/*.py")}
        return {
            path.relative_to(self.course.root): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.course.root.rglob("*")
            if path.is_file()
            and not path.is_symlink()
            and path not in made
            and not set(path.relative_to(self.course.root).parts) & {*written}
        }

    def grade(self, name):
        """Grades a lab, as `autograder grade` does."""
        lab = self.course.lab(name)
        with Neighbours(self.course, lab) as workers:
            workers.prepare(lambda *_: None)
            found = classroom.grade(
                self.course, lab, workers, force=False, progress=lambda *_: None
            )
            self.alone[name] = workers.alone
            self.seen |= {(name, student): seen for student, seen in workers.seen.items()}
        self.results |= {(name, result.submission): result for result in found}

    def result(self, attack):
        return self.results[attack.lab, attack.student]

    def shown(self, attack):
        """All that others get to see of it: its result, what nbgrader keeps, the feedback."""
        texts = [json.dumps(self.result(attack).as_data())]
        for part in ("autograded", "feedback"):
            folder = self.course.root / part / attack.student
            texts += [p.read_text(errors="replace") for p in folder.rglob("*") if p.is_file()]
        return "\n".join(texts)


def attacks(*, controls):
    chosen = [a for a in ATTACKS if (a.category == "controls") == controls]
    return pytest.mark.parametrize("attack", chosen, ids=[attack.name for attack in chosen])


def test_the_corpus_is_large_and_each_attack_is_said_in_a_line():
    counts = Counter(attack.category for attack in ATTACKS)
    assert all(counts[category] >= 10 for category in corpus.CATEGORIES)
    assert sum(counts.values()) - counts["controls"] >= 60
    assert all(attack.tries.endswith(".") for attack in ATTACKS)
    assert len({attack.tries for attack in ATTACKS}) == len(ATTACKS)


@attacks(controls=False)
def test_its_score_is_no_more_than_its_honest_code_deserves(arena, attack):
    lab = arena.course.lab(attack.lab)
    assert arena.result(attack).score <= attack.points(lab), arena.result(attack).cells


@attacks(controls=False)
def test_it_reads_nothing_that_is_protected(arena, attack):
    assert CANARY not in arena.shown(attack)


@attacks(controls=False)
def test_it_tells_its_author_nothing_of_a_hidden_case(arena, attack, hidden_numbers):
    for page in (arena.course.root / "feedback" / attack.student).rglob("*.html"):
        told = set(re.findall(r"\d+\.\d{4,}", page.read_text(encoding="utf-8")))
        assert not told & hidden_numbers[attack.lab]
        assert (
            "leak"
            not in page.read_text(encoding="utf-8")
            .lower()
            .replace(attack.student, "")
            .split("<main", 1)[0]
        )


@pytest.fixture(scope="module")
def hidden_numbers(arena):
    """The values in the hidden cases that nobody hits by chance, as they are printed."""
    found = {}
    for name in LABS:
        lab = arena.course.lab(name)
        cases = lab.hidden_cases(arena.course.seed_for(name))
        values = np.concatenate(
            [np.ravel(a) for c in cases for a in (*c.arrays, *c.weights) if a.dtype.kind == "f"]
        )
        found[name] = {
            text
            for value in np.unique(values[np.isfinite(values)])
            for text in (f"{abs(value):.7g}", f"{abs(value):.6g}", repr(float(abs(value))))
            if len(text) >= 7 and "." in text
        }
    return found


@attacks(controls=False)
def test_the_next_submission_notices_nothing(arena, attack):
    seen = arena.seen.get((attack.lab, attack.student))
    if seen is None:  # it was not even run
        assert arena.result(attack).status == "not graded"
    else:
        assert seen.neighbour == arena.alone[attack.lab]


@attacks(controls=False)
def test_it_takes_no_longer_than_its_limits_allow(arena, attack):
    seen = arena.seen.get((attack.lab, attack.student))
    assert seen is None or seen.seconds < LIMITS.total_seconds + CONTROL_SECONDS + SLACK


@attacks(controls=False)
def test_the_report_tells_whether_it_is_plainly_an_attack(arena, attack):
    result = arena.result(attack)
    if attack.flag == "yes":
        assert result.conduct or result.remarks
    elif attack.flag == "no":
        assert not result.conduct, result.conduct


@attacks(controls=True)
def test_honest_code_that_looks_odd_keeps_its_marks(arena, attack):
    result, lab = arena.result(attack), arena.course.lab(attack.lab)
    assert result.status == "graded", result.reason
    assert result.score == attack.points(lab), result.cells
    assert result.conduct == []


def test_every_submission_ends_in_one_state(arena):
    handed = {(attack.lab, attack.student) for attack in ATTACKS}
    handed |= {(name, "neighbour") for name in LABS}
    assert set(arena.results) == handed
    for result in arena.results.values():
        assert (result.status == "graded") != bool(result.reason)


def test_nothing_of_the_course_has_changed(arena):
    assert arena.fingerprint() == arena.before


def test_the_gradebook_holds_what_the_results_say(arena):
    with Gradebook(f"sqlite:///{arena.course.root / 'gradebook.db'}", "") as gradebook:
        assert gradebook.find_student("victim").first_name == CANARY
        for (name, student), result in arena.results.items():
            if result.status == "graded":
                entered = gradebook.find_submission(name, student).score
                assert entered == pytest.approx(result.score)
        for name in LABS:
            full = arena.course.lab(name).max_score
            assert gradebook.find_submission(name, "neighbour").score == pytest.approx(full)


def test_the_report_names_them(arena):
    page = arena.course.root / "report.html"
    report.write(arena.course, arena.course.labs(LABS), page, similarity=False)
    text = page.read_text(encoding="utf-8")
    assert CANARY not in text
    for attack in ATTACKS:
        result = arena.result(attack)
        if attack.flag == "yes":
            rows = [
                row.split("</tr>", 1)[0]
                for row in text.split(f'data-student="{attack.student}"')[1:]
            ]
            mark = "suspicious" if result.conduct else "flagged"
            assert any(f">{mark}<" in row for row in rows), attack.name


def test_no_canary_is_anywhere_it_was_not_planted(arena):
    planted = {"notes.py", "seed", "page.html", "gradebook.db"}
    for path in arena.course.root.rglob("*"):
        if path.name not in planted and "neighbour" not in path.parts and not path.is_symlink():
            assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path
