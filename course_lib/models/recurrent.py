"""The parts of a recurrent translator as plain functions: a lesson can build each of them."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

#: Reads the source for one decoder state: state (B, d) to (context (B, d_m), weights (B, S)).
Attend = Callable[[Tensor], tuple[Tensor, Tensor]]
#: One step of a recurrent cell: input (B, d_in) and state (B, d) to the next state (B, d).
Cell = Callable[[Tensor, Tensor], Tensor]


def gru_step(
    x: Float[Tensor, "B d_in"],
    h: Float[Tensor, "B d"],
    w_ih: Float[Tensor, "d3 d_in"],
    w_hh: Float[Tensor, "d3 d"],
    b_ih: Float[Tensor, " d3"],
    b_hh: Float[Tensor, " d3"],
) -> Float[Tensor, "B d"]:
    """Return the next state of a gated recurrent unit, in PyTorch's form.

    `r, z = sigmoid(…)`, `n = tanh(W x + b + r ⊙ (U h + c))`, `h' = (1 − z) ⊙ n + z ⊙ h`.

    Paper: Cho et al. 2014, §2.3; there the reset gate acts before the product, `U (r ⊙ h)`.

    Args:
        x: the input.
        h: the state before.
        w_ih, w_hh, b_ih, b_hh: as `nn.GRUCell` keeps them: rows for r, then z, then n.

    >>> zeros = torch.zeros(3, 1)
    >>> gru_step(torch.ones(1, 1), torch.ones(1, 1), zeros, zeros, zeros[:, 0], zeros[:, 0])
    tensor([[0.5000]])
    """
    x_r, x_z, x_n = (x @ w_ih.T + b_ih).chunk(3, -1)
    h_r, h_z, h_n = (h @ w_hh.T + b_hh).chunk(3, -1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h


def encode(
    x: Float[Tensor, "B S d_in"],
    lengths: Int[Tensor, " B"],
    w_ih: Float[Tensor, "d3 d_in"],
    w_hh: Float[Tensor, "d3 d"],
    b_ih: Float[Tensor, " d3"],
    b_hh: Float[Tensor, " d3"],
) -> tuple[Float[Tensor, "B S d"], Float[Tensor, "B d"]]:
    """Read each sentence word by word; return a state for every word, and the last one.

    Args:
        x: embedded words, padded at the end.
        lengths: number of words in each sentence.
        w_ih, w_hh, b_ih, b_hh: see `gru_step`.

    Returns:
        memory: the state after each word; zeros on padding.
        last: the state after the last word, whatever padding follows.
    """
    h = x.new_zeros(x.shape[0], w_hh.shape[1])
    states = []
    for t in range(x.shape[1]):
        is_word = (t < lengths).unsqueeze(-1)
        new = gru_step(x[:, t], h, w_ih, w_hh, b_ih, b_hh)
        h = torch.where(is_word, new, h)
        states.append(new * is_word)
    return torch.stack(states, 1), h


def bahdanau_step(
    y: Float[Tensor, "B d_y"], s: Float[Tensor, "B d"], attend: Attend, cell: Cell
) -> tuple[Float[Tensor, "B d"], Float[Tensor, "B d_m"], Float[Tensor, "B S"]]:
    """Take one step of a decoder that attends first: with the state before the step.

    Paper: Bahdanau et al. 2015, §3.1: s_i = f(s_{i−1}, y_{i−1}, c_i).

    Args:
        y: the embedded word before.
        s: the state before.
        attend: reads the source.
        cell: takes `[y; context]` and the state before.

    Returns:
        The new state, the context and the weights.
    """
    context, weights = attend(s)
    return cell(torch.cat([y, context], -1), s), context, weights


def luong_step(
    y: Float[Tensor, "B d_y"],
    h: Float[Tensor, "B d"],
    attend: Attend,
    cell: Cell,
    w_c: Float[Tensor, "d_c d_out"],
) -> tuple[Float[Tensor, "B d_out"], Float[Tensor, "B d"], Float[Tensor, "B S"]]:
    """Take one step of a decoder that attends last: with the state after the step.

    Paper: Luong et al. 2015, §3: h̃_t = tanh(W_c [c_t; h_t]).

    Args:
        y: the embedded word before.
        h: the state before.
        attend: reads the source.
        cell: takes `y` and the state before.
        w_c: mixes `[context; state]`, d_c = d_m + d.

    Returns:
        The attentional vector, the new state and the weights.
    """
    h = cell(y, h)
    context, weights = attend(h)
    return torch.tanh(torch.cat([context, h], -1) @ w_c), h, weights


def teacher_forced_loss(
    decode: Callable[[Tensor], Tensor], targets: Int[Tensor, "B T"], start: int, pad: int
) -> Float[Tensor, ""]:
    """Return the mean cross-entropy of each word given the true words before it.

    Args:
        decode: from words (B, T) to logits (B, T, V); place t has read words 0 … t.
        targets: the right words, padded.
        start: what stands before the first word.
        pad: the number of padding, which costs nothing.
    """
    first = torch.full_like(targets[:, :1], start)
    logits = decode(torch.cat([first, targets[:, :-1]], 1))
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=pad)


def greedy_decode(
    step: Callable[[Tensor, Any], tuple[Tensor, Any]],
    state: Float[Tensor, "B d"],
    start: int,
    end: int,
    max_len: int,
) -> Int[Tensor, "B max_len"]:
    """Write sentences word by word, each time the likeliest word.

    Args:
        step: from words (B,) and a state to logits (B, V) and the next state.
        state: to begin with.
        start: the word to begin with.
        end: the word that ends a sentence; what follows it is `end` as well.
        max_len: words to write.
    """
    word = torch.full((state.shape[0],), start, device=state.device)
    ended = torch.zeros_like(word, dtype=torch.bool)
    words = []
    for _ in range(max_len):
        logits, state = step(word, state)
        word = logits.argmax(-1).masked_fill(ended, end)
        ended = ended | (word == end)
        words.append(word)
    return torch.stack(words, 1)
