"""Choosing the next token, and writing on."""

from functools import partial

import pytest
import torch
from torch import nn

from course_lib.models.generation import (
    generate,
    greedy,
    keep_top_k,
    keep_top_p,
    next_token_probabilities,
    sample,
)
from course_lib.models.gpt import GPT, GPTConfig
from course_lib.models.weights import noise_fill

LOGITS = torch.tensor([[2.0, 1.0, 0.0, -1.0, 1.5]])
PROMPT = torch.tensor([[3, 1, 4], [1, 5, 9]])


def small(**options):
    """Return a GPT filled with noise."""
    sizes = {"vocab_size": 17, "max_len": 23, "d_model": 12, "n_heads": 3, "n_layers": 2}
    return noise_fill(GPT(GPTConfig(**sizes | options)), seed=1, scale=0.6).eval()


def count_up(tokens):
    """Name, whatever came before, the next number of seven."""
    return torch.eye(7)[(tokens + 1) % 7]


# ---------------------------------------------------------------- one token


@pytest.mark.parametrize(
    "options, scores",
    [
        ({}, [2.0, 1.0, 0.0, -1.0, 1.5]),
        ({"temperature": 0.5}, [4.0, 2.0, 0.0, -2.0, 3.0]),
        ({"top_k": 2}, [2.0, None, None, None, 1.5]),
        ({"top_p": 0.7}, [2.0, None, None, None, 1.5]),
        ({"temperature": 2.0, "top_k": 4, "top_p": 0.8}, [1.0, 0.5, None, None, 0.75]),
    ],
    ids=str,
)
def test_frequencies_are_the_exact_probabilities(options, scores):
    due = torch.tensor([-torch.inf if x is None else x for x in scores]).softmax(-1)
    exact = next_token_probabilities(LOGITS, **options)[0]
    assert torch.allclose(exact, due, atol=1e-6)
    n, generator = 20_000, torch.Generator().manual_seed(0)
    drawn = sample(LOGITS.expand(n, -1), generator=generator, **options)
    seen = torch.bincount(drawn, minlength=5) / n
    # Four standard deviations of a share of n draws.
    assert ((seen - due).abs() <= 4 * (due * (1 - due) / n).sqrt() + 1e-9).all()


def test_top_p_keeps_the_token_that_reaches_p():
    scores = torch.tensor([[0.125, 0.5, 0.25, 0.125]]).log()
    kept = [keep_top_p(scores, p).isfinite().sum().item() for p in (0.1, 0.5, 0.6, 0.8, 1.0)]
    assert kept == [1, 1, 2, 3, 4]


def test_top_k_keeps_k_among_equals():
    assert keep_top_k(torch.zeros(2, 5), 3).isfinite().sum(-1).tolist() == [3, 3]
    assert keep_top_k(torch.zeros(2, 5), 9).isfinite().all()


def test_rows_are_cut_each_for_itself():
    scores = torch.tensor([[0.0, 3.0, 1.0], [3.0, 0.0, 1.0]])
    assert keep_top_k(scores, 1).argmax(-1).tolist() == [1, 0]
    assert keep_top_p(scores, 0.5).isfinite().tolist() == [[0, 1, 0], [1, 0, 0]]


def test_low_temperature_is_greedy():
    logits = torch.randn(50, 9, generator=torch.Generator().manual_seed(0))
    assert torch.equal(sample(logits, temperature=1e-4), greedy(logits))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_logits_are_drawn_from(dtype):
    probabilities = next_token_probabilities(LOGITS.to(dtype), top_k=3, top_p=0.9)
    assert probabilities.dtype == torch.float32
    assert probabilities.sum().item() == pytest.approx(1)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"temperature": 0.0}, "temperature = 0.0: it is above 0"),
        ({"top_k": 0}, "top_k = 0: it is 1 or more"),
        ({"top_p": 0.0}, "top_p = 0.0: it is above 0 and 1 at most"),
        ({"top_p": 1.5}, "top_p = 1.5: it is above 0 and 1 at most"),
    ],
)
def test_settings_that_leave_nothing_are_told(options, message):
    with pytest.raises(ValueError, match=message):
        sample(LOGITS, **options)


# ---------------------------------------------------------------- many tokens


def test_a_cache_changes_no_token():
    gpt = small(tie=False)
    with_cache = generate(gpt, PROMPT, 20)
    assert with_cache.shape == (2, 23)
    assert torch.equal(with_cache, generate(gpt, PROMPT, 20, cache=False))
    assert len(with_cache[:, 3:].unique()) > 3
    assert torch.equal(with_cache[:, :3], PROMPT)


@pytest.mark.parametrize("cache", [True, False])
def test_one_generator_writes_one_text(cache):
    def write(seed):
        choose = partial(sample, generator=torch.Generator().manual_seed(seed))
        return generate(small(), PROMPT, 15, choose=choose, cache=cache)

    assert torch.equal(write(0), write(0))
    assert not torch.equal(write(0), write(1))


def test_greedy_takes_the_likeliest_of_each_step():
    gpt = small()
    out = generate(gpt, PROMPT, 6)
    assert torch.equal(gpt(out[:, :-1]).argmax(-1)[:, 2:], out[:, 3:])


def test_each_new_token_is_read_once():
    gpt, read = small(), []
    gpt.register_forward_pre_hook(lambda _, args: read.append(args[0].shape[1]))
    generate(gpt, PROMPT, 4)
    assert read == [3, 1, 1, 1]


def test_a_row_that_has_ended_stays_ended():
    out = generate(count_up, torch.tensor([[3], [0]]), 5, cache=False, stop=5)
    assert out.tolist() == [[3, 4, 5, 5, 5, 5], [0, 1, 2, 3, 4, 5]]


def test_nothing_is_computed_once_all_have_ended():
    calls = []

    def model(tokens):
        calls.append(tokens.shape)
        return count_up(tokens)

    out = generate(model, torch.tensor([[3], [4]]), 50, cache=False, stop=5)
    assert len(calls) == 2 and out.shape == (2, 51) and (out[:, 2:] == 5).all()


def test_token_0_can_stop():
    assert generate(count_up, torch.tensor([[5]]), 4, cache=False, stop=0).tolist() == [
        [5, 6, 0, 0, 0]
    ]


def test_dropout_is_off_while_writing_and_on_again():
    gpt = small(dropout=0.5).train()
    assert torch.equal(generate(gpt, PROMPT, 9), generate(gpt, PROMPT, 9))
    assert gpt.training
    assert not generate(small().eval(), PROMPT, 1).requires_grad


def test_a_model_with_frozen_parts_keeps_them():
    gpt = small(dropout=0.5).train()
    gpt.blocks[0].eval()
    generate(gpt, PROMPT, 2)
    assert gpt.training and not gpt.blocks[0].training


def test_no_tokens_is_the_prompt():
    assert torch.equal(generate(small(), PROMPT, 0), PROMPT)


def test_an_empty_prompt_is_told():
    with pytest.raises(ValueError, match="the prompt has 0 tokens"):
        generate(small(), PROMPT[:, :0], 3)


def test_more_than_the_model_knows_is_told_at_once():
    with pytest.raises(ValueError, match="a cache of 24 is too long: the model knows 23"):
        generate(small(), PROMPT, 22)
    assert generate(small(), PROMPT, 21).shape == (2, 24)


def test_a_module_without_a_cache_will_do():
    table = nn.Embedding(17, 17)
    assert generate(table, PROMPT, 5, cache=False).shape == (2, 8)
