"""Models that the exercises of lesson 13 are given; some with a planted fault in their cache."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.noise import noise

#: What may be wrong with the cache of a `Toy`; the first is right.
FAULTS = ("", "rounds", "no mask", "top left", "positions", "shared", "one low", "opposite")


class ToyCache:
    """Keys and values of a `Toy`, a list entry for each layer."""

    def __init__(self, layers: int) -> None:
        self.keys: list[Tensor | None] = [None] * layers
        self.values: list[Tensor | None] = [None] * layers
        self.length = 0


class Toy:
    """A transformer of attention layers alone, all noise; `fault` names its cache's."""

    def __init__(self, layers: int, fault: str = "", vocab: int = 7, d: int = 4) -> None:
        self.layers, self.fault, self.d = layers, fault, d
        self.embed, self.places = noise(1, vocab, d), noise(2, 64, d)
        self.w = noise(3, layers, 3, d, d, scale=0.7)

    def new_cache(self, batch: int) -> ToyCache:
        """Return an empty cache."""
        return ToyCache(self.layers)

    def __call__(self, tokens: Tensor, cache: ToyCache | None = None) -> Tensor:
        """Return logits (B, T, V) of the new tokens."""
        start = 0 if cache is None or self.fault == "positions" else cache.length
        t = tokens.shape[1]
        x = self.embed[tokens] + self.places[start : start + t]
        for layer in range(self.layers):
            q, k, v = (x @ w for w in self.w[layer])
            k, v = self._with_cache(cache, layer, k, v)
            x = x + self._attend(q, k, v, cache is not None)
        if cache is not None:
            cache.length += t
        logits = x @ self.embed.T
        if self.fault == "rounds" and cache is not None:
            logits = logits + 1e-7
        if self.fault in ("one low", "opposite") and cache is not None and cache.length > t:
            logits[0, t // 2, 0] -= 0.01
            logits[0, t // 2, 1] += 0.01 * (self.fault == "opposite")
            logits[1:2, t // 2, 0] += 0.01 * (self.fault == "opposite")
            logits[1:2, t // 2, 1] -= 0.01 * (self.fault == "opposite")
        return logits

    def _with_cache(self, cache: Any, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        if cache is None:
            return k, v
        for kept, new in ((cache.keys, k), (cache.values, v)):
            old = kept[layer]
            if old is not None and self.fault == "shared":
                old = old[:1].expand_as(old)
            kept[layer] = new if old is None else torch.cat([old, new], dim=1)
        return cache.keys[layer], cache.values[layer]

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, cached: bool) -> Tensor:
        t, s = q.shape[1], k.shape[1]
        mask = torch.ones(t, s, dtype=torch.bool).tril(s - t)
        if cached and s > t > 1 and self.fault in ("no mask", "top left"):
            mask = torch.ones(t, s, dtype=torch.bool).tril(s if self.fault == "no mask" else 0)
        scores = (q @ k.mT / math.sqrt(self.d)).masked_fill(~mask, -torch.inf)
        return scores.softmax(-1) @ v


class FollowerCache:
    """All tokens that a `Follower` has read."""

    def __init__(self) -> None:
        self.read: Tensor | None = None


class Follower:
    """A model whose next token depends on every token that it has read, and on their order."""

    def __init__(self, vocab: int) -> None:
        self.vocab = vocab

    def new_cache(self, batch: int) -> FollowerCache:
        """Return an empty cache."""
        return FollowerCache()

    def __call__(self, tokens: Tensor, cache: FollowerCache | None = None) -> Tensor:
        """Return logits (B, T, V) of the new tokens."""
        before = 0
        if cache is not None:
            before = 0 if cache.read is None else cache.read.shape[1]
            tokens = tokens if cache.read is None else torch.cat([cache.read, tokens], dim=1)
            cache.read = tokens
        steps = torch.arange(1, tokens.shape[1] + 1)
        so_far = ((tokens + 1.0).double() * steps**0.5).cumsum(1)
        angles = so_far[..., None] * torch.arange(1, self.vocab + 1) * 0.37
        return (angles + torch.arange(self.vocab)).cos()[:, before:]

    def follow(self, row: Sequence[int]) -> Tensor:
        """Return the logits behind one text, number by number."""
        so_far = sum((token + 1) * math.sqrt(at + 1) for at, token in enumerate(row))
        logits = [math.cos(so_far * (token + 1) * 0.37 + token) for token in range(self.vocab)]
        return torch.tensor(logits, dtype=torch.float64)


def is_exactly_k(case: Case, value: Any) -> bool:
    """Exactly k stay, none smaller than one that went: whichever of equals was cut."""
    logits, k = case.args
    kept = value > -torch.inf
    k = min(k, logits.shape[-1])
    bar = logits.topk(k).values[:, -1:]
    counted = bool((kept.sum(-1) == k).all())
    return counted and bool((value[kept] == logits[kept]).all() & (kept <= (logits >= bar)).all())
