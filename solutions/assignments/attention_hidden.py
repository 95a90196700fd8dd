"""The hidden half of assignment A1: what marks it. It stays with the instructor."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checking.exercise import Case, Exercise, LessonSpec, WrongAnswer
from course_lib.checking.noise import generator, noise, pick
from course_lib.checking.protocol import ModuleProtocol

B, H, T, D_HEAD = 2, 3, 5, 4

# ---------------------------------------------------------------- A1.1 prefix mask


def prefix_cases() -> list[Case]:
    drawn = (([2], 3), ([3, 1], 5), ([1, 4, 2], 6), ([5, 2], 7))
    cases = [Case(label=f"prefixes {p}, {n} tokens", args=(torch.tensor(p), n)) for p, n in drawn]
    odd = Case(label="no prefix, and nothing else", args=(torch.tensor([0, 4]), 4), edge=True)
    return [*cases, odd]


def prefix_sample(rng: np.random.Generator) -> Case:
    n = pick(rng, range(4, 10))
    prefix = rng.integers(1, n - 1, size=pick(rng, range(1, 5)))
    return Case(label="random", args=(torch.from_numpy(prefix), n))


def prefix_oracle(prefix: Tensor, n: int) -> Tensor:
    """Cell by cell."""
    rows = [[[s < p or s <= t for s in range(n)] for t in range(n)] for p in prefix.tolist()]
    return torch.tensor(rows, dtype=torch.bool)


def _by_places(allowed: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """Return a mask function from a rule on (prefix, query, key)."""

    def mask(prefix: Tensor, n: int) -> Tensor:
        t, s, p = torch.arange(n)[:, None], torch.arange(n), prefix[:, None, None]
        return allowed(p, t, s).expand(len(prefix), n, n).clone()

    return mask


PREFIX_MASK = Exercise(
    name="prefix_mask",
    title="Prefix mask",
    minutes=8,
    difficulty=1,
    marks=1,
    proves="every query sees the whole prefix, and of the rest what is not later than itself",
    passed="Right on every visible case, from no prefix to nothing but prefix.",
    cases=prefix_cases,
    sample=prefix_sample,
    oracle=prefix_oracle,
    device=False,
    hints=(
        "Two reasons allow a key: it belongs to the prefix, or it is not later than the query.",
        "Write each reason as a comparison of positions; either is enough.",
        "Positions as a row are keys, as a column queries; the lengths need two axes more.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="causal_only",
            code=_by_places(lambda p, t, s: (s <= t) & (p >= 0)),
            says="Your mask is causal everywhere: the prefix makes no difference.",
            why="Within the prefix a token may look ahead, as far as the prefix goes.",
        ),
        WrongAnswer(
            id="prefix_only",
            code=_by_places(lambda p, t, s: (s < p) & (t >= 0)),
            says="Only keys of the prefix are allowed.",
            why="A later token must see itself and everything written before it, too.",
        ),
        WrongAnswer(
            id="one_too_many",
            code=_by_places(lambda p, t, s: (s <= p) | (s <= t)),
            says="Your prefix is one token too long.",
            why="A prefix of p tokens ends at position p − 1, because positions begin at 0.",
        ),
        WrongAnswer(
            id="not_itself",
            code=_by_places(lambda p, t, s: (s < p) | (s < t)),
            says="After the prefix, a token may not attend to itself.",
            why="The word that a token stands for has been written; only later ones have not.",
        ),
        WrongAnswer(
            id="looks_ahead",
            code=_by_places(lambda p, t, s: (s < p) | (s >= t)),
            says="Your causal part is upside down: queries see later keys.",
            why="Row t holds the keys of query t, and those to the right of t are not written yet.",
        ),
        WrongAnswer(
            id="prefix_sees_all",
            code=_by_places(lambda p, t, s: (t < p) | (s <= t)),
            says="Queries of the prefix see everything, beyond the prefix too.",
            why="The question must not read its own answer: what counts is whether the key, not "
            "the query, lies in the prefix.",
        ),
    ),
)

# ---------------------------------------------------------------- A1.2 cosine attention


def cosine_case(rng: np.random.Generator, b: int, t: int, h: int, d: int, label: str) -> Case:
    width = h * d
    state = {}
    for name in ("w_q", "w_k", "w_v", "w_o"):
        state[f"{name}.weight"] = noise(rng, width, width, scale=width**-0.5)
        state[f"{name}.bias"] = noise(rng, width, scale=0.3)
    state["log_scale"] = noise(rng, h)
    state["log_scale"][-1] = 5.0  # beyond log 100
    prefix = torch.from_numpy(rng.integers(1, t, size=b))
    return Case(
        label=label,
        init={"d_model": width, "n_heads": h},
        state=state,
        args=(noise(rng, b, t, width), prefix),
    )


def cosine_cases() -> list[Case]:
    sizes = ((1, 3, 2, 2), (B, T, H, D_HEAD), (3, 6, 2, 5))
    return [
        cosine_case(
            generator(60 + i), *size, "{} sequences, {} tokens, {} heads of {}".format(*size)
        )
        for i, size in enumerate(sizes)
    ]


def cosine_sample(rng: np.random.Generator) -> Case:
    size = (pick(rng, range(1, 4)), pick(rng, range(3, 7)), pick(rng, range(2, 5)))
    return cosine_case(rng, *size, pick(rng, range(2, 6)), "random")


def cosine_oracle(
    state: dict[str, Tensor], x: Tensor, prefix: Tensor, *, d_model: int, n_heads: int
) -> Tensor:
    """Pair by pair, in float64 NumPy."""
    p = {name: tensor.detach().double().numpy() for name, tensor in state.items()}
    inputs, width = x.double().numpy(), d_model // n_heads
    q, k, v = (inputs @ p[f"{w}.weight"].T + p[f"{w}.bias"] for w in ("w_q", "w_k", "w_v"))
    gathered = np.zeros_like(inputs)
    for b, h, t in np.ndindex(len(inputs), n_heads, inputs.shape[1]):
        own = slice(h * width, (h + 1) * width)
        allowed = [s for s in range(inputs.shape[1]) if s < int(prefix[b]) or s <= t]
        factor = min(math.exp(p["log_scale"][h]), 100.0)
        lengths = [np.linalg.norm(k[b, s, own]) * np.linalg.norm(q[b, t, own]) for s in allowed]
        cosines = [q[b, t, own] @ k[b, s, own] / n for s, n in zip(allowed, lengths, strict=True)]
        shares = np.exp(factor * (np.array(cosines) - max(cosines)))
        for s, share in zip(allowed, shares / shares.sum(), strict=True):
            gathered[b, t, own] += share * v[b, s, own]
    return torch.from_numpy(gathered @ p["w_o.weight"].T + p["w_o.bias"]).to(x.dtype)


def _cosine(
    *,
    lengths: str = "qk",
    factor: Callable[[Tensor], Tensor] = lambda a: a.exp().clamp(max=100)[:, None, None],
    whole: bool = False,
    root: bool = False,
    causal: bool = False,
) -> type[nn.Module]:
    """Return the module with one thing changed."""

    class Attention(nn.Module):
        def __init__(self, d_model: int, n_heads: int) -> None:
            super().__init__()
            self.n_heads = n_heads
            self.w_q, self.w_k = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
            self.w_v, self.w_o = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
            self.log_scale = nn.Parameter(torch.zeros(n_heads))

        def forward(self, x: Tensor, prefix: Tensor) -> Tensor:
            q, k, v = self.w_q(x), self.w_k(x), self.w_v(x)
            if whole:
                q, k = nn.functional.normalize(q, dim=-1), nn.functional.normalize(k, dim=-1)
            q, k, v = (p.unflatten(-1, (self.n_heads, -1)).transpose(1, 2) for p in (q, k, v))
            if not whole and "q" in lengths:
                q = nn.functional.normalize(q, dim=-1)
            if not whole and "k" in lengths:
                k = nn.functional.normalize(k, dim=-1)
            scores = factor(self.log_scale) * (q @ k.mT) / (q.shape[-1] ** 0.5 if root else 1.0)
            mask = prefix_oracle(prefix * (not causal), x.shape[1])[:, None]
            weights = scores.masked_fill(~mask, -math.inf).softmax(-1)
            return self.w_o((weights @ v).transpose(1, 2).flatten(-2))

    return Attention


COSINE_ATTENTION = Exercise(
    name="CosineAttention",
    title="Cosine attention with a learned temperature",
    minutes=25,
    difficulty=3,
    marks=3,
    proves="output and parameters agree with attention written out pair by pair",
    passed="Agrees with cosine attention written out pair by pair in float64.",
    cases=cosine_cases,
    sample=cosine_sample,
    oracle=cosine_oracle,
    protocol=ModuleProtocol(),
    device=False,
    forbidden=("scaled_dot_product_attention", "MultiheadAttention"),
    hints=(
        "A cosine is the dot product of two vectors of length 1. Which vectors: of the model's width, or a head's?",
        "Project, split into heads, bring q and k to length 1, multiply, then the head's factor, mask, softmax.",
        "log_scale has shape (H,): it needs two axes more to meet scores of shape (B, H, T, T). The cap acts on the "
        "factor, not on the scores.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="dot_product",
            code=_cosine(lengths=""),
            says="Your scores are dot products: queries and keys keep their lengths.",
            why="A long key would still win every query, which is what a cosine prevents.",
        ),
        WrongAnswer(
            id="keys_keep_length",
            code=_cosine(lengths="q"),
            says="Your keys keep their lengths.",
            why="Scores then grow with the length of a key; a cosine divides by both lengths.",
        ),
        WrongAnswer(
            id="normalised_before_split",
            code=_cosine(whole=True),
            says="Your vectors have length 1 over all heads together.",
            why="Each head compares its own features, so its own slice must have length 1.",
        ),
        WrongAnswer(
            id="divides_by_root_too",
            code=_cosine(root=True),
            says="Your scores are divided by √d_head as well.",
            why="√d tames dot products. A cosine does not grow with the width, and the learned "
            "factor sets its scale.",
        ),
        WrongAnswer(
            id="factor_not_exponentiated",
            code=_cosine(factor=lambda a: a.clamp(max=100)[:, None, None]),
            says="Your factor is log_scale itself.",
            why="The parameter is a logarithm: its exponential is positive whatever training does, "
            "while log_scale may turn every comparison round.",
        ),
        WrongAnswer(
            id="no_cap",
            code=_cosine(factor=lambda a: a.exp()[:, None, None]),
            says="Your factor has no cap.",
            why="Training tends to sharpen without end; min(e^a, 100) stops it.",
        ),
        WrongAnswer(
            id="divides_by_factor",
            code=_cosine(factor=lambda a: 1 / a.exp().clamp(max=100)[:, None, None]),
            says="Your scores are divided by the factor.",
            why="A large factor should make a head sharper; yours makes it blunter.",
        ),
        WrongAnswer(
            id="one_factor_for_all",
            code=_cosine(factor=lambda a: a.exp().clamp(max=100)[0]),
            says="Every head uses the factor of head 0.",
            why="Some heads need sharp weights and others broad ones: each has a factor of its own.",
        ),
        WrongAnswer(
            id="prefix_ignored",
            code=_cosine(causal=True),
            says="Your mask is causal: the prefix makes no difference.",
            why="Within the prefix a query may look ahead. Hand prefix to your prefix_mask.",
        ),
    ),
)

ASSIGNMENT = LessonSpec(
    number="A1",
    slug="attention",
    title="Attention",
    minutes=33,
    needs=("04", "07", "08", "09"),
    exercises=(PREFIX_MASK, COSINE_ATTENTION),
)
