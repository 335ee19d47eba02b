"""Time limits on a machine that is busy with others: what a submission waits for does not count."""

import pytest

from autograder.clock import LONGEST_STRETCH, Spent
from autograder.host import MachineBusy, SubjectTimedOut, Template
from autograder.subject.limits import Limits
from autograder.subject.starvation import UNEXPLAINED_SECONDS, Starvation, own_wait, threads_of


def starved(*looks):
    """Seconds that a submission was kept waiting, which is looked at once a second.

    Args:
        *looks: For each second, what each thread ran and waited in it.
    """
    found = Starvation()
    found.begin(100.0)
    sums = {}
    for number, look in enumerate(looks, 1):
        for thread, (ran, waited) in look.items():
            before = sums.get(thread, (0.0, 0.0))
            sums[thread] = (before[0] + ran, before[1] + waited)
        found.look(100.0 + number, {thread: sums[thread] for thread in look})
    return pytest.approx(found.seconds)


@pytest.mark.parametrize(
    ("looks", "seconds"),
    [
        pytest.param([], 0, id="nothing yet"),
        pytest.param([{"a": (1, 0)}] * 3, 0, id="runs"),
        pytest.param([{"a": (0, 0)}] * 3, 0, id="sleeps"),
        pytest.param([{"a": (0.1, 0.9)}] * 3, 2.7, id="runs a tenth of the time"),
        pytest.param([{"a": (0.1, 0.4)}] * 3, 1.2, id="sleeps the other half of it"),
        pytest.param([{"a": (0.1, 0.5), "b": (0.1, 0.3)}] * 3, 2.4, id="two take turns"),
        pytest.param([{"a": (0.5, 0.5), "b": (0.5, 0.5)}] * 3, 0, id="two wait for each other"),
        pytest.param([{str(i): (0.02, 0.98) for i in range(100)}] * 3, 0, id="hundred do so"),
        pytest.param([{str(i): (0.001, 0.9) for i in range(100)}] * 3, 2.7, id="and for others"),
        pytest.param([{"a": (0, 0)}, {"a": (0.1, 1.9)}], 1.9, id="is told late of a long wait"),
        pytest.param([{"a": (0, 0)}] * 9 + [{"a": (0, 9)}], UNEXPLAINED_SECONDS, id="far too late"),
        pytest.param([{"a": (0, 99)}] + [{"a": (0, 0)}] * 9, 1, id="waits no longer than it lasts"),
        pytest.param([{"a": (0, 1)}, {}, {"b": (0.5, 0.5)}], 1.5, id="threads come and go"),
    ],
)
def test_what_counts_as_waiting(looks, seconds):
    assert starved(*looks) == seconds


def test_a_new_submission_is_not_told_of_the_one_before():
    found = Starvation()
    found.begin(0.0)
    found.look(50.0, {"a": (0.0, 0.0)})
    found.begin(60.0)
    found.look(61.0, {"a": (0.5, 7.0)})
    assert found.seconds == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("spent", "counted", "hardly_ran"),
    [
        (Spent(), 0, False),
        (Spent(10, 0), 10, False),
        (Spent(10, 7), 3, False),
        (Spent(10, 9.5), 10 / LONGEST_STRETCH, True),
        (Spent(10, 10) + Spent(10, 0), 10, False),
        (Spent(20, 10) - Spent(10, 10), 10, False),
    ],
)
def test_what_counts_against_a_submission(spent, counted, hardly_ran):
    assert (spent.counted, spent.hardly_ran) == (counted, hardly_ran)


def test_the_kernel_counts_here_or_time_is_that_of_the_wall_clock(tmp_path, monkeypatch):
    assert threads_of([2**30]) == {}
    (tmp_path / "7" / "task" / "7").mkdir(parents=True)
    (tmp_path / "7" / "task" / "8").mkdir()
    (tmp_path / "7" / "task" / "8" / "schedstat").write_text("1500000000 250000000 3\n")
    monkeypatch.setattr("autograder.subject.starvation.PROC", tmp_path)
    assert threads_of([7]) == {"8": (pytest.approx(1.5), pytest.approx(0.25))}
    assert own_wait() == 0
    (tmp_path / "thread-self").symlink_to(tmp_path / "7" / "task" / "8")
    assert own_wait() == pytest.approx(0.25)


@pytest.fixture(scope="module")
def template(sandbox):
    with Template(Limits()) as template:
        yield template


@pytest.mark.parametrize(
    "source", ["while True: pass", "import time; time.sleep(1e9)"], ids=["runs", "sleeps"]
)
def test_what_never_ends_is_ended_whether_it_runs_or_sleeps(template, patient, source):
    subject, before = template.fork(), template.spent
    with pytest.raises(SubjectTimedOut):
        subject.ask({"cell": source}, 0.3)
    assert (template.spent - before).counted >= 0.3
    subject.end()


def test_who_was_hardly_let_run_is_waited_for_and_not_called_slow(template, nobody_runs):
    subject, before = template.fork(), template.spent
    with pytest.raises(MachineBusy):
        subject.ask({"cell": "while True: pass"}, 0.1)
    assert (template.spent - before).wall >= 0.1 * LONGEST_STRETCH
    assert template.fork().ask({"cell": "1"}, 30)["outputs"]
