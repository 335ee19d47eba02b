"""What is expected of invalid arguments, in every lab."""

from by_hand import SEEDS


def test_every_expected_refusal_is_a_value_error(course):
    for lab in course.labs():
        refused = [case for case in lab.hidden_cases(SEEDS[0]) if case.probe == "refuse"]
        assert len(refused) >= 5, lab.name
        for case in refused:
            assert lab.expect(case)["refusal"].value == "ValueError", case.key
