"""The hidden half of assignment A1: what marks it. It stays with the instructor."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, LessonSpec, WrongAnswer
from course_lib.checking.noise import generator, noise, pick
from course_lib.checking.protocol import LongStream, ModuleProtocol

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


def prefix_edges(rng: np.random.Generator) -> list[Case]:
    """No prefix, nothing but prefix, both in one batch, one token."""
    n = pick(rng, range(3, 8))
    several = (("no prefix", [0, 0], n), ("nothing but prefix", [n], n), ("both", [0, n, 1], n))
    lone = (("one token, no prefix", [0], 1), ("one token, in the prefix", [1], 1))
    return [
        Case(label=label, args=(torch.tensor(prefix), size), edge=True)
        for label, prefix, size in (*several, *lone)
    ]


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
    edges=prefix_edges,
    oracle=prefix_oracle,
    device="any",
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
        gradients=True,
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


def cosine_edges(rng: np.random.Generator) -> list[Case]:
    """Prefixes of nothing and of everything, one head, one token."""
    b, t = 2, pick(rng, range(3, 7))
    whole = cosine_case(rng, b, t, 2, 3, "no prefix, and nothing but prefix")
    x = whole.args[0]
    return [
        replace(whole, args=(x, torch.tensor([0, t])), edge=True),
        replace(cosine_case(rng, 1, t, 1, 4, "one head"), edge=True),
        replace(whole, label="one token", args=(x[:, :1], torch.tensor([0, 1])), edge=True),
    ]


def cosine_oracle(
    state: dict[str, Tensor], x: Tensor, prefix: Tensor, *, d_model: int, n_heads: int
) -> Tensor:
    """Pair by pair."""
    p, width = state, d_model // n_heads
    q, k, v = (x @ p[f"{w}.weight"].T + p[f"{w}.bias"] for w in ("w_q", "w_k", "w_v"))
    gathered = torch.zeros_like(x)
    for b, h, t in np.ndindex(len(x), n_heads, x.shape[1]):
        own = slice(h * width, (h + 1) * width)
        allowed = [s for s in range(x.shape[1]) if s < int(prefix[b]) or s <= t]
        grown = p["log_scale"][h].exp()
        factor = grown if float(grown.detach()) < 100 else 100.0
        query, scores = q[b, t, own], []
        for s in allowed:
            key = k[b, s, own]
            scores.append(factor * (query @ key) / (query @ query).sqrt() / (key @ key).sqrt())
        shares = torch.stack([(score - max(scores).detach()).exp() for score in scores])
        gathered[b, t, own] = shares / shares.sum() @ v[b, allowed, own]
    return gathered @ p["w_o.weight"].T + p["w_o.bias"]


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
    passed="Agrees with cosine attention written out pair by pair, gradients too.",
    cases=cosine_cases,
    sample=cosine_sample,
    edges=cosine_edges,
    oracle=cosine_oracle,
    protocol=ModuleProtocol(),
    device="any",
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
            id="factor_not_learned",
            code=_cosine(factor=lambda a: a.detach().exp().clamp(max=100)[:, None, None]),
            says="Your factor never learns.",
            why="The result is right, but log_scale is cut off from it, so training leaves it as "
            "it is.",
        ),
        WrongAnswer(
            id="prefix_ignored",
            code=_cosine(causal=True),
            says="Your mask is causal: the prefix makes no difference.",
            why="Within the prefix a query may look ahead. Hand prefix to your prefix_mask.",
        ),
    ),
)

# ---------------------------------------------------------------- A1.3 forgetful attention


def forgetful_case(
    rng: np.random.Generator,
    b: int,
    h: int,
    t: int,
    s: int,
    d: int,
    dv: int,
    sinks: int,
    label: str,
) -> Case:
    slopes = torch.from_numpy(rng.uniform(0.2, 1.2, size=h))
    inputs = (noise(rng, b, h, t, d), noise(rng, b, h, s, d), noise(rng, b, h, s, dv))
    return Case(label=label, args=(*inputs, slopes, sinks), gradients=True)


def forgetful_cases() -> list[Case]:
    sizes = ((1, 1, 2, 3, 2, 1, 1), (B, H, T, 7, D_HEAD, 6, 1), (1, 2, 5, 5, 3, 4, 3))
    words = "{} sequences, {} heads, {} queries, {} keys, {} wide, values {}, {} sinks"
    cases = [
        forgetful_case(generator(70 + i), *size, words.format(*size))
        for i, size in enumerate(sizes)
    ]
    nobody = forgetful_case(generator(75), 2, 2, 3, 6, 4, 5, 0, "nobody is spared")
    return [*cases, nobody]


def forgetful_sample(rng: np.random.Generator) -> Case:
    b, h, t, d, dv = (pick(rng, range(2, 6)) for _ in range(5))
    s = t + pick(rng, range(4))
    return forgetful_case(rng, b, h, t, s, d, dv, pick(rng, range(1, 4)), "random")


def forgetful_edges(rng: np.random.Generator) -> list[Case]:
    """No sinks, nothing but sinks, one query at the end, as many keys as queries, one key."""
    sizes = (
        ("no sinks", 2, 3, 4, 6, 3, 2, 0),
        ("nothing but sinks", 1, 2, 3, 4, 3, 2, 4),
        ("more sinks than keys", 1, 2, 3, 3, 3, 2, 5),
        ("one query, values of 1", 2, 2, 1, 5, 3, 1, 1),
        ("one key", 2, 1, 1, 1, 3, 2, 1),
    )
    return [replace(forgetful_case(rng, *size, label), edge=True) for label, *size in sizes]


def forgetful_oracle(q: Tensor, k: Tensor, v: Tensor, slopes: Tensor, n_sinks: int) -> Tensor:
    """Query by query."""
    out = torch.zeros(*q.shape[:-1], v.shape[-1], dtype=q.dtype)
    for b, h, t in np.ndindex(*q.shape[:-1]):
        here, scores = k.shape[-2] - q.shape[-2] + t, []
        for s in range(here + 1):
            score = (q[b, h, t] * k[b, h, s]).sum() / q.shape[-1] ** 0.5
            scores.append(score if s < n_sinks else score - slopes[h] * (here - s))
        shares = torch.stack([score.exp() for score in scores])
        out[b, h, t] = shares / shares.sum() @ v[b, h, : here + 1]
    return out


def _forgetful(
    *,
    offset: bool = True,
    spare: bool = True,
    sign: float = 1.0,
    causal: bool = True,
    scaled: bool = False,
    first_slope: bool = False,
    sinks_open: bool = False,
) -> Callable[..., Tensor]:
    """Return the function with one thing changed."""

    def attention(q: Tensor, k: Tensor, v: Tensor, slopes: Tensor, n_sinks: int) -> Tensor:
        place = torch.arange(q.shape[-2])[:, None] + (k.shape[-2] - q.shape[-2]) * offset
        key = torch.arange(k.shape[-2])
        distance = place - key
        slopes = slopes[:1].expand(len(slopes)) if first_slope else slopes
        penalty = sign * slopes[:, None, None] * distance.abs()
        if spare:
            penalty = torch.where(key < n_sinks, 0, penalty)
        root = q.shape[-1] ** 0.5
        scores = (q @ k.mT - penalty) / root if scaled else q @ k.mT / root - penalty
        hidden = distance < 0
        if sinks_open:
            hidden = hidden & (key >= n_sinks)
        if causal:
            scores = scores.masked_fill(hidden, -math.inf)
        return scores.softmax(-1) @ v

    return attention


FORGETFUL_ATTENTION = Exercise(
    name="forgetful_attention",
    title="Attention that forgets",
    minutes=15,
    difficulty=2,
    marks=2,
    proves="each score is penalised by its own distance, that the first keys are spared, and that "
    "nobody looks ahead",
    passed="Agrees with every visible case worked out query by query, gradients too.",
    cases=forgetful_cases,
    sample=forgetful_sample,
    edges=forgetful_edges,
    oracle=forgetful_oracle,
    device="any",
    hints=(
        "Write down the position of every query and of every key first. Their difference says everything else.",
        "A matrix of distances (T, S); the penalty from it, 0 for the first keys; scores minus penalty; then the mask.",
        "Where the difference is negative the key is later than the query, and that is decided after the penalty.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="sinks_penalised",
            code=_forgetful(spare=False),
            says="Your first keys are penalised like all others.",
            why="The first n_sinks keys carry no penalty, however far away they are.",
        ),
        WrongAnswer(
            id="queries_at_the_start",
            code=_forgetful(offset=False),
            says="Your queries stand at positions 0 to T − 1.",
            why="They are the last T of S positions: with a cache, all keys before them are older.",
        ),
        WrongAnswer(
            id="distance_rewarded",
            code=_forgetful(sign=-1.0),
            says="Your scores grow with distance.",
            why="The penalty is subtracted: a far key must lose.",
        ),
        WrongAnswer(
            id="looks_ahead",
            code=_forgetful(causal=False),
            says="Your queries attend to later keys.",
            why="A penalty alone does not hide the future; a score of −∞ does.",
        ),
        WrongAnswer(
            id="penalty_scaled",
            code=_forgetful(scaled=True),
            says="Your penalty is divided by √d too.",
            why="Only the dot product grows with the width. The slopes are chosen for positions.",
        ),
        WrongAnswer(
            id="one_slope",
            code=_forgetful(first_slope=True),
            says="Every head uses the slope of head 0.",
            why="Heads look at different ranges because their slopes differ.",
        ),
        WrongAnswer(
            id="sinks_from_the_future",
            code=_forgetful(sinks_open=True),
            says="Your spared keys are allowed even where they are later than the query.",
            why="Being spared removes the penalty, not the rule that nobody looks ahead.",
        ),
    ),
)

# ---------------------------------------------------------------- A1.4 talking heads


def talking_case(
    rng: np.random.Generator, b: int, h: int, g: int, t: int, s: int, d: int, dv: int, label: str
) -> Case:
    mask = torch.from_numpy(rng.random((b, t, s)) < 0.6)
    mask[..., 0] = True
    mask[-1, -1] = False  # nothing to attend to
    inputs = (noise(rng, b, h, t, d), noise(rng, b, h, s, d), noise(rng, b, h, s, dv))
    args = (*inputs, noise(rng, g, h), noise(rng, h, g), mask)
    return Case(label=label, args=args, gradients=True)


def talking_cases() -> list[Case]:
    sizes = ((1, 2, 1, 2, 3, 2, 1), (B, H, 8, T, 7, D_HEAD, 6), (3, 4, 2, 6, 5, 7, 8))
    words = "{} sequences, {} heads, {} mixtures, {} queries, {} keys, {} wide, values {}"
    return [
        talking_case(generator(80 + i), *size, words.format(*size)) for i, size in enumerate(sizes)
    ]


def talking_sample(rng: np.random.Generator) -> Case:
    b, t, s, d, dv = (pick(rng, range(2, 6)) for _ in range(5))
    h, g = pick(rng, range(2, 4)), pick(rng, range(4, 6))
    return talking_case(rng, b, h, g, t, s, d, dv, "random")


def talking_edges(rng: np.random.Generator) -> list[Case]:
    """Everything allowed, nothing allowed, one head and one mixture, one key."""
    case = talking_case(rng, 2, 3, 2, 4, 5, 3, 2, "everything is allowed")
    *inputs, mask = case.args
    return [
        replace(case, args=(*inputs, torch.ones_like(mask)), edge=True),
        replace(case, label="nothing is allowed", args=(*inputs, mask & ~mask), edge=True),
        replace(talking_case(rng, 1, 1, 1, 3, 4, 2, 3, "one head, one mixture"), edge=True),
        replace(talking_case(rng, 2, 2, 3, 2, 1, 3, 1, "one key, values of 1"), edge=True),
    ]


def talking_oracle(
    q: Tensor, k: Tensor, v: Tensor, before: Tensor, after: Tensor, mask: Tensor
) -> Tensor:
    """Query by query."""
    out = torch.zeros(*q.shape[:-1], v.shape[-1], dtype=q.dtype)
    for b, t in np.ndindex(q.shape[0], q.shape[2]):
        allowed = mask[b, t].nonzero()[:, 0]
        if not len(allowed):
            continue
        scores = torch.stack([k[b, h, allowed] @ q[b, h, t] for h in range(q.shape[1])])
        shares = []
        for row in before:
            grown = (row @ scores / q.shape[-1] ** 0.5).exp()
            shares.append(grown / grown.sum())
        for h in range(q.shape[1]):
            out[b, h, t] = after[h] @ torch.stack(shares) @ v[b, h, allowed]
    return out


def _talking(
    *,
    mask_at: str = "mixed",
    empty: bool = True,
    first: bool = True,
    axis: int = -1,
    root: bool = True,
    again: bool = False,
) -> Callable[..., Tensor]:
    """Return the function with one thing changed."""

    def attention(
        q: Tensor, k: Tensor, v: Tensor, before: Tensor, after: Tensor, mask: Tensor
    ) -> Tensor:
        hidden = ~mask[:, None]
        scores = q @ k.mT / (q.shape[-1] ** 0.5 if root else 1.0)
        if mask_at == "scores":
            scores = scores.masked_fill(hidden, -1e9)
        if not first:
            scores = scores.masked_fill(hidden, -math.inf).softmax(-1).nan_to_num(0.0)
        mixed = torch.einsum("gh,bhts->bgts", before, scores)
        if first:
            if mask_at == "mixed":
                mixed = mixed.masked_fill(hidden, -math.inf)
            mixed = mixed.softmax(axis)
        if mask_at == "weights":
            mixed = mixed.masked_fill(hidden, 0.0)
        if empty:
            mixed = mixed.nan_to_num(0.0)
        weights = torch.einsum("hg,bgts->bhts", after, mixed)
        if again:
            total = weights.sum(-1, keepdim=True)
            weights = torch.where(total == 0, 0.0, weights / total)
        return weights @ v

    return attention


TALKING_HEADS = Exercise(
    name="talking_heads",
    title="Talking heads",
    minutes=15,
    difficulty=2,
    marks=2,
    proves="heads are mixed on both sides of the softmax, and that masks hold",
    passed="Agrees with every visible case worked out query by query, gradients too.",
    cases=talking_cases,
    sample=talking_sample,
    edges=talking_edges,
    oracle=talking_oracle,
    device="any",
    hints=(
        "Five steps stand in the formula. Where among them must a mask stand, so that nothing can mix it away?",
        "Scores of H heads; G mixtures of them; the mask; softmax over the keys; H mixtures of the weights; values.",
        "A row without a single allowed key gives 0/0 in the softmax. It has to become zeros before it is mixed again.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="masked_before_mixing",
            code=_talking(mask_at="scores"),
            says="You mask the scores before they are mixed.",
            why="A negative entry of `before` turns a large negative score into a large positive "
            "one: what was forbidden then takes all the weight.",
        ),
        WrongAnswer(
            id="masked_after_softmax",
            code=_talking(mask_at="weights"),
            says="You mask the weights after the softmax.",
            why="The keys that are not allowed have then taken part in the sum, and the others "
            "share less than 1.",
        ),
        WrongAnswer(
            id="empty_row_not_a_number",
            code=_talking(empty=False),
            says="A query with nothing to attend to gives NaN.",
            why="Its softmax divides 0 by 0. Such a query gets zeros.",
        ),
        WrongAnswer(
            id="mixed_after_softmax_only",
            code=_talking(first=False),
            says="Both of your mixtures come after the softmax.",
            why="Two linear steps in a row are one: `before` has to act on the scores, where the "
            "softmax stands between.",
        ),
        WrongAnswer(
            id="softmax_over_queries",
            code=_talking(axis=-2),
            says="Your softmax runs over the queries.",
            why="Every query shares out its weights among the keys, the last axis.",
        ),
        WrongAnswer(
            id="not_scaled",
            code=_talking(root=False),
            says="Your scores are not divided by √d.",
            why="Dot products grow with the width, mixed or not.",
        ),
        WrongAnswer(
            id="summed_to_one_again",
            code=_talking(again=True),
            says="You bring the mixed weights back to a sum of 1.",
            why="A mixture may weigh all keys up, down or negatively: that is what the heads tell "
            "each other.",
        ),
    ),
)

# ---------------------------------------------------------------- A1.5 streaming attention


def streaming_case(
    rng: np.random.Generator, t: int, d: int, dv: int, sizes: list[int], scale: float, label: str
) -> Case:
    blocks = [(noise(rng, n, d, scale=scale), noise(rng, n, dv)) for n in sizes]
    return Case(label=label, args=(noise(rng, t, d), blocks))


def streaming_cases() -> list[Case]:
    return [
        streaming_case(generator(90), 2, 2, 1, [2, 1], 1.0, "2 queries, blocks of 2 and 1"),
        streaming_case(generator(91), T, 4, 6, [3, 7, 2], 2.0, "5 queries, blocks of 3, 7 and 2"),
        streaming_case(generator(92), 4, 3, 5, [1, 2, 6, 1], 1.5, "4 queries, four blocks"),
        streaming_case(generator(93), 3, 5, 4, [2, 3, 4], 900.0, "scores of about ±900"),
    ]


def streaming_sample(rng: np.random.Generator) -> Case:
    t, d, dv = (pick(rng, range(2, 6)) for _ in range(3))
    sizes = [pick(rng, range(1, 6)) for _ in range(pick(rng, range(2, 5)))]
    scale = float(rng.choice([1.0, 2.0, 900.0]))
    return streaming_case(rng, t, d, dv, sizes, scale, "random")


def streaming_edges(rng: np.random.Generator) -> list[Case]:
    """One block, single keys, one query, scores far from 0."""
    cases = (
        streaming_case(rng, 3, 4, 5, [6], 1.0, "a single block"),
        streaming_case(rng, 2, 3, 1, [1, 1, 1], 1.0, "blocks of one key"),
        streaming_case(rng, 1, 1, 2, [2, 3], 1.0, "one query, one number wide"),
        streaming_case(rng, 3, 5, 2, [4, 1, 3], 900.0, "scores of about ±900"),
    )
    return [replace(case, edge=True) for case in cases]


#: A stream of 2.5 GB, in blocks of 4 MB: more than a submission may take, in float32 too.
LONG_STREAM, LONG_BLOCK = 600, (4096, 64, 64)


def streaming_heavy(rng: np.random.Generator) -> list[Case]:
    """A stream that does not fit into memory: two blocks, handed out over and over."""
    n, d, dv = LONG_BLOCK
    blocks = [(noise(rng, n, d), noise(rng, n, dv)) for _ in range(2)]
    return [
        Case(
            label=f"a stream of {LONG_STREAM} blocks, 2.5 GB in all",
            args=(noise(rng, 1, d), blocks),
            init={"times": LONG_STREAM // len(blocks)},
            edge=True,
        )
    ]


def streaming_oracle(
    q: Tensor, blocks: list[tuple[Tensor, Tensor]], times: int = 1
) -> tuple[Tensor, Tensor]:
    """All keys at once, query by query, in float64 NumPy; what comes again only adds ln(times)."""
    keys = np.concatenate([k.double().numpy() for k, _ in blocks])
    values = np.concatenate([v.double().numpy() for _, v in blocks])
    out, log_sums = [], []
    for query in q.double().numpy():
        scores = keys @ query / len(query) ** 0.5
        shares = np.exp(scores - scores.max())
        out.append(shares @ values / shares.sum())
        log_sums.append(scores.max() + math.log(shares.sum() * times))
    return torch.tensor(np.array(out), dtype=q.dtype), torch.tensor(log_sums, dtype=q.dtype)


def _streaming(
    *,
    top_moves: bool = True,
    shrink_sum: bool = True,
    shrink_values: bool = True,
    root: bool = True,
    adds_top: bool = True,
    averages: bool = False,
) -> Callable[..., tuple[Tensor, Tensor]]:
    """Return the function with one thing changed."""

    def attention(q: Tensor, blocks: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        top = q.new_full((len(q), 1), -math.inf if top_moves else 0.0)
        total, gathered, means = q.new_zeros(len(q), 1), q.new_zeros(1), []
        for k, v in blocks:
            scores = q @ k.T / (q.shape[-1] ** 0.5 if root else 1.0)
            new_top = torch.maximum(top, scores.amax(-1, keepdim=True)) if top_moves else top
            shares, shrink = (scores - new_top).exp(), (top - new_top).exp()
            total = total * (shrink if shrink_sum else 1.0) + shares.sum(-1, keepdim=True)
            gathered = gathered * (shrink if shrink_values else 1.0) + shares @ v
            means.append(shares @ v / shares.sum(-1, keepdim=True))
            top = new_top
        out = sum(means) / len(means) if averages else gathered / total
        return out, (total.log() + top * adds_top)[:, 0]

    return attention


STREAMING_ATTENTION = Exercise(
    name="streaming_attention",
    title="Attention in a stream",
    minutes=25,
    difficulty=3,
    marks=3,
    proves="output and log-sums are exact however the keys are cut, and however large the scores are",
    passed="Exact on every visible case, with scores of 900 too.",
    cases=streaming_cases,
    sample=streaming_sample,
    oracle=streaming_oracle,
    parts=("out", "log_sum"),
    device="any",
    protocol=LongStream(),
    edges=streaming_edges,
    heavy=streaming_heavy,
    hints=(
        "A softmax may subtract any number from all scores. Which one keeps the exponentials finite, and when is it known?",
        "Keep three things for each query: the largest score so far, the sum, the gathered values. When the largest "
        "grows, both others are too large by the same factor.",
        "The factor is e^(old largest − new largest). In the end, divide; the logarithm of the sum lacks what was "
        "subtracted.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="overflows",
            code=_streaming(top_moves=False),
            says="Your exponentials overflow.",
            why="e^900 is infinite, and ∞/∞ is NaN. Subtract the largest score seen so far.",
        ),
        WrongAnswer(
            id="never_corrected",
            code=_streaming(shrink_sum=False, shrink_values=False),
            says="What was gathered is not corrected when a larger score turns up.",
            why="Earlier blocks were weighed against a smaller maximum, so they count too much.",
        ),
        WrongAnswer(
            id="values_not_corrected",
            code=_streaming(shrink_values=False),
            says="You correct the sum, but not the gathered values.",
            why="Both were weighed against the old maximum; both shrink by the same factor.",
        ),
        WrongAnswer(
            id="sum_not_corrected",
            code=_streaming(shrink_sum=False),
            says="You correct the gathered values, but not the sum.",
            why="Both were weighed against the old maximum; both shrink by the same factor.",
        ),
        WrongAnswer(
            id="not_scaled",
            code=_streaming(root=False),
            says="Your scores are not divided by √d.",
            why="The width still matters when keys come in blocks.",
        ),
        WrongAnswer(
            id="log_sum_shifted",
            code=_streaming(adds_top=False),
            says="Your log_sum lacks the maximum that you subtracted.",
            why="log Σ e^s = m + log Σ e^(s − m).",
        ),
        WrongAnswer(
            id="blocks_averaged",
            code=_streaming(averages=True),
            says="Your output is the mean of the blocks' outputs.",
            why="A block with better keys deserves more: blocks count by their sums.",
        ),
    ),
)

ASSIGNMENT = LessonSpec(
    number="A1",
    slug="attention",
    title="Attention",
    minutes=88,
    needs=("04", "07", "08", "09"),
    exercises=(
        PREFIX_MASK,
        COSINE_ATTENTION,
        FORGETFUL_ATTENTION,
        TALKING_HEADS,
        STREAMING_ATTENTION,
    ),
)
