"""One explorer of every kind, drawn from right, wrong and strange functions."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from course_lib.explore import (
    decoding_stepper,
    mask_painter,
    nearest_sentences,
    soft_lookup,
    temperature,
    vector_playground,
)


def pair(yours, course, name=None):
    """Return what `lesson.pair` would: a learner's function beside the course's."""
    return SimpleNamespace(
        name=name or course.__name__, yours=yours, course=course, passed=yours is course
    )


def raises(*args, **kwargs):
    raise ValueError("mat1 and mat2\nshapes cannot be multiplied")


def unwritten(*args, **kwargs):
    raise NotImplementedError


def softmax(scores, temperature=1.0):
    return torch.softmax(scores / temperature, -1)


def dot(x, y):
    return sum(a * b for a, b in zip(x, y, strict=True))


def cosine(x, y):
    return float(x @ y / np.sqrt((x @ x) * (y @ y))) if (x @ x) * (y @ y) else float("nan")


def lookup(queries, keys, values, bandwidth):
    distance = queries - keys.T
    return torch.softmax(-distance.square() / (2 * bandwidth**2), -1) @ values


def attention(q, k, v, mask=None):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    return torch.softmax(scores.masked_fill(~mask, -torch.inf), -1).nan_to_num() @ v


def with_temperature(logits, temperature):
    return torch.softmax(logits / temperature, -1)


def top_k(logits, k):
    return logits.masked_fill(logits < logits.topk(k).values[:, -1:], -torch.inf)


def top_p(logits, p):
    return logits


class Rising:
    """A model that finds each token likelier than the one before; its cache counts."""

    def new_cache(self, batch):
        return SimpleNamespace(keys=torch.zeros(3, batch, 2, 20, 4), length=0)

    def __call__(self, tokens, cache):
        cache.length += tokens.shape[1]
        return torch.linspace(0, 3, 40).expand(*tokens.shape, 40).clone()


def stepper(yours, k=top_k, p=top_p):
    names = [f" w{i}" for i in range(40)]
    return decoding_stepper(yours, k, p, model=Rising(), prompt=[1, 2], names=names)


def mean_pool(hidden, mask):
    return (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


def nearest(query, vectors, k):
    best = torch.cosine_similarity(vectors, query[None], dim=-1).topk(k)
    return best.indices, best.values


def encode(texts):
    """Letters as hidden states, a row for each word."""
    rows = [[[len(word), word.count("a"), ord(word[0]) % 7] for word in t.split()] for t in texts]
    longest = max(map(len, rows))
    hidden = [row + [[9.0, 9, 9]] * (longest - len(row)) for row in rows]
    lengths = torch.tensor([[len(row)] for row in rows])
    return torch.tensor(hidden, dtype=torch.float32), torch.arange(longest) < lengths


SENTENCES = ["a cat sat down", "the dog slept", "rain fell all day long", "we ate at home"]


def sentences(yours):
    return nearest_sentences(yours, nearest, encode=encode, sentences=SENTENCES)


MAKE = {
    "temperature": lambda yours: temperature(pair(yours, softmax)),
    "vector_playground": lambda yours: vector_playground(pair(yours, dot), cosine),
    "soft_lookup": lambda yours: soft_lookup(pair(yours, lookup)),
    "mask_painter": lambda yours: mask_painter(pair(yours, attention)),
    "decoding_stepper": lambda yours: stepper(pair(yours, with_temperature)),
    "nearest_sentences": lambda yours: sentences(pair(yours, mean_pool)),
}
SHOWN = {
    "temperature": "weights",
    "vector_playground": "dots",
    "soft_lookup": "weights",
    "mask_painter": "weights",
    "decoding_stepper": "at_temperature",
    "nearest_sentences": "vector",
}
COURSE = {
    "temperature": softmax,
    "vector_playground": dot,
    "soft_lookup": lookup,
    "mask_painter": attention,
    "decoding_stepper": with_temperature,
    "nearest_sentences": mean_pool,
}
WRONG = {
    "temperature": lambda scores, temperature=1.0: torch.full_like(scores, 0.777),
    "vector_playground": lambda x, y: 0.777,
    "soft_lookup": lambda q, k, v, h: torch.full((len(q), v.shape[1]), 0.777, dtype=q.dtype),
    "mask_painter": lambda q, k, v, mask=None: (
        torch.full((len(q), v.shape[1]), 0.777) + 0 * q[:, :1]
    ),
    "decoding_stepper": lambda logits, temperature: torch.full_like(logits, 0.777),
    "nearest_sentences": lambda hidden, mask: torch.full_like(hidden[:, 0], 0.777),
}
every_explorer = pytest.mark.parametrize("name", MAKE)
