"""Lesson 04 as data: exercises, predictions, quiz; wrong answers stand in `wrong/lesson_04.py`."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.exercise import (
    Case,
    Exercise,
    LessonSpec,
    Option,
    Prediction,
    Property,
    Question,
)
from course_lib.checking.noise import noise, noise_array, pick
from course_lib.lessons.lesson_04_scaled_dot_product import mistakes as wrong
from course_lib.lessons.lesson_04_scaled_dot_product.given import faulty, variant

B, H, T, S, D, DV = 2, 3, 5, 7, 11, 13

# ---------------------------------------------------------------- properties that several exercises share


def rows_sum_to_one(call: Any, case: Case, value: Any) -> str | None:
    """Weights over the keys sum to 1 for every query."""
    weights = value[1] if isinstance(value, tuple) else value
    rows, columns = weights.sum(-1), weights.sum(-2)
    if torch.allclose(rows, torch.ones_like(rows), atol=1e-6):
        return None
    shown = ", ".join(f"{number:.3f}" for number in rows.flatten()[:3].tolist())
    said = f"Each query's weights must sum to 1. On the case “{case.label}” yours sum to {shown} …"
    if torch.allclose(columns, torch.ones_like(columns), atol=1e-6):
        said += "; down the columns they sum to 1. The softmax ran over the queries (axis -2), not the keys."
    return said


# ---------------------------------------------------------------- 4.1 scores


def score_cases() -> list[Case]:
    by_hand = Case(
        label="two queries, three keys, width 4",
        args=(
            torch.tensor([[1.0, 0, 2, 0], [0, 1, 0, 3]]),
            torch.tensor([[1.0, 1, 0, 0], [0, 2, 1, 0], [3, 0, 0, 1]]),
        ),
    )
    shapes = {"one sequence": (), f"{B} sequences": (B,), f"{B} sequences, {H} heads": (B, H)}
    drawn = [
        Case(
            label=f"{name}, {T} queries, {S} keys, width {D}, seed {seed}",
            args=(noise(seed, *lead, T, D), noise(seed + 10, *lead, S, D)),
            gradients=True,
        )
        for (name, lead), seed in itertools.product(shapes.items(), (0, 1))
    ]
    return [by_hand, *drawn]


def score_sample(rng: np.random.Generator) -> Case:
    lead = [(), (B,), (B, H)][pick(rng, range(3))]
    t, s, d = (pick(rng, range(1, 9)) for _ in range(3))
    return Case(
        label="random", args=(noise(rng, *lead, t, d), noise(rng, *lead, s, d)), edge=t == s
    )


def score_oracle(q: Tensor, k: Tensor) -> Tensor:
    return torch.einsum("...td,...sd->...ts", q, k) * q.shape[-1] ** -0.5


SCALED_SCORES = Exercise(
    name="scaled_scores",
    title="Scores, scaled",
    minutes=4,
    difficulty=1,
    proves="every query meets every key, at a scale that does not depend on the width",
    passed="Agrees with an einsum in float64, gradients too, for one sequence, a batch, and a batch of heads.",
    cases=score_cases,
    sample=score_sample,
    oracle=score_oracle,
    reference="course_lib.attention.scaled_dot_product.scaled_scores",
    forbidden=("scaled_dot_product_attention",),
    hints=(
        "Row t of the result holds the dot products of query t with every key. Which of the two matrices has "
        "to be turned so that rows of q meet rows of k?",
        "scores = q times k, with k transposed in its last two axes only\nscores divided by the square root of d",
        "k.transpose(-2, -1) swaps the last two axes and leaves batch and heads alone. The width d is "
        "q.shape[-1]; math.sqrt(d) is its root.\n    return q @ ... / math.sqrt(...)",
    ),
    wrong_answers=wrong.SCALED_SCORES,
)

# ---------------------------------------------------------------- 4.2 the softmax Jacobian


def jacobian_cases() -> list[Case]:
    tidy = [
        Case(
            label="weights 0.2, 0.3, 0.5",
            args=(torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64),),
        )
    ]
    drawn = [
        Case(label=f"{n} weights, seed {seed}", args=(noise(seed, n).softmax(0),))
        for n, seed in ((2, 0), (S, 0), (S, 1), (4, 2))
    ]
    sure = Case(
        label="one weight is 1",
        args=(torch.tensor([0.0, 1, 0, 0], dtype=torch.float64),),
        edge=True,
    )
    return [*tidy, *drawn, sure]


def jacobian_oracle(w: Tensor) -> Tensor:
    """Entry by entry: ∂w_i/∂s_j = w_i (1[i = j] − w_j)."""
    rows = [[w[i] * (float(i == j) - w[j]) for j in range(len(w))] for i in range(len(w))]
    return torch.stack([torch.stack(row) for row in rows])


def jacobian_rows_vanish(call: Any, case: Case, value: Any) -> str | None:
    """Weights sum to 1 whatever the scores, so every column of the Jacobian sums to 0."""
    sums = value.sum(0)
    if torch.allclose(sums, torch.zeros_like(sums), atol=1e-9):
        return None
    return (
        "Each column must sum to 0: when one score moves, the weights still sum to 1, so what one gains the "
        f"others lose. On the case “{case.label}” the first column of yours sums to {sums[0].item():.3f}."
    )


SOFTMAX_JACOBIAN = Exercise(
    name="softmax_jacobian",
    title="How weights move when scores do",
    minutes=6,
    difficulty=2,
    proves="your matrix holds every derivative ∂w_i/∂s_j of the softmax",
    passed="Agrees with the derivatives written out one by one, from 2 weights to 7.",
    cases=jacobian_cases,
    sample=lambda rng: Case(label="random", args=(noise(rng, pick(rng, range(1, 9))).softmax(0),)),
    oracle=jacobian_oracle,
    properties=(Property(id="columns_sum_to_zero", holds=jacobian_rows_vanish),),
    reference="course_lib.lessons.lesson_04_scaled_dot_product.reference.softmax_jacobian",
    forbidden=("jacobian", "jacrev", "jacfwd"),
    hints=(
        "The formula stands above the exercise: diag(w) − w wᵀ. Two matrices, one minus the other.",
        "a square matrix with w on its diagonal\nminus the matrix whose entry [i, j] is w[i] times w[j]",
        "torch.diag(w) builds the first, torch.outer(w, w) the second.",
    ),
    wrong_answers=wrong.SOFTMAX_JACOBIAN,
)

# ---------------------------------------------------------------- 4.3 attention without masks


def attend_cases() -> list[Case]:
    by_hand = Case(
        label="two queries, three keys, width 2",
        args=(
            torch.tensor([[1.0, 0], [0, 1]]),
            torch.tensor([[1.0, 0], [0, 1], [1, 1]]),
            torch.tensor([[1.0], [2], [4]]),
        ),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, lead)) or 'one'} sequence{'s' * bool(lead)}, {t} queries, {s} keys, seed {seed}",
            args=(
                noise(seed, *lead, t, D),
                noise(seed + 10, *lead, s, D),
                noise(seed + 20, *lead, s, DV),
            ),
            gradients=True,
        )
        for lead, t, s, seed in (
            ((), T, S, 0),
            ((B,), T, S, 1),
            ((B, H), S, T, 2),
            ((B, H), T, S, 3),
        )
    ]
    alone = Case(
        label="a single key",
        args=(noise(4, T, D), noise(5, 1, D), noise(6, 1, DV)),
        gradients=True,
        edge=True,
    )
    return [by_hand, *drawn, alone]


def attend_sample(rng: np.random.Generator) -> Case:
    lead = [(), (B,), (B, H)][pick(rng, range(3))]
    t, s, d, dv = (pick(rng, range(1, 9)) for _ in range(4))
    return Case(
        label="random",
        args=(noise(rng, *lead, t, d), noise(rng, *lead, s, d), noise(rng, *lead, s, dv)),
    )


def attend_oracle(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """The fused call for the output; an identity as values makes it give away its weights."""
    eye = torch.eye(k.shape[-2], dtype=q.dtype).expand(*k.shape[:-1], k.shape[-2])
    return F.scaled_dot_product_attention(q, k, v), F.scaled_dot_product_attention(q, k, eye)


ATTEND = Exercise(
    name="attend",
    title="Weights, then the weighted mean",
    minutes=6,
    difficulty=1,
    proves="your output and your weights agree with PyTorch's fused attention, gradients too",
    passed="Output and weights agree with PyTorch's fused attention to 1e-10, gradients too.",
    cases=attend_cases,
    sample=attend_sample,
    oracle=attend_oracle,
    parts=("out", "weights"),
    properties=(Property(id="rows_sum_to_one", holds=rows_sum_to_one),),
    reference="course_lib.attention.scaled_dot_product.attend",
    forbidden=("scaled_dot_product_attention",),
    hints=(
        "Three steps: scores, weights, mean. You wrote the first in 4.1; the softmax runs over the keys.",
        "weights = softmax of scaled_scores(q, k) along the last axis\nout = weights times v\nreturn out, weights",
        "weights = scaled_scores(q, k).softmax(dim=-1), and weights @ v mixes the values of all keys.",
    ),
    wrong_answers=wrong.ATTEND,
)

# ---------------------------------------------------------------- 4.4 padding mask


def padding_cases() -> list[Case]:
    lengths = ([3, 1], [4, 2, 7], [1, 6, 3, 5], [5, 2])
    widths = (3, 7, 6, 9)
    drawn = [
        Case(label=f"lengths {row}, padded to {n}", args=(torch.tensor(row), n))
        for row, n in zip(lengths, widths, strict=True)
    ]
    return [
        *drawn,
        Case(label="an empty sequence among others", args=(torch.tensor([2, 0, 4]), 5), edge=True),
    ]


def padding_sample(rng: np.random.Generator) -> Case:
    n = pick(rng, range(1, 9))
    lengths = rng.integers(0, n + 1, size=pick(rng, range(1, 5)))
    return Case(label="random", args=(torch.from_numpy(lengths), n))


def padding_oracle(lengths: Tensor, n_keys: int) -> Tensor:
    rows = [[s < length for s in range(n_keys)] for length in lengths.tolist()]
    return torch.tensor(rows, dtype=torch.bool)


PADDING_MASK = Exercise(
    name="padding_mask",
    title="Padding mask",
    minutes=5,
    difficulty=1,
    proves="exactly the real keys of every sequence are True",
    passed="Right for sequences of every length, the empty one included.",
    cases=padding_cases,
    sample=padding_sample,
    oracle=padding_oracle,
    reference="course_lib.attention.masks.padding_mask",
    hints=(
        "Key s is real when its position is smaller than the length of its sequence. Compare positions with lengths.",
        "positions 0 … n_keys − 1 as a row, lengths as a column\ncompare: a row against a column gives a matrix",
        "torch.arange(n_keys, device=lengths.device) is the row, lengths[:, None] the column, < the comparison.",
    ),
    wrong_answers=wrong.PADDING_MASK,
)

# ---------------------------------------------------------------- 4.5 causal mask


def causal_cases() -> list[Case]:
    return [Case(label=f"{n} tokens", args=(n,)) for n in (3, 5, 8)] + [
        Case(label="one token", args=(1,), edge=True)
    ]


def causal_oracle(n: int) -> Tensor:
    return torch.tensor([[s <= t for s in range(n)] for t in range(n)], dtype=torch.bool)


CAUSAL_MASK = Exercise(
    name="causal_mask",
    title="Causal mask",
    minutes=4,
    difficulty=1,
    proves="no query may attend to a later key, and each may attend to itself and all before",
    passed="Right for 1, 3, 5 and 8 tokens.",
    cases=causal_cases,
    sample=lambda rng: Case(label="random", args=(pick(rng, range(1, 20)),)),
    oracle=causal_oracle,
    reference="course_lib.attention.masks.causal_mask",
    hints=(
        "Row t is query t. Which keys have been written when it looks?",
        "start from an n × n matrix of True\nkeep the diagonal and what lies below it",
        "torch.ones(n, n, dtype=torch.bool) is all True; tensors have a method that keeps the lower triangle, "
        "its name begins with tri.",
    ),
    wrong_answers=wrong.CAUSAL_MASK,
)

# ---------------------------------------------------------------- 4.6 attention with masks


def _mask_with_empty_row(seed: int, *shape: int) -> Tensor:
    mask = noise(seed, *shape) > 0
    mask[..., -1] = True
    mask[..., 2, :] = False
    return mask


def _some_mask(kind: str, seed: int, lead: tuple[int, ...]) -> tuple[Tensor, ...]:
    """Return () or a mask of one kind, for `lead` axes before (T, S)."""
    if kind == "no mask":
        return ()
    if kind == "padding":
        lengths = torch.tensor([4, 6] if lead else [4])
        real = torch.arange(S) < lengths[:, None]
        return (real.view(*real.shape[: len(lead[:1])], *[1] * max(len(lead), 1), S),)
    if kind == "causal":
        return (torch.arange(S) <= torch.arange(T)[:, None] + S - T,)
    mask = noise(seed + 40, *lead[:1], *[1] * len(lead[1:]), T, S) > 0
    mask[..., 3] = True
    return (mask,)


def attention_cases() -> list[Case]:
    by_hand = Case(
        label="two queries, three keys, one forbidden",
        args=(
            torch.tensor([[1.0, 0], [0, 1]]),
            torch.tensor([[1.0, 0], [0, 1], [1, 1]]),
            torch.tensor([[1.0], [2], [4]]),
            torch.tensor([[True, True, False], [True, True, True]]),
        ),
    )
    leads = {"one sequence": (), f"{B} sequences": (B,), f"{B} sequences, {H} heads": (B, H)}
    kinds = ("no mask", "a random mask", "padding", "causal")
    drawn = [
        Case(
            label=f"{name}, {T} queries, {S} keys, {kind}, seed {seed}",
            args=(*_qkv(seed, lead), *_some_mask(kind, seed, lead)),
            gradients=True,
        )
        for (name, lead), kind, seed in itertools.product(leads.items(), kinds, (0, 1))
    ]
    return [by_hand, *drawn, *_unusual_attention_cases()]


def _far_apart() -> tuple[np.ndarray, ...]:
    """Return q, k, v, mask: both allowed keys score below −280, the forbidden one scores 0."""
    rows = ([[20.0, 0]], [[-20.0, 0], [0, 1], [-19.9, 0]], [[1.0], [2], [4]], [[True, False, True]])
    return tuple(np.array(x) for x in rows)


def _qkv(seed: int, lead: tuple[int, ...], t: int = T, s: int = S) -> tuple[Tensor, Tensor, Tensor]:
    return noise(seed, *lead, t, D), noise(seed + 10, *lead, s, D), noise(seed + 20, *lead, s, DV)


def _unusual_attention_cases() -> list[Case]:
    empty = [
        Case(
            label=f"a query with nothing to attend to, {' × '.join(map(str, lead)) or 'one'} sequence{'s' * bool(lead)}",
            args=(*_qkv(6, lead), _mask_with_empty_row(7, *lead, T, S)),
            gradients=True,
            edge=True,
        )
        for lead in ((), (B,), (B, H))
    ]
    single = Case(label="a single key", args=_qkv(8, (), s=1), gradients=True, edge=True)
    queries = Case(
        label="more queries than keys", args=_qkv(9, (B, H), t=S, s=T), gradients=True, edge=True
    )
    narrow = [
        Case(
            label=f"{str(dtype).removeprefix('torch.')}, a random mask",
            args=(
                *(x.to(dtype) for x in _qkv(10, (B, H))),
                *_some_mask("a random mask", 10, (B, H)),
            ),
            edge=True,
        )
        for dtype in (torch.float32, torch.float16, torch.bfloat16)
    ]
    empty_half = Case(
        label="float16, a query with nothing to attend to",
        args=(*(x.half() for x in _qkv(11, (B,))), _mask_with_empty_row(12, B, T, S)),
        edge=True,
    )
    far = Case(
        label="every allowed score far below a forbidden one",
        args=tuple(torch.from_numpy(x) for x in _far_apart()),
        edge=True,
    )
    return [*empty, single, queries, far, *narrow, empty_half]


def attention_sample(rng: np.random.Generator) -> Case:
    lead = [(), (B,), (B, H)][pick(rng, range(3))]
    t, s, d, dv = (pick(rng, range(1, 9)) for _ in range(4))
    qkv = (noise(rng, *lead, t, d), noise(rng, *lead, s, d), noise(rng, *lead, s, dv))
    masks = (
        None,
        noise(rng, t, s) > 0,
        noise(rng, *lead, t, s) > -0.5,
        noise(rng, *lead, 1, s) > 0,
    )
    mask = masks[pick(rng, range(4))]
    return Case(label="random", args=qkv if mask is None else (*qkv, mask))


def attention_oracle(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """PyTorch's fused call, which gives zeros for a row with nothing to attend to."""
    wide = (x if x.dtype is torch.float64 else x.double() for x in (q, k, v))
    return F.scaled_dot_product_attention(*wide, attn_mask=mask).to(q.dtype)


def no_forbidden_key_counts(call: Any, case: Case, value: Any) -> str | None:
    """Changing a value that nobody may attend to must not change the output."""
    if len(case.args) < 4 or case.args[0].dim() != 2 or case.args[0].dtype is not torch.float64:
        return None
    q, k, v, mask = case.args
    for s in range(k.shape[0]):
        moved = v.clone()
        moved[s] += 1000.0
        rows = (call(q.clone(), k.clone(), moved, mask.clone()) - value).abs().amax(-1) > 1e-6
        wrong = (rows & ~mask[:, s]).nonzero().flatten().tolist()
        if wrong:
            return (
                f"Query {wrong[0]} may not attend to key {s}, yet its output moves when value {s} does (case: "
                f"{case.label}). A forbidden key must get the weight 0."
            )
    return None


SCALED_DOT_PRODUCT_ATTENTION = Exercise(
    name="scaled_dot_product_attention",
    title="Scaled dot-product attention",
    minutes=10,
    difficulty=2,
    marks=2,
    proves="output and gradients agree with PyTorch's fused attention, whatever the mask",
    passed="Agrees with PyTorch's fused attention, gradients too: masks of four kinds, empty rows, half precision.",
    cases=attention_cases,
    sample=attention_sample,
    oracle=attention_oracle,
    properties=(Property(id="forbidden_keys_count_nothing", holds=no_forbidden_key_counts),),
    reference="course_lib.attention.scaled_dot_product.scaled_dot_product_attention",
    forbidden=("scaled_dot_product_attention",),
    hints=(
        "Where must a key disappear so that the other weights of its row still sum to 1: among the scores, or "
        "among the weights?",
        "scores = scaled_scores(q, k)\nwhere the mask is False, scores become −∞\nsoftmax over the keys\n"
        "rows whose mask is all False become 0\nweights times v",
        "scores.masked_fill(~mask, -torch.inf) before the softmax. ~mask.any(-1, keepdim=True) finds the empty "
        "rows; a second masked_fill, after the softmax, sets them to 0.0.",
    ),
    wrong_answers=wrong.SCALED_DOT_PRODUCT_ATTENTION,
)

# ---------------------------------------------------------------- 4.7 both masks


def decoder_cases() -> list[Case]:
    drawn = [
        Case(label=f"lengths {row}, padded to {n}", args=(torch.tensor(row), n))
        for row, n in (([2, 3], 3), ([5, 2, 4], 5), ([1, 7, 3, 4], 7))
    ]
    return [
        *drawn,
        Case(label="an empty sequence among others", args=(torch.tensor([0, 3]), 4), edge=True),
    ]


def decoder_oracle(lengths: Tensor, n: int) -> Tensor:
    rows = [
        [[s <= t and s < length for s in range(n)] for t in range(n)] for length in lengths.tolist()
    ]
    return torch.tensor(rows, dtype=torch.bool)


DECODER_MASK = Exercise(
    name="decoder_mask",
    title="Both masks at once",
    minutes=5,
    difficulty=2,
    proves="key s is allowed to query t exactly when s ≤ t and s is no padding",
    passed="Right for batches of every length, the empty sequence included.",
    cases=decoder_cases,
    sample=padding_sample,
    oracle=decoder_oracle,
    reference="course_lib.attention.masks.decoder_mask",
    hints=(
        "A key is allowed when both masks allow it. Which operator says “both”, entry by entry?",
        "causal: (n, n), the same for all sequences\npadding: (B, n), to be given an axis for the queries\nboth: &",
        "padding_mask(lengths, n)[:, None, :] has shape (B, 1, n) and broadcasts against causal_mask(n). On a GPU "
        "the causal mask must move: .to(lengths.device).",
    ),
    wrong_answers=wrong.DECODER_MASK,
)

# ---------------------------------------------------------------- 4.8 NumPy


def numpy_cases() -> list[Case]:
    by_hand = Case(
        label="two queries, three keys, one forbidden",
        args=(
            np.array([[1.0, 0], [0, 1]]),
            np.array([[1.0, 0], [0, 1], [1, 1]]),
            np.array([[1.0], [2], [4]]),
            np.array([[True, True, False], [True, True, True]]),
        ),
    )
    drawn = [_numpy_case(seed, T, S, scale=1.0) for seed in (0, 1)]
    loud = _numpy_case(2, T, S, scale=40.0, label="scores beyond ±1000", edge=True)
    far = Case(
        label="every allowed score far below a forbidden one",
        args=_far_apart(),
        edge=True,
    )
    return [by_hand, *drawn, loud, far]


def _numpy_case(
    seed: Any, t: int, s: int, *, scale: float, label: str = "", edge: bool = False
) -> Case:
    rng = (
        seed
        if isinstance(seed, np.random.Generator)
        else np.random.Generator(np.random.Philox(seed))
    )
    mask = rng.random((t, s)) < 0.6
    mask[np.arange(t), rng.integers(0, s, size=t)] = True
    args = (
        noise_array(rng, t, D, scale=scale),
        noise_array(rng, s, D, scale=scale),
        noise_array(rng, s, DV),
        mask,
    )
    return Case(
        label=label or f"{t} queries, {s} keys, a random mask, seed {seed}", args=args, edge=edge
    )


def numpy_sample(rng: np.random.Generator) -> Case:
    return _numpy_case(
        rng, pick(rng, range(1, 9)), pick(rng, range(1, 9)), scale=1.0, label="random"
    )


def numpy_oracle(q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: np.ndarray) -> np.ndarray:
    tensors = (torch.from_numpy(x) for x in (q, k, v))
    return F.scaled_dot_product_attention(*tensors, attn_mask=torch.from_numpy(mask)).numpy()


ATTENTION_NUMPY = Exercise(
    name="attention_numpy",
    title="The same in NumPy alone",
    minutes=6,
    difficulty=2,
    proves="you need no framework: exponentials, a division, two matrix products",
    passed="Agrees with PyTorch's fused attention, scores beyond 1000 included.",
    cases=numpy_cases,
    sample=numpy_sample,
    oracle=numpy_oracle,
    reference="course_lib.lessons.lesson_04_scaled_dot_product.reference.attention_numpy",
    forbidden=("softmax", "scaled_dot_product_attention", "from_numpy"),
    hints=(
        "NumPy has no softmax: write it out. What do you subtract first so that exp does not overflow?",
        "scores, with −∞ where the mask is False\nsubtract each row's largest score\nexp, then divide by the row's sum\n"
        "times v",
        "np.where(mask, scores, -np.inf); scores.max(axis=-1, keepdims=True) keeps the axis, so that the "
        "subtraction lines up with the rows.",
    ),
    wrong_answers=wrong.ATTENTION_NUMPY,
)

# ---------------------------------------------------------------- 4.9 the gradient by hand


def gradient_cases() -> list[Case]:
    by_hand = Case(
        label="three keys, width 2, values of width 1",
        args=tuple(
            torch.tensor(x, dtype=torch.float64)
            for x in ([1.0, 0.0], [[1.0, 0], [0, 1], [1, 1]], [[1.0], [2], [4]], [1.0])
        ),
    )
    return [by_hand, *(_gradient_case(seed, S, D, DV) for seed in (0, 1))]


def _gradient_case(seed: Any, s: int, d: int, dv: int) -> Case:
    rng = (
        seed
        if isinstance(seed, np.random.Generator)
        else np.random.Generator(np.random.Philox(seed))
    )
    args = (noise(rng, d), noise(rng, s, d), noise(rng, s, dv), noise(rng, dv))
    label = "random" if seed is rng else f"{s} keys, width {d}, values of width {dv}, seed {seed}"
    return Case(label=label, args=args)


def gradient_sample(rng: np.random.Generator) -> Case:
    return _gradient_case(rng, *(pick(rng, range(1, 9)) for _ in range(3)))


def gradient_oracle(q: Tensor, k: Tensor, v: Tensor, grad_out: Tensor) -> tuple[Tensor, ...]:
    leaves = tuple(x.detach().clone().requires_grad_() for x in (q, k, v))
    out = F.scaled_dot_product_attention(leaves[0][None], leaves[1], leaves[2])[0]
    return torch.autograd.grad((out * grad_out).sum(), leaves)


ATTENTION_GRADIENT = Exercise(
    name="attention_gradient",
    title="The gradient by hand",
    minutes=12,
    difficulty=3,
    marks=2,
    proves="you can differentiate attention without autograd",
    passed="All three gradients agree with autograd through PyTorch's fused attention.",
    cases=gradient_cases,
    sample=gradient_sample,
    oracle=gradient_oracle,
    parts=("grad_q", "grad_k", "grad_v"),
    reference="course_lib.lessons.lesson_04_scaled_dot_product.reference.attention_gradient",
    forbidden=("backward", "grad", "vjp", "jacrev", "requires_grad_", "jacobian"),
    device=True,
    hints=(
        "Walk backwards: out = w @ v, w = softmax(s), s = k q / √d. The output's gradient reaches v and w; w's "
        "reaches s through the Jacobian of 4.2; s's reaches q and k.",
        "grad_v = outer(w, grad_out)\ngrad_w = v times grad_out\ngrad_s = (diag(w) − w wᵀ) times grad_w\n"
        "grad_q = grad_s times k / √d\ngrad_k = outer(grad_s, q) / √d",
        "grad_s needs no matrix: w * (grad_w - w @ grad_w). Then grad_s @ k / math.sqrt(d) and "
        "torch.outer(grad_s, q) / math.sqrt(d).",
    ),
    wrong_answers=wrong.ATTENTION_GRADIENT,
)

# ---------------------------------------------------------------- 4.10 bug clinic

RIGHT_ATTENTIONS: dict[str, Callable[..., Tensor]] = {
    "the formula": variant(),
    "PyTorch's fused call": attention_oracle,
}

FAULTY_ATTENTIONS: dict[str, Callable[..., Tensor]] = {
    "does not scale": variant(scale=1.0),
    "takes the softmax over the queries": variant(axis=-2),
    "ignores its mask": lambda q, k, v, mask=None: faulty(q, k, v),
    "masks after the softmax": variant(after=True),
    "sets forbidden scores to 0": variant(fill=0.0),
    "mixes the keys instead of the values": variant(swap=True),
}


def clinic_cases() -> list[Case]:
    right = [
        Case(label=f"a right attention: {name}", args=(f,)) for name, f in RIGHT_ATTENTIONS.items()
    ]
    return right + [
        Case(label=f"an attention that {name}", args=(f,)) for name, f in FAULTY_ATTENTIONS.items()
    ]


def clinic_sample(rng: np.random.Generator) -> Case:
    cases = clinic_cases()
    return cases[pick(rng, range(len(cases)))]


def clinic_oracle(attention: Callable[..., Tensor]) -> bool:
    """Ask the fused call on inputs where every fault shows."""
    q, k, v = noise(1, 3, 4), noise(2, 5, 4), noise(3, 5, 2)
    mask = _mask_with_empty_row(4, 3, 5)
    mask[2, 1] = True
    out = attention(q, k, v, mask)
    return out.shape == (3, 2) and bool(
        torch.allclose(out, attention_oracle(q, k, v, mask), atol=1e-6)
    )


def clinic_verdict(call: Any, case: Case, value: Any) -> str | None:
    """Say which attention was misjudged."""
    if not isinstance(value, bool | np.bool_) and not (
        isinstance(value, Tensor) and value.ndim == 0
    ):
        return None
    right = case.label.startswith("a right attention")
    if bool(value) == right:
        return None
    if right:
        return f"Your test turns away {case.label}. Compare within a tolerance (torch.allclose), and get the truth right."
    return (
        f"Your test lets pass {case.label}. Choose q, k, v and a mask on which that fault shows: d > 1, more than one "
        "query, keys unlike values, some keys forbidden."
    )


IS_ATTENTION = Exercise(
    name="is_attention",
    title="Bug clinic",
    minutes=10,
    difficulty=3,
    marks=2,
    proves="your test passes right attentions and catches six faulty ones",
    passed="Your test passes two right attentions and catches all six faulty ones.",
    cases=clinic_cases,
    sample=clinic_sample,
    oracle=clinic_oracle,
    properties=(Property(id="verdict", holds=clinic_verdict),),
    reference="course_lib.lessons.lesson_04_scaled_dot_product.reference.is_attention",
    device=False,
    hints=(
        "A fault hides where it changes nothing: scaling when d = 1, masks when all is allowed, values when they equal "
        "the keys. Choose inputs where each of the six would show.",
        "make q, k, v with sizes that all differ, and a mask with a few False\nout = attention(q, k, v, mask)\n"
        "compare with a version that you trust",
        "Trust scaled_dot_product_attention from 4.6. Draw with torch.Generator().manual_seed(0); three queries, five "
        "keys, d = 4, values of width 2; return torch.allclose(out, due) after comparing shapes.",
    ),
    wrong_answers=wrong.IS_ATTENTION,
)

# ---------------------------------------------------------------- predictions and quiz

PREDICTIONS = (
    Prediction(
        id="jacobian",
        question="Scores are dot products of random vectors of width d, not scaled. How does the norm of the softmax's "
        "Jacobian change from d = 2 to d = 512?",
        options=("it grows", "it stays about the same", "it shrinks by more than half"),
        answer="it shrinks by more than half",
        because="The spread of the scores grows like √d, so one weight comes close to 1 and the others to 0, and "
        "diag(w) − w wᵀ is zero there. Divided by √d, the scores keep their spread, and the norm its size.",
    ),
    Prediction(
        id="causal_corner",
        question="Which corner of a causal mask is False?",
        options=("upper right", "lower left", "the diagonal"),
        answer="upper right",
        because="Rows are queries, columns are keys: entry [t, s] with s > t lies to the right of the diagonal.",
    ),
    Prediction(
        id="mask_after",
        question="Three equal scores; the third key is forbidden. If its weight is set to 0 after the softmax, what do "
        "the two others sum to?",
        options=("1", "2/3", "1/3"),
        answer="2/3",
        because="The softmax gave 1/3 to each, the forbidden key included; removing its third leaves 2/3.",
    ),
    Prediction(
        id="leaks",
        question="Five tokens, causal attention, and by mistake query 0 may see key 3. After one layer a single output "
        "has seen a later input. How many pairs (output, later input) leak after two layers?",
        options=("1", "2", "5"),
        answer="5",
        because="Outputs 1 and 2 look at place 0, which carries token 3 by now; and output 0 looks at place 3, which has "
        "seen tokens 1 and 2. A leak spreads to whoever may look at the leaking place.",
    ),
    Prediction(
        id="memory",
        question="Eight heads, 2,048 queries and keys, float32: how much memory do the weights of one sequence take?",
        options=("about 1 MB", "about 17 MB", "about 134 MB"),
        answer="about 134 MB",
        because="8 × 2,048 × 2,048 × 4 bytes = 134 million bytes. The fused call need not write that matrix down.",
    ),
)

QUIZ = (
    Question(
        text="Why are scores divided by √d?",
        options=(
            Option(
                text="So that they sum to 1.",
                why="That is the work of the softmax, whatever the scores.",
            ),
            Option(
                text="So that their spread does not grow with d.",
                why="A sum of d independent products with variance 1 has variance d, so dividing by √d brings it back to 1.",
                right=True,
            ),
            Option(
                text="So that they are positive.",
                why="Scores stay negative or positive as they were: √d is positive and only rescales.",
            ),
        ),
    ),
    Question(
        text="A mask is applied to the weights, after the softmax. What is wrong?",
        options=(
            Option(
                text="Nothing: forbidden keys get the weight 0 either way.",
                why="They do, but their share is lost: the row no longer sums to 1.",
            ),
            Option(
                text="The rest of each row sums to less than 1.",
                why="The forbidden keys took part in the division. Masked before, they count as exp(−∞) = 0.",
                right=True,
            ),
            Option(
                text="Gradients become NaN.",
                why="They stay finite; it is the proportions that are wrong.",
            ),
        ),
    ),
    Question(
        text="A row of the mask is all False. What does this course's attention return for that query?",
        options=(
            Option(
                text="NaN",
                why="That is what softmax alone makes of −∞ everywhere: 0/0. It would spoil the whole batch.",
            ),
            Option(
                text="The mean of all values",
                why="That is what a large finite number such as −1e9 leads to.",
            ),
            Option(
                text="Zeros",
                why="As PyTorch's fused call does. nn.MultiheadAttention may give NaN there: ask every library.",
                right=True,
            ),
        ),
    ),
    Question(
        text="Queries have shape (2, 3, 5, 11), keys (2, 3, 7, 11), values (2, 3, 7, 13). What is the shape of the output?",
        options=(
            Option(
                text="(2, 3, 5, 11)",
                why="The output mixes values, so it is as wide as they are: 13.",
            ),
            Option(
                text="(2, 3, 5, 13)",
                why="One row for each query, as wide as the values.",
                right=True,
            ),
            Option(
                text="(2, 3, 7, 13)",
                why="There is one output for each query (5), not for each key (7).",
            ),
        ),
    ),
)

LESSON = LessonSpec(
    number="04",
    slug="scaled_dot_product",
    title="Scaled dot-product attention",
    minutes=75,
    needs=("02", "03"),
    exercises=(
        SCALED_SCORES,
        SOFTMAX_JACOBIAN,
        ATTEND,
        PADDING_MASK,
        CAUSAL_MASK,
        SCALED_DOT_PRODUCT_ATTENTION,
        DECODER_MASK,
        ATTENTION_NUMPY,
        ATTENTION_GRADIENT,
        IS_ATTENTION,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
