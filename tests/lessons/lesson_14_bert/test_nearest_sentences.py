"""Nearest sentences: what stands on the page is what the pooling and the search answer."""

import numpy as np
import pytest
import torch
from explore.every import pair

from course_lib.explore import nearest_sentences
from course_lib.lessons.lesson_14_bert.reference import mean_pool, nearest

TEXTS = ["aab", "ab", "bbb", "cab", "ccc", "abc", "acb", "bca", "cc"]


def encode(texts):
    """Each letter is a row of three numbers; padding is loud."""
    longest = max(map(len, texts))
    rows = [[[float(x == y) for y in "abc"] for x in text] for text in texts]
    hidden = [row + [[7.0, 7.0, 7.0]] * (longest - len(row)) for row in rows]
    lengths = torch.tensor([[len(text)] for text in texts])
    return torch.tensor(hidden), torch.arange(longest) < lengths


def make(pool=mean_pool, search=nearest):
    return nearest_sentences(
        pair(pool, mean_pool), pair(search, nearest), encode=encode, sentences=TEXTS
    )


def test_the_neighbours_are_those_of_the_functions():
    state = make().state()
    hidden, mask = encode(TEXTS)
    places, cosines = nearest(mean_pool(hidden, mask)[0], mean_pool(hidden, mask), 7)
    assert state["places"] == places.tolist()[1:]
    assert np.allclose(state["cosines"], cosines[1:])
    assert state["text"] == "aab"


def test_a_sentence_is_not_its_own_neighbour():
    explorer = make()
    for at in range(len(TEXTS)):
        state = explorer.place(query=at).state()
        assert at not in state["places"]
        assert len(state["places"]) == 6


def test_a_typed_sentence_finds_itself_among_the_known():
    state = make().act("ask", "  cab ").state()
    assert (state["typed"], state["text"]) == (True, "cab")
    assert np.allclose(state["cosines"][:4], 1)
    assert 3 in state["places"][:4]


def test_choosing_forgets_what_was_typed():
    explorer = make().act("ask", "cab")
    assert explorer.press("ArrowDown").state()["text"] == "ab"
    assert explorer.act("ask", "").state()["text"] == "ab"


def test_pooling_over_padding_is_shown_beside_the_course():
    state = make(pool=lambda hidden, mask: hidden.mean(1)).set(query=1).state()
    assert state["course_places"] is not None
    assert not np.allclose(state["cosines"], state["course_cosines"])
    assert "Where the course's differs" in state["note"]


def test_a_search_by_dot_product_is_shown_beside_the_course():
    def dot(query, vectors, k):
        best = (vectors @ query).topk(k)
        return best.indices, best.values

    state = make(search=dot).state()
    assert state["course_cosines"] is not None
    assert max(state["cosines"]) < max(state["course_cosines"])


def test_a_search_that_returns_places_alone_is_told_in_words():
    state = make(search=lambda query, vectors, k: vectors).state()
    assert state["problem"].startswith("Your nearest raised")
    assert "The course's version is drawn instead." in state["note"]


def test_both_are_named_where_both_are_yours():
    assert make().state()["note"] == "Drawn by your mean_pool and your nearest."


def test_places_outside_are_named_and_not_drawn():
    def outside(query, vectors, k):
        return torch.full((k,), 99), torch.zeros(k)

    explorer = make(search=outside)
    assert explorer.state()["places"] == [99] * 6
    assert "no sentence 99" in explorer.alt()


def test_moves_of_the_page_are_followed():
    explorer = make()
    explorer.move({"place": {"query": 4}})
    assert explorer.state()["text"] == "ccc"
    explorer.move({"act": ["ask", "bb"]})
    assert explorer.state()["text"] == "bb"
    explorer.move({"press": "Home"})
    assert explorer.state()["text"] == "aab"


def test_an_unknown_button_and_a_single_sentence_are_refused():
    with pytest.raises(ValueError, match="no button 'fly'; it has ask"):
        make().act("fly")
    with pytest.raises(ValueError, match="1 sentences: two or more"):
        nearest_sentences(mean_pool, nearest, encode=encode, sentences=["a"])
