"""Copying by length: tasks ask what they say, models obey their order, training repeats itself."""

import pytest
import torch

from course_lib.attention.causality import influence
from course_lib.data.sequences import IGNORE
from course_lib.lessons.lesson_08_order.copying import (
    MARK,
    accuracy,
    after_a_mark,
    three_back,
    train_to_copy,
)
from course_lib.lessons.lesson_08_order.ordered import ORDERS, OrderedConfig, OrderedTransformer


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setenv("COURSE_QUIET", "1")


def model_of(order, **more):
    torch.manual_seed(0)
    return OrderedTransformer(OrderedConfig(vocab_size=17, order=order, **more)).eval()


def test_three_back_asks_for_the_token_three_before():
    tokens, targets = three_back(4, 9, seed=1)
    assert (targets[:, :3] == IGNORE).all()
    assert torch.equal(targets[:, 3:], tokens[:, :-3])


def test_after_a_mark_asks_for_the_text_again():
    tokens, targets = after_a_mark(4, 5, seed=1)
    assert (tokens[:, 5] == MARK).all()
    assert (targets[:, :5] == IGNORE).all()
    assert torch.equal(targets[:, 5:], tokens[:, :5])
    assert torch.equal(tokens[:, 6:], targets[:, 5:-1])


@pytest.mark.parametrize("order", ORDERS)
def test_no_model_reads_ahead(order):
    model = model_of(order).double()
    embedded = model.embed(three_back(1, 7, seed=0)[0])[0].detach()

    def blocks(x):
        return model.blocks(x[None])[0]

    assert influence(blocks, embedded).triu(1).sum() == 0


@pytest.mark.parametrize("order", ORDERS)
def test_only_what_is_told_order_can_tell_a_swap(order):
    """Two tokens exchanged make no difference to the last place, unless order is told."""
    model = model_of(order, n_layers=1).double()
    tokens = torch.tensor([[3, 5, 9, 1]])
    last, swapped = model(tokens)[0, -1], model(tokens[:, [1, 0, 2, 3]])[0, -1]
    # A fresh relative table is all zeros: it is told order once it has learned some.
    if order in ("none", "relative"):
        assert torch.allclose(last, swapped, atol=1e-12)
    else:
        assert not torch.allclose(last, swapped, atol=1e-6)


def test_training_gives_the_same_model_again_and_leaves_the_generator_alone():
    before = torch.get_rng_state()
    first, second = (train_to_copy("three back", "rotary", seed=3, steps=3) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first.head.weight, second.head.weight)


def test_a_right_model_is_right_and_a_fixed_guess_is_not():
    def right(tokens):
        return torch.nn.functional.one_hot(tokens.roll(3, 1), 17).float()

    assert accuracy(right, "three back", 12) == 1.0
    assert accuracy(lambda tokens: right(tokens * 0), "three back", 12) < 0.1


def test_a_few_steps_of_rotary_learn_the_distance():
    model = train_to_copy("three back", "rotary", seed=0, steps=120)
    assert accuracy(model, "three back", 16, n_sequences=50) > 0.8


def test_what_does_not_fit_is_refused_with_words():
    with pytest.raises(ValueError, match=r"order is one of none, sinusoidal, .*, not 'rope'"):
        OrderedConfig(vocab_size=4, order="rope")
    with pytest.raises(ValueError, match="d_model = 20 does not split into 4 heads of even width"):
        OrderedConfig(vocab_size=4, order="rotary", d_model=20)
