"""Additive, Luong's and local attention: explicit against fused forms, loops, and Keras."""

import os

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from course_lib.attention.additive import (
    additive_attention,
    additive_attention_projected,
    additive_scores,
    local_weights,
    luong_scores,
    predicted_centre,
    read,
)
from course_lib.checking.noise import noise

B, T, S, DQ, DK, DA = 2, 3, 5, 4, 7, 6


def reading(seed=0):
    """Noise for one step: state, memory, mask, w_q, w_k, v."""
    mask = torch.arange(S) < torch.tensor([5, 2])[:, None]
    parts = noise(seed, B, DQ), noise(seed + 1, B, S, DK)
    weights = noise(seed + 2, DQ, DA), noise(seed + 3, DK, DA), noise(seed + 4, DA)
    return (*parts, mask, *weights)


def with_gradients(f, *inputs):
    leaves = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
    out = f(*leaves)
    push = sum((part * noise(9 + i, *part.shape)).sum() for i, part in enumerate(out))
    grads = torch.autograd.grad(push, [x for x in leaves if x.is_floating_point()])
    return [part.detach() for part in out] + list(grads)


def projected(s, memory, mask, w_q, w_k, v):
    return additive_attention_projected(s, memory, memory @ w_k, mask, w_q, v)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_projected_form_is_the_explicit_one_in_output_and_gradient(seed):
    explicit = with_gradients(additive_attention, *reading(seed))
    fused = with_gradients(projected, *reading(seed))
    for one, other in zip(explicit, fused, strict=True):
        assert (one - other).abs().max() <= 1e-12


def test_additive_scores_agree_with_a_loop_over_units():
    q, k = noise(0, T, DQ), noise(1, S, DK)
    w_q, w_k, v = noise(2, DQ, DA), noise(3, DK, DA), noise(4, DA)
    due = torch.zeros(T, S, dtype=torch.float64)
    for t in range(T):
        for s in range(S):
            for a in range(DA):
                due[t, s] += v[a] * torch.tanh(q[t] @ w_q[:, a] + k[s] @ w_k[:, a])
    assert (additive_scores(q, k, w_q, w_k, v) - due).abs().max() <= 1e-12


def test_concat_is_additive_with_its_matrix_cut_in_two():
    q, k, w, v = noise(0, B, T, DQ), noise(1, B, S, DK), noise(2, DQ + DK, DA), noise(3, DA)
    assert torch.equal(luong_scores(q, k, w, v), additive_scores(q, k, w[:DQ], w[DQ:], v))


def test_general_with_the_identity_is_dot():
    q, k = noise(0, T, DQ), noise(1, S, DQ)
    assert torch.allclose(luong_scores(q, k, torch.eye(DQ).double()), luong_scores(q, k))


def test_dot_scaled_is_the_attention_of_lesson_04():
    q, k, v = noise(0, B, T, DQ), noise(1, B, S, DQ), noise(2, B, S, DK)
    due = F.scaled_dot_product_attention(q, k, v)
    weights = (luong_scores(q, k) / DQ**0.5).softmax(-1)
    assert (weights @ v - due).abs().max() <= 1e-12


def test_without_tanh_every_query_would_have_the_same_weights():
    q, k = noise(0, T, DQ), noise(1, S, DQ)
    w, v = noise(2, DQ, DA), noise(3, DA)
    linear = ((q @ w)[:, None] + (k @ w)[None]) @ v
    assert (linear.softmax(-1) - linear[0].softmax(-1)).abs().max() <= 1e-12
    bent = additive_scores(q, k, w, w, v).softmax(-1)
    assert (bent - bent[0]).abs().max() > 1e-2


def test_padding_gets_nothing_and_moves_nothing():
    s, memory, mask, *weights = reading()
    context, w = additive_attention(s, memory, mask, *weights)
    assert (w[~mask] == 0).all()
    assert torch.allclose(w.sum(-1), torch.ones(B).double())
    moved = additive_attention(s, memory + 5 * ~mask[..., None], mask, *weights)
    assert torch.equal(moved[0], context)


def test_a_sentence_without_words_gets_zeros():
    context, weights = read(noise(0, 1, S), noise(1, 1, S, DK), torch.zeros(1, S, dtype=torch.bool))
    assert (context == 0).all()
    assert (weights == 0).all()


def test_a_wide_window_is_softmax_times_the_curve():
    scores, centre = noise(0, T, S), torch.tensor([0.0, 1.7, 4.0]).double()
    curve = torch.exp(-((torch.arange(S) - centre[:, None]) ** 2) / (2 * 5.0**2))
    assert torch.allclose(local_weights(scores, centre, 10), scores.softmax(-1) * curve)


def test_a_gradient_reaches_the_centre():
    centre = torch.tensor([1.7]).double().requires_grad_()
    local_weights(noise(0, 1, S), centre, 2)[0, 2].backward()
    assert centre.grad.abs() > 1e-3


def test_a_predicted_centre_lies_in_the_sentence():
    lengths = torch.tensor([3.0, 9.0]).double()
    centre = predicted_centre(noise(0, 2, DQ), lengths, noise(1, DQ, DA), 3 * noise(2, DA))
    assert ((centre > 0) & (centre < lengths)).all()


# ---------------------------------------------------------------- Keras, on the torch backend


@pytest.fixture(scope="module")
def keras():
    os.environ["KERAS_BACKEND"] = "torch"
    module = pytest.importorskip("keras")
    module.config.set_floatx("float64")
    return module


def keras_weights(layer, query, memory, mask):
    _, weights = layer(
        [query, memory],
        mask=[None, torch.from_numpy(mask.numpy())],
        return_attention_scores=True,
    )
    return weights.detach().cpu()


def test_keras_additive_attention_is_ours_without_projections(keras):
    """Keras projects nothing: its layer is ours with W_q = W_k = the identity."""
    query, memory = noise(0, B, T, DQ), noise(1, B, S, DQ)
    mask = torch.arange(S) < torch.tensor([5, 2])[:, None]
    layer = keras.layers.AdditiveAttention(use_scale=True, dtype="float64")
    layer.build([query.shape, memory.shape])
    v = noise(2, DQ)
    layer.set_weights([v.numpy()])
    eye = torch.eye(DQ, dtype=torch.float64)
    theirs = keras_weights(layer, query, memory, mask)
    for t in range(T):
        _, ours = additive_attention(query[:, t], memory, mask, eye, eye, v)
        assert np.abs(theirs[:, t].numpy() - ours.numpy()).max() <= 1e-6


def test_keras_attention_is_dot(keras):
    query, memory = noise(0, B, T, DQ), noise(1, B, S, DQ)
    mask = torch.arange(S) < torch.tensor([5, 2])[:, None]
    theirs = keras_weights(keras.layers.Attention(dtype="float64"), query, memory, mask)
    scores = luong_scores(query, memory)
    for t in range(T):
        _, ours = read(scores[:, t], memory, mask)
        assert np.abs(theirs[:, t].numpy() - ours.numpy()).max() <= 1e-6
