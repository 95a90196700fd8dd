"""The course's own versions of lesson 12's functions and of its small language model."""

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.attention.masks import causal_mask
from course_lib.models.blocks import BlockConfig, EncoderBlock


def next_token_batch(
    tokens: Int[Tensor, " N"], starts: Int[Tensor, " B"], length: int
) -> tuple[Int[Tensor, "B T"], Int[Tensor, "B T"]]:
    """Return windows of a text, and for each place in them the token that follows.

    Args:
        tokens: the text.
        starts: where each window begins; each leaves room for `length` + 1 tokens.
        length: T.

    >>> inputs, targets = next_token_batch(torch.tensor([7, 3, 9, 5]), torch.tensor([0, 1]), 2)
    >>> inputs.tolist(), targets.tolist()
    ([[7, 3], [3, 9]], [[3, 9], [9, 5]])
    """
    window = tokens[starts[:, None] + torch.arange(length + 1, device=tokens.device)]
    return window[:, :-1], window[:, 1:]


def bigram_log_probs(
    tokens: Int[Tensor, " N"], vocab_size: int, smoothing: float
) -> Float[Tensor, "V V"]:
    """Return log p(next | current) from counted neighbours.

    p(j | i) = (count of i then j + smoothing) / (count of i then anything + V · smoothing)

    Args:
        tokens: a text; each neighbouring pair counts once.
        vocab_size: V.
        smoothing: added to every count, above 0.

    >>> bigram_log_probs(torch.tensor([0, 1, 0, 1, 1]), 2, smoothing=1.0).exp()
    tensor([[0.2500, 0.7500],
            [0.5000, 0.5000]])
    """
    cells = tokens[:-1] * vocab_size + tokens[1:]
    counts = torch.bincount(cells, minlength=vocab_size**2).view(vocab_size, vocab_size) + smoothing
    return (counts / counts.sum(-1, keepdim=True)).log()


def bits_per_byte(nats_per_token: float, pieces: Sequence[str]) -> float:
    """Return the bits that a model spends on one byte of text.

    bits per byte = nats per token · number of tokens / (ln 2 · number of bytes)

    Args:
        nats_per_token: mean cross-entropy.
        pieces: the text, cut into tokens; bytes are those of UTF-8.

    >>> round(bits_per_byte(math.log(2), ["at", "t", "ent", "ion"]), 4)  # 4 bits, 9 bytes
    0.4444
    """
    n_bytes = sum(len(piece.encode("utf-8")) for piece in pieces)
    return nats_per_token * len(pieces) / (math.log(2) * n_bytes)


def mean_loss(
    logits: Float[Tensor, "B T V"], targets: Int[Tensor, "B T"], pad: int
) -> Float[Tensor, ""]:
    """Return the mean cross-entropy over all targets that are no padding.

    Args:
        logits: scores of every next token.
        targets: the tokens that came.
        pad: the number that fills up short texts.

    >>> mean_loss(torch.zeros(1, 2, 4), torch.tensor([[3, 0]]), pad=0)
    tensor(1.3863)
    """
    log_p = logits.log_softmax(-1).gather(-1, targets[..., None])[..., 0]
    return -log_p[targets != pad].mean()


class LanguageModel(nn.Module):
    """Score the next token after each place of a text.

    x = E[tokens] + P[start, start + 1, …];  x = block(x, causal mask) …;  logits = norm(x) Eᵀ

    Paper: Radford et al. 2018, §3.1 (the decoder alone); Press and Wolf 2017 (one table for both
    ends).

    Args:
        vocab_size: V.
        max_len: positions there are.
        config: of a block.
        n_layers: how many blocks.
    """

    def __init__(self, vocab_size: int, max_len: int, config: BlockConfig, n_layers: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocab_size, config.d_model)
        self.positions = nn.Embedding(max_len, config.d_model)
        self.blocks = nn.ModuleList(EncoderBlock(config) for _ in range(n_layers))
        self.norm = nn.LayerNorm(config.d_model)

    def forward(self, tokens: Int[Tensor, "B T"], start: int = 0) -> Float[Tensor, "B T V"]:
        """Return logits; `start` tokens stand before these and are not given."""
        n = tokens.shape[1]
        x = self.embed(tokens) + self.positions.weight[start : start + n]
        mask = causal_mask(n, device=tokens.device)
        for block in self.blocks:
            x = block(x, mask)
        return F.linear(self.norm(x), self.embed.weight)


def next_logits(
    model: Callable[[Tensor], Tensor], tokens: Int[Tensor, "B T"], max_len: int
) -> Float[Tensor, "B V"]:
    """Return the scores of the token that follows a text, however long the text is.

    Args:
        model: tokens (B, T) to logits (B, T, V), for T up to `max_len`.
        tokens: the text so far.
        max_len: most tokens that the model reads; the latest are kept.
    """
    return model(tokens[:, -max_len:])[:, -1]


def induction_score(weights: Float[Tensor, "*H T T"], period: int) -> Float[Tensor, "*H"]:
    """Return how much a repeated token looks at what followed its former occurrence.

    The text is a random stretch of `period` tokens, said twice or more often. Query t of a later
    round looks for key t − period + 1; the score is the mean of these weights.

    Paper: Olsson et al. 2022, “Defining induction heads” (prefix matching).

    Args:
        weights: of attention.
        period: tokens until the text repeats.

    >>> induction_score(torch.eye(4), period=2)  # each token looks at itself
    tensor(0.)
    """
    queries = torch.arange(period, weights.shape[-1], device=weights.device)
    return weights[..., queries, queries - period + 1].mean(-1)
