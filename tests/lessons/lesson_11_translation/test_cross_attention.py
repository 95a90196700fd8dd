"""Cross-attention: the learner's masks inside a trained translator, without a browser."""

import json
import re
from html import unescape
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from explore.every import raises, unwritten

from course_lib.explore import cross_attention
from course_lib.lessons.lesson_11_translation.reference import embed, three_masks
from course_lib.models.number_translator import Parts, seeded
from course_lib.training.number_translation import number_config


@pytest.fixture(scope="module")
def model():
    return seeded(number_config(), 3, Parts(masks=three_masks, embed=embed)).eval()


def padding_seen(source, target, pad):
    """Forget the padding of the source: distinctively wrong."""
    encoder, decoder, memory = three_masks(source, target, pad)
    return torch.ones_like(encoder), decoder, torch.ones_like(memory)


def pair(yours):
    return SimpleNamespace(name="three_masks", yours=yours, course=three_masks, passed=False)


def test_a_map_has_a_row_for_each_piece_and_a_column_for_each_word_and_padding(model):
    state = cross_attention(pair(three_masks), model, numbers=[121]).state()
    assert state["source"] == ["one", "hundred", "and", "twenty", "one", "(pad)"]
    assert state["target"] == ["ein", "hundert", "ein", "und", "zwanzig", "(end)"]
    assert np.shape(state["weights"]) == (6, 6)
    assert np.allclose(np.sum(state["weights"], 1), 1, atol=0.01)
    assert state["right"] == "einhunderteinundzwanzig"
    assert state["course_weights"] is None
    assert state["note"] == "Drawn by your three_masks."


def test_each_layer_and_head_is_the_models_own(model):
    explorer = cross_attention(pair(three_masks), model, numbers=[21])
    source, target = torch.tensor([[22, 3, 0]]), torch.tensor([[1, 3, 33, 23]])
    with torch.no_grad():
        due = model.cross_attention(source, target)[:, 0]
    for layer in range(2):
        for head in range(4):
            found = explorer.set(layer=layer, head=head).state()["weights"]
            assert np.allclose(found, due[layer, head], atol=6e-4)


def test_padding_gets_weight_only_through_a_mask_that_forgets_it(model):
    right = cross_attention(pair(three_masks), model).state()
    wrong = cross_attention(pair(padding_seen), model).state()
    assert np.array(right["weights"])[:, -1].max() == 0
    assert np.array(wrong["weights"])[:, -1].min() > 0
    assert np.allclose(wrong["course_weights"], right["weights"])
    assert "Where the course's differs" in wrong["note"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (raises, "raised ValueError: mat1 and mat2 shapes"),
        (unwritten, "is not written yet"),
        (lambda *args: None, "returned nothing: is the return missing?"),
        (lambda *args: args[0], "three results: one mask for each attention"),
        (lambda *args: [m[0] for m in three_masks(*args)], "a mask of shape .* for the encoder"),
        (lambda *args: [m.int() for m in three_masks(*args)], "no boolean tensor for the encoder"),
    ],
)
def test_an_answer_that_cannot_be_drawn_is_told_in_words(answer, words, model):
    before = model.parts
    state = cross_attention(pair(answer), model).state()
    assert re.search(words, state["problem"]), state["problem"]
    assert "The course's version is drawn instead." in state["note"]
    assert model.parts is before


def test_keys_move_within_the_map_and_pages_change_the_head(model):
    explorer = cross_attention(pair(three_masks), model, numbers=[7, 121], layer=1, head=2)
    explorer.set(number=121).set(row=5, column=5).press("ArrowDown").press("ArrowRight")
    state = explorer.press("PageDown").press("PageDown").state()
    assert (state["row"], state["column"], state["layer"], state["head"]) == (5, 5, 1, 3)
    state = explorer.set(number=7).state()
    assert (state["row"], state["column"]) == (1, 1)


def test_what_does_not_fit_is_refused(model):
    with pytest.raises(ValueError, match="one number at least"):
        cross_attention(three_masks, model, numbers=[])
    with pytest.raises(ValueError, match="head is 0 to 3, not 4"):
        cross_attention(three_masks, model, head=4)


def test_the_payload_holds_what_python_would_answer_and_the_page_is_small(model):
    explorer = cross_attention(pair(padding_seen), model)
    html = explorer.html()
    assert len(html.encode()) < 130_000
    payload = json.loads(unescape(re.search("data-course-payload='([^']*)'", html)[1]))
    table = payload["table"]
    for number, layer, head in ((0, 0, 0), (2, 1, 3), (1, 0, 2)):
        view = explorer.place(number=number, layer=layer, head=head).view()
        told = {**table["same"], **table["rows"][f"{number},{layer},{head}"]}
        assert told == {name: view[name] for name in view if name != "at"}


def test_the_alternative_text_names_layer_head_and_words(model):
    alt = cross_attention(pair(three_masks), model, numbers=[21], layer=1, head=2).alt()
    assert alt.startswith("Layer 1, head 2: Alignment of “twenty one (pad)”: ein looks at word")
