"""A recurrent translator: GRU encoder and decoder, with attention or without.

The parts are plain functions, so that a lesson can put a learner's own in their place.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.attention.additive import additive_attention, luong_scores, read

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


@dataclass(frozen=True, kw_only=True)
class TranslatorConfig:
    """Sizes of a translator.

    Args:
        source_size: pieces of the source language.
        target_size: pieces of the target language.
        d_embed: width of an embedded piece.
        d_model: width of a state; the encoder has one in each direction.
        attention: "additive" (Bahdanau), "general" (Luong), or "none": the decoder gets the
            encoder's last states at every step instead.
        pad, start, end: numbers of the special pieces.
    """

    source_size: int
    target_size: int
    d_embed: int = 32
    d_model: int = 64
    attention: str = "additive"
    pad: int = 0
    start: int = 1
    end: int = 2

    def __post_init__(self) -> None:
        if self.attention not in ("additive", "general", "none"):
            raise ValueError(f"attention is additive, general or none, not {self.attention!r}")
        if self.d_embed < 1 or self.d_model < 1:
            raise ValueError(
                f"widths are 1 or more; d_embed is {self.d_embed}, d_model {self.d_model}"
            )


@dataclass(frozen=True)
class Source:
    """A batch of sentences as the encoder has read them."""

    memory: Tensor
    mask: Tensor
    last: Tensor
    state: Tensor


@dataclass(frozen=True)
class Parts:
    """What a lesson may put in place of the course's own functions."""

    attend: Callable[..., tuple[Tensor, Tensor]] = additive_attention
    step: Callable[..., tuple[Tensor, Tensor, Tensor]] = bahdanau_step
    greedy: Callable[..., Tensor] = greedy_decode


class RecurrentTranslator(nn.Module):
    """Translate with a GRU in both directions, a GRU that writes, and what lies between them.

    Paper: Bahdanau et al. 2015, §3; the output layer is linear where the paper has maxout.

    Args:
        config: sizes, and which attention.
        parts: functions to use instead of the course's.
    """

    def __init__(self, config: TranslatorConfig, parts: Parts | None = None) -> None:
        super().__init__()
        self.config, self.parts = config, parts or Parts()
        d, e = config.d_model, config.d_embed
        self.source = nn.Embedding(config.source_size, e)
        self.target = nn.Embedding(config.target_size, e)
        self.encoder = nn.GRU(e, d, batch_first=True, bidirectional=True)
        self.first = nn.Linear(d, d)
        late = config.attention == "general"
        self.cell = nn.GRUCell(e if late else e + 2 * d, d)
        if config.attention != "none":
            self.w_q = nn.Parameter(torch.randn(d, 2 * d if late else d) / d**0.5)
        if config.attention == "additive":
            self.w_k = nn.Parameter(torch.randn(2 * d, d) / (2 * d) ** 0.5)
            self.v = nn.Parameter(torch.randn(d) / d**0.5)
        self.out = nn.Linear(3 * d + e, config.target_size)

    def read(self, source: Int[Tensor, "B S"]) -> Source:
        """Encode sentences, padded at the end."""
        mask = source != self.config.pad
        packed = nn.utils.rnn.pack_padded_sequence(
            self.source(source), mask.sum(1).cpu(), batch_first=True, enforce_sorted=False
        )
        states, last = self.encoder(packed)
        memory, _ = nn.utils.rnn.pad_packed_sequence(
            states, batch_first=True, total_length=source.shape[1]
        )
        both = torch.cat([last[0], last[1]], -1)
        return Source(memory, mask, both, torch.tanh(self.first(last[1])))

    def step(
        self, y: Float[Tensor, "B d_y"], state: Float[Tensor, "B d"], source: Source
    ) -> tuple[Float[Tensor, "B d_f"], Float[Tensor, "B d"], Float[Tensor, "B S"]]:
        """Take one step: from an embedded piece and a state to features, state and weights."""
        if self.config.attention == "general":
            return self._late_step(y, state, source)
        state, context, weights = self.parts.step(
            y, state, lambda s: self._attend(s, source), self.cell
        )
        return torch.cat([state, context, y], -1), state, weights

    def _attend(self, s: Tensor, source: Source) -> tuple[Tensor, Tensor]:
        if self.config.attention == "none":
            return source.last, s.new_zeros(source.mask.shape)
        return self.parts.attend(s, source.memory, source.mask, self.w_q, self.w_k, self.v)

    def _late_step(self, y: Tensor, state: Tensor, source: Source) -> tuple[Tensor, Tensor, Tensor]:
        state = self.cell(y, state)
        scores = luong_scores(state.unsqueeze(1), source.memory, self.w_q).squeeze(1)
        context, weights = read(scores, source.memory, source.mask)
        return torch.cat([state, context, y], -1), state, weights

    def forward(
        self, source: Int[Tensor, "B S"], words: Int[Tensor, "B T"]
    ) -> Float[Tensor, "B T V"]:
        """Return logits for the piece after each of `words`."""
        read, y = self.read(source), self.target(words)
        state, features = read.state, []
        for t in range(words.shape[1]):
            feature, state, _ = self.step(y[:, t], state, read)
            features.append(feature)
        return self.out(torch.stack(features, 1))

    @torch.no_grad()
    def alignment(
        self, source: Int[Tensor, "B S"], target: Int[Tensor, "B T"]
    ) -> Float[Tensor, "B T S"]:
        """Return the weights with which each piece of a given translation would be written."""
        read = self.read(source)
        first = torch.full_like(target[:, :1], self.config.start)
        y = self.target(torch.cat([first, target[:, :-1]], 1))
        state, seen = read.state, []
        for t in range(target.shape[1]):
            _, state, weights = self.step(y[:, t], state, read)
            seen.append(weights)
        return torch.stack(seen, 1)

    @torch.no_grad()
    def translate(
        self, source: Int[Tensor, "B S"], max_len: int
    ) -> tuple[Int[Tensor, "B T"], Float[Tensor, "B T S"]]:
        """Return a greedy translation, and the weights with which each piece was written."""
        read, seen = self.read(source), []

        def step(word: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
            feature, state, weights = self.step(self.target(word), state, read)
            seen.append(weights)
            return self.out(feature), state

        config = self.config
        words = self.parts.greedy(step, read.state, config.start, config.end, max_len)
        return words, torch.stack(seen[: words.shape[1]], 1)


def seeded(config: TranslatorConfig, seed: int, parts: Parts | None = None) -> RecurrentTranslator:
    """Return a fresh translator whose parameters depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return RecurrentTranslator(config, parts)
