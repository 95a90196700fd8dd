"""A recurrent translator: GRU encoder and decoder, with attention or without.

A lesson can put its own functions in the place of those in `recurrent.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.attention.additive import additive_attention, luong_scores, read
from course_lib.models.recurrent import bahdanau_step, greedy_decode


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
