"""Lesson 09 as data: exercises, predictions, quiz; wrong answers stand in `wrong/lesson_09.py`."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checking.exercise import (
    Case,
    Exercise,
    LessonSpec,
    Option,
    Prediction,
    Property,
    Question,
)
from course_lib.checking.noise import generator, noise, pick
from course_lib.checking.protocol import ModuleProtocol
from course_lib.lessons.lesson_09_many_heads import mistakes as wrong

LIBRARY = "course_lib.attention.multi_head"
REFERENCE = "course_lib.lessons.lesson_09_many_heads.reference"
B, H, T, S, D_HEAD, D_IN, D_KEY, D_VALUE, D_OUT = 2, 3, 5, 7, 4, 11, 13, 17, 19
D_MODEL = H * D_HEAD
BY_LIBRARY = ("MultiheadAttention", "multi_head_attention_forward")

# ---------------------------------------------------------------- 9.1 split, 9.2 merge


def split_cases() -> list[Case]:
    rows = torch.tensor([[[1.0, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]])
    by_hand = Case(label="one sentence of three tokens, width 4, 2 heads", args=(rows, 2))
    drawn = [
        Case(
            label=f"{b} sentences, {t} tokens, width {h * d}, {h} heads, seed {seed}",
            args=(noise(seed, b, t, h * d), h),
            gradients=True,
        )
        for b, t, h, d, seed in ((B, T, H, D_HEAD, 0), (B, S, H, 5, 1), (3, 5, 2, 7, 2))
    ]
    turned = noise(3, B, D_MODEL, T).mT
    return [
        by_hand,
        *drawn,
        Case(label="rows that do not lie in order in memory", args=(turned, H), edge=True),
        Case(label="a single head", args=(noise(4, B, T, D_IN), 1), edge=True),
    ]


def split_sample(rng: np.random.Generator) -> Case:
    b, t, h, d = (pick(rng, range(1, 5)) for _ in range(4))
    return Case(label="random", args=(noise(rng, b, t, h * d), h))


def split_oracle(x: Tensor, n_heads: int) -> Tensor:
    """Slice by slice."""
    width = x.shape[-1] // n_heads
    return torch.stack([x[..., h * width : (h + 1) * width] for h in range(n_heads)], dim=-3)


SPLIT_HEADS = Exercise(
    name="split_heads",
    title="Split into heads",
    minutes=5,
    difficulty=1,
    proves="head h gets its own slice of every token, whatever the sizes",
    passed="Agrees with slices taken one by one, gradients too.",
    cases=split_cases,
    sample=split_sample,
    oracle=split_oracle,
    reference=f"{LIBRARY}.split_heads",
    hints=(
        "Two steps: cut the last axis into two, then let the heads and the tokens swap places. Which of the two new "
        "axes comes first when slices are neighbours?",
        "cut the last axis: (B, T, d_model) becomes (B, T, H, d_head)\nswap axes 1 and 2: (B, H, T, d_head)",
        "x.unflatten(-1, (n_heads, -1)) cuts the last axis (x.view with four sizes does, too). Then .transpose(1, 2).",
    ),
    wrong_answers=wrong.SPLIT_HEADS,
)


def merge_cases() -> list[Case]:
    tidy = torch.tensor([[[[1.0, 2], [5, 6], [9, 10]], [[3, 4], [7, 8], [11, 12]]]])
    drawn = [
        Case(
            label=f"{b} sentences, {h} heads, {t} tokens, {d} numbers a head, seed {seed}",
            args=(noise(seed, b, h, t, d),),
            gradients=True,
        )
        for b, h, t, d, seed in ((B, H, T, D_HEAD, 0), (B, H, S, 5, 1), (3, 2, 5, 7, 2))
    ]
    return [
        Case(label="one sentence, 2 heads, three tokens", args=(tidy,)),
        *drawn,
        Case(
            label="heads that were split before",
            args=(noise(3, B, T, H, D_HEAD).mT.movedim(2, 1).mT,),
            edge=True,
        ),
        Case(label="a single head", args=(noise(4, B, 1, T, D_IN),), edge=True),
    ]


def merge_sample(rng: np.random.Generator) -> Case:
    return Case(label="random", args=(noise(rng, *(pick(rng, range(1, 5)) for _ in range(4))),))


def merge_oracle(x: Tensor) -> Tensor:
    """Lay the heads beside each other."""
    return torch.cat(list(x.unbind(-3)), dim=-1)


MERGE_HEADS = Exercise(
    name="merge_heads",
    title="Merge the heads",
    minutes=4,
    difficulty=1,
    proves="merging undoes splitting: each row holds all heads of one token, side by side",
    passed="Agrees with the heads concatenated one by one, gradients too.",
    cases=merge_cases,
    sample=merge_sample,
    oracle=merge_oracle,
    reference=f"{LIBRARY}.merge_heads",
    hints=(
        "Undo the two steps of 9.1 in the opposite order.",
        "swap axes 1 and 2 back: (B, T, H, d_head)\nmake one axis of the last two",
        "x.transpose(1, 2) swaps. A view refuses afterwards, since the numbers are no longer in order in memory: "
        "use .flatten(2) or .reshape.",
    ),
    wrong_answers=wrong.MERGE_HEADS,
)

# ---------------------------------------------------------------- parameters and masks of 9.3 and 9.4


def _state(
    seed: int | np.random.Generator, d_model: int, d_query: int, d_key: int, d_value: int
) -> dict[str, Tensor]:
    """Noise for every parameter: fresh ones hide mistakes."""
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    widths = {"w_q": d_query, "w_k": d_key, "w_v": d_value, "w_o": d_model}
    state = {}
    for name, width in widths.items():
        state[f"{name}.weight"] = noise(rng, d_model, width, scale=width**-0.5)
        state[f"{name}.bias"] = noise(rng, d_model, scale=0.5)
    return state


def _tidy_state(d_in: int, d_model: int) -> dict[str, Tensor]:
    """Projections that copy: what comes out can be followed by hand."""
    state = {}
    for name in ("w_q", "w_k", "w_v", "w_o"):
        state[f"{name}.weight"] = torch.eye(d_model, d_model if name == "w_o" else d_in)
        state[f"{name}.bias"] = torch.zeros(d_model)
    return state


def _mask(kind: str, seed: int, b: int, t: int, s: int) -> Tensor | None:
    """Return a mask of one kind; every row of it allows something unless the kind says otherwise."""
    if kind == "no mask":
        return None
    if kind == "causal":
        return torch.ones(t, s, dtype=torch.bool).tril(max(s - t, 0))
    if kind == "padding":
        return torch.arange(s) < torch.tensor([[[s - 1 - i % 2]] for i in range(b)])
    mask = noise(seed, b, t, s) > 0
    mask[..., 1] = True
    if kind == "a query with nothing to attend to":
        mask[:, 2, :] = False
    return mask


def attention_by_loops(
    state: dict[str, Tensor],
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    n_heads: int,
) -> Tensor:
    """Head by head, with slices of the weights; each head through PyTorch's fused attention."""
    width = state["w_q.weight"].shape[0] // n_heads
    out = state["w_o.bias"].expand(*query.shape[:-1], -1)
    for h in range(n_heads):
        part = slice(h * width, (h + 1) * width)
        q, k, v = (
            F.linear(x, state[f"{name}.weight"][part], state[f"{name}.bias"][part])
            for name, x in (("w_q", query), ("w_k", key), ("w_v", value))
        )
        found = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        out = out + found @ state["w_o.weight"][:, part].T
    return out


# ---------------------------------------------------------------- 9.3 self-attention with heads


def self_cases() -> list[Case]:
    by_hand = Case(
        label="one sentence of two tokens, width 4, 2 heads, projections that copy",
        init={"d_in": 4, "d_model": 4, "n_heads": 2},
        state=_tidy_state(4, 4),
        args=(torch.tensor([[[1.0, 0, 0, 2], [0, 1, 3, 0]]]),),
    )
    kinds = ("no mask", "causal", "padding", "a random mask", "a query with nothing to attend to")
    drawn = [
        _self_case(f"{kind}, seed {seed}", seed, kind, edge=kind.startswith("a query"))
        for seed, kind in enumerate(kinds)
    ]
    as_many = _self_case("a random mask, as many sentences as heads", 5, "a random mask", b=H)
    return [by_hand, *drawn, as_many]


def _self_case(label: str, seed: int, kind: str, b: int = B, edge: bool = False) -> Case:
    mask = _mask(kind, seed + 30, b, T, T)
    return Case(
        label=f"{b} sentences, {T} tokens, {D_IN} to {D_MODEL} wide, {H} heads, {label}",
        init={"d_in": D_IN, "d_model": D_MODEL, "n_heads": H},
        state=_state(seed, D_MODEL, D_IN, D_IN, D_IN),
        args=(noise(seed + 10, b, T, D_IN),)
        if mask is None
        else (noise(seed + 10, b, T, D_IN), mask),
        gradients=True,
        edge=edge,
    )


def self_sample(rng: np.random.Generator) -> Case:
    b, t, h, d, d_in = (pick(rng, range(1, 5)) for _ in range(5))
    x, masks = noise(rng, b, t, d_in), (None, noise(rng, b, t, t) > 0, noise(rng, t, t) > -0.5)
    mask = masks[pick(rng, range(3))]
    return Case(
        label="random",
        init={"d_in": d_in, "d_model": h * d, "n_heads": h},
        state=_state(rng, h * d, d_in, d_in, d_in),
        args=(x,) if mask is None else (x, mask),
    )


def self_oracle(
    state: dict[str, Tensor],
    x: Tensor,
    mask: Tensor | None = None,
    *,
    d_in: int,
    d_model: int,
    n_heads: int,
) -> Tensor:
    return attention_by_loops(state, x, x, x, mask, n_heads)


def forbidden_tokens_count_nothing(call: Any, case: Case, value: Any) -> str | None:
    """Moving a token that nobody may attend to moves no output but its own."""
    if len(case.args) < 2 or case.args[1].dim() != 3 or case.edge:
        return None
    x, mask = case.args
    for s in range(x.shape[1]):
        moved = x.clone()
        moved[:, s] += 3.0
        rows = (call(moved, mask.clone()) - value).detach().abs().amax(-1) > 1e-6
        allowed = mask.expand(*x.shape[:2], x.shape[1])[..., s].clone()
        allowed[:, s] = True
        if (rows & ~allowed).any():
            b, t = (rows & ~allowed).nonzero()[0].tolist()
            return (
                f"In sentence {b}, token {t} may not attend to token {s}, yet its output moves when token {s} does "
                f"(case: {case.label})."
            )
    return None


SELF_ATTENTION = Exercise(
    name="MultiHeadSelfAttention",
    title="Self-attention with heads",
    minutes=12,
    difficulty=3,
    marks=2,
    proves="output and gradients agree with a loop over the heads, for every mask, also where widths differ",
    passed="Agrees with a loop over the heads in float64, gradients of all weights too: five kinds of mask.",
    cases=self_cases,
    sample=self_sample,
    oracle=self_oracle,
    properties=(Property(id="forbidden_tokens", holds=forbidden_tokens_count_nothing),),
    protocol=ModuleProtocol(),
    reference=f"{REFERENCE}.MultiHeadSelfAttention",
    forbidden=BY_LIBRARY,
    hints=(
        "Five steps, and you have functions for three of them: project, split, attend, merge, project. The mask has "
        "no axis for the heads yet.",
        "in __init__: w_q, w_k, w_v from d_in to d_model, w_o from d_model to d_model; keep n_heads\n"
        "in forward:\n    q, k, v = each projection of x, split\n    mask gets an axis of size 1 before (T, S)\n"
        "    attend, merge, then w_o",
        "q = split_heads(self.w_q(x), self.n_heads), k and v alike. If there is a mask: mask = mask.unsqueeze(-3). "
        "Then return self.w_o(merge_heads(scaled_dot_product_attention(...))).",
    ),
    wrong_answers=wrong.SELF_ATTENTION,
)

# ---------------------------------------------------------------- 9.4 cross-attention


def cross_cases() -> list[Case]:
    tidy = _tidy_state(2, 4)
    for name, rows in (
        ("w_k", [[1.0], [0], [0], [1]]),
        ("w_v", [[1.0, 0, 0]] * 2 + [[0, 0, 1]] * 2),
    ):
        tidy[f"{name}.weight"] = torch.tensor(rows)
    tidy["w_q.weight"] = torch.eye(4)
    by_hand = Case(
        label="one query, two keys of width 1, values of width 3, 2 heads",
        init={"d_model": 4, "n_heads": 2, "d_key": 1, "d_value": 3},
        state=tidy,
        args=(
            torch.tensor([[[2.0, 0, 0, 1]]]),
            torch.tensor([[[1.0], [-1]]]),
            torch.tensor([[[1.0, 0, 5], [3, 0, 9]]]),
        ),
    )
    kinds = ("no mask", "causal", "padding", "a random mask", "a query with nothing to attend to")
    drawn = [
        _cross_case(f"{kind}, seed {seed}", seed, kind, edge=kind.startswith("a query"))
        for seed, kind in enumerate(kinds)
    ]
    as_many = _cross_case("a random mask, as many sentences as heads", 5, "a random mask", b=H)
    return [by_hand, *drawn, as_many]


def _cross_case(label: str, seed: int, kind: str, b: int = B, edge: bool = False) -> Case:
    mask = _mask(kind, seed + 40, b, T, S)
    inputs = (
        noise(seed + 10, b, T, D_MODEL),
        noise(seed + 20, b, S, D_KEY),
        noise(seed + 30, b, S, D_VALUE),
    )
    return Case(
        label=f"{b} sentences, {T} queries, {S} keys, {H} heads, {label}",
        init={"d_model": D_MODEL, "n_heads": H, "d_key": D_KEY, "d_value": D_VALUE},
        state=_state(seed, D_MODEL, D_MODEL, D_KEY, D_VALUE),
        args=inputs if mask is None else (*inputs, mask),
        gradients=True,
        edge=edge,
    )


def cross_sample(rng: np.random.Generator) -> Case:
    b, t, s, h, d, d_key, d_value = (pick(rng, range(1, 5)) for _ in range(7))
    inputs = (noise(rng, b, t, h * d), noise(rng, b, s, d_key), noise(rng, b, s, d_value))
    masks = (None, noise(rng, b, t, s) > 0, noise(rng, t, s) > -0.5, noise(rng, b, 1, s) > 0)
    mask = masks[pick(rng, range(4))]
    return Case(
        label="random",
        init={"d_model": h * d, "n_heads": h, "d_key": d_key, "d_value": d_value},
        state=_state(rng, h * d, h * d, d_key, d_value),
        args=inputs if mask is None else (*inputs, mask),
    )


def cross_oracle(
    state: dict[str, Tensor],
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    *,
    d_model: int,
    n_heads: int,
    d_key: int,
    d_value: int,
) -> Tensor:
    """`nn.MultiheadAttention` with the same weights; its masks say who is blocked."""
    theirs = nn.MultiheadAttention(
        d_model, n_heads, kdim=d_key, vdim=d_value, batch_first=True, dtype=query.dtype
    )
    if mask is not None:
        full = mask.expand(query.shape[0], query.shape[1], key.shape[1])
        mask = ~full.repeat_interleave(n_heads, dim=0)
    # Without weights it calls the fused attention, which gives zeros where nothing is allowed.
    options = {"attn_mask": mask, "need_weights": False}
    found = torch.func.functional_call(
        theirs, torch_names(state, theirs), (query, key, value), options
    )
    out: Tensor = found[0]
    return out


def torch_names(state: dict[str, Tensor], theirs: nn.MultiheadAttention) -> dict[str, Tensor]:
    """Rename parameters as `nn.MultiheadAttention` keeps them: apart, or below each other."""
    weights = [state[f"{name}.weight"] for name in ("w_q", "w_k", "w_v")]
    names = ("q_proj_weight", "k_proj_weight", "v_proj_weight")
    return {
        **(
            {"in_proj_weight": torch.cat(weights)}
            if theirs.in_proj_weight is not None
            else dict(zip(names, weights, strict=True))
        ),
        "in_proj_bias": torch.cat([state[f"{name}.bias"] for name in ("w_q", "w_k", "w_v")]),
        "out_proj.weight": state["w_o.weight"],
        "out_proj.bias": state["w_o.bias"],
    }


CROSS_ATTENTION = Exercise(
    name="MultiHeadAttention",
    title="One sequence asks another",
    minutes=8,
    difficulty=2,
    marks=2,
    proves="output and gradients agree with nn.MultiheadAttention, whatever the widths and the mask",
    passed="Agrees with PyTorch's nn.MultiheadAttention on the same noise-filled weights, gradients too.",
    cases=cross_cases,
    sample=cross_sample,
    oracle=cross_oracle,
    protocol=ModuleProtocol(),
    reference=f"{LIBRARY}.MultiHeadAttention",
    forbidden=BY_LIBRARY,
    hints=(
        "It is your class from 9.3 with three inputs. After the projections all three are d_model wide, so nothing "
        "else changes. Which projection reads which width?",
        "in __init__: w_q from d_model, w_k from d_key, w_v from d_value, all to d_model; w_o as before\n"
        "in forward: q from query, k from key, v from value; then as in 9.3",
        "self.w_k = nn.Linear(d_key, d_model) and self.w_v = nn.Linear(d_value, d_model). In forward: "
        "k = split_heads(self.w_k(key), self.n_heads), v alike from value.",
    ),
    wrong_answers=wrong.CROSS_ATTENTION,
)

# ---------------------------------------------------------------- 9.5 the flip


def blocked_cases() -> list[Case]:
    tidy = torch.tensor([[[True, False, True]], [[True, True, False]]])
    drawn = [
        Case(
            label=f"{b} sentences, {t} queries, {s} keys, {h} heads, seed {seed}",
            args=(noise(seed, b, t, s) > 0, h),
        )
        for b, t, s, h, seed in ((B, T, S, H, 0), (3, 5, 7, 2, 1), (3, 4, 4, 2, 2))
    ]
    return [Case(label="two sentences, one query, three keys, 2 heads", args=(tidy, 2)), *drawn]


def blocked_sample(rng: np.random.Generator) -> Case:
    b, t, s, h = (pick(rng, range(1, 5)) for _ in range(4))
    return Case(label="random", args=(noise(rng, b, t, s) > 0, h))


def blocked_oracle(mask: Tensor, n_heads: int) -> Tensor:
    rows = [
        [[not ok for ok in row] for row in one] for one in mask.tolist() for _ in range(n_heads)
    ]
    return torch.tensor(rows, dtype=torch.bool)


BLOCKED_MASK = Exercise(
    name="blocked_mask",
    title="Speak PyTorch's dialect",
    minutes=5,
    difficulty=1,
    proves="True means blocked afterwards, and every head of a sentence gets that sentence's mask",
    passed="Right for two and three sentences, two and three heads.",
    cases=blocked_cases,
    sample=blocked_sample,
    oracle=blocked_oracle,
    reference=f"{REFERENCE}.blocked_mask",
    hints=(
        "Two changes: what True means, and how many copies there are. In which order do copies stand when the heads "
        "of one sentence are neighbours?",
        "turn True and False round\nrepeat every sentence's matrix n_heads times, right after itself",
        "~mask turns a boolean tensor round. repeat_interleave(n, dim=0) gives a, a, b, b; repeat gives a, b, a, b.",
    ),
    wrong_answers=wrong.BLOCKED_MASK,
)

# ---------------------------------------------------------------- 9.6 one product for three


def fused_cases() -> list[Case]:
    weight = torch.tensor([[1.0, 0], [0, 1], [10, 0], [0, 10], [100, 0], [0, 100]])
    by_hand = Case(
        label="one token (1, 2), two heads of width 1",
        args=(torch.tensor([[[1.0, 2]]]), weight, torch.tensor([0.0, 0, 0, 0, 0, 7]), 2),
    )
    drawn = [
        Case(
            label=f"{B} sentences, {t} tokens, {d_in} to 3 × {h * d} wide, {h} heads, seed {seed}",
            args=(
                noise(seed, B, t, d_in),
                noise(seed + 10, 3 * h * d, d_in),
                noise(seed + 20, 3 * h * d),
                h,
            ),
            gradients=True,
        )
        for t, d_in, h, d, seed in (
            (T, D_IN, H, D_HEAD, 0),
            (S, 12, H, D_HEAD, 1),
            (T, D_IN, 4, 2, 2),
        )
    ]
    return [by_hand, *drawn]


def fused_sample(rng: np.random.Generator) -> Case:
    b, t, d_in, h, d = (pick(rng, range(1, 5)) for _ in range(5))
    wide = 3 * h * d
    return Case(
        label="random", args=(noise(rng, b, t, d_in), noise(rng, wide, d_in), noise(rng, wide), h)
    )


def fused_oracle(x: Tensor, weight: Tensor, bias: Tensor, n_heads: int) -> tuple[Tensor, ...]:
    """Three products, head by head."""
    d_model = len(weight) // 3
    width = d_model // n_heads
    parts = []
    for start in (0, d_model, 2 * d_model):
        rows = [slice(start + h * width, start + (h + 1) * width) for h in range(n_heads)]
        parts.append(torch.stack([F.linear(x, weight[r], bias[r]) for r in rows], dim=1))
    return tuple(parts)


FUSED_PROJECTION = Exercise(
    name="fused_projection",
    title="One product for three",
    minutes=6,
    difficulty=2,
    proves="one matrix product gives the queries, keys and values of every head",
    passed="Agrees with three products taken head by head, gradients too.",
    cases=fused_cases,
    sample=fused_sample,
    oracle=fused_oracle,
    parts=("q", "k", "v"),
    reference=f"{REFERENCE}.fused_projection",
    hints=(
        "Project once. The last axis of what comes out is three times too wide: where do the cuts go, and what is "
        "still to do with each part?",
        "rows = x times weight transposed, plus bias: (B, T, 3 d_model)\ncut the last axis into three equal parts\n"
        "split each part into heads",
        "(x @ weight.T + bias).chunk(3, dim=-1) gives the three parts in order; split_heads(part, n_heads) each.",
    ),
    wrong_answers=wrong.FUSED_PROJECTION,
)

# ---------------------------------------------------------------- 9.7 what each head adds


def _parts(
    seed: int | np.random.Generator, b: int, h: int, t: int, s: int, d: int, d_out: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return weights of every head, values, and W_o."""
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    weights = noise(rng, b, h, t, s).softmax(-1)
    return weights, noise(rng, b, h, s, d), noise(rng, d_out, h * d)


def _part_cases() -> list[Case]:
    by_hand = Case(
        label="one query, two keys, two heads of width 1",
        args=(
            torch.tensor([[[[0.5, 0.5]], [[0.0, 1]]]]),
            torch.tensor([[[[2.0], [4]], [[1], [3]]]]),
            torch.tensor([[1.0, 2], [0, 1], [3, 4]]),
        ),
    )
    drawn = [
        Case(
            label=f"{B} sentences, {h} heads, {t} queries, {s} keys, {h * d} to {d_out} wide, seed {seed}",
            args=_parts(seed, B, h, t, s, d, d_out),
            gradients=True,
        )
        for h, t, s, d, d_out, seed in (
            (H, T, S, D_HEAD, D_OUT, 0),
            (H, S, T, D_HEAD, D_OUT, 1),
            (H, T, S, D_HEAD, D_MODEL, 2),
        )
    ]
    return [by_hand, *drawn]


def part_sample(rng: np.random.Generator) -> Case:
    return Case(label="random", args=_parts(rng, *(pick(rng, range(1, 5)) for _ in range(6))))


def contributions_oracle(weights: Tensor, v: Tensor, w_o: Tensor) -> Tensor:
    """Silence all other heads by zeros, merge, project."""
    out = []
    for h in range(v.shape[1]):
        merged = [weights[:, i] @ v[:, i] * float(i == h) for i in range(v.shape[1])]
        out.append(F.linear(torch.cat(merged, -1), w_o))
    return torch.stack(out, dim=1)


def they_sum_to_the_output(call: Any, case: Case, value: Any) -> str | None:
    """All heads together give what merging and projecting gives."""
    weights, v, w_o = case.args
    due = F.linear(torch.cat(list((weights @ v).unbind(1)), -1), w_o)
    total = value.sum(1)
    if total.shape == due.shape and torch.allclose(total, due, atol=1e-6):
        return None
    if total.shape != due.shape:
        return None
    return (
        f"The heads' parts must add up to the layer's output. On the case “{case.label}” yours begin with "
        f"{total.flatten()[0].item():.3f}, the output with {due.flatten()[0].item():.3f}."
    )


HEAD_CONTRIBUTIONS = Exercise(
    name="head_contributions",
    title="What each head adds",
    minutes=8,
    difficulty=3,
    proves="your parts are those of single heads, and add up to the layer's output",
    passed="Each part agrees with a layer in which all other heads are silent, gradients too.",
    cases=_part_cases,
    sample=part_sample,
    oracle=contributions_oracle,
    properties=(Property(id="sum_to_output", holds=they_sum_to_the_output),),
    reference=f"{LIBRARY}.head_contributions",
    hints=(
        "After merging, head h occupies one slice of the row. Which part of W_o does that slice meet: its rows or its "
        "columns, as a linear layer keeps it?",
        "found = weights times v: (B, H, T, d_head)\nfor each head h: found of head h times the transpose of W_o's "
        "columns h·d_head to (h+1)·d_head\nstack over the heads, on axis 1",
        "w_o[:, h * d_head : (h + 1) * d_head].T turns slice h. In one line: w_o.unflatten(1, (H, -1)) is (d_out, H, "
        "d_head); .permute(1, 2, 0) makes it (H, d_head, d_out), and found @ that broadcasts over the batch.",
    ),
    wrong_answers=wrong.HEAD_CONTRIBUTIONS,
)

# ---------------------------------------------------------------- 9.8 ablation


def ablate_cases() -> list[Case]:
    tidy = torch.tensor([[1.0, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]])
    drawn = [
        Case(
            label=f"{rows} × {h * d}, {h} heads, without {heads}, seed {seed}",
            args=(noise(seed, rows, h * d), heads, h),
            gradients=True,
        )
        for rows, h, d, heads, seed in (
            (13, 4, 3, [2, 0], 0),
            (12, 4, 3, [1, 2], 1),
            (5, 5, 2, [4, 1], 2),
        )
    ]
    return [
        Case(label="2 × 6, three heads of width 2, without the second", args=(tidy, [1], 3)),
        *drawn,
        Case(label="nobody is silenced", args=(noise(3, 5, 6), [], 3), edge=True),
        Case(label="all are silenced", args=(noise(4, 5, 6), [0, 1, 2], 3), edge=True),
    ]


def ablate_sample(rng: np.random.Generator) -> Case:
    rows, h, d = (pick(rng, range(1, 5)) for _ in range(3))
    heads = [i for i in range(h) if rng.random() < 0.5]
    return Case(label="random", args=(noise(rng, rows, h * d), heads, h))


def ablate_oracle(w_o: Tensor, heads: list[int], n_heads: int) -> Tensor:
    width = w_o.shape[1] // n_heads
    keep = [float(column // width not in heads) for column in range(w_o.shape[1])]
    return w_o * torch.tensor(keep, dtype=w_o.dtype)


ABLATE = Exercise(
    name="ablate",
    title="Silence a head",
    minutes=5,
    difficulty=2,
    proves="exactly the named heads add nothing, and the matrix you were given is left as it was",
    passed="Right for one head, several, none and all; w_o is left as it was.",
    cases=ablate_cases,
    sample=ablate_sample,
    oracle=ablate_oracle,
    reference=f"{LIBRARY}.ablate",
    hints=(
        "A head adds its numbers times its own part of W_o. Which part must become 0? And what if you want the head "
        "back afterwards?",
        "copy w_o\nfor each head of the list: its columns, h·d_head to (h+1)·d_head, become 0\nreturn the copy",
        "d_head = w_o.shape[1] // n_heads; out = w_o.clone(); out[:, h * d_head : (h + 1) * d_head] = 0 in a loop "
        "over heads.",
    ),
    wrong_answers=wrong.ABLATE,
)

# ---------------------------------------------------------------- 9.9 weights by norm


def norms_oracle(weights: Tensor, v: Tensor, w_o: Tensor) -> Tensor:
    """Key by key: the length of what each key adds."""
    width = v.shape[-1]
    heads = []
    for h in range(v.shape[1]):
        added = F.linear(v[:, h], w_o[:, h * width : (h + 1) * width])
        heads.append(torch.linalg.vector_norm(weights[:, h, :, :, None] * added[:, None], dim=-1))
    return torch.stack(heads, dim=1)


WEIGHTED_NORMS = Exercise(
    name="weighted_norms",
    title="Weigh by what arrives",
    minutes=6,
    difficulty=2,
    proves="each number is the length of what one key adds to one query through one head",
    passed="Agrees with the lengths of the parts computed key by key, gradients too.",
    cases=_part_cases,
    sample=part_sample,
    oracle=norms_oracle,
    reference=f"{LIBRARY}.weighted_norms",
    hints=(
        "What does key s add through head h before it is weighted? You have its slice of W_o from 9.7. Then how long "
        "is that vector?",
        "added = v times the turned slices of W_o: (B, H, S, d_out)\nits length along the last axis: (B, H, S)\n"
        "one row of lengths for all queries: an axis in front of S\ntimes the weights",
        "(v @ slices).norm(dim=-1) has shape (B, H, S), with slices as in 9.7; .unsqueeze(-2) makes it (B, H, 1, S), "
        "which broadcasts against the weights.",
    ),
    wrong_answers=wrong.WEIGHTED_NORMS,
)

# ---------------------------------------------------------------- 9.10 does the link move?


def shift_cases() -> list[Case]:
    before = torch.tensor([[0.2, 0.8, 0.0], [0.1, 0.6, 0.3], [0.1, 0.9, 0.0]])
    after = torch.tensor([[0.3, 0.7, 0.0], [0.2, 0.4, 0.4], [0.6, 0.2, 0.2]])
    drawn = [
        _shift_case(*sizes)
        for sizes in (
            ((), T, T, 4, 1, 0),
            ((H,), S, S, 5, 2, 1),
            ((B, H), T, T, 3, 0, 2),
            ((B, H), T, S, 1, 6, 3),
        )
    ]
    itself = Case(label="a token and itself", args=(*_two_weights(4, H, T, T), 2, 2), edge=True)
    return [Case(label="three tokens, query 2, key 1", args=(before, after, 2, 1)), *drawn, itself]


def _two_weights(seed: int | np.random.Generator, *shape: int) -> tuple[Tensor, Tensor]:
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    return noise(rng, *shape).softmax(-1), noise(rng, *shape).softmax(-1)


def _shift_case(lead: tuple[int, ...], t: int, s: int, query: int, key: int, seed: int) -> Case:
    heads = f"{' × '.join(map(str, lead)) or 'one'} head{'s' * bool(lead)}"
    return Case(
        label=f"{heads}, {t} queries, {s} keys, query {query}, key {key}, seed {seed}",
        args=(*_two_weights(seed, *lead, t, s), query, key),
        gradients=True,
    )


def shift_sample(rng: np.random.Generator) -> Case:
    lead = [(), (H,), (B, H)][pick(rng, range(3))]
    n = pick(rng, range(2, 7))
    s = pick(rng, range(1, 7))
    weights = _two_weights(rng, *lead, n, s)
    return Case(label="random", args=(*weights, pick(rng, range(n)), pick(rng, range(s))))


def shift_oracle(before: Tensor, after: Tensor, query: int, key: int) -> Tensor:
    """The mean over the other queries, one by one."""
    n = before.shape[-2]
    shift = before[..., query, key] - after[..., query, key]
    for t in range(n):
        if t != query:
            shift = shift - (before[..., t, key] - after[..., t, key]) / (n - 1)
    return shift


REFERENT_SHIFT = Exercise(
    name="referent_shift",
    title="Does the link move?",
    minutes=6,
    difficulty=2,
    proves="your number is 0 for a head in which all queries let go of the key alike",
    passed="Agrees with a plain loop over the other queries, for one head and for all.",
    cases=shift_cases,
    sample=shift_sample,
    oracle=shift_oracle,
    reference=f"{REFERENCE}.referent_shift",
    device=False,  # a mask that picks the others may stay on the CPU
    hints=(
        "First how far every query let go of this key: one column of a difference. Then the query in question against "
        "the mean of the others.",
        "shift = before minus after, at this key, for all queries\nothers = all queries except this one\n"
        "shift of this query minus the mean shift of the others",
        "shift = (before - after)[..., key] has one number a query. others = torch.arange(n) != query picks the rest: "
        "shift[..., others].mean(-1).",
    ),
    wrong_answers=wrong.REFERENT_SHIFT,
)

# ---------------------------------------------------------------- predictions

PREDICTIONS = (
    Prediction(
        id="cost",
        question="A layer has d_model = 512. You go from 1 head to 8. How many parameters does it have then?",
        options=("8 times as many", "as many as before", "an eighth"),
        answer="as many as before",
        because="The projections stay 512 × 512. Heads cut what comes out into slices; only the number of softmaxes "
        "grows.",
    ),
    Prediction(
        id="one_head",
        question="Each token has to name its left and its right neighbour. One head, as wide as two heads together, "
        "trained to the end: how often are both right?",
        options=("always", "about half the time", "about one time in five"),
        answer="about one time in five",
        because="One softmax makes one mixture. In the trials the head heard one neighbour well and guessed the other, or "
        "blurred the two.",
    ),
    Prediction(
        id="link",
        question="In layer 5, head 11, “it” gives “cat” the weight 0.71. Now the last word changes: the mat is soft, so “it” is the "
        "mat. What becomes of the 0.71?",
        options=("it falls below 0.2", "it falls to about 0.4", "it stays near 0.7"),
        answer="it stays near 0.7",
        because="It goes from 0.71 to 0.68. In this head nearly every token looks at “cat”, whatever “it” means.",
    ),
    Prediction(
        id="sink",
        question="Which token of a sentence gets the largest share of all attention in MiniLM?",
        options=("the subject", "the verb", "[CLS]", "the last word"),
        answer="[CLS]",
        because="Between 25 and 62 per cent of each layer's weight goes to [CLS], a token that is the same in every sentence.",
    ),
    Prediction(
        id="silence",
        question="You silence one of MiniLM's 72 heads. What is the cosine between a sentence's vector before and after, "
        "for the head that matters most?",
        options=("above 0.9", "between 0.5 and 0.9", "below 0.5"),
        answer="above 0.9",
        because="No single head of the 72 turns them by more than 22 degrees on average, and cos 22° is 0.93. Others do "
        "similar work, and every head adds to a sum.",
    ),
)

# ---------------------------------------------------------------- quiz

QUIZ = (
    Question(
        text="x has shape (2, 5, 12). What does x.view(2, 3, 5, 4) hold at [0, 0], meant as head 0 of sentence 0?",
        options=(
            Option(
                text="columns 0 to 3 of every token",
                why="That needs a transpose: view(2, 5, 3, 4).transpose(1, 2). A view moves nothing.",
            ),
            Option(
                text="token 0, and parts of token 1",
                why="The first 20 numbers in memory: all 12 of token 0 and 8 of token 1, cut into rows of four.",
                right=True,
            ),
            Option(
                text="every third column of every token",
                why="That would be the interleaved layout, view(2, 5, 4, 3); it needs a transpose as well.",
            ),
        ),
    ),
    Question(
        text="d_model = 384, 12 heads. By what are a head's scores divided?",
        options=(
            Option(
                text="√384 ≈ 19.6",
                why="That is √d_model: larger by √12, so that every head would be too flat.",
            ),
            Option(
                text="√32 ≈ 5.7",
                why="A head is 384 / 12 = 32 wide, and 32 terms are what its dot products sum.",
                right=True,
            ),
            Option(
                text="√12 ≈ 3.5", why="How many heads there are does not enter a head's scores."
            ),
        ),
    ),
    Question(
        text="nn.MultiheadAttention gets attn_mask = causal_mask(5), our mask. What happens?",
        options=(
            Option(
                text="what was meant",
                why="Its boolean masks say True = blocked: the meaning is the opposite.",
            ),
            Option(text="it raises", why="Shape and dtype are right, so nothing can notice."),
            Option(
                text="every query attends to later tokens only, and the last to none",
                why="True on and below the diagonal blocks exactly the past. The last row is all blocked.",
                right=True,
            ),
        ),
    ),
    Question(
        text="How does a layer's output follow from its heads?",
        options=(
            Option(
                text="It is the sum of what each head adds through its columns of W_o, plus the bias.",
                why="Merging and projecting is that sum, written as one product.",
                right=True,
            ),
            Option(
                text="It is the mean of the heads.",
                why="Nothing divides by H. A mean would let eight heads whisper where one spoke.",
            ),
            Option(
                text="It holds head h's findings in slice h.",
                why="That is so before W_o. After it every output number is made from all heads.",
            ),
        ),
    ),
    Question(
        text="A paper shows a head with weight 0.7 from “it” to “cat” as evidence that it resolves pronouns. What do you ask first?",
        options=(
            Option(
                text="How many layers has the model?",
                why="It may matter for other questions, but says nothing about this head.",
            ),
            Option(
                text="What do other words give “cat” there, and does the 0.7 move when “it” means something else?",
                why="Without a base rate and a minimal pair, 0.7 may be what every word gives.",
                right=True,
            ),
            Option(
                text="Was the softmax computed in float64?",
                why="Rounding changes the seventh digit, not the story.",
            ),
            Option(
                text="Is the weight above 0.5?",
                why="A high weight is what made the picture; it is not evidence by itself.",
            ),
        ),
    ),
)

LESSON = LessonSpec(
    number="09",
    slug="many_heads",
    title="Many heads",
    minutes=75,
    needs=("04", "07"),
    exercises=(
        SPLIT_HEADS,
        MERGE_HEADS,
        SELF_ATTENTION,
        CROSS_ATTENTION,
        BLOCKED_MASK,
        FUSED_PROJECTION,
        HEAD_CONTRIBUTIONS,
        ABLATE,
        WEIGHTED_NORMS,
        REFERENT_SHIFT,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
