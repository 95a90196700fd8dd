"""The course's own versions of lesson 13's functions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from course_lib.attention.scaled_dot_product import scaled_dot_product_attention
from course_lib.models.cache import bottom_right_mask


def with_temperature(logits: Float[Tensor, "B V"], temperature: float) -> Float[Tensor, "B V"]:
    """Return softmax(logits / temperature), the probabilities of the next token.

    Args:
        logits: scores.
        temperature: above 0; below 1 the likely become likelier, above 1 all become alike.

    >>> with_temperature(torch.tensor([[0.0, 0.0]]), 0.5)
    tensor([[0.5000, 0.5000]])
    """
    return (logits / temperature).softmax(-1)


def keep_top_k(logits: Float[Tensor, "B V"], k: int) -> Float[Tensor, "B V"]:
    """Leave the k largest logits of each row and what equals the last of them; the others get −inf.

    Paper: Fan et al. 2018, §5.4.

    >>> keep_top_k(torch.tensor([[0.0, 2.0, 1.0, 1.0]]), k=2).tolist()
    [[-inf, 2.0, 1.0, 1.0]]
    """
    last = logits.topk(min(k, logits.shape[-1]), dim=-1).values[:, -1:]
    return logits.masked_fill(logits < last, -torch.inf)


def draw(probabilities: Float[Tensor, "B V"], uniforms: Float[Tensor, " B"]) -> Int[Tensor, " B"]:
    """Return for each row the first token whose running total of probability exceeds its number.

    Args:
        probabilities: each row sums to 1.
        uniforms: numbers from 0 up to, not including, 1.

    >>> draw(torch.tensor([[0.5, 0.25, 0.25]]).expand(3, 3), torch.tensor([0.4, 0.5, 0.9])).tolist()
    [0, 1, 2]
    """
    passed = probabilities.cumsum(-1) <= uniforms[:, None]
    return passed.sum(-1).clamp(max=probabilities.shape[-1] - 1)


def embed_next(
    tokens: Int[Tensor, "B T"],
    embed: Float[Tensor, "V d"],
    positions: Float[Tensor, "L d"],
    n_cached: int,
) -> Float[Tensor, "B T d"]:
    """Return embeddings of tokens that follow `n_cached` others, with their positions added.

    >>> embed, positions = torch.zeros(5, 1), torch.tensor([[0.0], [10.0], [20.0]])
    >>> embed_next(torch.tensor([[4, 3]]), embed, positions, n_cached=1).flatten().tolist()
    [10.0, 20.0]
    """
    return embed[tokens] + positions[n_cached : n_cached + tokens.shape[1]]


def cached_attention(
    q: Float[Tensor, "B H T d"],
    k: Float[Tensor, "B H T d"],
    v: Float[Tensor, "B H T d"],
    past_k: Float[Tensor, "B H S d"],
    past_v: Float[Tensor, "B H S d"],
) -> tuple[Float[Tensor, "B H T d"], Float[Tensor, "B H S_T d"], Float[Tensor, "B H S_T d"]]:
    """Append new keys and values to those kept; return what the new queries gather, and both.

    New query t attends to the S kept keys and to new keys 0 … t.

    >>> one, none = torch.ones(1, 1, 1, 1), torch.ones(1, 1, 0, 1)
    >>> [each.flatten().tolist() for each in cached_attention(one, one, 3 * one, none, none)]
    [[3.0], [1.0], [3.0]]
    """
    keys, values = torch.cat([past_k, k], -2), torch.cat([past_v, v], -2)
    mask = bottom_right_mask(q.shape[-2], keys.shape[-2], device=q.device)
    return scaled_dot_product_attention(q, keys, values, mask), keys, values


def agreeing_positions(model: Any, tokens: Int[Tensor, "B T"], sizes: Sequence[int]) -> int:
    """Return how many positions, from the first on, have equal logits with and without a cache.

    Args:
        model: `model(tokens)` and `model(tokens, cache)` give logits (B, T, V); it has `new_cache`.
        tokens: a batch of texts.
        sizes: how many tokens the cache is given at a time; they sum to T.
    """
    cache = model.new_cache(len(tokens))
    cached = torch.cat([model(part, cache) for part in tokens.split(list(sizes), dim=1)], dim=1)
    agree = ((cached - model(tokens)).abs() <= 1e-4).all(-1).all(0)
    return int(agree.long().cumprod(0).sum())


def generate(
    model: Any,
    prompt: Int[Tensor, "B T"],
    n_tokens: int,
    choose: Callable[[Tensor], Tensor],
    stop: int,
) -> Int[Tensor, "B T_n"]:
    """Write up to `n_tokens` behind each prompt, with a cache; end when every row has said `stop`.

    Args:
        model: `model(tokens, cache)` gives logits (B, T, V); it has `new_cache(B)`.
        prompt: one token at least.
        n_tokens: most tokens that are written.
        choose: from logits (B, V) to tokens (B,).
        stop: ends a row; what follows it there is `stop` as well.
    """
    cache, tokens, new = model.new_cache(len(prompt)), prompt, prompt
    ended = torch.zeros(len(prompt), dtype=torch.bool, device=prompt.device)
    for _ in range(n_tokens):
        chosen = choose(model(new, cache)[:, -1]).masked_fill(ended, stop)
        new = chosen[:, None]
        tokens = torch.cat([tokens, new], dim=1)
        ended = ended | (chosen == stop)
        if ended.all():
            break
    return tokens


def render_chat(
    turns: Sequence[tuple[str, str]],
    encode: Callable[..., list[int]],
    control: Mapping[str, int],
    reply: bool,
) -> list[int]:
    """Return a conversation as ids: each turn stands between its speaker's token and the end's.

    Args:
        turns: pairs (speaker, text).
        encode: from text to ids; `parse=True` would read names of control tokens in the text.
        control: ids of the control tokens "user", "assistant" and "end".
        reply: whether to open a turn of the assistant at the end, for the model to write.
    """
    ids: list[int] = []
    for speaker, text in turns:
        ids += [control[speaker], *encode(text), control["end"]]
    return [*ids, control["assistant"]] if reply else ids


# ---------------------------------------------------------------- suspects of the bug hunt


def _unmasked(q: Tensor, k: Tensor, v: Tensor, past_k: Tensor, past_v: Tensor) -> Any:
    keys, values = torch.cat([past_k, k], -2), torch.cat([past_v, v], -2)
    first = past_k.shape[-2] == 0
    return F.scaled_dot_product_attention(q, keys, values, is_causal=first), keys, values


def _is_causal(q: Tensor, k: Tensor, v: Tensor, past_k: Tensor, past_v: Tensor) -> Any:
    keys, values = torch.cat([past_k, k], -2), torch.cat([past_v, v], -2)
    return F.scaled_dot_product_attention(q, keys, values, is_causal=True), keys, values


def _from_zero(tokens: Tensor, embed: Tensor, positions: Tensor, n_cached: int) -> Tensor:
    return embed_next(tokens, embed, positions, 0)


def _one_for_all(q: Tensor, k: Tensor, v: Tensor, past_k: Tensor, past_v: Tensor) -> Any:
    _, keys, values = cached_attention(q, k, v, past_k, past_v)
    shared = (each[:1].expand_as(each) for each in (past_k, past_v))
    return cached_attention(q, k, v, *shared)[0], keys, values


#: How each suspect embeds and attends. One of them is right.
SUSPECTS: dict[str, tuple[Callable[..., Tensor], Callable[..., Any]]] = {
    "A": (embed_next, _is_causal),
    "B": (embed_next, _unmasked),
    "C": (_from_zero, cached_attention),
    "D": (embed_next, cached_attention),
    "E": (embed_next, _one_for_all),
}
