"""The hidden half of assignment A2: what marks it. It stays with the instructor."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, LessonSpec, WrongAnswer
from course_lib.checking.noise import generator, noise, pick
from course_lib.checking.protocol import ModuleProtocol


def share_out(scores: Tensor) -> Tensor:
    """Return the softmax of one row."""
    shares = (scores - scores.max().detach()).exp()
    return shares / shares.sum()


# ---------------------------------------------------------------- A2.1 the mended block


def block_case(
    rng: np.random.Generator, b: int, t: int, h: int, d: int, ff: int, label: str
) -> Case:
    width = h * d
    state = {}
    for name in ("norm1", "norm2"):
        state[f"{name}.weight"] = 1 + noise(rng, width, scale=0.3)
        state[f"{name}.bias"] = noise(rng, width, scale=0.3)
    for name, rows, columns in (
        ("qkv", 3 * width, width),
        ("proj", width, width),
        ("up", ff, width),
        ("down", width, ff),
    ):
        state[f"{name}.weight"] = noise(rng, rows, columns, scale=1.5 * columns**-0.5)
        state[f"{name}.bias"] = noise(rng, rows, scale=0.3)
    init = {"d_model": width, "n_heads": h, "d_ff": ff}
    args = (noise(rng, b, t, width),)
    return Case(label=label, init=init, state=state, args=args, gradients=True)


def block_cases() -> list[Case]:
    sizes = ((1, 3, 2, 2, 5), (2, 5, 3, 4, 7), (3, 6, 2, 5, 8))
    words = "{} sequences, {} tokens, {} heads of {}, d_ff {}"
    return [block_case(generator(30 + i), *s, words.format(*s)) for i, s in enumerate(sizes)]


def block_sample(rng: np.random.Generator) -> Case:
    b, t, h = pick(rng, range(1, 4)), pick(rng, range(3, 7)), pick(rng, range(2, 5))
    return block_case(rng, b, t, h, pick(rng, range(2, 6)), pick(rng, range(3, 9)), "random")


def block_edges(rng: np.random.Generator) -> list[Case]:
    """One token, one head, one number a head."""
    sizes = (
        ("one token", 2, 1, 2, 3, 5),
        ("one head", 1, 4, 1, 6, 5),
        ("heads of 1", 2, 3, 4, 1, 3),
    )
    return [replace(block_case(rng, *size, label), edge=True) for label, *size in sizes]


def _norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    return centred / ((centred**2).mean(-1, keepdim=True) + 1e-5).sqrt() * weight + bias


def block_oracle(
    state: dict[str, Tensor], x: Tensor, *, d_model: int, n_heads: int, d_ff: int
) -> Tensor:
    """Token by token and head by head."""
    p, width = state, d_model // n_heads
    rows = _norm(x, p["norm1.weight"], p["norm1.bias"]) @ p["qkv.weight"].T + p["qkv.bias"]
    q, k, v = rows[..., :d_model], rows[..., d_model : 2 * d_model], rows[..., 2 * d_model :]
    gathered = torch.zeros_like(x)
    for b, h, t in np.ndindex(len(x), n_heads, x.shape[1]):
        own = slice(h * width, (h + 1) * width)
        weights = share_out(k[b, : t + 1, own] @ q[b, t, own] / width**0.5)
        gathered[b, t, own] = weights @ v[b, : t + 1, own]
    out = x + gathered @ p["proj.weight"].T + p["proj.bias"]
    z = _norm(out, p["norm2.weight"], p["norm2.bias"]) @ p["up.weight"].T + p["up.bias"]
    z = z * 0.5 * (1 + torch.erf(z / 2**0.5))
    return out + z @ p["down.weight"].T + p["down.bias"]


def _block(
    *,
    split: bool = True,
    scale: bool = True,
    mask: bool = True,
    merge: bool = True,
    residual: bool = True,
) -> type[nn.Module]:
    """Return the block with only some of its five mistakes mended."""

    class Block(nn.Module):
        def __init__(self, d_model: int, n_heads: int, d_ff: int) -> None:
            super().__init__()
            self.n_heads = n_heads
            self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
            self.qkv, self.proj = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)
            self.up, self.down = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)

        def heads(self, x: Tensor) -> Tensor:
            if not split:
                return x.reshape(len(x), self.n_heads, x.shape[1], -1)
            return x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)

        def forward(self, x: Tensor) -> Tensor:
            q, k, v = (self.heads(p) for p in self.qkv(self.norm1(x)).chunk(3, dim=-1))
            scores = q @ k.mT / math.sqrt(q.shape[-1] if scale else x.shape[-1])
            later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1 if mask else 2)
            out = scores.masked_fill(later, -math.inf).softmax(-1) @ v
            out = out.transpose(1, 2).flatten(-2) if merge else out.reshape(x.shape)
            x = x + self.proj(out)
            z = self.norm2(x)
            return (x if residual else z) + self.down(nn.functional.gelu(self.up(z)))

    return Block


MENDED_BLOCK = Exercise(
    name="MendedBlock",
    title="Mend the block",
    minutes=20,
    difficulty=2,
    marks=2,
    proves="the block computes what the text above says, parameter by parameter",
    passed="All five mistakes are mended: it agrees with the block worked out token by token, gradients too.",
    cases=block_cases,
    sample=block_sample,
    edges=block_edges,
    oracle=block_oracle,
    protocol=ModuleProtocol(),
    device="any",
    hints=(
        "Follow one number: feature 0 of head 1 of token 1, from qkv to proj. Where does each reshape put it?",
        "Compare the code with the text, clause by clause: heads, scale, mask, merging, what is added to.",
        "reshape never moves numbers past each other, transpose does; triu(k) keeps what lies k or more to the right "
        "of the diagonal; after x = norm(x) the stream is gone.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="nothing_mended",
            code=_block(split=False, scale=False, mask=False, merge=False, residual=False),
            says="This is the broken block as it was.",
            why="All five mistakes are still in it.",
        ),
        WrongAnswer(
            id="heads_still_mixed",
            code=_block(split=False),
            says="Four mistakes are mended; heads are still cut from the wrong features.",
            why="A reshape from (B, T, d_model) to (B, H, T, d_head) hands a head pieces of several "
            "tokens. Split the last axis, then swap two axes.",
        ),
        WrongAnswer(
            id="scale_still_wrong",
            code=_block(scale=False),
            says="Four mistakes are mended; the scores are still scaled for the model's width.",
            why="Each score is a dot product over d_head features, not over d_model.",
        ),
        WrongAnswer(
            id="still_sees_one_ahead",
            code=_block(mask=False),
            says="Four mistakes are mended; a token still sees the next one.",
            why="triu(2) begins two to the right of the diagonal, so one later key stays open.",
        ),
        WrongAnswer(
            id="still_merged_wrongly",
            code=_block(merge=False),
            says="Four mistakes are mended; heads are still merged across tokens.",
            why="After attention the axes are (B, H, T, d_head): tokens must come before heads "
            "again before the last two axes become one.",
        ),
        WrongAnswer(
            id="stream_still_normalised",
            code=_block(residual=False),
            says="Four mistakes are mended; the second sum still adds to the normalised x.",
            why="The stream itself passes every block untouched; only what a part reads is "
            "normalised.",
        ),
    ),
)

# ---------------------------------------------------------------- A2.2 grouped-query attention


def grouped_case(
    rng: np.random.Generator, b: int, t: int, past: int, g: int, each: int, d: int, label: str
) -> Case:
    h = g * each
    width, shared = h * d, g * d
    state = {
        f"{name}.weight": noise(rng, rows, width, scale=1.5 * width**-0.5)
        for name, rows in (("w_q", width), ("w_k", shared), ("w_v", shared), ("w_o", width))
    }
    args = [noise(rng, b, t, width)]
    if past:
        args += [noise(rng, b, g, past, d), noise(rng, b, g, past, d)]
    init = {"d_model": width, "n_heads": h, "n_groups": g}
    return Case(label=label, init=init, state=state, args=tuple(args), gradients=True)


def grouped_cases() -> list[Case]:
    sizes = ((1, 2, 0, 2, 2, 1), (2, 3, 4, 2, 3, 5), (3, 1, 5, 2, 2, 4), (2, 4, 0, 3, 2, 5))
    words = "{} sequences, {} new tokens, {} in the cache, {} groups of {} heads, {} wide"
    return [grouped_case(generator(40 + i), *s, words.format(*s)) for i, s in enumerate(sizes)]


def grouped_sample(rng: np.random.Generator) -> Case:
    b, t, past = pick(rng, range(1, 4)), pick(rng, range(2, 5)), pick(rng, (0, 1, 2, 3))
    g, each, d = pick(rng, range(2, 4)), pick(rng, range(2, 4)), pick(rng, range(2, 5))
    return grouped_case(rng, b, t, past, g, each, d, "random")


def grouped_edges(rng: np.random.Generator) -> list[Case]:
    """One group for all heads, a group for each, one new token with and without a cache."""
    sizes = (
        ("one group for all heads", 2, 3, 2, 1, 4, 3),
        ("a group for each head", 2, 3, 2, 3, 1, 4),
        ("one token, nothing before", 1, 1, 0, 2, 2, 3),
        ("one token, a long cache", 2, 1, 9, 2, 2, 3),
    )
    return [replace(grouped_case(rng, *size, label), edge=True) for label, *size in sizes]


def grouped_oracle(
    state: dict[str, Tensor],
    x: Tensor,
    past_k: Tensor | None = None,
    past_v: Tensor | None = None,
    *,
    d_model: int,
    n_heads: int,
    n_groups: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Token by token and head by head."""
    width, (B, T, _) = d_model // n_heads, x.shape
    q, k, v = (x @ state[f"{name}.weight"].T for name in ("w_q", "w_k", "w_v"))
    k, v = (a.reshape(B, T, n_groups, width).transpose(1, 2) for a in (k, v))
    if past_k is not None and past_v is not None:
        k, v = torch.cat([past_k, k], dim=2), torch.cat([past_v, v], dim=2)
    gathered, before = torch.zeros_like(x), k.shape[2] - T
    for b, h, t in np.ndindex(B, n_heads, T):
        own, g, end = slice(h * width, (h + 1) * width), h // (n_heads // n_groups), before + t + 1
        weights = share_out(k[b, g, :end] @ q[b, t, own] / width**0.5)
        gathered[b, t, own] = weights @ v[b, g, :end]
    return gathered @ state["w_o.weight"].T, k, v


def _grouped(
    *,
    neighbours: bool = True,
    order: int = 1,
    offset: bool = True,
    causal: bool = True,
    expanded: bool = False,
    returns_all: bool = True,
    scale: bool = True,
    past: bool = True,
) -> type[nn.Module]:
    """Return the module with one thing changed."""

    class Attention(nn.Module):
        def __init__(self, d_model: int, n_heads: int, n_groups: int) -> None:
            super().__init__()
            self.n_heads, self.n_groups = n_heads, n_groups
            shared = n_groups * (d_model // n_heads)
            self.w_q = nn.Linear(d_model, d_model, bias=False)
            self.w_k = nn.Linear(d_model, shared, bias=False)
            self.w_v = nn.Linear(d_model, shared, bias=False)
            self.w_o = nn.Linear(d_model, d_model, bias=False)

        def wide(self, x: Tensor) -> Tensor:
            times = self.n_heads // self.n_groups
            return x.repeat_interleave(times, 1) if neighbours else x.repeat(1, times, 1, 1)

        def forward(
            self, x: Tensor, past_k: Tensor | None = None, past_v: Tensor | None = None
        ) -> tuple[Tensor, Tensor, Tensor]:
            q = self.w_q(x).unflatten(-1, (self.n_heads, -1)).transpose(1, 2)
            new_k, new_v = (
                w(x).unflatten(-1, (self.n_groups, -1)).transpose(1, 2)
                for w in (self.w_k, self.w_v)
            )
            k, v = new_k, new_v
            if past and past_k is not None and past_v is not None:
                k, v = (torch.cat(two[::order], 2) for two in ([past_k, k], [past_v, v]))
            T, S = x.shape[1], k.shape[2]
            scores = q @ self.wide(k).mT / (math.sqrt(q.shape[-1]) if scale else 1.0)
            if causal:
                allowed = torch.ones(T, S, dtype=torch.bool).tril(S - T if offset else 0)
                scores = scores.masked_fill(~allowed, -math.inf)
            out = self.w_o((scores.softmax(-1) @ self.wide(v)).transpose(1, 2).flatten(-2))
            if expanded:
                return out, self.wide(k), self.wide(v)
            return (out, k, v) if returns_all else (out, new_k, new_v)

    return Attention


GROUPED_QUERY_ATTENTION = Exercise(
    name="GroupedQueryAttention",
    title="Grouped-query attention with a cache",
    minutes=30,
    difficulty=3,
    marks=3,
    proves="output and cache agree with attention written out head by head, with and without a past",
    passed="Agrees with every visible case worked out head by head, gradients too.",
    cases=grouped_cases,
    sample=grouped_sample,
    edges=grouped_edges,
    oracle=grouped_oracle,
    protocol=ModuleProtocol(),
    parts=("out", "k", "v"),
    device="any",
    forbidden=("scaled_dot_product_attention", "MultiheadAttention"),
    hints=(
        "Which shapes must keys have so that neighbours among the query heads meet the same ones?",
        "Project; split queries into H heads, keys and values into G; put the past in front; keep that as the cache; "
        "then widen, or give queries an axis more; mask; softmax; merge.",
        "With S keys for T queries, query t stands at position S − T + t. The cache is what you had before widening.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="groups_interleaved",
            code=_grouped(neighbours=False),
            says="Your heads take turns among the groups: head h uses group h % G.",
            why="Neighbours share a group: head h uses group h // (H / G). repeat lays copies end "
            "to end, repeat_interleave side by side.",
        ),
        WrongAnswer(
            id="past_at_the_end",
            code=_grouped(order=-1),
            says="The new tokens stand in front of the past.",
            why="A cache is in the order of the text, and the mask counts on it.",
        ),
        WrongAnswer(
            id="mask_forgets_the_past",
            code=_grouped(offset=False),
            says="Your mask treats the first new token as the first of the text.",
            why="With P tokens in the cache, new token t may attend to P + t + 1 keys.",
        ),
        WrongAnswer(
            id="new_tokens_see_ahead",
            code=_grouped(causal=False),
            says="Your new tokens attend to each other in both directions.",
            why="When several are read at once, each still sees only those before it.",
        ),
        WrongAnswer(
            id="cache_widened",
            code=_grouped(expanded=True),
            says="Your cache holds a copy of the keys for every head of queries.",
            why="Sharing is what makes the cache small: it holds each group once.",
        ),
        WrongAnswer(
            id="cache_forgets",
            code=_grouped(returns_all=False),
            says="Your cache holds the new tokens alone.",
            why="The next step needs everything before it: return past and new together.",
        ),
        WrongAnswer(
            id="past_ignored",
            code=_grouped(past=False),
            says="Your output ignores the past.",
            why="past_k and past_v stand in front of the new keys and values.",
        ),
        WrongAnswer(
            id="not_scaled",
            code=_grouped(scale=False),
            says="Your scores are not divided by √d_head.",
            why="Sharing keys does not change how dot products grow with the width.",
        ),
    ),
)

# ---------------------------------------------------------------- A2.3 a cache for a window


def cache_case(
    rng: np.random.Generator,
    b: int,
    d: int,
    past: int,
    new: int,
    window: int,
    sinks: int,
    label: str,
) -> Case:
    """Make a cache that is as it should be after `past` tokens, and `new` tokens more."""
    kept = [p for p in range(past) if p < sinks or p >= past - window]
    positions = torch.tensor(kept, dtype=torch.int64)
    old = [noise(rng, b, len(kept), d) for _ in range(2)]
    return Case(
        label=label,
        args=(*old, positions, noise(rng, b, new, d), noise(rng, b, new, d), window, sinks),
    )


def cache_cases() -> list[Case]:
    sizes = ((1, 2, 3, 1, 3, 1), (2, 3, 9, 2, 4, 1), (3, 4, 12, 5, 6, 2), (2, 5, 8, 7, 3, 2))
    words = "{} sequences, width {}, {} tokens before, {} new, window {}, {} sinks"
    cases = [cache_case(generator(50 + i), *s, words.format(*s)) for i, s in enumerate(sizes)]
    empty = cache_case(generator(55), 2, 3, 0, 4, 6, 1, "an empty cache")
    return [*cases, empty]


def cache_sample(rng: np.random.Generator) -> Case:
    b, d, sinks = pick(rng, range(1, 4)), pick(rng, range(2, 5)), pick(rng, range(1, 3))
    window, new = pick(rng, range(3, 7)), pick(rng, range(2, 5))
    return cache_case(rng, b, d, pick(rng, range(6, 14)), new, window, sinks, "random")


def cache_edges(rng: np.random.Generator) -> list[Case]:
    """An empty cache, no sinks, a window that holds all, one that is full, more new than fit."""
    sizes = (
        ("an empty cache", 2, 3, 0, 4, 6, 1),
        ("no sinks", 1, 2, 7, 2, 4, 0),
        ("no sinks, an empty cache", 1, 2, 0, 5, 3, 0),
        ("the window holds all", 2, 3, 4, 3, 20, 2),
        ("exactly full", 1, 3, 5, 1, 5, 1),
        ("more new tokens than the window", 2, 2, 6, 9, 3, 1),
        ("sinks in the window", 1, 2, 2, 1, 4, 4),
    )
    return [replace(cache_case(rng, *size, label), edge=True) for label, *size in sizes]


def cache_oracle(
    k: Tensor, v: Tensor, positions: Tensor, new_k: Tensor, new_v: Tensor, window: int, n_sinks: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Token by token: a token goes when it is neither a sink nor in the window."""
    held = list(zip(positions.tolist(), k.unbind(1), v.unbind(1), strict=True))
    for key, value in zip(new_k.unbind(1), new_v.unbind(1), strict=True):
        held.append((held[-1][0] + 1 if held else 0, key, value))
    last = held[-1][0]
    held = [one for one in held if one[0] < n_sinks or last - one[0] < window]
    kept = torch.tensor([place for place, _, _ in held])
    return torch.stack([a for _, a, _ in held], 1), torch.stack([a for _, _, a in held], 1), kept


def _extend(
    keep: Callable[[Tensor, int, int], Tensor],
    *,
    renumber: bool = False,
    counts: bool = False,
) -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    """Return the function with a rule of its own on which of the positions to keep."""

    def extend(
        k: Tensor, v: Tensor, old: Tensor, new_k: Tensor, new_v: Tensor, window: int, n_sinks: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        first = int(old[-1]) + 1 if len(old) else 0
        first = len(old) if counts else first
        positions = torch.cat([old, torch.arange(first, first + new_k.shape[1])])
        k, v = torch.cat([k, new_k], 1), torch.cat([v, new_v], 1)
        chosen = keep(positions, window, n_sinks)
        k, v, positions = k[:, chosen], v[:, chosen], positions[chosen]
        return k, v, torch.arange(len(positions)) if renumber else positions

    return extend


def _due(positions: Tensor, window: int, n_sinks: int) -> Tensor:
    return (positions < n_sinks) | (positions > positions[-1] - window)


EXTEND_CACHE = Exercise(
    name="extend_cache",
    title="A cache for a sliding window",
    minutes=15,
    difficulty=2,
    marks=2,
    proves="exactly the right tokens are kept, with the positions that they always had",
    passed="Right on every visible case, from an empty cache on.",
    cases=cache_cases,
    sample=cache_sample,
    edges=cache_edges,
    oracle=cache_oracle,
    parts=("k", "v", "positions"),
    device="any",
    hints=(
        "Which positions does the text have after the new tokens? Everything else follows from those numbers.",
        "New positions; join; one boolean for each token that says whether it stays; index all three with it.",
        "Two reasons to stay, either is enough. The window is counted back from the last position, not from the "
        "length of the cache.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="sinks_dropped",
            code=_extend(lambda p, w, s: p > p[-1] - w),
            says="Your first tokens go when the window has passed them.",
            why="Tokens at positions below n_sinks stay for good.",
        ),
        WrongAnswer(
            id="window_one_too_long",
            code=_extend(lambda p, w, s: (p < s) | (p >= p[-1] - w)),
            says="Your window is one token too long.",
            why="The window latest positions end with the last one, which counts itself.",
        ),
        WrongAnswer(
            id="sinks_take_room",
            code=_extend(lambda p, w, s: (p < s) | (p > p[-1] - (w - s))),
            says="Your sinks take places away from the window.",
            why="The first tokens stay beside the window: it holds `window` positions without them.",
        ),
        WrongAnswer(
            id="nothing_goes",
            code=_extend(lambda p, w, s: p >= 0),
            says="No token ever leaves your cache.",
            why="Tokens beyond the window are never looked at again; dropping them is the point.",
        ),
        WrongAnswer(
            id="positions_renumbered",
            code=_extend(_due, renumber=True),
            says="Your positions are counted afresh in the cache.",
            why="A token keeps the position that it has in the text: rotations and biases depend "
            "on it.",
        ),
        WrongAnswer(
            id="positions_from_length",
            code=_extend(_due, counts=True),
            says="Your new positions begin at the length of the cache.",
            why="The cache has lost tokens, the text has not: go on from the last position.",
        ),
    ),
)

# ---------------------------------------------------------------- A2.4 packing


def pack_cases() -> list[Case]:
    drawn = (([2, 1], 4), ([3, 1, 2], 8), ([4, 2, 3, 1], 11), ([1, 5], 6))
    cases = [Case(label=f"lengths {d}, row of {n}", args=(torch.tensor(d), n)) for d, n in drawn]
    return [
        *cases,
        Case(label="one document fills the row", args=(torch.tensor([5]), 5), edge=True),
    ]


def pack_sample(rng: np.random.Generator) -> Case:
    lengths = rng.integers(1, 6, size=pick(rng, range(2, 6)))
    n = int(lengths.sum()) + pick(rng, range(1, 4))
    return Case(label="random", args=(torch.from_numpy(lengths), n))


def pack_edges(rng: np.random.Generator) -> list[Case]:
    """A full row, documents of one token, a single document, a row that is mostly empty."""
    n = pick(rng, range(3, 8))
    rows = (
        ("documents fill the row", [n, 2, 1], n + 3),
        ("one document fills the row", [n], n),
        ("documents of one token", [1, 1, 1], 5),
        ("one token in all", [1], 1),
        ("mostly empty", [2], n + 6),
    )
    return [Case(label=la, args=(torch.tensor(le), size), edge=True) for la, le, size in rows]


def pack_oracle(lengths: Tensor, n: int) -> tuple[Tensor, Tensor, Tensor]:
    """Document by document."""
    mask, positions, asked = np.zeros((n, n), bool), np.zeros(n, np.int64), np.zeros(n, bool)
    start = 0
    for length in lengths.tolist():
        for t in range(length):
            positions[start + t] = t
            asked[start + t] = t < length - 1
            for s in range(t + 1):
                mask[start + t, start + s] = True
        start += length
    return torch.from_numpy(mask), torch.from_numpy(positions), torch.from_numpy(asked)


def _packing(
    *,
    mixed: bool = False,
    both_ways: bool = False,
    runs_on: bool = False,
    asks_last: bool = False,
    padding: str = "nothing",
    skips_first: bool = False,
) -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    """Return the function with one thing changed."""

    def pack(lengths: Tensor, n: int) -> tuple[Tensor, Tensor, Tensor]:
        mask, positions, asked = pack_oracle(lengths, n)
        place, real = torch.arange(n), torch.arange(n) < lengths.sum()
        if mixed:
            mask = (place <= place[:, None]) & real & real[:, None]
        if both_ways:
            mask = mask | mask.mT
        if runs_on:
            positions = torch.where(real, place, 0)
        if asks_last:
            asked = real.clone()
        if skips_first:
            asked = real & (positions > 0)
        if padding == "itself":
            mask = mask | (torch.eye(n, dtype=torch.bool) & ~real)
        return mask, positions, asked

    return pack


PACK = Exercise(
    name="pack",
    title="Packing",
    minutes=15,
    difficulty=2,
    marks=2,
    proves="no document sees another, counts from its own start, and is asked for its own words only",
    passed="Right on every visible case, from one document to four.",
    cases=pack_cases,
    sample=pack_sample,
    edges=pack_edges,
    oracle=pack_oracle,
    parts=("mask", "positions", "asked"),
    device="any",
    hints=(
        "Give every token the number of its document first. When may two tokens meet?",
        "The running sum of the lengths says where documents end; comparing places with it says which document a "
        "token is in. Same document, not later, not padding.",
        "A position is the place less the start of its document. The last token of a document stands at its end − 1.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="documents_mixed",
            code=_packing(mixed=True),
            says="Your documents see those before them in the row.",
            why="They are in one row by chance: a token may attend within its own document only.",
        ),
        WrongAnswer(
            id="looks_ahead",
            code=_packing(both_ways=True),
            says="Your tokens see later tokens of their own document.",
            why="Packing changes nothing about time: each token sees itself and those before it.",
        ),
        WrongAnswer(
            id="positions_run_on",
            code=_packing(runs_on=True),
            says="Your positions count through the whole row.",
            why="Every document begins at 0, as it would if it stood alone.",
        ),
        WrongAnswer(
            id="last_word_asked",
            code=_packing(asks_last=True),
            says="You ask the last token of a document for the next one.",
            why="What follows it in the row is the first word of another document.",
        ),
        WrongAnswer(
            id="first_word_not_asked",
            code=_packing(skips_first=True),
            says="You leave out the first token of each document instead of the last.",
            why="The first token is asked for the second. It is the last that has no successor.",
        ),
        WrongAnswer(
            id="padding_sees_itself",
            code=_packing(padding="itself"),
            says="Your padding attends to itself.",
            why="A token of padding attends to nothing; what its row gives is never used.",
        ),
    ),
)

# ---------------------------------------------------------------- A2.5 speculative decoding


def guesses_case(rng: np.random.Generator, n: int, vocabulary: int, label: str) -> Case:
    logits = noise(rng, n + 1, vocabulary)
    target = (logits + noise(rng, n + 1, vocabulary)).softmax(-1)
    draft = logits[:n].softmax(-1)
    tokens = torch.tensor([int(rng.choice(vocabulary, p=row / row.sum())) for row in draft.numpy()])
    return Case(label=label, args=(draft, target, tokens, torch.from_numpy(rng.random(n))))


def guesses_cases() -> list[Case]:
    tidy = Case(
        label="one guess of three words, refused",
        args=(
            torch.tensor([[0.5, 0.25, 0.25]], dtype=torch.float64),
            torch.tensor([[0.25, 0.5, 0.25], [0.2, 0.3, 0.5]], dtype=torch.float64),
            torch.tensor([0]),
            torch.tensor([0.75], dtype=torch.float64),
        ),
    )
    sizes = ((4, 5, 24), (3, 6, 21), (6, 7, 25), (5, 9, 4), (2, 4, 29))
    words = "{} guesses, {} words, seed {}"
    drawn = [guesses_case(generator(s[2]), *s[:2], words.format(*s)) for s in sizes]
    draft, target, tokens, _ = tidy.args
    on_the_line = torch.tensor([0.5], dtype=torch.float64)
    tie = replace(tidy, label="exactly p/q", args=(draft, target, tokens, on_the_line), edge=True)
    return [tidy, *drawn, tie]


def guesses_sample(rng: np.random.Generator) -> Case:
    return guesses_case(rng, pick(rng, range(2, 7)), pick(rng, range(3, 8)), "random")


def guesses_edges(rng: np.random.Generator) -> list[Case]:
    """All kept, the first refused, the last refused, exactly on the line, a draft that is right."""
    n, words = pick(rng, range(2, 6)), pick(rng, range(4, 8))
    draft, target, tokens, _ = guesses_case(rng, n, words, "").args
    low = torch.zeros(n, dtype=torch.float64)
    first, last = low.clone(), low.clone()
    first[0], last[-1] = 0.999, 0.999
    # The guess is what the draft overrates most, so that a refusal is to be had.
    tokens = (draft - target[:n]).argmax(-1)
    half = draft[0, tokens[0]].clone()
    line = target[0, tokens[0]] / half
    tie = torch.cat([line[None], low[1:]])
    cases = (
        ("all are kept", target, low),
        ("the first is refused", target, first),
        ("the last is refused", target, last),
        ("exactly p/q", target, tie),
        ("the draft is the model", torch.cat([draft, target[-1:]]), low + 0.999),
    )
    return [
        Case(label=label, args=(draft, goal, tokens, uniforms), edge=True)
        for label, goal, uniforms in cases
    ] + [replace(guesses_case(rng, 1, words, "one guess"), edge=True)]


def guesses_oracle(
    draft: Tensor, target: Tensor, tokens: Tensor, uniforms: Tensor
) -> tuple[int, Tensor]:
    """Guess by guess, in float64 NumPy."""
    q, p = draft.double().numpy(), target.double().numpy()
    for i, token in enumerate(tokens.tolist()):
        if float(uniforms[i]) >= p[i, token] / q[i, token]:
            rest = np.array([max(a - b, 0.0) for a, b in zip(p[i], q[i], strict=True)])
            return i, torch.from_numpy(rest / rest.sum()).to(target.dtype)
    return len(tokens), target[-1].clone()


def _guesses(
    *,
    ratio: Callable[[Tensor, Tensor], Tensor] = lambda p, q: p / q,
    stops: bool = True,
    rest: str = "residual",
    bonus: bool = True,
) -> Callable[..., tuple[int, Tensor]]:
    """Return the function with one thing changed."""

    def keep(draft: Tensor, target: Tensor, tokens: Tensor, uniforms: Tensor) -> tuple[int, Tensor]:
        place = torch.arange(len(tokens))
        kept = (uniforms < ratio(target[place, tokens], draft[place, tokens])).long()
        n = int(kept.cumprod(0).sum() if stops else kept.sum())
        if n == len(tokens) and bonus:
            return n, target[-1].clone()
        n_row = min(n, len(tokens) - 1)
        difference = target[n_row] - draft[n_row]
        if rest == "target":
            return n, target[n_row].clone()
        difference = difference.abs() if rest == "absolute" else difference.clamp(min=0)
        return n, difference if rest == "raw" else difference / difference.sum()

    return keep


KEEP_GUESSES = Exercise(
    name="keep_guesses",
    title="Speculative decoding",
    minutes=20,
    difficulty=3,
    marks=3,
    proves="exactly the right guesses are kept, and what the next token is drawn from",
    passed="Right on every visible case, whether guesses are refused or all of them stand.",
    cases=guesses_cases,
    sample=guesses_sample,
    edges=guesses_edges,
    oracle=guesses_oracle,
    parts=("n_kept", "probabilities"),
    device="any",
    hints=(
        "How likely is a guess to stand where the large model likes it more than the small one did? And where it likes "
        "it half as much?",
        "The two probabilities of each guess; which guesses pass; how many before the first that does not; then one of "
        "two cases.",
        "A running product of 1s and 0s falls to 0 at the first refusal and stays there; its sum counts what stands.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="ratio_upside_down",
            code=_guesses(ratio=lambda p, q: q / p),
            says="Your ratio is upside down: small model over large.",
            why="A guess that the large model likes better must always stand: p/q is then above 1.",
        ),
        WrongAnswer(
            id="target_alone_decides",
            code=_guesses(ratio=lambda p, q: p),
            says="You keep a guess with the large model's probability.",
            why="The guess was already drawn with the small model's: only the ratio corrects for "
            "that.",
        ),
        WrongAnswer(
            id="counts_past_a_refusal",
            code=_guesses(stops=False),
            says="You count guesses after the first refusal.",
            why="They follow a token that is not in the text any more.",
        ),
        WrongAnswer(
            id="draws_from_target",
            code=_guesses(rest="target"),
            says="After a refusal your next token is drawn from the large model itself.",
            why="Words that the small model proposes too often would then come out too often: the "
            "part that it already covers has to be taken away.",
        ),
        WrongAnswer(
            id="rest_not_summed_to_one",
            code=_guesses(rest="raw"),
            says="After a refusal your probabilities do not sum to 1.",
            why="The positive part of a difference sums to less; divide by its sum.",
        ),
        WrongAnswer(
            id="rest_absolute",
            code=_guesses(rest="absolute"),
            says="You take the absolute difference after a refusal.",
            why="Words that the small model proposes too often need no more chances: negative "
            "differences become 0.",
        ),
        WrongAnswer(
            id="no_token_for_free",
            code=_guesses(bonus=False),
            says="When every guess stands, you do not draw from the last row of target.",
            why="The large model has read all guesses, so it knows what may follow them: a token "
            "for free.",
        ),
    ),
)

ASSIGNMENT = LessonSpec(
    number="A2",
    slug="transformers",
    title="Transformers",
    minutes=100,
    needs=("09", "10", "12", "13"),
    exercises=(MENDED_BLOCK, GROUPED_QUERY_ATTENTION, EXTEND_CACHE, PACK, KEEP_GUESSES),
)
