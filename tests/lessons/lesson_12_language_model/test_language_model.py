"""Small language models: how they are trained and measured, and the toys that repeat."""

import math

import pytest
import torch
from torch import nn

from course_lib.lessons.lesson_12_language_model import repeats
from course_lib.lessons.lesson_12_language_model.language_model import (
    TrainConfig,
    fresh,
    held_out_loss,
    make_optimizers,
    train,
    window,
)
from course_lib.lessons.lesson_12_language_model.reference import LanguageModel, induction_score
from course_lib.models.blocks import BlockConfig
from course_lib.models.gpt import GPT, GPTConfig


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("COURSE_QUIET", "1")
    torch.set_num_threads(1)


def tiny() -> GPT:
    torch.manual_seed(0)
    return GPT(GPTConfig(vocab_size=7, max_len=8, d_model=12, n_heads=3, n_layers=2))


def test_the_rate_warms_up_and_falls_to_a_thirtieth():
    config = TrainConfig(steps=1000, warmup=100)
    assert config.share_of_rate(0) == 0.01
    assert config.share_of_rate(99) == 1.0
    assert abs(config.share_of_rate(1000) - 1 / 30) < 1e-9


def test_a_fresh_model_of_any_kind_knows_nothing():
    config = BlockConfig(d_model=12, n_heads=3, d_ff=20)
    model = fresh(LanguageModel(7, 8, config, 2), seed=0)
    tokens = torch.arange(7).repeat(30)
    assert abs(held_out_loss(model, tokens, 8) - math.log(7)) < 0.2


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("muon", [None, 0.02])
def test_a_text_that_counts_is_learned(muon, bf16):
    model, tokens = tiny(), torch.arange(7).repeat(30)
    config = TrainConfig(steps=100, length=8, batch=4, warmup=5, muon=muon, bf16=bf16)
    assert len(train(model, tokens, config)) == 100
    assert held_out_loss(model, tokens, 8) < 0.5


def test_the_same_seed_gives_the_same_losses():
    config, tokens = TrainConfig(steps=5, length=8, batch=3), torch.arange(7).repeat(9)
    assert train(tiny(), tokens, config) == train(tiny(), tokens, config)


def test_every_parameter_is_trained_by_one_optimizer():
    model = tiny()
    optimizers = make_optimizers(model, TrainConfig(muon=0.02))
    ids = [id(p) for o in optimizers for g in o.param_groups for p in g["params"]]
    assert sorted(ids) == sorted(id(p) for p in model.parameters())
    assert any(isinstance(o, torch.optim.Muon) for o in optimizers)


def test_windows_reach_the_end_of_the_text():
    tokens, config = torch.arange(5), TrainConfig(length=3, batch=50)
    rows = window(tokens, config, torch.Generator().manual_seed(0))
    assert rows.shape == (50, 4)
    assert rows.max() == 4 and rows.min() == 0


def test_the_held_out_loss_is_the_mean_over_tokens():
    class Bigram(nn.Module):
        def forward(self, tokens):
            return torch.zeros(*tokens.shape, 7)

    assert abs(held_out_loss(Bigram(), torch.arange(7).repeat(9), 8) - math.log(7)) < 1e-5


# ---------------------------------------------------------------- toys that repeat


def test_texts_begin_anew_after_their_period():
    rows = repeats.repeated_texts(50, torch.Generator().manual_seed(0), period=5)
    assert rows.shape == (50, repeats.LENGTH + 1)
    assert torch.equal(rows[:, 5:], rows[:, :-5])


def test_two_layers_repeat_what_one_cannot():
    toys = {n: repeats.train_on_repeats(n, seed=1, steps=600) for n in (1, 2)}
    assert repeats.loss_on_repeats(toys[2], 14) < 0.5
    assert repeats.loss_on_repeats(toys[1], 14) > 1.6
    weights = repeats.mean_weights(toys[2], 14)
    score, back = induction_score(weights, 14), weights.diagonal(-1, -2, -1).mean(-1)
    assert (score[1] > 0.4).all() and (score[0] < 0.2).all() and back[0].max() > 0.35
    cost = {}
    for layer, head in ((0, 0), (0, 1), (1, 0), (1, 1)):
        with repeats.silenced(toys[2], layer, [head]):
            cost[layer, head] = repeats.loss_on_repeats(toys[2], 14)
    assert max(cost, key=cost.get) == (0, back[0].argmax().item())
    assert cost[0, back[0].argmax().item()] > 1.8
    assert min(cost.values()) > repeats.loss_on_repeats(toys[2], 14)


def test_a_silenced_head_comes_back():
    toy = repeats.train_on_repeats(1, seed=0, steps=2)
    before = toy.blocks[0].attn.w_o.weight.clone()
    with repeats.silenced(toy, 0, [1]):
        assert not torch.equal(toy.blocks[0].attn.w_o.weight, before)
    assert torch.equal(toy.blocks[0].attn.w_o.weight, before)
