"""Lesson 04's functions against PyTorch's fused attention, far closer than a check asks."""

import itertools

import pytest
import torch
import torch.nn.functional as F

from course_lib.attention.causality import assert_causal, influence
from course_lib.attention.masks import causal_mask, decoder_mask, padding_mask
from course_lib.attention.scaled_dot_product import fused_attention, scaled_dot_product_attention
from course_lib.checking.noise import noise

LEADS = {"one": (), "batch": (2,), "heads": (2, 3)}
SIZES = {"wide": (5, 7), "tall": (7, 4), "square": (6, 6), "single": (5, 1)}
MASKS = ("none", "random", "empty_row", "keys_only")
CONFIGURATIONS = list(itertools.product(LEADS, SIZES, MASKS))


def make(lead: str, size: str, kind: str, seed: int = 0):
    shape, (t, s) = LEADS[lead], SIZES[size]
    q, k, v = (
        noise(seed, *shape, t, 11),
        noise(seed + 1, *shape, s, 11),
        noise(seed + 2, *shape, s, 13),
    )
    if kind == "none":
        return q, k, v, None
    mask = noise(seed + 3, *shape, t, s) > -0.3
    if kind == "random":
        mask[..., 0] = True
    if kind == "empty_row":
        mask[..., 2, :] = False
    if kind == "keys_only":
        mask = mask[..., :1, :]
    return q, k, v, mask


def gradients(attention, q, k, v, mask):
    leaves = [x.clone().requires_grad_() for x in (q, k, v)]
    out = attention(*leaves, mask)
    push = noise(99, *out.shape, dtype=out.dtype)
    return out.detach(), torch.autograd.grad((out * push).sum(), leaves)


def torch_fused(q, k, v, mask):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def test_there_are_thirty_configurations_and_more():
    assert len(CONFIGURATIONS) >= 30


@pytest.mark.parametrize("lead, size, kind", CONFIGURATIONS)
def test_agrees_with_the_fused_call_forward_and_gradient(lead, size, kind):
    inputs = make(lead, size, kind)
    out, grads = gradients(scaled_dot_product_attention, *inputs)
    due, due_grads = gradients(torch_fused, *inputs)
    assert out.isfinite().all()
    assert (out - due).abs().max() <= 1e-10
    for yours, theirs in zip(grads, due_grads, strict=True):
        assert (yours - theirs).abs().max() <= 1e-10


@pytest.mark.parametrize("dtype, near", [(torch.float16, 5e-3), (torch.bfloat16, 4e-2)])
@pytest.mark.parametrize("kind", MASKS)
def test_half_precision_stays_finite_and_near(dtype, near, kind):
    q, k, v, mask = make("heads", "wide", kind)
    q, k, v = (x.to(dtype) for x in (q, k, v))
    out = scaled_dot_product_attention(q, k, v, mask)
    due = torch_fused(q.double(), k.double(), v.double(), mask)
    assert out.dtype is dtype
    assert out.isfinite().all()
    assert (out.double() - due).abs().max() <= near


@pytest.mark.parametrize("attention", [scaled_dot_product_attention, fused_attention])
def test_a_query_with_nothing_to_attend_to_gets_zeros(attention):
    q, k, v, mask = make("heads", "wide", "empty_row")
    assert (attention(q, k, v, mask)[..., 2, :] == 0).all()


def test_is_causal_aligns_top_left_where_a_cache_needs_bottom_right():
    q, k, v, _ = make("one", "wide", "none")
    top_left = torch.ones(5, 7, dtype=torch.bool).tril()
    out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    assert (out - scaled_dot_product_attention(q, k, v, top_left)).abs().max() <= 1e-10
    assert (out - scaled_dot_product_attention(q, k, v, top_left.roll(2, 1))).abs().max() > 1e-3


def test_minus_1e9_does_not_fit_float16():
    with pytest.raises(RuntimeError, match="overflow"):
        torch.zeros(3, dtype=torch.float16).masked_fill(torch.ones(3, dtype=torch.bool), -1e9)


def test_assert_causal_passes_a_right_mask_and_names_a_leak():
    x = noise(0, 5, 8)
    leaky = causal_mask(5)
    leaky[0, 3] = True
    assert_causal(lambda x: scaled_dot_product_attention(x, x, x, causal_mask(5)), x)
    with pytest.raises(AssertionError, match="output 0 has seen input 3"):
        assert_causal(lambda x: scaled_dot_product_attention(x, x, x, leaky), x)


def test_one_wrong_cell_leaks_five_times_after_two_layers():
    x, leaky = noise(0, 5, 8), causal_mask(5)
    leaky[0, 3] = True

    def layer(x):
        return scaled_dot_product_attention(x, x, x, leaky)

    assert influence(layer, x).triu(1).sum() == 1
    assert influence(lambda x: layer(layer(x)), x).triu(1).sum() == 5


def test_masks_follow_the_device_of_their_lengths():
    lengths = torch.tensor([3, 1], device="meta")
    assert padding_mask(lengths, 3).device.type == "meta"
    assert decoder_mask(lengths, 3).device.type == "meta"
