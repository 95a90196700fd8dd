"""Attention as it began: scores by a small network, by a product, and within a window."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from course_lib.attention.scaled_dot_product import masked_softmax


def additive_scores(
    q: Float[Tensor, "*B T d_q"],
    k: Float[Tensor, "*B S d_k"],
    w_q: Float[Tensor, "d_q d_a"],
    w_k: Float[Tensor, "d_k d_a"],
    v: Float[Tensor, " d_a"],
) -> Float[Tensor, "*B T S"]:
    """Compare every query with every key by a small network: `tanh(q W_q + k W_k) · v`.

    Paper: Bahdanau et al. 2015, Appendix A.1.2; there W_a, U_a and v_a.

    Args:
        q: queries: states of the decoder.
        k: keys: states of the encoder, of any width.
        w_q, w_k: carry both to a width they share.
        v: what the network looks for.

    >>> one = torch.ones(1, 1)
    >>> additive_scores(one, torch.tensor([[-1.0], [0.0]]), one, one, torch.ones(1))
    tensor([[0.0000, 0.7616]])
    """
    return torch.tanh((q @ w_q).unsqueeze(-2) + (k @ w_k).unsqueeze(-3)) @ v


def luong_scores(
    q: Float[Tensor, "*B T d_q"],
    k: Float[Tensor, "*B S d_k"],
    w: Float[Tensor, "w_in w_out"] | None = None,
    v: Float[Tensor, " d_a"] | None = None,
) -> Float[Tensor, "*B T S"]:
    """Compare every query with every key in one of three ways: dot, general, concat.

    dot `q kᵀ`; general `q W kᵀ`; concat `tanh([q; k] W) · v`.

    Paper: Luong et al. 2015, §3.1.

    Args:
        q: queries: states of the decoder.
        k: keys: states of the encoder; as wide as the queries for dot.
        w: nothing for dot, (d_q, d_k) for general, (d_q + d_k, d_a) for concat.
        v: for concat alone.

    >>> luong_scores(torch.tensor([[1.0, 2.0]]), torch.eye(2))
    tensor([[1., 2.]])
    """
    if v is not None:
        w_q, w_k = w.split([q.shape[-1], k.shape[-1]])
        return additive_scores(q, k, w_q, w_k, v)
    return (q if w is None else q @ w) @ k.transpose(-2, -1)


def additive_attention(
    s: Float[Tensor, "B d_s"],
    memory: Float[Tensor, "B S d_m"],
    mask: Bool[Tensor, "B S"],
    w_q: Float[Tensor, "d_s d_a"],
    w_k: Float[Tensor, "d_m d_a"],
    v: Float[Tensor, " d_a"],
) -> tuple[Float[Tensor, "B d_m"], Float[Tensor, "B S"]]:
    """Return what one decoder state reads from the source, and the weights it reads with.

    `weights = softmax(tanh(s W_q + memory W_k) · v)`, `context = Σ weights[j] memory[j]`.

    Paper: Bahdanau et al. 2015, §3.1.

    Args:
        s: the decoder's state, one for each sentence.
        memory: the encoder's states, one for each word; they are keys (through W_k) and values (as
            they are).
        mask: True = a word, False = padding. A sentence without words gets zeros.
        w_q, w_k, v: see `additive_scores`.

    >>> memory, one = torch.tensor([[[1.0], [3.0], [9.0]]]), torch.ones(1, 1)
    >>> mask = torch.tensor([[True, True, False]])
    >>> additive_attention(one, memory, mask, one, one, torch.zeros(1))
    (tensor([[2.]]), tensor([[0.5000, 0.5000, 0.0000]]))
    """
    scores = additive_scores(s.unsqueeze(1), memory, w_q, w_k, v).squeeze(1)
    return read(scores, memory, mask)


def read(
    scores: Float[Tensor, "B S"], memory: Float[Tensor, "B S d_m"], mask: Bool[Tensor, "B S"]
) -> tuple[Float[Tensor, "B d_m"], Float[Tensor, "B S"]]:
    """Turn the scores of one step into weights over the words, and mix the memory with them.

    Args:
        scores: before the softmax.
        memory: one state for each word.
        mask: True = a word, False = padding.

    >>> read(torch.zeros(1, 2), torch.tensor([[[1.0], [3.0]]]), torch.ones(1, 2, dtype=torch.bool))
    (tensor([[2.]]), tensor([[0.5000, 0.5000]]))
    """
    weights = masked_softmax(scores, mask)
    return (weights.unsqueeze(1) @ memory).squeeze(1), weights


def additive_attention_projected(
    s: Float[Tensor, "B d_s"],
    memory: Float[Tensor, "B S d_m"],
    projected: Float[Tensor, "B S d_a"],
    mask: Bool[Tensor, "B S"],
    w_q: Float[Tensor, "d_s d_a"],
    v: Float[Tensor, " d_a"],
) -> tuple[Float[Tensor, "B d_m"], Float[Tensor, "B S"]]:
    """Return `additive_attention` where `memory W_k` was multiplied once, before the first step.

    Paper: Bahdanau et al. 2015, Appendix A.1.2: U_a h_j does not depend on the step.

    Args:
        s: the decoder's state.
        memory: the encoder's states.
        projected: `memory @ w_k`.
        mask: True = a word, False = padding.
        w_q, v: see `additive_scores`.
    """
    return read(torch.tanh((s @ w_q).unsqueeze(1) + projected) @ v, memory, mask)


def predicted_centre(
    h: Float[Tensor, "*B d"],
    lengths: Float[Tensor, "*B"],
    w: Float[Tensor, "d d_a"],
    v: Float[Tensor, " d_a"],
) -> Float[Tensor, "*B"]:
    """Predict where in the source to look: `S · sigmoid(tanh(h W) · v)`, between 0 and S.

    Paper: Luong et al. 2015, §3.2.

    Args:
        h: the decoder's state.
        lengths: S, the number of words in each source.
        w, v: learned.

    >>> predicted_centre(torch.zeros(1, 2), torch.tensor([8.0]), torch.ones(2, 3), torch.ones(3))
    tensor([4.])
    """
    return lengths * torch.sigmoid(torch.tanh(h @ w) @ v)


def local_weights(
    scores: Float[Tensor, "*B T S"], centre: Float[Tensor, "*B T"], reach: int
) -> Float[Tensor, "*B T S"]:
    """Return weights within a window around a centre, less the farther from it.

    `softmax(scores within centre ± D) · exp(−(s − centre)² / 2σ²)` with σ = D/2. The weights sum to
    1 at most: they are not divided again.

    Paper: Luong et al. 2015, §3.2.

    Args:
        scores: before the softmax.
        centre: a place in the source for each query; need not be whole.
        reach: D, how far the window goes to either side; 1 or more.

    >>> local_weights(torch.zeros(1, 4), torch.tensor([1.0]), 1)
    tensor([[0.0451, 0.3333, 0.0451, 0.0000]])
    """
    distance = torch.arange(scores.shape[-1], device=scores.device) - centre.unsqueeze(-1)
    near = masked_softmax(scores, distance.abs() <= reach)
    return near * torch.exp(-2 * (distance / reach).square())
