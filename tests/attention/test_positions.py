"""Positions hold what they promise, agree with Hugging Face's; fused forms with explicit ones."""

import itertools
import math

import pytest
import torch

from course_lib.attention.masks import causal_mask
from course_lib.attention.positions import (
    LearnedPositions,
    alibi_bias,
    alibi_slopes,
    angles,
    biased_attention,
    distances,
    fused_biased_attention,
    pairs_to_halves,
    relative_bias,
    rotary_attention,
    rotate_halves,
    rotate_pairs,
    sinusoidal_positions,
)
from course_lib.checking.noise import noise

B, H, T, S, D, DV = 2, 3, 5, 7, 12, 4
LAYOUTS = pytest.mark.parametrize("rotate", [rotate_halves, rotate_pairs])


def at(n: int, start: int = 0) -> torch.Tensor:
    return torch.arange(start, start + n, dtype=torch.float64)


# ---------------------------------------------------------------- what they promise


@LAYOUTS
@pytest.mark.parametrize("moved", [1, 17, 1000, -3])
def test_rotary_scores_depend_on_distance_alone(rotate, moved):
    q, k = noise(0, H, T, D), noise(1, H, S, D)
    here = rotate(q, at(T)) @ rotate(k, at(S)).mT
    there = rotate(q, at(T, moved)) @ rotate(k, at(S, moved)).mT
    assert (here - there).abs().max() <= 1e-10


@LAYOUTS
def test_rotation_keeps_lengths_and_position_zero(rotate):
    x = noise(2, B, H, T, D)
    assert torch.allclose(rotate(x, at(T)).norm(dim=-1), x.norm(dim=-1), atol=1e-12)
    assert torch.equal(rotate(x, at(T))[..., 0, :], x[..., 0, :])


@LAYOUTS
def test_turning_twice_turns_by_the_sum(rotate):
    x = noise(3, T, D)
    assert torch.allclose(rotate(rotate(x, at(T)), at(T, 4)), rotate(x, at(T) + at(T, 4)))


def test_a_sum_of_positions_has_scores_that_depend_on_the_place():
    q, k = noise(4, 1, D), noise(5, 1, D)
    scores = [
        (
            (q + sinusoidal_positions(at(1, t), D)) * (k + sinusoidal_positions(at(1, t + 2), D))
        ).sum()
        for t in (0, 3)
    ]
    assert (scores[0] - scores[1]).abs() > 1e-3


def test_one_layout_gives_the_scores_of_the_other_once_columns_are_moved():
    q, k = noise(6, H, T, D), noise(7, H, S, D)
    pairs = rotate_pairs(q, at(T)) @ rotate_pairs(k, at(S)).mT
    halves = rotate_halves(pairs_to_halves(q), at(T)) @ rotate_halves(pairs_to_halves(k), at(S)).mT
    assert (pairs - halves).abs().max() <= 1e-10
    misread = rotate_halves(q, at(T)) @ rotate_halves(k, at(S)).mT
    assert (pairs - misread).abs().max() > 0.1


def test_rows_of_the_sinusoidal_table_are_alike_by_distance():
    table = sinusoidal_positions(at(30), 32)
    similar = table @ table.T
    assert torch.allclose(similar[1:, 1:], similar[:-1, :-1], atol=1e-10)
    due = (distances(30, 30)[..., None] * angles(torch.ones(1).double(), 32)[0]).cos().sum(-1)
    assert torch.allclose(similar, due, atol=1e-10)


def test_a_step_in_the_sinusoidal_table_is_the_same_linear_map_everywhere():
    table = sinusoidal_positions(at(20), 8)
    step = torch.linalg.lstsq(table[:12], table[3:15]).solution
    assert torch.allclose(table[:-3] @ step, table[3:], atol=1e-8)


def test_half_precision_counts_far():
    """In float16 positions 3000 and 3001 are one number; angles are made in float32."""
    x = torch.ones(2, D, dtype=torch.float16)
    turned = rotate_halves(x, torch.tensor([3000, 3001]))
    assert turned.dtype is torch.float16
    assert (turned.double() - rotate_halves(x.double(), at(2, 3000))).abs().max() < 5e-3


def test_positions_may_be_whole_numbers():
    whole = sinusoidal_positions(torch.arange(T), 6)
    assert torch.allclose(whole.double(), sinusoidal_positions(at(T), 6), atol=1e-6)


def test_an_odd_width_and_a_long_text_are_refused_with_both_numbers():
    with pytest.raises(ValueError, match="d = 7 does not split into pairs"):
        angles(at(3), 7)
    with pytest.raises(ValueError, match="9 tokens need 9 positions; the table was made for 8"):
        LearnedPositions(8, 4)(torch.zeros(9, 4))
    with pytest.raises(ValueError, match="n_heads = 0"):
        alibi_slopes(0)


# ---------------------------------------------------------------- fused against explicit


def attend(attention, *inputs):
    leaves = [x.clone().requires_grad_() for x in inputs]
    out = attention(*leaves)
    return out.detach(), torch.autograd.grad((out * noise(99, *out.shape)).sum(), leaves)


def assert_equal_with_gradients(explicit, fused, *inputs):
    (out, grads), (due, due_grads) = attend(explicit, *inputs), attend(fused, *inputs)
    assert (out - due).abs().max() <= 1e-10
    for yours, theirs in zip(grads, due_grads, strict=True):
        assert (yours - theirs).abs().max() <= 1e-10


MASKS = {
    "none": None,
    "random": noise(8, T, S) > -0.5,
    "empty row": (noise(9, T, S) > -0.5) & (torch.arange(T) != 2)[:, None],
    "of each sequence": noise(10, B, 1, T, S) > -0.5,
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS.keys())
def test_fused_bias_agrees_with_explicit(mask):
    def explicit(q, k, v, table):
        return biased_attention(q, k, v, relative_bias(table, T, S), mask)

    def fused(q, k, v, table):
        return fused_biased_attention(q, k, v, relative_bias(table, T, S), mask)

    q, k, v = noise(11, B, H, T, D), noise(12, B, H, S, D), noise(13, B, H, S, DV)
    assert_equal_with_gradients(explicit, fused, q, k, v, noise(14, H, 5))


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS.keys())
def test_fused_rotary_agrees_with_explicit(mask):
    def explicit(q, k, v):
        return rotary_attention(q, k, v, mask=mask)

    def fused(q, k, v):
        return rotary_attention(q, k, v, mask=mask, fused=True)

    q, k, v = noise(15, B, H, T, D), noise(16, B, H, S, D), noise(17, B, H, S, DV)
    assert_equal_with_gradients(explicit, fused, q, k, v)


def test_rotary_attention_may_start_anywhere():
    q, k, v = noise(18, B, T, D), noise(19, B, S, D), noise(20, B, S, DV)
    due = rotary_attention(q, k, v)
    moved = rotary_attention(q, k, v, positions=(at(T, 40), at(S, 40)))
    assert (moved - due).abs().max() <= 1e-10


# ---------------------------------------------------------------- against Hugging Face


def test_halves_are_the_layout_of_hugging_face_s_llama():
    llama = pytest.importorskip("transformers.models.llama.modeling_llama")
    config = llama.LlamaConfig(hidden_size=H * D, num_attention_heads=H)
    cos, sin = llama.LlamaRotaryEmbedding(config)(noise(0, 1).float(), torch.arange(3, 3 + T)[None])
    q, k = noise(21, B, H, T, D).float(), noise(22, B, H, T, D).float()
    for yours, theirs in zip((q, k), llama.apply_rotary_pos_emb(q, k, cos, sin), strict=True):
        assert (rotate_halves(yours, at(T, 3)) - theirs).abs().max() <= 1e-5


def test_pairs_are_the_layout_of_gpt_j():
    gptj = pytest.importorskip("transformers.models.gptj.modeling_gptj")
    table = gptj.create_sinusoidal_positions(T, D)[None]
    sin, cos = table.split(D // 2, dim=-1)
    x = noise(23, B, T, H, D).float()
    theirs = gptj.apply_rotary_pos_emb(x, sin, cos).transpose(1, 2)
    assert (rotate_pairs(x.transpose(1, 2), at(T)) - theirs).abs().max() <= 1e-5


@pytest.mark.parametrize("n_heads", [1, 2, 3, 4, 6, 8, 12, 16, 20, 71])
def test_slopes_are_those_of_bloom_and_mpt(n_heads):
    bloom = pytest.importorskip("transformers.models.bloom.modeling_bloom")
    mpt = pytest.importorskip("transformers.models.mpt.modeling_mpt")
    ours = torch.tensor(alibi_slopes(n_heads))
    seen = torch.ones(1, 2, dtype=torch.long)
    by_bloom = bloom.build_alibi_tensor(seen, n_heads, torch.float32)[:, 0, 1]
    by_mpt = -mpt.build_mpt_alibi_tensor(n_heads, 2).view(n_heads, 2)[:, 0]
    assert torch.allclose(ours, by_bloom, rtol=1e-5)
    assert torch.allclose(ours, by_mpt, rtol=1e-5)


def test_bloom_s_bias_differs_by_a_constant_that_the_softmax_cancels():
    bloom = pytest.importorskip("transformers.models.bloom.modeling_bloom")
    keys = bloom.build_alibi_tensor(torch.ones(1, T, dtype=torch.long), H, torch.float64)
    keys = keys.double().expand(H, T, T)
    q, k, v = noise(24, H, T, D), noise(25, H, T, D), noise(26, H, T, DV)
    ours = alibi_bias(torch.tensor(alibi_slopes(H), dtype=torch.float64), T, T)
    mask = causal_mask(T)
    apart = biased_attention(q, k, v, ours, mask) - biased_attention(q, k, v, keys, mask)
    assert apart.abs().max() <= 1e-6


def test_marian_has_the_same_sines_and_cosines_in_halves():
    marian = pytest.importorskip("transformers.models.marian.modeling_marian")
    theirs = marian.MarianSinusoidalPositionalEmbedding(T, D).create_weight()
    ours = pairs_to_halves(sinusoidal_positions(at(T), D))
    assert (ours - theirs).abs().max() <= 1e-6


# ---------------------------------------------------------------- ALiBi


def test_slopes_of_a_power_of_two_are_geometric_and_end_at_1_in_256():
    for n_heads in (2, 4, 8, 16):
        slopes = alibi_slopes(n_heads)
        assert slopes[-1] == 2**-8
        assert {round(math.log2(b / a), 9) for a, b in itertools.pairwise(slopes)} == {-8 / n_heads}


@pytest.mark.parametrize("n_heads", range(1, 40))
def test_no_two_heads_have_the_same_slope(n_heads):
    slopes = alibi_slopes(n_heads)
    assert len(slopes) == len(set(slopes)) == n_heads
