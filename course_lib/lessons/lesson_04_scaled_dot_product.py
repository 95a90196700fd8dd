"""Lesson 04 as data: exercises, predictions, quiz."""

import itertools
import math
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
    WrongAnswer,
)
from course_lib.checking.noise import noise, noise_array, pick

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
    wrong_answers=(
        WrongAnswer(
            id="no_scale",
            code=lambda q, k: q @ k.mT,
            says="Your scores are not scaled: the division by √d is missing.",
            why="A dot product of d random terms spreads like √d, so at d = 64 scores of ±8 are ordinary and the "
            "softmax puts nearly everything on one key.",
        ),
        WrongAnswer(
            id="divides_by_d",
            code=lambda q, k: q @ k.mT / q.shape[-1],
            says="Your scores are divided by d, not by √d.",
            why="At d = 64 the scores would have a spread of 1/8 and every key would look alike; √d brings the "
            "spread back to 1. (Dividing q and k by √d each divides the scores by d.)",
        ),
        WrongAnswer(
            id="multiplies_by_root",
            code=lambda q, k: q @ k.mT * math.sqrt(q.shape[-1]),
            says="Your scores are multiplied by √d; they should be divided by it.",
            why="The spread of a dot product already grows like √d: multiplying makes it d.",
        ),
        WrongAnswer(
            id="scale_from_length",
            code=lambda q, k: q @ k.mT / math.sqrt(k.shape[-2]),
            says="Your scores are divided by the root of the number of keys, not of the width.",
            why="A dot product sums over the d entries of a vector, so its spread depends on d; how many keys "
            "there are does not enter.",
        ),
        WrongAnswer(
            id="scale_from_queries",
            code=lambda q, k: q @ k.mT / math.sqrt(q.shape[-2]),
            says="Your scores are divided by the root of the number of queries, not of the width.",
            why="The width d is the last size of q: q.shape[-1]. It is d terms that a dot product adds up.",
        ),
        WrongAnswer(
            id="softmax_already",
            code=lambda q, k: (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1),
            says="You went one step too far: these are weights, after the softmax.",
            why="The scores are asked for here, before it. Masks will have to come in between.",
        ),
        WrongAnswer(
            id="transposed",
            code=lambda q, k: k @ q.mT / math.sqrt(q.shape[-1]),
            says="Your scores are transposed: keys run down, queries across.",
            why="Row t belongs to query t, so the shape is (queries, keys). The softmax will run along the last "
            "axis and must find the keys there.",
        ),
        WrongAnswer(
            id="cosine",
            code=lambda q, k: F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).mT,
            says="Your scores are cosines: both vectors were divided by their norms.",
            why="Attention keeps the lengths: a long key may ask for more attention. Only √d divides.",
        ),
    ),
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
    reference="course_lib.lessons.reference.lesson_04.softmax_jacobian",
    forbidden=("jacobian", "jacrev", "jacfwd"),
    hints=(
        "The formula stands above the exercise: diag(w) − w wᵀ. Two matrices, one minus the other.",
        "a square matrix with w on its diagonal\nminus the matrix whose entry [i, j] is w[i] times w[j]",
        "torch.diag(w) builds the first, torch.outer(w, w) the second.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="only_diagonal",
            code=lambda w: torch.diag(w * (1 - w)),
            says="You have the diagonal alone, w (1 − w).",
            why="That is the derivative of a sigmoid. In a softmax every weight depends on every score: pushing one "
            "up pulls the others down, by −w_i w_j.",
        ),
        WrongAnswer(
            id="no_diagonal",
            code=lambda w: -torch.outer(w, w),
            says="The term diag(w) is missing.",
            why="Raising score i raises w_i itself: ∂w_i/∂s_i = w_i − w_i².",
        ),
        WrongAnswer(
            id="identity",
            code=lambda w: torch.eye(len(w), dtype=w.dtype) - torch.outer(w, w),
            says="You started from the identity, not from diag(w).",
            why="A weight near 0 barely moves, so its diagonal entry is w (1 − w), not 1 − w².",
        ),
        WrongAnswer(
            id="sign",
            code=lambda w: torch.outer(w, w) - torch.diag(w),
            says="The sign is turned round.",
            why="Raising a score raises its own weight: the diagonal is positive.",
        ),
        WrongAnswer(
            id="plus",
            code=lambda w: torch.diag(w) + torch.outer(w, w),
            says="The two matrices are added; the second is subtracted.",
            why="The weights share a total of 1: what one gains the others lose, so the off-diagonal is negative.",
        ),
        WrongAnswer(
            id="inner_product",
            code=lambda w: torch.diag(w) - w @ w,
            says="You subtracted the number wᵀw, not the matrix w wᵀ.",
            why="For a vector, w @ w is a single number. The outer product has entry w_i w_j at [i, j].",
        ),
    ),
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


def _plain(
    q: Tensor, k: Tensor, v: Tensor, axis: int = -1, scale: float | None = None
) -> tuple[Tensor, Tensor]:
    weights = (q @ k.mT * (q.shape[-1] ** -0.5 if scale is None else scale)).softmax(axis)
    return weights @ v, weights


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
    wrong_answers=(
        WrongAnswer(
            id="softmax_over_queries",
            code=lambda q, k, v: _plain(q, k, v, axis=-2),
            says="Your softmax runs over the queries (axis -2), so it is the keys that share out a total of 1.",
            why="A query asks “which keys?” and spreads a total of 1 over them: the softmax runs along the last axis.",
        ),
        WrongAnswer(
            id="softmax_over_batch",
            code=lambda q, k, v: _plain(q, k, v, axis=0),
            says="Your softmax runs along axis 0.",
            why="Axis 0 is the batch as soon as there is one: sentences would share out attention between them. "
            "Count from the end: the keys are axis -1.",
        ),
        WrongAnswer(
            id="no_scale",
            code=lambda q, k, v: _plain(q, k, v, scale=1.0),
            says="Your scores are not divided by √d.",
            why="Without it the softmax sharpens as d grows. scaled_scores from 4.1 does it for you.",
        ),
        WrongAnswer(
            id="divides_by_d",
            code=lambda q, k, v: _plain(q, k, v, scale=1 / q.shape[-1]),
            says="Your scores are divided by d, not by √d.",
            why="Dividing by d flattens the weights more and more as d grows: at d = 64 every key would look alike.",
        ),
        WrongAnswer(
            id="keys_as_values",
            code=lambda q, k, v: (_plain(q, k, k)[0], _plain(q, k, v)[1]),
            says="Your output mixes the keys, not the values.",
            why="A key says where to look, a value says what is found there. The output is as wide as the values.",
        ),
        WrongAnswer(
            id="no_softmax",
            code=lambda q, k, v: (lambda s: (s @ v, s))(q @ k.mT / math.sqrt(q.shape[-1])),
            says="Your weights are the scores themselves: there is no softmax.",
            why="Scores may be negative and need not sum to 1, so the output would not be a mean of the values.",
        ),
        WrongAnswer(
            id="swapped_results",
            code=lambda q, k, v: _plain(q, k, v)[::-1],
            says="You return the weights first and the output second.",
            why="The signature asks for (out, weights).",
        ),
        WrongAnswer(
            id="values_averaged",
            code=lambda q, k, v: (
                v.mean(-2, keepdim=True).expand(*q.shape[:-1], v.shape[-1]),
                _plain(q, k, v)[1],
            ),
            says="Your output is the plain mean of the values: the weights are not used.",
            why="Each query mixes the values in its own proportions: weights @ v.",
        ),
    ),
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


def _positions(lengths: Tensor, n: int) -> Tensor:
    return torch.arange(n, device=lengths.device).expand(len(lengths), n)


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
    wrong_answers=(
        WrongAnswer(
            id="inverted",
            code=lambda lengths, n: _positions(lengths, n) >= lengths[:, None],
            says="Your mask is inverted: it is True on the padding.",
            why="In this course True means “may attend”. nn.MultiheadAttention uses the opposite: read the "
            "documentation of every library before you hand it a mask.",
        ),
        WrongAnswer(
            id="one_too_many",
            code=lambda lengths, n: _positions(lengths, n) <= lengths[:, None],
            says="Your mask lets one padding key through: it compares with ≤.",
            why="Positions start at 0, so a sequence of length 3 has the positions 0, 1 and 2.",
        ),
        WrongAnswer(
            id="one_too_few",
            code=lambda lengths, n: _positions(lengths, n) < lengths[:, None] - 1,
            says="Your mask hides the last real key of every sequence.",
            why="A sequence of length 3 has the positions 0, 1 and 2: all of them are smaller than 3.",
        ),
        WrongAnswer(
            id="padding_left",
            code=lambda lengths, n: _positions(lengths, n) >= n - lengths[:, None],
            says="Your mask takes the padding to stand on the left.",
            why="Here sequences start at position 0 and padding follows. (Generation often pads on the left; "
            "a mask must know which.)",
        ),
        WrongAnswer(
            id="keys_down",
            code=lambda lengths, n: (_positions(lengths, n) < lengths[:, None]).T,
            says="Your mask is transposed: keys run down, sequences across.",
            why="Batch comes first: row b is the mask of sequence b.",
        ),
        WrongAnswer(
            id="counted",
            code=lambda lengths, n: (_positions(lengths, n) < lengths[:, None]).long(),
            says="Your mask holds 0 and 1 as integers, not True and False.",
            why="~mask of an integer mask flips bits (~1 is −2), and PyTorch's fused attention takes a boolean mask, "
            "or a floating one that it adds to the scores.",
        ),
    ),
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
    wrong_answers=(
        WrongAnswer(
            id="looks_ahead",
            code=lambda n: torch.ones(n, n, dtype=torch.bool).triu(),
            says="Your mask is upside down: every token may attend to itself and to all that come later.",
            why="Row t is a query. Query 0 has seen one token, so its row holds one True, on the left.",
        ),
        WrongAnswer(
            id="marks_forbidden",
            code=lambda n: torch.ones(n, n, dtype=torch.bool).triu(1),
            says="Your mask marks what is forbidden; True should mark what is allowed.",
            why="Every mask of this course says True = may attend, so that masks are combined with &.",
        ),
        WrongAnswer(
            id="without_itself",
            code=lambda n: torch.ones(n, n, dtype=torch.bool).tril(-1),
            says="Your diagonal is False: no token may attend to itself.",
            why="Token t has been written when query t looks. Without the diagonal the first query has nothing to "
            "attend to.",
        ),
        WrongAnswer(
            id="one_ahead",
            code=lambda n: torch.ones(n, n, dtype=torch.bool).tril(1),
            says="Your mask is off by one: every token sees the next one.",
            why="A model that is trained to name the next token would only have to copy it. Its loss falls to nearly "
            "0, and it cannot write.",
        ),
        WrongAnswer(
            id="numbers",
            code=lambda n: torch.ones(n, n).tril(),
            says="Your mask has the right shape but holds the numbers 0 and 1, not True and False.",
            why="PyTorch's fused attention adds a mask of numbers to the scores, where 0 and 1 hide nothing.",
        ),
        WrongAnswer(
            id="everything",
            code=lambda n: torch.ones(n, n, dtype=torch.bool),
            says="Your mask allows everything.",
            why="Query 0 must not see keys 1, 2, …: the upper right corner is False.",
        ),
        WrongAnswer(
            id="only_itself",
            code=lambda n: torch.eye(n, dtype=torch.bool),
            says="Your mask lets every token attend to itself alone.",
            why="Earlier tokens are known and useful: row t holds t + 1 times True.",
        ),
    ),
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
    return [*empty, single, queries, *narrow, empty_half]


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


def _faulty(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    *,
    scale: float | None = None,
    axis: int = -1,
    fill: float = -math.inf,
    after: bool = False,
    flip: bool = False,
    swap: bool = False,
    empty: bool = True,
) -> Tensor:
    """Attention with switches for its classic mistakes; all off, it is right."""
    scores = q @ k.mT * (q.shape[-1] ** -0.5 if scale is None else scale)
    keep = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask ^ flip
    if not after:
        scores = scores.masked_fill(~keep, fill)
    weights = scores.softmax(axis)
    if after:
        weights = weights * keep
    if empty:
        weights = weights.masked_fill(~keep.any(-1, keepdim=True), 0.0)
    return weights @ (k if swap else v)


def _variant(**switches: Any) -> Callable[..., Tensor]:
    return lambda q, k, v, mask=None: _faulty(q, k, v, mask, **switches)


def _nan_hidden(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is None:
        return scores.softmax(-1) @ v
    weights = (scores + torch.zeros_like(scores).masked_fill(~mask, -torch.inf)).softmax(-1)
    return torch.where(mask.any(-1, keepdim=True), weights, 0.0) @ v


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
    wrong_answers=(
        WrongAnswer(
            id="ignores_mask",
            code=lambda q, k, v, mask=None: _faulty(q, k, v),
            says="Your function does not use the mask.",
            why="A forbidden key still takes part in every mean, padding included.",
        ),
        WrongAnswer(
            id="mask_after_softmax",
            code=_variant(after=True),
            says="Your mask comes after the softmax.",
            why="The forbidden keys have then already taken their share: what is left of a row sums to less than 1. "
            "Mask the scores.",
        ),
        WrongAnswer(
            id="mask_inverted",
            code=_variant(flip=True),
            says="Your mask is inverted: it hides what it should allow.",
            why="True means “may attend”; masked_fill fills where its condition is True, so it needs ~mask.",
        ),
        WrongAnswer(
            id="masked_with_zero",
            code=_variant(fill=0.0),
            says="You set forbidden scores to 0.",
            why="exp(0) is 1: a score of 0 is an ordinary score, and beats every negative one. Only −∞ becomes the "
            "weight 0.",
        ),
        WrongAnswer(
            id="nan_rows",
            code=_variant(empty=False),
            says="A query with nothing to attend to gives NaN.",
            why="All its scores are −∞, and the softmax divides 0 by 0. This course gives such a row zeros, as "
            "PyTorch's fused call does.",
        ),
        WrongAnswer(
            id="nan_hidden",
            code=_nan_hidden,
            says="Your output is right, but gradients through a row with nothing to attend to are NaN.",
            why="The softmax made 0/0 there, and torch.where hides NaN on the way forward only. Fill the scores with "
            "masked_fill, which lets no gradient through where it fills, and zero the row after the softmax.",
        ),
        WrongAnswer(
            id="fill_minus_1e9",
            code=_variant(fill=-1e9, empty=False),
            says="You fill with −1e9 instead of −∞.",
            why="A row with nothing to attend to then weighs all its forbidden keys alike, and float16, whose "
            "smallest number is −65504, raises.",
        ),
        WrongAnswer(
            id="fill_finite",
            code=lambda q, k, v, mask=None: _faulty(
                q, k, v, mask, fill=torch.finfo(q.dtype).min, empty=False
            ),
            says="A query with nothing to attend to gives the plain mean of all values.",
            why="Its scores are all the same finite number, so the softmax shares out 1 among keys that are all "
            "forbidden. Its output should be zeros.",
        ),
        WrongAnswer(
            id="no_scale",
            code=_variant(scale=1.0),
            says="Your scores are not divided by √d.",
            why="Without it the softmax sharpens as d grows, and its gradient fades. scaled_scores does it for you.",
        ),
        WrongAnswer(
            id="divides_by_d",
            code=lambda q, k, v, mask=None: _faulty(q, k, v, mask, scale=1 / q.shape[-1]),
            says="Your scores are divided by d, not by √d.",
            why="Dividing by d flattens the weights more and more as d grows: at d = 64 every key would look alike.",
        ),
        WrongAnswer(
            id="softmax_over_queries",
            code=_variant(axis=-2),
            says="Your softmax runs over the queries (axis -2), not over the keys (axis -1).",
            why="Each query shares out a total of 1 among the keys; yours lets each key share itself out among queries.",
        ),
        WrongAnswer(
            id="keys_as_values",
            code=_variant(swap=True),
            says="Your output mixes the keys, not the values.",
            why="A key says where to look, a value says what is found there. The output is as wide as the values.",
        ),
    ),
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


def _both(lengths: Tensor, n: int) -> tuple[Tensor, Tensor]:
    at = torch.arange(n, device=lengths.device)
    return at <= at[:, None], at < lengths[:, None]


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
    wrong_answers=(
        WrongAnswer(
            id="either",
            code=lambda lengths, n: (lambda c, p: c | p[:, None, :])(*_both(lengths, n)),
            says="Your masks are joined by “or”: a key passes when either allows it.",
            why="Later words and earlier padding would both get through. A key must pass both: &.",
        ),
        WrongAnswer(
            id="padded_queries",
            code=lambda lengths, n: (lambda c, p: c & p[:, :, None])(*_both(lengths, n)),
            says="You hid the padded queries, not the padded keys.",
            why="Queries are rows (axis -2), keys are columns (axis -1): the padding mask needs its new axis in the "
            "middle, (B, 1, n). What padded queries compute is thrown away later, by the loss.",
        ),
        WrongAnswer(
            id="padding_only",
            code=lambda lengths, n: (lambda c, p: p[:, None, :].expand(-1, n, -1))(
                *_both(lengths, n)
            ),
            says="Only the padding is hidden: every query may look ahead.",
            why="The causal mask is missing.",
        ),
        WrongAnswer(
            id="causal_only",
            code=lambda lengths, n: (lambda c, p: c.expand(len(lengths), n, n))(*_both(lengths, n)),
            says="Only later keys are hidden: padding may be attended to.",
            why="A padded query at the end of a short sequence would mix in padding.",
        ),
        WrongAnswer(
            id="looks_ahead",
            code=lambda lengths, n: (lambda c, p: c.T & p[:, None, :])(*_both(lengths, n)),
            says="Your causal part is transposed: queries see what comes later, and not what came before.",
            why="Row t may use keys 0 … t: the lower triangle.",
        ),
        WrongAnswer(
            id="inverted",
            code=lambda lengths, n: (lambda c, p: ~(c & p[:, None, :]))(*_both(lengths, n)),
            says="Your mask is inverted: True marks what is forbidden.",
            why="True means “may attend” throughout this course.",
        ),
    ),
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
    return [by_hand, *drawn, loud]


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


def _numpy_faulty(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    mask: np.ndarray,
    *,
    root: float | None = None,
    axis: int = -1,
    fill: float = -np.inf,
    peak: str = "row",
    after: bool = False,
) -> np.ndarray:
    scores = q @ k.T / (math.sqrt(q.shape[-1]) if root is None else root)
    if not after:
        scores = np.where(mask, scores, fill)
    top = {"row": scores.max(axis, keepdims=True), "matrix": scores.max(), "none": 0.0}[peak]
    powers = np.exp(scores - top)
    weights = powers / powers.sum(axis, keepdims=True)
    return (weights * mask if after else weights) @ v


def _numpy_variant(**switches: Any) -> Callable[..., np.ndarray]:
    return lambda q, k, v, mask: _numpy_faulty(q, k, v, mask, **switches)


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
    reference="course_lib.lessons.reference.lesson_04.attention_numpy",
    forbidden=("softmax", "scaled_dot_product_attention", "from_numpy"),
    hints=(
        "NumPy has no softmax: write it out. What do you subtract first so that exp does not overflow?",
        "scores, with −∞ where the mask is False\nsubtract each row's largest score\nexp, then divide by the row's sum\n"
        "times v",
        "np.where(mask, scores, -np.inf); scores.max(axis=-1, keepdims=True) keeps the axis, so that the "
        "subtraction lines up with the rows.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="no_max",
            code=_numpy_variant(peak="none"),
            says="Your exponentials overflow: the largest score of each row is not subtracted.",
            why="exp(710) is infinite in float64, and ∞/∞ is NaN. Subtracting the row's maximum changes no weight: it "
            "cancels in the division.",
        ),
        WrongAnswer(
            id="one_max_for_all",
            code=_numpy_variant(peak="matrix"),
            says="You subtract the largest score of the whole matrix, not each row's.",
            why="A row whose scores all lie 800 below that maximum underflows: exp gives 0 everywhere, and 0/0 is NaN. Every "
            "row needs its own maximum.",
        ),
        WrongAnswer(
            id="no_scale",
            code=_numpy_variant(root=1.0),
            says="Your scores are not divided by √d.",
            why="The definition is softmax(q kᵀ / √d) v.",
        ),
        WrongAnswer(
            id="softmax_over_queries",
            code=_numpy_variant(axis=0),
            says="Your softmax runs down the columns (axis 0), over the queries.",
            why="Each query shares out a total of 1 over the keys: axis -1.",
        ),
        WrongAnswer(
            id="ignores_mask",
            code=lambda q, k, v, mask: _numpy_faulty(q, k, v, np.ones_like(mask)),
            says="Your function does not use the mask.",
            why="Forbidden keys still take part in the mean.",
        ),
        WrongAnswer(
            id="masked_with_zero",
            code=_numpy_variant(fill=0.0),
            says="You set forbidden scores to 0.",
            why="exp(0) is 1, so the key still takes part. Only −∞ becomes the weight 0.",
        ),
        WrongAnswer(
            id="mask_after_softmax",
            code=_numpy_variant(after=True),
            says="Your mask comes after the softmax.",
            why="What is left of a row then sums to less than 1. Mask the scores, or divide by the sum afterwards.",
        ),
        WrongAnswer(
            id="mask_inverted",
            code=lambda q, k, v, mask: _numpy_faulty(q, k, v, ~mask),
            says="Your mask is inverted.",
            why="np.where(mask, a, b) takes a where the mask is True: the scores belong first, −∞ second.",
        ),
    ),
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


def _by_hand(
    q: Tensor, k: Tensor, v: Tensor, g: Tensor, fault: str = ""
) -> tuple[Tensor, Tensor, Tensor]:
    scale = 1 / math.sqrt(len(q))
    w = (k @ q * scale).softmax(0)
    grad_w = v @ g
    mean = 0.0 if fault == "diagonal" else grad_w.mean() if fault == "plain mean" else w @ grad_w
    grad_s = (1.0 if fault == "no weights" else w) * (grad_w - mean)
    grad_s = grad_w if fault == "no softmax" else grad_s
    after = 1.0 if fault == "no scale" else scale
    grad_v = torch.outer(grad_s if fault == "scores for values" else w, g)
    grad_k = torch.outer(w if fault == "weights for scores" else grad_s, q) * after
    return grad_s @ k * after, grad_k, grad_v


def _gradient_fault(fault: str) -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    return lambda q, k, v, grad_out: _by_hand(q, k, v, grad_out, fault)


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
    reference="course_lib.lessons.reference.lesson_04.attention_gradient",
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
    wrong_answers=(
        WrongAnswer(
            id="no_scale",
            code=_gradient_fault("no scale"),
            says="Your gradients of q and k are √d too large.",
            why="The scores are k q / √d, so the division by √d appears in the derivative too.",
        ),
        WrongAnswer(
            id="diagonal_only",
            code=_gradient_fault("diagonal"),
            says="Your softmax gradient keeps only the diagonal of its Jacobian: w · grad_w.",
            why="All weights share a total of 1, so each score moves all of them: subtract w @ grad_w first.",
        ),
        WrongAnswer(
            id="no_softmax",
            code=_gradient_fault("no softmax"),
            says="You passed the gradient of the weights on to the scores as it is.",
            why="Between them lies the softmax, whose Jacobian diag(w) − w wᵀ you wrote in 4.2.",
        ),
        WrongAnswer(
            id="plain_mean",
            code=_gradient_fault("plain mean"),
            says="You subtracted the plain mean of grad_w, not the mean weighted by w.",
            why="(diag(w) − w wᵀ) g is w · (g − wᵀg): the mean is taken with the attention weights.",
        ),
        WrongAnswer(
            id="no_weights",
            code=_gradient_fault("no weights"),
            says="The factor w is missing from the gradient of the scores.",
            why="A key with weight near 0 barely moves the output, so its score has a gradient near 0.",
        ),
        WrongAnswer(
            id="scores_for_values",
            code=_gradient_fault("scores for values"),
            says="Your grad_v is built from the gradient of the scores, not from the weights.",
            why="out = w @ v is linear in v: value s enters with weight w[s], so its gradient is w[s] · grad_out.",
        ),
        WrongAnswer(
            id="weights_for_scores",
            code=_gradient_fault("weights for scores"),
            says="Your grad_k is built from the weights, not from the gradient of the scores.",
            why="A key enters through its score alone: grad_k[s] = grad_s[s] · q / √d.",
        ),
    ),
)

# ---------------------------------------------------------------- 4.10 bug clinic

RIGHT_ATTENTIONS: dict[str, Callable[..., Tensor]] = {
    "the formula": _variant(),
    "PyTorch's fused call": attention_oracle,
}

FAULTY_ATTENTIONS: dict[str, Callable[..., Tensor]] = {
    "does not scale": _variant(scale=1.0),
    "takes the softmax over the queries": _variant(axis=-2),
    "ignores its mask": lambda q, k, v, mask=None: _faulty(q, k, v),
    "masks after the softmax": _variant(after=True),
    "sets forbidden scores to 0": _variant(fill=0.0),
    "mixes the keys instead of the values": _variant(swap=True),
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


def _clinic_fault(t: int, s: int, d: int, dv: int | None, masked: bool) -> Callable[..., bool]:
    def test(attention: Callable[..., Tensor]) -> bool:
        q, k = noise(5, t, d), noise(6, s, d)
        v = k if dv is None else noise(7, s, dv)
        mask = torch.ones(t, s, dtype=torch.bool)
        mask[0, 0] = not masked
        out, due = attention(q, k, v, mask), attention_oracle(q, k, v, mask)
        return out.shape == due.shape and bool(torch.allclose(out, due))

    return test


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
    reference="course_lib.lessons.reference.lesson_04.is_attention",
    device=False,
    hints=(
        "A fault hides where it changes nothing: scaling when d = 1, masks when all is allowed, values when they equal "
        "the keys. Choose inputs where each of the six would show.",
        "make q, k, v with sizes that all differ, and a mask with a few False\nout = attention(q, k, v, mask)\n"
        "compare with a version that you trust",
        "Trust scaled_dot_product_attention from 4.6. Draw with torch.Generator().manual_seed(0); three queries, five "
        "keys, d = 4, values of width 2; return torch.allclose(out, due) after comparing shapes.",
    ),
    wrong_answers=(
        WrongAnswer(
            id="accepts_all",
            code=lambda attention: True,
            says="Your test says True to everything.",
            why="A test that cannot fail proves nothing: call attention(q, k, v, mask) and compare.",
        ),
        WrongAnswer(
            id="rejects_all",
            code=lambda attention: False,
            says="Your test says False to everything, to right attentions as well.",
            why="Compare with a version that you trust, within a tolerance.",
        ),
        WrongAnswer(
            id="shape_only",
            code=lambda attention: (
                attention(noise(1, 3, 4), noise(2, 5, 4), noise(3, 5, 2)).shape == (3, 2)
            ),
            says="Your test looks at the shape of the output alone.",
            why="Five of the six faulty attentions return the right shape. Compare numbers.",
        ),
        WrongAnswer(
            id="no_mask",
            code=_clinic_fault(3, 5, 4, 2, masked=False),
            says="Your test forbids no key, so three faults go unseen.",
            why="Ignoring the mask, masking after the softmax and masking with 0 differ only where something is forbidden.",
        ),
        WrongAnswer(
            id="values_are_keys",
            code=_clinic_fault(3, 5, 4, None, masked=True),
            says="Your test uses the keys as values, so an attention that confuses them passes.",
            why="Draw the values on their own, and give them a width of their own.",
        ),
        WrongAnswer(
            id="width_one",
            code=_clinic_fault(3, 5, 1, 2, masked=True),
            says="Your test uses d = 1, where √d is 1, so a missing scale goes unseen.",
            why="Choose d = 4 or more.",
        ),
    ),
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
        because="8 × 2,048 × 2,048 × 4 bytes = 134 million bytes. The fused call never writes that matrix down.",
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
