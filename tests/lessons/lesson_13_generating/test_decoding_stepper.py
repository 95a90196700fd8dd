"""The decoding stepper: its text, its numbers and its cache are those of functions and model."""

import json
import re
from html import unescape

import numpy as np
import pytest
import torch
from explore.every import pair

from course_lib.explore import decoding_stepper
from course_lib.lessons.lesson_13_generating.reference import keep_top_k, with_temperature
from course_lib.models.generation import keep_top_p, next_token_probabilities
from course_lib.models.small_gpt import decode, encode, small_gpt

PROMPT = "The statement"


@pytest.fixture(scope="module")
def gpt():
    return small_gpt()


def make(gpt, temper=with_temperature, k=keep_top_k, p=keep_top_p):
    return decoding_stepper(
        pair(temper, with_temperature),
        pair(k, keep_top_k),
        pair(p, keep_top_p),
        model=gpt,
        prompt=encode(PROMPT),
        names=[decode([token]) for token in range(512)],
    )


def shown(text):
    return "".join(text).replace("·", " ").replace("↵", "\n")


def test_it_shows_the_exact_distribution_that_is_drawn_from(gpt):
    state = make(gpt).set(temperature=0.7, k=5, p=0.8).state()
    with torch.no_grad():
        logits = gpt(torch.tensor([encode(PROMPT)]))[:, -1].double()
    due = next_token_probabilities(logits, temperature=0.7, top_k=5, top_p=0.8)[0]
    best = logits[0].argsort(descending=True)[:5]
    assert np.allclose(state["final"][:5], due[best])
    assert state["n_kept"] == [5, int((due > 0).sum())]


def test_the_text_is_what_an_uncached_model_would_be_asked_about(gpt):
    explorer = make(gpt)
    for _ in range(6):
        explorer.press("ArrowRight")
    state = explorer.state()
    assert state["step"] == 6
    assert shown(state["text"]).startswith(PROMPT)
    with torch.no_grad():
        logits = gpt(torch.tensor([explorer._texts[1.0, 20, 0.9, 1][0].tokens[:8]]))[0, -1]
    assert np.allclose(state["model"][0], logits.softmax(-1).max().item(), atol=1e-6)


def test_each_step_appends_what_the_step_before_has_drawn(gpt):
    explorer = make(gpt)
    before = explorer.state()
    after = explorer.press("ArrowRight").state()
    assert after["text"] == [*before["text"], before["next"]]


def test_the_cache_grows_by_one_row_and_the_prompt_is_read_once(gpt):
    explorer = make(gpt)
    grown = [explorer.place(step=step).state() for step in range(4)]
    assert [state["cached"] for state in grown] == [2, 3, 4, 5]
    assert [state["read"] for state in grown] == [2, 1, 1, 1]
    assert [state["read_without"] for state in grown] == [2, 5, 9, 14]
    assert grown[0]["bytes"] * 5 == grown[3]["bytes"] * 2


def test_without_cuts_all_tokens_stay(gpt):
    state = make(gpt).set(k=0, p=0).state()
    assert state["n_kept"] == [512, 512]
    assert np.allclose(state["final"], state["at_temperature"])


def test_k_of_one_is_greedy_whatever_the_numbers(gpt):
    texts = {shown(make(gpt).set(k=1, numbers=n).press("End").state()["text"]) for n in (1, 2, 3)}
    assert len(texts) == 1


def test_other_numbers_write_another_text(gpt):
    texts = {shown(make(gpt).set(numbers=n).press("End").state()["text"]) for n in (1, 2, 3)}
    assert len(texts) == 3


def test_a_top_k_that_keeps_one_too_many_is_shown_beside_the_course(gpt):
    state = make(gpt, k=lambda logits, k: keep_top_k(logits, k + 1)).set(k=2, p=0).state()
    assert state["n_kept"] == [3, 3]
    assert state["kept"][:4] == ["", "", "", "k"]
    assert state["course_kept"][:4] == [True, True, False, False]
    assert "Where the course's differs, it stands beside yours." in state["note"]


def test_a_top_p_that_drops_all_leaves_nothing_to_draw(gpt):
    nothing = make(gpt, p=lambda logits, p: torch.full_like(logits, -torch.inf))
    state = nothing.press("End").state()
    assert state["chosen"] == -1
    assert state["n_kept"][1] == 0
    assert len(state["text"]) == 2


def test_settings_come_back_as_they_were(gpt):
    explorer = make(gpt)
    before = explorer.place(step=3).state()
    explorer.set(temperature=2).state()
    assert explorer.set(temperature=1).state() == before


def test_the_page_without_python_holds_eight_steps_at_six_settings(gpt):
    html = make(gpt).html()
    facts = json.loads(unescape(re.search(r"data-course-payload='([^']*)'", html)[1]))
    assert len(facts["table"]["rows"]) == 48
    assert len(html.encode()) < 100_000


def test_moves_of_the_page_are_followed(gpt):
    explorer = make(gpt)
    explorer.move({"place": {"step": 2, "temperature": 0}})
    assert (explorer.state()["step"], explorer.state()["temperature"]) == (2, 0.2)
    explorer.move({"press": "Home"})
    assert explorer.state()["step"] == 0


def test_an_empty_prompt_is_refused(gpt):
    with pytest.raises(ValueError, match="the prompt has 0 tokens"):
        decoding_stepper(
            with_temperature, keep_top_k, keep_top_p, model=gpt, prompt=[], names=["a"]
        )
