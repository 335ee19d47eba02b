"""What the scaling benchmarks say of a class, where it can be reckoned by hand."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import memory
import scale

MIB = 2**20


def figures(submission_s=2.0, start_s=0.0, read_s=0.0, enter_s=0.0, page_s=0.0):
    return scale.Figures(start_s, [submission_s], read_s, enter_s, page_s)


@pytest.mark.parametrize(
    ("steps", "submissions", "workers", "ahead", "seconds"),
    [
        # One worker after its start; two; one more submission than they take at once.
        ({"start_s": 1}, 3, 1, 9, 7),
        ({"start_s": 1}, 4, 2, 9, 5),
        ({"start_s": 1}, 5, 2, 9, 7),
        # More workers than submissions, or than there are out.
        ({}, 3, 100, 9, 2),
        ({}, 3, 2, 1, 6),
        # The second is read while a worker has the first, and waits for it: 1 + 2 + 2.
        ({"read_s": 1}, 2, 1, 9, 5),
        # The last is entered when it is back; the others were, meanwhile.
        ({"enter_s": 1}, 3, 1, 9, 7),
        # All come back at once, and are entered one by one.
        ({"enter_s": 1}, 3, 3, 9, 5),
        # What makes room is entered before the next are handed out: 2 + 2 * 10, twice.
        ({"enter_s": 10}, 4, 2, 2, 44),
        # Three pages on two processes: one of them writes two.
        ({"page_s": 5}, 3, 3, 9, 12),
    ],
)
def test_a_class_takes_what_is_reckoned_by_hand(steps, submissions, workers, ahead, seconds):
    found = scale.simulate(figures(**steps), submissions, workers, 2, ahead)
    assert found.seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("steps", "workers", "step"),
    [
        ({"enter_s": 0.9}, 2, "workers"),
        ({"enter_s": 0.9}, 3, "the writer"),
        ({"enter_s": 0.5, "read_s": 0.4}, 3, "the writer"),
        ({}, 5, "4 ahead"),
        ({"page_s": 3}, 2, "feedback"),
    ],
)
def test_what_holds_a_class_up(steps, workers, step):
    assert scale.simulate(figures(**steps), 600, workers, 2, 4).bottleneck == step


def test_submissions_cost_what_was_measured_in_every_run_the_same():
    measured = scale.Figures(0, [1.0, 3.0], 0, 0, 0)
    found = scale.simulate(measured, 1000, 1, 1)
    assert found == scale.simulate(measured, 1000, 1, 1)
    assert 1900 < found.seconds < 2100 and found.seconds % 2 == 0


def test_a_run_is_compared_with_its_simulation():
    run = {"submissions": 4, "jobs": 2, "seconds": 5.0, "flat": True}
    found = scale.check(figures(page_s=1), run)
    assert found == {"submissions": 4, "jobs": 2, "seconds": 5.0, "simulated": 6, "error": 0.2}


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """A file of figures, in which more is said than the simulation takes."""
    monkeypatch.setattr(scale, "SIZES", (10, 3000))
    path = tmp_path / "figures.json"
    path.write_text(json.dumps({"lab": "lab", **vars(figures(enter_s=0.1))}))
    return path


def test_the_table_has_every_class_everywhere(measured, capsys):
    assert scale.main([str(measured), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["check"] is None and len(said["table"]) == 2 * len(scale.PLACES)
    assert said["table"][0] == {
        "submissions": 10,
        "place": "laptop, 2 cores",
        "workers": 2,
        "seconds": 10,
        "bottleneck": "workers",
    }
    assert said["table"][-1]["bottleneck"] == "the writer"


def test_the_table_is_printed_with_the_check(measured, tmp_path, capsys):
    run = tmp_path / "run.json"
    run.write_text(json.dumps({"submissions": 1, "jobs": 1, "seconds": 2.0}))
    assert scale.main([str(measured), "--check", str(run)]) == 0
    out = capsys.readouterr().out
    assert "3,000" in out and "the writer" in out and "+5.0%" in out


@pytest.mark.parametrize("text", [None, "{", "{}"])
def test_figures_that_cannot_be_used_are_bad_usage(tmp_path, capsys, text):
    path = tmp_path / "figures.json"
    if text is not None:
        path.write_text(text)
    assert scale.main([str(path)]) == 2 and capsys.readouterr().err.startswith("scale: ")


@pytest.mark.parametrize(
    ("seconds", "said"), [(119, "119 s"), (120, "2.0 min"), (9000, "2.5 h"), (10**6, "11.6 days")]
)
def test_times_are_spoken(seconds, said):
    assert scale.spoken(seconds) == said


# Memory


def samples(leak, submissions=100):
    """What is seen of a run of two workers, of which one has a submission at hand."""
    return [
        memory.Sample(
            done,
            200 * MIB + done * leak,
            [(100 * MIB, 400 * MIB), (100 * MIB, 300 * MIB)],
            [(100 * MIB, 300 * MIB)],
        )
        for done in range(submissions + 1)
    ]


def test_the_curve_has_the_means_up_to_each_mark():
    curve = memory._figures(samples(MIB), 100)["curve"]
    assert [row["done"] for row in curve] == [10, 50, 100]
    # Seen at 8, 9 and 10 submissions.
    assert curve[0] == {
        "done": 10,
        "grader": 209,
        "workers": 200,
        "sandboxes": 700,
        "total": 1109,
    }


@pytest.mark.parametrize(("leak", "flat"), [(0, True), (MIB // 2, True), (MIB, False)])
def test_flat_is_at_most_five_percent_from_the_first_to_the_last(leak, flat):
    found = memory._figures(samples(leak), 100)
    assert found["flat"] == flat and found["slope_kib"]["grader"] == pytest.approx(leak / 1024)
    assert found["slope_kib"]["sandboxes"] == 0


def test_the_most_of_a_worker_is_told():
    most = memory._figures(samples(0), 100)["most_mib"]
    assert most["a worker with its sandbox"] == 500 and most["the sum"] == 1100
    assert most["a worker and its sandbox without a submission"] == 400


def test_a_run_in_which_nothing_was_seen_says_so():
    with pytest.raises(RuntimeError, match="Too little was seen"):
        memory._figures(samples(0, 1), 1)
