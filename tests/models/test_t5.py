"""The readable T5 against Hugging Face's, on the same weights; the buckets against its rule."""

import warnings

import pytest
import torch
from torch import nn

from course_lib.attention.relative_buckets import (
    bucket_bias,
    relative_buckets,
    unscaled_attention,
)
from course_lib.models.t5 import T5, T5Config
from course_lib.models.weights_t5 import from_t5

CONFIG = T5Config(
    vocab_size=37, d_model=22, n_heads=3, d_head=5, n_layers=2, d_ff=31, n_buckets=8,
    max_distance=11,
)  # fmt: skip
SOURCE = torch.tensor([[5, 9, 12, 3, 30, 7, 21, 1], [8, 2, 36, 1, 0, 0, 0, 0]])
TARGET = torch.tensor([[0, 4, 19, 6, 6], [0, 33, 10, 2, 1]])


def hugging_face(**changes: object) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers import T5Config as TheirConfig
        from transformers import T5ForConditionalGeneration

        sizes = {"vocab_size": 37, "d_model": 22, "num_heads": 3, "d_kv": 5, "num_layers": 2}
        buckets = {"num_buckets": 8, "max_distance": 11}
        sizes |= {f"relative_attention_{name}": size for name, size in buckets.items()}
        theirs = T5ForConditionalGeneration(TheirConfig(d_ff=31, **sizes, **changes))
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.copy_(0.4 * torch.randn(parameter.shape, generator=generator))
    return theirs.eval()


@pytest.mark.parametrize("dtype, bar", [(torch.float32, 1e-4), (torch.float64, 1e-9)])
def test_logits_and_gradients_are_theirs(dtype: torch.dtype, bar: float) -> None:
    theirs, ours = hugging_face().to(dtype), T5(CONFIG).eval().to(dtype)
    ours.load_state_dict(from_t5(theirs.state_dict()))
    due = theirs(
        input_ids=SOURCE, attention_mask=(SOURCE != 0).long(), decoder_input_ids=TARGET
    ).logits
    got = ours(SOURCE, TARGET)
    assert due.std() > 0.1 and (got - due).abs().max() <= bar
    due.sin().sum().backward()
    got.sin().sum().backward()
    gradients = from_t5({name: p.grad for name, p in theirs.named_parameters()})
    for name, parameter in ours.named_parameters():
        assert parameter.grad.abs().max() > 0
        torch.testing.assert_close(parameter.grad, gradients[name], atol=bar, rtol=bar)


def test_buckets_are_those_of_hugging_face() -> None:
    from transformers.models.t5.modeling_t5 import T5Attention

    steps = torch.arange(-300, 301)
    for n_buckets in (8, 12, 32, 64):
        for max_distance in (40, 64, 100, 128):
            for both_ways in (True, False):
                due = T5Attention._relative_position_bucket(
                    steps, bidirectional=both_ways, num_buckets=n_buckets, max_distance=max_distance
                )
                ours = relative_buckets(steps, n_buckets, max_distance, both_ways)
                assert torch.equal(ours, due), (n_buckets, max_distance, both_ways)


def test_far_distances_share_a_bucket() -> None:
    table = torch.randn(8, 2, generator=torch.Generator().manual_seed(0))
    bias = bucket_bias(table, 40, 40, max_distance=11, both_ways=True)
    assert bias.shape == (2, 40, 40)
    assert torch.equal(bias[:, 0, 20], bias[:, 0, 39]) and not torch.equal(
        bias[:, 0, 1], bias[:, 1, 0]
    )


def test_the_decoder_reads_nothing_ahead() -> None:
    model = T5(CONFIG).eval()
    model.load_state_dict(from_t5(hugging_face().state_dict()))
    ahead = TARGET.clone()
    ahead[:, 3:] = 17
    changed = (model(SOURCE, ahead) - model(SOURCE, TARGET)).abs().amax((0, 2))
    assert changed[:3].max() == 0 and changed[3:].min() > 0


def test_padding_of_the_source_changes_nothing() -> None:
    model = T5(CONFIG).eval()
    short = SOURCE[1:, :4]
    padded = model(SOURCE[1:], TARGET[1:])
    assert (model(short, TARGET[1:]) - padded).abs().max() < 1e-5


def test_a_query_with_no_key_gets_zeros() -> None:
    q, k = torch.randn(1, 2, 3, 4), torch.randn(1, 2, 5, 4)
    mask = torch.ones(1, 1, 3, 5, dtype=torch.bool)
    mask[..., 1, :] = False
    for bias in (None, torch.randn(2, 3, 5)):
        out = unscaled_attention(q, k, k, bias, mask)
        assert out.isfinite().all() and out[:, :, 1].abs().max() == 0 < out[:, :, 0].abs().min()


def test_fresh_weights_give_moderate_logits() -> None:
    torch.manual_seed(0)
    logits = T5(T5Config(vocab_size=200, d_model=64, n_heads=4, d_head=16, n_layers=3, d_ff=128))(
        torch.randint(1, 200, (2, 9)), torch.randint(1, 200, (2, 6))
    )
    assert 0.1 < logits.std().item() < 5


def test_a_gated_t5_is_refused() -> None:
    gated = hugging_face(feed_forward_proj="gated-gelu")
    with pytest.raises(ValueError, match=r"gated feed-forward networks \(version 1.1\)"):
        from_t5(gated.state_dict())


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match="n_buckets = 6 is a multiple of 4"):
        T5Config(n_buckets=6)
    with pytest.raises(ValueError, match="max_distance = 12 lies beyond the 16"):
        T5Config(max_distance=12)
