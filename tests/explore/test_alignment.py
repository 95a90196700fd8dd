"""Alignment: the map of the learner's attention inside a trained translator, without a browser."""

import json
import re
from html import unescape
from importlib.resources import files
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from course_lib.attention.additive import additive_attention
from course_lib.data.number_words import ENGLISH, GERMAN, Vocabulary
from course_lib.explore import alignment
from course_lib.models.recurrent_translator import TranslatorConfig, seeded

from .every import raises, unwritten

CONFIG = TranslatorConfig(
    source_size=len(Vocabulary(ENGLISH)), target_size=len(Vocabulary(GERMAN)), d_model=8
)


def second_word(s, memory, mask, w_q, w_k, v):
    """Look at the second word alone: distinctively wrong."""
    weights = torch.zeros(mask.shape)
    weights[:, 1] = 1
    return memory[:, 1], weights


def pair(yours):
    return SimpleNamespace(
        name="additive_attention", yours=yours, course=additive_attention, passed=False
    )


def make(yours, **more):
    return alignment(pair(yours), seeded(CONFIG, 0), **more)


def test_the_numbers_are_those_of_a_distinctively_wrong_function():
    state = make(second_word).state()
    weights = np.array(state["weights"])
    assert (weights[:, 1] == 1).all()
    assert weights.sum() == len(weights)
    assert state["best"] == [1] * len(weights)


def test_the_course_stands_beside_a_function_that_differs():
    state = make(second_word).state()
    assert not np.allclose(state["course_weights"], state["weights"])
    assert "Where the course's differs" in state["note"]


def test_nothing_stands_beside_the_course_itself():
    state = make(additive_attention).state()
    assert state["course_weights"] is None
    assert state["note"] == "Drawn by your additive_attention."


def test_before_an_attempt_the_course_is_drawn():
    assert "until you write yours" in make(None).state()["note"]


def test_a_map_has_a_row_for_each_german_piece_and_the_end():
    state = make(additive_attention, numbers=[121]).state()
    assert state["source"] == ["one", "hundred", "and", "twenty", "one"]
    assert state["target"] == ["ein", "hundert", "ein", "und", "zwanzig", "(end)"]
    assert np.shape(state["weights"]) == (6, 5)
    assert np.allclose(np.sum(state["weights"], 1), 1)
    assert state["right"] == "einhunderteinundzwanzig"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (raises, "raised ValueError: mat1 and mat2 shapes"),
        (unwritten, "is not written yet"),
        (lambda *args: None, "returned nothing: is the return missing?"),
        (lambda *args: args[0], "context and weights are due"),
        (lambda s, m, *rest: (m[:, 0], m), r"weights of shape \(1, \d+, 16\); shape \(1, \d+\) is"),
        (lambda s, m, *rest: (s, m[..., 0]), r"context of shape \(1, 8\); shape \(1, 16\) is due"),
    ],
)
def test_an_answer_that_cannot_be_drawn_is_told_in_words(answer, words):
    state = make(answer).state()
    assert re.search(words, state["problem"]), state["problem"]
    assert "The course's version is drawn instead." in state["note"]


def test_the_model_is_left_as_it_was():
    model = seeded(CONFIG, 0)
    before = model.parts
    alignment(pair(raises), model).state()
    assert model.parts is before


def test_arrows_move_within_the_map_and_pages_change_the_number():
    explorer = make(additive_attention, numbers=[7, 121])
    explorer.set(number=121).set(row=5, column=4)
    explorer.press("ArrowDown").press("ArrowRight")
    state = explorer.state()
    assert (state["row"], state["column"]) == (5, 4)
    state = explorer.press("PageUp").state()
    assert (state["number"], state["row"], state["column"]) == (7, 1, 0)


def test_a_bare_function_is_drawn_as_it_is():
    note = alignment(additive_attention, seeded(CONFIG, 0)).state()["note"]
    assert note == "Drawn by additive_attention."


def test_no_number_and_no_function_are_refused():
    with pytest.raises(ValueError, match="one number at least"):
        make(None, numbers=[])
    with pytest.raises(TypeError, match="an explorer draws a function"):
        alignment([1], seeded(CONFIG, 0))


def test_the_page_is_small_the_same_each_time_and_loads_nothing():
    first, second = make(additive_attention), make(additive_attention)
    html = first.html()
    assert html == second.html()
    assert len(html.encode()) < 100_000
    source = files("course_lib.explore").joinpath("static", "alignment.js").read_text()
    for loads in ("import ", "import(", "fetch(", "XMLHttpRequest", "</script", "innerHTML", "//w"):
        assert loads not in source


def test_the_payload_holds_what_python_would_answer():
    explorer = make(second_word)
    payload = json.loads(unescape(re.search("data-course-payload='([^']*)'", explorer.html())[1]))
    table = payload["table"]
    for step in range(len(table["rows"])):
        view = explorer.place(number=step).view()
        told = {**table["same"], **table["rows"][str(step)]}
        assert told == {name: view[name] for name in view if name != "at"}


def test_the_alternative_text_names_each_piece_with_its_word_and_weight():
    alt = make(second_word, numbers=[21]).alt()
    assert "ein looks at word 2, one (1.00)" in alt
    assert "zwanzig looks at word 2, one (1.00)" in alt
