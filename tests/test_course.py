"""`Course`: where it is, its labs, and its secret seed."""

import stat

import pytest

from autograder.course import CONFIG, Course
from autograder.errors import UsageError


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A course without a lab or a seed."""
    monkeypatch.delenv("AUTOGRADER_SEED", raising=False)
    (tmp_path / CONFIG).touch()
    return Course(tmp_path)


def test_a_course_is_found_from_a_folder_in_it(empty):
    inner = empty.root / "source" / "lab"
    inner.mkdir(parents=True)
    assert Course.find(inner) == empty


def test_the_working_directory_is_where_the_search_starts(empty, monkeypatch):
    monkeypatch.chdir(empty.root)
    assert Course.find() == empty


def test_a_folder_that_is_in_no_course(tmp_path):
    with pytest.raises(UsageError, match=f"in no course.*{CONFIG}"):
        Course.find(tmp_path)


def test_labs_are_found_in_source_in_order(empty):
    for name in ("lab02_b", "lab01_a"):
        (empty.root / "source" / name).mkdir(parents=True)
        (empty.root / "source" / name / f"{name}.py").touch()
    assert empty.lab_names == ["lab01_a", "lab02_b"]
    assert [lab.name for lab in empty.labs()] == ["lab01_a", "lab02_b"]
    assert [lab.name for lab in empty.labs(["lab02_b"])] == ["lab02_b"]


def test_an_unknown_lab_says_which_there_are(course):
    with pytest.raises(UsageError, match=r"'lab99'.*lab02_mean_zero_init.*lab06_depthwise_conv"):
        course.lab("lab99")


def test_a_course_without_labs_says_so(empty):
    with pytest.raises(UsageError, match="has: none"):
        empty.lab("lab01")


def test_a_lab_that_is_not_released_says_what_to_do(empty):
    (empty.root / "source" / "lab01").mkdir(parents=True)
    (empty.root / "source" / "lab01" / "lab01.py").touch()
    with pytest.raises(UsageError, match="autograder release"):
        empty.lab("lab01").release  # noqa: B018


def test_the_seed_is_made_on_first_use_for_its_owner_alone(empty):
    assert not empty.state.exists()
    seed = empty.seed
    path = empty.state / "seed"
    assert len(seed) >= 32 and path.read_text().strip() == seed
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(empty.state.stat().st_mode) == 0o700


def test_nothing_but_the_seed_is_left(empty):
    empty.seed  # noqa: B018
    assert [path.name for path in empty.state.iterdir()] == ["seed"]


def test_the_seed_stays(empty):
    assert Course(empty.root).seed == Course(empty.root).seed


def test_two_courses_have_two_seeds(tmp_path, monkeypatch):
    monkeypatch.delenv("AUTOGRADER_SEED", raising=False)
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    assert Course(tmp_path / "one").seed != Course(tmp_path / "other").seed


def test_the_environment_overrides_the_seed(empty, monkeypatch):
    monkeypatch.setenv("AUTOGRADER_SEED", "given")
    assert empty.seed == "given"
    assert not empty.state.exists()


def test_an_empty_variable_is_no_seed(empty, monkeypatch):
    monkeypatch.setenv("AUTOGRADER_SEED", "")
    assert len(empty.seed) >= 32


def test_numbers_depend_on_the_seed_and_on_the_purpose(empty, monkeypatch):
    first = {purpose: empty.seed_for(purpose) for purpose in ("lab01", "lab02")}
    assert first["lab01"] != first["lab02"]
    assert Course(empty.root).seed_for("lab01") == first["lab01"]
    monkeypatch.setenv("AUTOGRADER_SEED", "other")
    assert Course(empty.root).seed_for("lab01") != first["lab01"]


def test_the_same_seed_draws_the_same_cases(lab06):
    one, other = lab06.hidden_cases(5), lab06.hidden_cases(5)
    assert [case.key for case in one] == [case.key for case in other]
    assert all(
        a.inputs[0].tobytes() == b.inputs[0].tobytes()
        for a, b in zip(one, other, strict=True)
        if a.inputs
    )


@pytest.mark.parametrize("name", ["lab02", "lab06"])
def test_keys_of_cases_are_unique_and_smallest_come_first(name, request):
    cases = request.getfixturevalue(name).hidden_cases(5)
    assert len({case.key for case in cases}) == len(cases)
    for group in {case.group for case in cases}:
        sizes = [case.size for case in cases if case.group == group]
        assert sizes == sorted(sizes)


def test_another_seed_draws_other_cases(lab06):
    one, other = lab06.hidden_cases(5), lab06.hidden_cases(6)
    inputs = [{case.inputs[0].tobytes() for case in cases if case.inputs} for cases in (one, other)]
    assert len(inputs[0] & inputs[1]) < len(inputs[0]) / 10
