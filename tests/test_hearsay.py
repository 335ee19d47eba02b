"""`hearsay`: a submission's failures are retold in words that it cannot have learnt."""

import pytest

from autograder import hearsay, scrutiny

READING = scrutiny.read(
    ["class Mine(Exception):\n    def call(self, kernel):\n        raise Mine(kernel)"]
)


def error(**fields):
    return {"type": "ValueError", "where": "call", "line": "", "text": "", **fields}


@pytest.mark.parametrize("kind", ["ValueError", "InvalidArgumentError", "Mine", "MissingMethod"])
def test_a_kind_that_is_known_is_told(kind):
    assert hearsay.retold(error(type=kind), READING)["type"] == kind


@pytest.mark.parametrize("kind", ["Leak_1_2_3", "Secret", "", "ValueError 5"])
def test_a_kind_that_is_not_known_is_not(kind):
    assert hearsay.retold(error(type=kind), READING)["type"] == hearsay.OWN


def test_a_line_is_told_if_it_stands_in_the_notebook():
    assert hearsay.retold(error(line="raise Mine(kernel)"), READING)["line"] == "raise Mine(kernel)"
    assert hearsay.retold(error(line="raise Mine(0.25)"), READING)["line"] == ""


@pytest.mark.parametrize("where", ["call", "the constructor", "build", "compute_output_shape"])
def test_a_place_that_the_probe_has_is_told(where):
    assert hearsay.retold(error(where=where), READING)["where"] == where


def test_a_place_that_the_probe_has_not_is_not():
    assert hearsay.retold(error(where="secret 0.25"), READING)["where"] == "its code"


def sentence(text):
    return hearsay.retold(error(type="ProbeError", where="", text=text), READING)["text"]


@pytest.mark.parametrize(
    "text",
    [
        "call returns None: is a return missing?",
        "The call changes its input: work on a copy.",
        "Mine is not defined: define it by exactly this name.",
        "The trainable weights should have the shapes (2, 2), (3,); the layer has kernel (2, 2).",
        "call returns a float; it must return one tensor.",
    ],
)
def test_a_sentence_of_the_probe_is_told(text):
    assert sentence(text) == text


def test_a_gap_with_another_word_in_it_is_left_open():
    assert sentence("Leak_1_2 is not a keras.layers.Layer: subclass it.") == (
        "… is not a keras.layers.Layer: subclass it."
    )
    told = sentence("call returns a list of 0.25; it must return one tensor.")
    assert told == "call returns a …; it must return one tensor."


def test_a_sentence_that_the_probe_has_not_is_not_told():
    assert sentence("The hidden kernel is 0.25.") == "It raises an error of its own."


def test_a_text_that_is_made_to_take_long_does_not():
    text = "The trainable weights should have the shapes " + "; the layer has " * 5_000
    assert sentence(text) == "It raises an error of its own."


def test_words_for_feedback(lab06):
    told = hearsay.passed_on(
        "the weights have other names or shapes than asked for: kernel, bias; found kernel, Leak_2",
        READING,
        lab06.hidden,
    )
    assert told.endswith("found kernel, …")
    assert told.startswith("the weights have other names or shapes than asked for: kernel, bias")
