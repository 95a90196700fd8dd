"""What is particular to each explorer."""

import math

import numpy as np
import pytest
import torch

from course_lib.explore import mask_painter, soft_lookup, temperature, vector_playground

from .every import attention, cosine, dot, lookup, softmax

# ---- temperature


def test_temperature_starts_at_one():
    assert temperature(softmax).state()["temperature"] == 1.0


def test_a_press_moves_the_temperature_one_step_on_a_logarithmic_scale():
    explorer = temperature(softmax)
    assert math.isclose(explorer.press("ArrowRight").state()["temperature"], 10**0.05, rel_tol=1e-4)


def test_temperature_stops_at_both_ends():
    explorer = temperature(softmax).set(temperature=99)
    assert explorer.press("ArrowRight").state()["temperature"] == 10.0
    assert explorer.set(temperature=0).press("ArrowLeft").state()["temperature"] == 0.1


def test_temperature_shows_weights_sum_and_entropy():
    state = temperature(softmax, scores=[0.0, math.log(3)], labels=["a", "b"]).state()
    assert np.allclose(state["weights"], [0.25, 0.75])
    assert math.isclose(state["sum"], 1.0)
    assert math.isclose(state["entropy"], 0.25 * math.log(4) + 0.75 * math.log(4 / 3))
    assert math.isclose(state["most"], math.log(2))


def test_a_weight_of_zero_adds_nothing_to_the_entropy():
    explorer = temperature(lambda s, t: torch.tensor([1.0, 0.0]), scores=[1, 0], labels=["a", "b"])
    assert explorer.state()["entropy"] == 0.0


def test_scores_and_labels_must_be_as_many():
    with pytest.raises(ValueError, match="3 scores, 2 labels"):
        temperature(softmax, scores=[1, 2, 3], labels=["a", "b"])


# ---- vector playground


def test_the_longest_wins_by_dot_product_and_the_nearest_by_cosine():
    words = {"long": (4.0, 1.0), "near": (1.0, 1.0)}
    state = vector_playground(dot, cosine, words=words, query=(1.0, 1.0)).state()
    assert state["dots"] == [5.0, 2.0]
    assert np.allclose(state["cosines"], [5 / math.sqrt(34), 1.0])
    assert (state["best_dot"], state["best_cosine"]) == ([0], [1])


def test_a_tie_has_two_winners():
    state = vector_playground(dot, cosine, words={"a": (1, 2), "b": (2, 1)}, query=(1, 1)).state()
    assert state["best_dot"] == [0, 1]


def test_at_the_origin_no_word_is_nearest_by_cosine():
    state = vector_playground(dot, cosine, query=(0, 0)).state()
    assert np.isnan(state["cosines"]).all()
    assert state["best_cosine"] == []


def test_arrows_move_the_query_by_a_half():
    explorer = vector_playground(dot, cosine, query=(1.0, 1.0))
    explorer.press("ArrowUp").press("ArrowLeft").press("ArrowLeft")
    state = explorer.state()
    assert (state["x"], state["y"]) == (0.0, 1.5)


def test_the_two_functions_are_asked_with_lists_and_arrays():
    asked = []

    def watched_dot(x, y):
        asked.append((type(x), type(y)))
        return dot(x, y)

    def watched_cosine(x, y):
        asked.append((type(x), type(y)))
        return cosine(x, y)

    vector_playground(watched_dot, watched_cosine).state()
    assert set(asked) == {(list, list), (np.ndarray, np.ndarray)}


# ---- soft lookup


def test_soft_lookup_shows_weights_and_their_mean():
    explorer = soft_lookup(lookup, keys=[0.0, 8.0], values=[1.0, 3.0]).set(query=4.0)
    state = explorer.state()
    assert np.allclose(state["weights"], [0.5, 0.5])
    assert math.isclose(state["mean"], 2.0)


def test_a_narrow_bandwidth_follows_the_nearest_key():
    explorer = soft_lookup(lookup).set(query=7.0, bandwidth=0.1)
    assert explorer.state()["weights"][6] > 0.99
    wide = explorer.set(bandwidth=5.0).state()
    assert max(wide["weights"]) < 0.2


def test_up_widens_the_bandwidth_and_right_moves_the_query():
    explorer = soft_lookup(lookup)
    before = explorer.state()
    after = explorer.press("ArrowUp").press("ArrowRight").state()
    assert after["bandwidth"] > before["bandwidth"]
    assert after["query"] > before["query"]


def test_soft_lookup_needs_a_value_for_every_key():
    with pytest.raises(ValueError, match="3 keys and 2 values"):
        soft_lookup(lookup, keys=[1, 2, 3], values=[1, 2])


# ---- mask painter


def leaks_of(explorer):
    return explorer.state()["leaks"]


def test_a_causal_mask_leaks_nothing():
    assert leaks_of(mask_painter(attention)) == [[], []]


def test_with_everything_allowed_all_but_the_last_leak():
    assert leaks_of(mask_painter(attention).act("preset", "full")) == [[0, 1, 2, 3], [0, 1, 2, 3]]


def test_one_cell_beside_the_diagonal_leaks_once_in_both_layers():
    explorer = mask_painter(attention).set(row=1, column=2).press(" ")
    assert leaks_of(explorer) == [[1], [1]]


def test_the_upper_right_cell_spreads_in_the_second_layer():
    explorer = mask_painter(attention).set(row=0, column=4).press(" ")
    assert leaks_of(explorer) == [[0], [0, 1, 2, 3]]


def test_space_allows_and_forbids_again():
    explorer = mask_painter(attention).set(row=0, column=1)
    assert explorer.press(" ").state()["mask"][0][1] is True
    assert explorer.press(" ").state()["mask"][0][1] is False


def test_a_mask_after_the_softmax_leaks_although_its_weights_are_zero():
    def late(q, k, v, mask=None):
        return (torch.softmax(q @ k.mT, -1) * mask) @ v

    state = mask_painter(late).state()
    assert np.allclose(np.triu(state["weights"], 1), 0)
    assert state["leaks"] == [[0, 1, 2, 3], [0, 1, 2, 3]]


def test_an_inverted_mask_is_seen_for_what_it_is():
    def inverted(q, k, v, mask=None):
        return attention(q, k, v, ~mask)

    state = mask_painter(inverted).state()
    assert state["weights"][0][0] == 0.0
    assert state["weights"][0][4] > 0.0


def test_leaks_are_found_where_no_gradient_flows():
    def detached(q, k, v, mask=None):
        return attention(q, k, v, mask).detach()

    explorer = mask_painter(detached)
    assert leaks_of(explorer) == [[], []]
    assert leaks_of(explorer.set(row=0, column=4).press(" ")) == [[0], [0, 1, 2, 3]]


def test_presets_are_what_they_say():
    padding = mask_painter(attention).act("preset", "padding").state()["mask"]
    assert padding == [[True] * 4 + [False]] * 5
    band = mask_painter(attention).act("preset", "band").state()["mask"]
    assert sum(map(sum, band)) == 13


def test_an_unknown_button_is_refused():
    with pytest.raises(ValueError, match="no button 'fly'"):
        mask_painter(attention).act("fly")
    with pytest.raises(ValueError, match="no preset 'upper'; there are causal"):
        mask_painter(attention).act("preset", "upper")


@pytest.mark.parametrize("n", [1, 9])
def test_the_number_of_tokens_is_that_of_words(n):
    with pytest.raises(ValueError, match=f"n_tokens is 2 to 8, .* not {n}"):
        mask_painter(attention, n_tokens=n)


def test_moves_of_the_page_do_what_presses_do():
    by_page, by_hand = mask_painter(attention), mask_painter(attention)
    for move in ({"place": {"row": 0, "column": 3}}, {"act": ["toggle"]}, {"press": "ArrowDown"}):
        by_page.move(move)
    by_hand.set(row=0, column=3).press(" ").press("ArrowDown")
    assert by_page.state() == by_hand.state()
