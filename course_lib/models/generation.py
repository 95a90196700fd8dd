"""Write on: choose the next token, append it, again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.models.cache import KVCache
from course_lib.models.checks import check_sizes


def greedy(logits: Float[Tensor, "B V"]) -> Int[Tensor, " B"]:
    """Return the likeliest token of each row; the first of equals.

    >>> greedy(torch.tensor([[0.0, 2.0, 1.0]])).tolist()
    [1]
    """
    return logits.argmax(-1)


def keep_top_k(logits: Float[Tensor, "B V"], k: int) -> Float[Tensor, "B V"]:
    """Leave the k likeliest tokens of each row; the others get −inf.

    Paper: Fan et al. 2018, §5.4.

    >>> keep_top_k(torch.tensor([[0.0, 2.0, 1.0]]), k=2).tolist()
    [[-inf, 2.0, 1.0]]
    """
    check_sizes(top_k=k)
    best = logits.topk(min(k, logits.shape[-1]), dim=-1)
    return torch.full_like(logits, -torch.inf).scatter(-1, best.indices, best.values)


def keep_top_p(logits: Float[Tensor, "B V"], p: float) -> Float[Tensor, "B V"]:
    """Leave the fewest tokens whose probabilities sum to p at least; the others get −inf.

    A token stays when those likelier than it have not reached p yet: so one stays at least.

    Paper: Holtzman et al. 2020, §3.1.

    >>> keep_top_p(torch.tensor([[0.5, 0.3, 0.2]]).log(), p=0.6).exp()
    tensor([[0.5000, 0.3000, 0.0000]])
    """
    if not 0 < p <= 1:
        raise ValueError(f"top_p = {p}: it is above 0 and 1 at most")
    ordered, places = logits.sort(dim=-1, descending=True, stable=True)
    probabilities = ordered.softmax(-1)
    likelier = probabilities.cumsum(-1) - probabilities
    kept = ordered.masked_fill(likelier >= p, -torch.inf)
    return torch.empty_like(logits).scatter(-1, places, kept)


def next_token_probabilities(
    logits: Float[Tensor, "B V"],
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Float[Tensor, "B V"]:
    """Return the probabilities that `sample` draws from: `softmax(logits / temperature)`, cut.

    Args:
        logits: scores of the next token.
        temperature: below 1 the likely become likelier, above 1 all become alike.
        top_k: leave that many tokens.
        top_p: then leave the fewest tokens that hold this much probability.

    Raises:
        ValueError: when a setting leaves nothing to choose from.

    >>> next_token_probabilities(torch.tensor([[0.0, 1.0, 1.0]]), top_k=2)
    tensor([[0.0000, 0.5000, 0.5000]])
    """
    if temperature <= 0:
        raise ValueError(f"temperature = {temperature}: it is above 0; greedy is its limit")
    # Half precision is too coarse for the sums of many small probabilities.
    scores = logits.to(torch.promote_types(logits.dtype, torch.float32)) / temperature
    if top_k is not None:
        scores = keep_top_k(scores, top_k)
    if top_p is not None:
        scores = keep_top_p(scores, top_p)
    return scores.softmax(-1)


def sample(
    logits: Float[Tensor, "B V"],
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
) -> Int[Tensor, " B"]:
    """Draw a token of each row, by the probabilities of `next_token_probabilities`.

    Args:
        logits: scores of the next token.
        temperature, top_k, top_p: see `next_token_probabilities`.
        generator: where chance comes from; torch's own when left out.

    >>> sample(torch.tensor([[0.0, 9.0, 1.0]]), top_k=1).tolist()
    [1]
    """
    probabilities = next_token_probabilities(
        logits, temperature=temperature, top_k=top_k, top_p=top_p
    )
    return torch.multinomial(probabilities, 1, generator=generator).squeeze(-1)


def generate(
    model: Any,
    prompt: Int[Tensor, "B T"],
    n_tokens: int,
    *,
    choose: Callable[[Tensor], Tensor] = greedy,
    cache: bool = True,
    stop: int | None = None,
) -> Int[Tensor, "B T_n"]:
    """Write `n_tokens` more tokens behind each prompt.

    Args:
        model: from tokens (B, T) to logits (B, T, V); with a cache it also has `new_cache`, as
            `GPT`. Without one any function will do.
        prompt: what to begin with, of one token at least.
        n_tokens: how many to write.
        choose: from logits (B, V) to tokens (B,); `functools.partial(sample, …)`, for example.
        cache: keep keys and values, and read each token once, instead of all again and again.
        stop: a token that ends a text; what follows it is `stop` as well.

    Returns:
        The prompts with what was written.

    Raises:
        ValueError: when the prompt is empty.

    >>> count_up = lambda tokens: torch.eye(5)[(tokens + 1) % 5]
    >>> generate(count_up, torch.tensor([[2]]), 4, cache=False).tolist()
    [[2, 3, 4, 0, 1]]
    """
    n = prompt.shape[1]
    if n == 0:
        raise ValueError("the prompt has 0 tokens: one at least stands at the start")
    tail = prompt.new_full((len(prompt), n_tokens), 0 if stop is None else stop)
    tokens = torch.cat([prompt, tail], dim=1)
    # PyTorch keeps no account for gradients there; `tokens` is older and stays ordinary.
    with torch.inference_mode(), evaluating(model):
        # The last token is written and never read, so the cache needs no room for it.
        kept = model.new_cache(len(prompt), n + n_tokens - 1) if cache else None
        ended = torch.zeros(len(prompt), dtype=torch.bool, device=prompt.device)
        for end in range(n, n + n_tokens):
            chosen = choose(next_logits(model, tokens[:, :end], kept))
            if stop is not None:
                chosen = chosen.masked_fill(ended, stop)
                ended = ended | (chosen == stop)
            tokens[:, end] = chosen
            if stop is not None and ended.all():
                break
    return tokens


def next_logits(
    model: Any, tokens: Int[Tensor, "B T"], cache: KVCache | None = None
) -> Float[Tensor, "B V"]:
    """Return scores for the token behind the last; with a cache, read only what it lacks."""
    if cache is None:
        return model(tokens)[:, -1]
    return model(tokens[:, cache.length :], cache)[:, -1]


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Switch dropout off inside a `with` block, and back on wherever it was on."""
    modules = model.modules() if isinstance(model, nn.Module) else ()
    training = [module for module in modules if module.training]
    try:
        for module in training:
            module.training = False
        yield
    finally:
        for module in training:
            module.training = True
