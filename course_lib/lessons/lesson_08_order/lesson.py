"""Lesson 08 as data: exercises, predictions, quiz; wrong answers stand in `wrong/lesson_08.py`."""

import math
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
from course_lib.checking.noise import noise, pick
from course_lib.checking.protocol import ModuleProtocol
from course_lib.lessons.lesson_08_order import mistakes as wrong

POSITIONS = "course_lib.attention.positions"
REFERENCE = "course_lib.lessons.lesson_08_order.reference"
B, H, T, S, D, DV = 2, 3, 5, 7, 6, 4
BASE = 10_000.0


def places(*numbers: float) -> Tensor:
    """Positions in float64."""
    return torch.tensor(numbers, dtype=torch.float64)


def any_places(rng: np.random.Generator, n: int) -> Tensor:
    """Some positions in rising order, not always from 0 and not always whole."""
    start, step = pick(rng, range(20)), (1.0, 1.0, 2.0, 0.5)[pick(rng, range(4))]
    return start + step * torch.arange(n, dtype=torch.float64)


# ---------------------------------------------------------------- 8.1 angles


def angle_cases() -> list[Case]:
    by_hand = Case(label="positions 0, 1, 2 at width 4", args=(places(0, 1, 2), 4))
    tidy = Case(
        label="positions 0, 1, 2, 3, 4 at width 6, base 1000",
        args=(places(0, 1, 2, 3, 4), 6),
        kwargs={"base": 1000.0},
        gradients=True,
    )
    drawn = [
        Case(label=f"{n} positions from {at[0]:g} on, width {d}", args=(at, d), gradients=True)
        for n, d, at in (
            (7, 10, places(*range(7))),
            (5, 8, places(30, 31, 35, 36, 37)),
            (3, 12, places(-2.5, 0.5, 1)),
        )
    ]
    pair = Case(label="one position, one pair", args=(places(3), 2), edge=True)
    return [by_hand, tidy, *drawn, pair]


def angle_sample(rng: np.random.Generator) -> Case:
    n, d = pick(rng, range(1, 9)), 2 * pick(rng, range(1, 9))
    base = (BASE, 100.0, 500_000.0)[pick(rng, range(3))]
    return Case(label="random", args=(any_places(rng, n), d), kwargs={"base": base})


def angle_oracle(positions: Tensor, d: int, base: float = BASE) -> Tensor:
    """Column by column, each with its frequency as a Python float."""
    frequencies = [math.exp(-math.log(base) * 2 * i / d) for i in range(d // 2)]
    return torch.stack([positions * frequency for frequency in frequencies], -1)


ANGLES = Exercise(
    name="angles",
    title="A clock for every pair of columns",
    minutes=6,
    difficulty=2,
    proves="pair i has turned by p · base^(−2i/d) at position p, for any positions, width and base",
    passed="Agrees with the formula written out column by column, for positions of all kinds and two bases.",
    cases=angle_cases,
    sample=angle_sample,
    oracle=angle_oracle,
    reference=f"{POSITIONS}.angles",
    hints=(
        "One frequency for each pair makes a row, the positions make a column; a column times a row is a table.",
        "i = 0, 1, … d/2 − 1, as a tensor like positions\nfrequencies = base to the power −2i/d\n"
        "positions as a column times frequencies as a row",
        "torch.arange(0, d, 2, device=positions.device) holds 2i already. A number to the power of a tensor is a tensor: "
        "base ** (-... / d). positions[:, None] is the column.",
    ),
    wrong_answers=wrong.ANGLES,
)

# ---------------------------------------------------------------- 8.2 sinusoidal positions


def table_cases() -> list[Case]:
    by_hand = Case(label="positions 0 and 1 at width 4", args=(places(0, 1), 4))
    drawn = [
        Case(
            label=f"{len(at)} positions from {at[0]:g} on, width {d}", args=(at, d), gradients=True
        )
        for d, at in (
            (6, places(*range(T))),
            (10, places(*range(7))),
            (8, places(40, 41, 45)),
            (12, places(-2.5, 0.5, 1, 9)),
        )
    ]
    pair = Case(label="one position, one pair", args=(places(3), 2), edge=True)
    return [by_hand, *drawn, pair]


def table_sample(rng: np.random.Generator) -> Case:
    n, d = pick(rng, range(1, 9)), 2 * pick(rng, range(1, 9))
    return Case(label="random", args=(any_places(rng, n), d))


def table_oracle(positions: Tensor, d: int) -> Tensor:
    """Column by column: even ones are sines, odd ones cosines of the same angle."""
    angle = [positions * math.exp(-math.log(BASE) * (c - c % 2) / d) for c in range(d)]
    return torch.stack([a.cos() if c % 2 else a.sin() for c, a in enumerate(angle)], -1)


def rows_of_one_length(call: Any, case: Case, value: Any) -> str | None:
    """Each of d/2 pairs is a point on the unit circle, so a row's squares sum to d/2."""
    sums, due = value.square().sum(-1), value.shape[-1] / 2
    if torch.allclose(sums, torch.full_like(sums, due), atol=1e-5):
        return None
    worst = sums[(sums - due).abs().argmax()].item()
    return (
        "A sine and a cosine of one angle are a point on a circle of radius 1, so the squares of a row sum to half the "
        f"width, {due:g} here. On the case “{case.label}” those of one of your rows sum to {worst:.3f}."
    )


SINUSOIDAL_POSITIONS = Exercise(
    name="sinusoidal_positions",
    title="Sinusoidal positions",
    minutes=5,
    difficulty=1,
    proves="column 2i holds the sine and column 2i + 1 the cosine of angle i",
    passed="Agrees with the paper's formula column by column; all your rows have the same length.",
    cases=table_cases,
    sample=table_sample,
    oracle=table_oracle,
    properties=(Property(id="rows_of_one_length", holds=rows_of_one_length),),
    reference=f"{POSITIONS}.sinusoidal_positions",
    hints=(
        "You have the angles. Take both functions of all of them, then let the columns of the two tables take turns.",
        "turned = angles(positions, d)\nput sin(turned) and cos(turned) side by side on a new last axis\n"
        "join the last two axes into one",
        "torch.stack([turned.sin(), turned.cos()], dim=-1) has shape (T, d/2, 2); .flatten(...) joins axes. Or fill an "
        "empty table: table[:, 0::2] = ... and table[:, 1::2] = ...",
    ),
    wrong_answers=wrong.SINUSOIDAL_POSITIONS,
)

# ---------------------------------------------------------------- 8.3 learned positions


def learned_cases() -> list[Case]:
    by_hand = Case(
        label="a table of three rows, two tokens of width 2",
        init={"max_len": 3, "d_model": 2},
        state={"table": torch.tensor([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])},
        args=(torch.tensor([[1.0, 1], [2, 2]]),),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, lead)) or 'one'} sequence{'s' * bool(lead)} of {n} tokens, {rows} rows, width {d}",
            init={"max_len": rows, "d_model": d},
            state={"table": noise(seed, rows, d)},
            args=(noise(seed + 10, *lead, n, d),),
            gradients=True,
        )
        for lead, n, rows, d, seed in (
            ((), 5, 9, 4, 0),
            ((2,), 5, 8, 7, 1),
            ((3,), 4, 11, 6, 2),
            ((2, 3), 5, 6, 4, 3),
        )
    ]
    full = Case(
        label="as many tokens as rows",
        init={"max_len": 4, "d_model": 3},
        state={"table": noise(4, 4, 3)},
        args=(noise(5, 2, 4, 3),),
        gradients=True,
        edge=True,
    )
    return [by_hand, *drawn, full]


def learned_sample(rng: np.random.Generator) -> Case:
    lead = [(), (B,), (B, H)][pick(rng, range(3))]
    rows, d = pick(rng, range(1, 9)), pick(rng, range(1, 9))
    n = pick(rng, range(1, rows + 1))
    return Case(
        label="random",
        init={"max_len": rows, "d_model": d},
        state={"table": noise(rng, rows, d)},
        args=(noise(rng, *lead, n, d),),
    )


def learned_oracle(state: dict[str, Tensor], x: Tensor, max_len: int, d_model: int) -> Tensor:
    """An embedding looked up by position."""
    at = torch.arange(x.shape[-2], device=x.device)
    return x + F.embedding(at, state["table"])


LEARNED_POSITIONS = Exercise(
    name="LearnedPositions",
    title="Learned positions",
    minutes=5,
    difficulty=1,
    proves="token t gets row t of a table that learns, with any number of leading axes",
    passed="Agrees with torch's embedding lookup, gradients of the table too, with and without a batch.",
    cases=learned_cases,
    sample=learned_sample,
    oracle=learned_oracle,
    protocol=ModuleProtocol(),
    reference=f"{POSITIONS}.LearnedPositions",
    hints=(
        "How many rows of the table does x need? They are the first ones, and adding broadcasts over the batch.",
        "in forward:\n    n = number of tokens, the size of x's axis -2\n    return x plus the first n rows of self.table",
        "x.shape[-2] is the number of tokens, self.table[:n] are the first n rows.\n    return x + self.table[...]",
    ),
    wrong_answers=wrong.LEARNED_POSITIONS,
)

# ---------------------------------------------------------------- 8.4 attention in order


def in_order_cases() -> list[Case]:
    by_hand = Case(
        label="two tokens of width 2, identity projections",
        args=(
            torch.tensor([[1.0, 0], [0, 1]]),
            torch.tensor([[0.0, 1], [1, 0]]),
            torch.eye(2),
            torch.eye(2),
            torch.tensor([[1.0, 0], [0, 2]]),
        ),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, lead)) or 'one'} sequence{'s' * bool(lead)}, input {d_in}, queries {d}, values {d_v}, seed {seed}",
            args=(
                noise(seed, *lead, T, d_in),
                noise(seed + 10, T, d_in),
                noise(seed + 20, d_in, d, scale=0.4),
                noise(seed + 30, d_in, d, scale=0.4),
                noise(seed + 40, d_in, d_v),
            ),
            gradients=True,
        )
        for lead, d_in, d, d_v, seed in (
            ((), 6, 6, 6, 0),
            ((B,), 6, 6, 6, 1),
            ((B,), 7, 6, 4, 2),
            ((B, H), 9, 8, 6, 3),
        )
    ]
    return [by_hand, *drawn]


def in_order_sample(rng: np.random.Generator) -> Case:
    lead = [(), (B,), (B, H)][pick(rng, range(3))]
    t, d_in, d, d_v = (pick(rng, range(1, 8)) for _ in range(4))
    return Case(
        label="random",
        args=(
            noise(rng, *lead, t, d_in),
            noise(rng, t, d_in),
            noise(rng, d_in, d, scale=0.5),
            noise(rng, d_in, d, scale=0.5),
            noise(rng, d_in, d_v),
        ),
    )


def in_order_oracle(x: Tensor, p: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor) -> Tensor:
    """The fused call on projections of x and of p, which are summed: projecting is linear."""
    q, k, v = (x @ w + p @ w for w in (w_q, w_k, w_v))
    return F.scaled_dot_product_attention(q, k, v)


ATTEND_IN_ORDER = Exercise(
    name="attend_in_order",
    title="Self-attention that knows places",
    minutes=5,
    difficulty=1,
    proves="queries, keys and values are all made from x + p, added once and before the projections",
    passed="Agrees with PyTorch's fused attention, gradients of positions and projections too.",
    cases=in_order_cases,
    sample=in_order_sample,
    oracle=in_order_oracle,
    reference=f"{REFERENCE}.attend_in_order",
    hints=(
        "Add first, then do everything as in lesson 07: one sum, three projections of it.",
        "h = x plus p\nq, k and v are h times their projections\nreturn scaled dot-product attention of the three",
        "h = x + p, then scaled_dot_product_attention(h @ w_q, ..., ...).",
    ),
    wrong_answers=wrong.ATTEND_IN_ORDER,
)

# ---------------------------------------------------------------- 8.5 relative bias


def bias_cases() -> list[Case]:
    by_hand = Case(
        label="one head, reach 1, two queries, three keys",
        args=(torch.tensor([[10.0, 20, 30]]), 2, 3),
    )
    drawn = [
        Case(
            label=f"{heads} heads, reach {reach}, {t} queries, {s} keys",
            args=(noise(seed, heads, 2 * reach + 1), t, s),
            gradients=True,
        )
        for heads, reach, t, s, seed in ((2, 2, 4, 7, 0), (3, 2, 8, 6, 1), (4, 3, 9, 9, 2))
    ]
    unusual = [
        Case(label="every distance within reach", args=(noise(3, 2, 9), 3, 4), edge=True),
        Case(label="reach 0: one number for all", args=(noise(4, 3, 1), 2, 4), edge=True),
        Case(label="one query, one key", args=(noise(5, 2, 5), 1, 1), edge=True),
    ]
    return [by_hand, *drawn, *unusual]


def bias_sample(rng: np.random.Generator) -> Case:
    heads, reach, t, s = (pick(rng, range(1, 7)) for _ in range(4))
    return Case(label="random", args=(noise(rng, heads, 2 * reach + 1), t, s))


def bias_oracle(table: Tensor, n_queries: int, n_keys: int) -> Tensor:
    """Entry by entry."""
    reach = (table.shape[1] - 1) // 2
    column = [
        [min(max(s - t, -reach), reach) + reach for s in range(n_keys)] for t in range(n_queries)
    ]
    return torch.stack([torch.stack([table[:, c] for c in row], -1) for row in column], -2)


def one_number_for_a_distance(call: Any, case: Case, value: Any) -> str | None:
    """The bias is the same wherever s − t is."""
    if value.shape[-2] < 2 or value.shape[-1] < 2:
        return None
    here, next_one = value[:, :-1, :-1], value[:, 1:, 1:]
    apart = (here - next_one).abs() > 1e-6
    if not apart.any():
        return None
    h, t, s = (int(i) for i in apart.nonzero()[0])
    return (
        "The bias depends on the distance s − t alone, so it stays the same when query and key both move on by one. On the "
        f"case “{case.label}” head {h} has {here[h, t, s].item():.3f} for query {t}, key {s} and "
        f"{next_one[h, t, s].item():.3f} for query {t + 1}, key {s + 1}."
    )


RELATIVE_BIAS = Exercise(
    name="relative_bias",
    title="A number for every distance",
    minutes=8,
    difficulty=2,
    proves="query t and key s get the number of their distance s − t, clipped to the reach of the table",
    passed="Agrees with a loop over heads, queries and keys; each number of the table gets its gradient.",
    cases=bias_cases,
    sample=bias_sample,
    oracle=bias_oracle,
    properties=(Property(id="one_number_for_a_distance", holds=one_number_for_a_distance),),
    reference=f"{POSITIONS}.relative_bias",
    hints=(
        "First make the table of distances: keys count across, queries down. Then clip, then shift so that the smallest "
        "becomes 0, then look up.",
        "steps[t, s] = s − t\nclip steps to −r … r, and add r\ncolumns of table at steps, for all heads at once",
        "torch.arange(n_keys) - torch.arange(n_queries)[:, None] are the distances, .clamp(-r, r) clips, and "
        "table[:, index] looks an integer tensor of any shape up.",
    ),
    wrong_answers=wrong.RELATIVE_BIAS,
)

# ---------------------------------------------------------------- 8.6 rotate halves


def rotate_cases() -> list[Case]:
    quarter = Case(
        label="(1, 2, 3, 4) at positions 0 and π/2",
        args=(torch.tensor([[1.0, 2, 3, 4]] * 2, dtype=torch.float64), places(0, math.pi / 2)),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, lead)) or 'one'} sequence{'s' * bool(lead)} of {len(at)} rows from {at[0]:g} on, width {d}",
            args=(noise(seed, *lead, len(at), d), at),
            gradients=True,
        )
        for lead, d, at, seed in (
            ((), 6, places(*range(T)), 0),
            ((B,), 8, places(*range(T)), 1),
            ((B, H), 10, places(17, 18, 19, 23), 2),
            ((B, H), 12, places(*range(7)), 3),
        )
    ]
    unusual = [
        Case(label="one row, one pair", args=(noise(4, 1, 2), places(3)), edge=True),
        Case(label="float32", args=(noise(5, 4, 6).float(), places(0, 1, 2, 9).float()), edge=True),
    ]
    return [quarter, *drawn, *unusual]


def rotate_sample(rng: np.random.Generator) -> Case:
    lead = [(), (B,), (B, H)][pick(rng, range(3))]
    n, d = pick(rng, range(1, 8)), 2 * pick(rng, range(1, 8))
    return Case(label="random", args=(noise(rng, *lead, n, d), any_places(rng, n)))


def rotate_oracle(x: Tensor, positions: Tensor) -> Tensor:
    """Each pair as a complex number, times e^(i·angle)."""
    first, second = x.chunk(2, -1)
    angle = angle_oracle(positions, x.shape[-1])
    out = torch.complex(first, second) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([out.real, out.imag], -1)


def score_by_distance_alone(call: Any, case: Case, value: Any) -> str | None:
    """The defining property: moving query and key by the same steps leaves their score."""
    x = case.args[0].double().reshape(-1, case.args[0].shape[-1])
    q, k = x[:1], x[-1:] + 1
    scores = [
        float((call(q, places(t)) * call(k, places(s))).sum()) for t, s in ((5, 9), (105, 109))
    ]
    if abs(scores[0] - scores[1]) < 1e-4 * (1 + abs(scores[0])):
        return None
    return (
        "A score must depend on distance alone: query 5 and key 9 are as far apart as query 105 and key 109. With one and "
        f"the same query and key yours gives {scores[0]:.3f} and {scores[1]:.3f}."
    )


def length_is_kept(call: Any, case: Case, value: Any) -> str | None:
    """A rotation changes no length."""
    before, after = case.args[0].norm(dim=-1), value.norm(dim=-1)
    if torch.allclose(before, after, rtol=1e-4, atol=1e-5):
        return None
    place = int((before - after).abs().flatten().argmax())
    return (
        f"A rotation keeps every vector's length. On the case “{case.label}” one of length "
        f"{before.flatten()[place].item():.3f} comes back with {after.flatten()[place].item():.3f}."
    )


ROTATE_HALVES = Exercise(
    name="rotate_halves",
    title="Turn queries and keys",
    minutes=10,
    difficulty=3,
    proves="scores depend on distance alone, and column i turns with column i + d/2 by angle i",
    passed="Scores depend on distance alone, and every number agrees with a product of complex numbers, gradients too.",
    cases=rotate_cases,
    sample=rotate_sample,
    oracle=rotate_oracle,
    properties=(
        Property(id="score_by_distance_alone", holds=score_by_distance_alone),
        Property(id="length_is_kept", holds=length_is_kept),
    ),
    reference=f"{POSITIONS}.rotate_halves",
    hints=(
        "A column i and its partner i + d/2 are a point of the plane. Write the turned point down once for a single pair, "
        "from the formula above: the same line does all pairs at once.",
        "turned = angles(positions, d)\nfirst, second = the two halves of the columns\n"
        "first half of the result: first · cos − second · sin\nsecond half: first · sin + second · cos\njoin them",
        "first, second = x.chunk(2, dim=-1) cuts; torch.cat([..., ...], dim=-1) joins. cos = turned.cos() has shape "
        "(T, d/2) and broadcasts over the leading axes.",
    ),
    wrong_answers=wrong.ROTATE_HALVES,
)

# ---------------------------------------------------------------- 8.7 from one layout to the other


def layout_cases() -> list[Case]:
    by_hand = Case(label="columns 0 to 5", args=(torch.arange(6.0),))
    drawn = [
        Case(
            label=f"shape {shape}",
            args=(noise(seed, *shape),),
            gradients=True,
        )
        for shape, seed in (((5, 8), 0), ((2, 5, 10), 1), ((2, 3, 4, 6), 2))
    ]
    return [
        *[by_hand, *drawn],
        Case(label="one pair", args=(torch.tensor([1.0, 2.0]),), edge=True),
    ]


def layout_sample(rng: np.random.Generator) -> Case:
    lead = [(), (3,), (2, 3)][pick(rng, range(3))]
    return Case(label="random", args=(noise(rng, *lead, 2 * pick(rng, range(1, 8))),))


def layout_oracle(x: Tensor) -> Tensor:
    """One column after the other."""
    d = x.shape[-1]
    return torch.stack([x[..., c] for c in [*range(0, d, 2), *range(1, d, 2)]], -1)


PAIRS_TO_HALVES = Exercise(
    name="pairs_to_halves",
    title="From one layout to the other",
    minutes=4,
    difficulty=1,
    proves="the partners 2i and 2i + 1 end up in columns i and i + d/2",
    passed="Every column lands where it should, at widths 2 to 10.",
    cases=layout_cases,
    sample=layout_sample,
    oracle=layout_oracle,
    reference=f"{POSITIONS}.pairs_to_halves",
    hints=(
        "The first partners of all pairs stand in the even columns. Where do they have to go, and where the others?",
        "even columns, in their order, then odd columns, in theirs",
        "x[..., 0::2] takes every second column from the first on. Join two such slices: torch.cat([..., ...], dim=-1).",
    ),
    wrong_answers=wrong.PAIRS_TO_HALVES,
)

# ---------------------------------------------------------------- 8.8 rotary attention


def rotary_cases() -> list[Case]:
    by_hand = Case(
        label="two queries, two keys, width 2",
        args=(
            torch.tensor([[1.0, 0], [1, 0]], dtype=torch.float64),
            torch.tensor([[2.0, 0], [2, 0]], dtype=torch.float64),
            torch.tensor([[0.0, 1], [10, 1]], dtype=torch.float64),
        ),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, lead)) or 'one'} sequence{'s' * bool(lead)}, {t} queries, {s} keys, seed {seed}",
            args=(
                noise(seed, *lead, t, d),
                noise(seed + 10, *lead, s, d),
                noise(seed + 20, *lead, s, d_v),
            ),
            gradients=True,
        )
        for lead, t, s, d, d_v, seed in (
            ((), 5, 5, 6, 6, 0),
            ((B,), 5, 7, 6, 4, 1),
            ((B, H), 5, 7, 8, 4, 2),
            ((B, H), 6, 6, 8, 8, 3),
            ((B,), 9, 3, 6, 5, 4),
        )
    ]
    alone = Case(
        label="a single key", args=(noise(4, 3, 4), noise(5, 1, 4), noise(6, 1, 2)), edge=True
    )
    return [by_hand, *drawn, alone]


def rotary_sample(rng: np.random.Generator) -> Case:
    lead = [(), (B,), (B, H)][pick(rng, range(3))]
    t, s, d_v = (pick(rng, range(1, 8)) for _ in range(3))
    d = 2 * pick(rng, range(1, 6))
    return Case(
        label="random",
        args=(noise(rng, *lead, t, d), noise(rng, *lead, s, d), noise(rng, *lead, s, 2 * d_v)),
    )


def rotary_oracle(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """The fused call on queries and keys turned as complex numbers."""
    at = [torch.arange(x.shape[-2], dtype=x.dtype) for x in (q, k)]
    return F.scaled_dot_product_attention(rotate_oracle(q, at[0]), rotate_oracle(k, at[1]), v)


ROTARY_ATTENTION = Exercise(
    name="rotary_attention",
    title="Rotary attention",
    minutes=5,
    difficulty=1,
    proves="queries and keys are turned by their positions, and values are not",
    passed="Agrees with PyTorch's fused attention on turned queries and keys, gradients too.",
    cases=rotary_cases,
    sample=rotary_sample,
    oracle=rotary_oracle,
    reference=f"{POSITIONS}.rotary_attention",
    hints=(
        "Distance has to enter the scores and nothing else. Which of the three inputs make the scores?",
        "turn q by positions 0, 1, 2 …\nturn k by positions 0, 1, 2 …\n"
        "return scaled dot-product attention of those two and v as it is",
        "torch.arange(q.shape[-2], dtype=q.dtype, device=q.device) are the positions of the queries; the keys may be more "
        "or fewer. Then scaled_dot_product_attention(rotate_halves(q, ...), ..., v).",
    ),
    wrong_answers=wrong.ROTARY_ATTENTION,
)

# ---------------------------------------------------------------- 8.9 ALiBi's slopes


def slope_oracle(n_heads: int) -> list[float]:
    """Exponents written out: −8h/P for h = 1 … P, then −4h/P for odd h, where P ≤ H is a power of 2."""
    power = max(2**e for e in range(n_heads) if 2**e <= n_heads)
    exponents = [8 * h / power for h in range(1, power + 1)]
    exponents += [4 * h / power for h in range(1, 2 * (n_heads - power), 2)]
    return [0.5**exponent for exponent in exponents]


ALIBI_SLOPES = Exercise(
    name="alibi_slopes",
    title="ALiBi's slopes",
    minutes=8,
    difficulty=2,
    proves="slopes are geometric for a power of two, and filled up by the authors' rule for other numbers of heads",
    passed="Right for 1 to 20 heads, powers of two or not.",
    cases=lambda: [
        *(Case(label=f"{n} heads", args=(n,)) for n in (4, 8, 16, 6, 3, 12, 20)),
        Case(label="two heads", args=(2,), edge=True),
        Case(label="one head", args=(1,), edge=True),
    ],
    sample=lambda rng: Case(label="random", args=(pick(rng, range(1, 70)),)),
    oracle=slope_oracle,
    reference=f"{POSITIONS}.alibi_slopes",
    hints=(
        "Begin with powers of two: the exponents of 2 run from −8/H to −8 in equal steps. For another H, call your own "
        "function for the two powers around it.",
        "power = the largest power of two that is at most n_heads\n"
        "if power is n_heads: 2 to the power −8h/n_heads for h = 1 … n_heads\n"
        "else: all slopes of power heads, then every second one of 2·power heads, as many as are missing",
        "power = 2 ** int(math.log2(n_heads)). A list is sliced by steps: alibi_slopes(2 * power)[::2][:n_heads - power], "
        "and lists are joined by +.",
    ),
    wrong_answers=wrong.ALIBI_SLOPES,
)

# ---------------------------------------------------------------- 8.10 ALiBi


def alibi_cases() -> list[Case]:
    by_hand = Case(
        label="one head, three tokens, equal scores, slope 1",
        args=(
            torch.zeros(1, 3, 2),
            torch.zeros(1, 3, 2),
            torch.tensor([[[1.0], [10], [100]]]),
            torch.tensor([1.0]),
        ),
    )
    drawn = [
        Case(
            label=f"{' × '.join(map(str, lead)) or 'one'} sequence{'s' * bool(lead)}, {heads} heads, {t} tokens, seed {seed}",
            args=(
                noise(seed, *lead, heads, t, d),
                noise(seed + 10, *lead, heads, t, d),
                noise(seed + 20, *lead, heads, t, d_v),
                places(*slope_oracle(heads)),
            ),
            gradients=True,
        )
        for lead, heads, t, d, d_v, seed in (
            ((), 4, 5, 6, 3, 0),
            ((B,), 3, 5, 7, 4, 1),
            ((B,), 4, 7, 5, 3, 2),
        )
    ]
    alone = Case(
        label="a single token",
        args=(noise(3, 2, 1, 4), noise(4, 2, 1, 4), noise(5, 2, 1, 3), places(0.5, 0.25)),
        edge=True,
    )
    return [by_hand, *drawn, alone]


def alibi_sample(rng: np.random.Generator) -> Case:
    lead = [(), (B,)][pick(rng, range(2))]
    heads, t, d, d_v = (pick(rng, range(1, 7)) for _ in range(4))
    qkv = (noise(rng, *lead, heads, t, width) for width in (d, d, d_v))
    return Case(label="random", args=(*qkv, places(*slope_oracle(heads))))


def alibi_oracle(q: Tensor, k: Tensor, v: Tensor, slopes: Tensor) -> Tensor:
    """The fused call with a bias written entry by entry, −∞ for the future."""
    n = q.shape[-2]
    far = [[float(t - s) if s <= t else math.inf for s in range(n)] for t in range(n)]
    steps = torch.tensor(far, dtype=q.dtype)
    seen = torch.where(steps.isinf(), 0.0, steps)
    bias = -slopes[:, None, None] * seen + torch.where(steps.isinf(), -math.inf, 0.0)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=bias.expand(*q.shape[:-2], n, n))


def nothing_from_the_future(call: Any, case: Case, value: Any) -> str | None:
    """The first output sees the first token alone, so it is the first value."""
    v = case.args[2]
    if value.shape != v.shape or torch.allclose(value[..., 0, :], v[..., 0, :], atol=1e-5):
        return None
    return (
        "The first query has one key to look at, its own, so its output is the first value. On the case "
        f"“{case.label}” that value begins with {v[..., 0, :].flatten()[0].item():.3f} and your output with "
        f"{value[..., 0, :].flatten()[0].item():.3f}: something else came in."
    )


ALIBI_ATTENTION = Exercise(
    name="alibi_attention",
    title="ALiBi",
    minutes=8,
    difficulty=2,
    proves="each step back costs a head its slope, and no query sees a later key",
    passed="Agrees with PyTorch's fused attention under a bias written entry by entry, gradients too.",
    cases=alibi_cases,
    sample=alibi_sample,
    oracle=alibi_oracle,
    properties=(Property(id="nothing_from_the_future", holds=nothing_from_the_future),),
    reference=f"{REFERENCE}.alibi_attention",
    hints=(
        "Make the bias first: how far back key s lies from query t, times the slope of each head. Then what lies ahead "
        "must be hidden, as in lesson 04.",
        "back[t, s] = t − s\nscores = scaled scores − slope of the head · back\nhide where back is negative\n"
        "softmax over the keys, times v",
        "back = at[:, None] - at with at = torch.arange(T); slopes[:, None, None] * back has shape (H, T, T); "
        "scores.masked_fill(back < 0, -torch.inf) hides what is ahead.",
    ),
    wrong_answers=wrong.ALIBI_ATTENTION,
)

# ---------------------------------------------------------------- predictions and quiz

PREDICTIONS = (
    Prediction(
        id="no_order",
        question="One layer of self-attention without positions is trained to reverse eight different tokens: how many of its "
        "answers are right?",
        options=("nearly all", "about 1 in 2", "about 1 in 7", "about 1 in 16"),
        answer="about 1 in 7",
        because="The layer sees a bag of eight tokens, and the one it stands on. The answer is one of the other seven, and "
        "nothing says which.",
    ),
    Prediction(
        id="shift",
        question="A rotary score of a query at place 5 and a key at place 9 is 1.2; the same two stand at 105 and 109: what is "
        "their score?",
        options=("smaller", "1.2", "larger", "it depends on the vectors"),
        answer="1.2",
        because="Both vectors were turned by the same further angle in each pair, so the angle between them is what it was. "
        "The distance is 4 in both cases.",
    ),
    Prediction(
        id="layouts",
        question="The weights of a model that turns pairs are loaded into one that turns halves: what happens?",
        options=(
            "the same scores",
            "other scores, and no error",
            "an error about shapes",
        ),
        answer="other scores, and no error",
        because="All shapes fit, and each layout keeps lengths and distances. But column 1 now turns with another partner, by "
        "another angle, than the one it was trained for.",
    ),
    Prediction(
        id="rotary_reverse",
        question="How well does one layer of rotary attention reverse eight different tokens?",
        options=(
            "as with a table, nearly 100 %",
            "in between, about 30 %",
            "as without order, about 14 %",
        ),
        answer="in between, about 30 %",
        because="Distances alone do not say where the text ends, except at its ends: only the first token has a key seven "
        "steps after it, and only the last one seven before. A trained layer answers those two, and few of the six between.",
    ),
    Prediction(
        id="slope",
        question="A head has slope 1/2 and all scores are equal: how much weight does a key ten steps back get, for each unit "
        "that the own key gets?",
        options=("about 0.5", "about 0.1", "about 0.007", "exactly 0"),
        answer="about 0.007",
        because="Ten steps cost 10 · 1/2 = 5, and e⁻⁵ = 0.0067. A softmax makes a factor of every difference.",
    ),
    Prediction(
        id="survive",
        question="Trained to copy a text of up to 16 tokens after a mark: which model still copies best at 64 tokens?",
        options=("sinusoidal", "learned", "rotary", "ALiBi", "none of the encodings helps"),
        answer="ALiBi",
        because="88 % in the mean of three seeds; relative bias 55 %, rotary 8 %, both tables below 20 %. On the other task of "
        "the log ALiBi does not even learn the lengths of training.",
    ),
)

QUIZ = (
    Question(
        text="Why do sinusoidal positions hold a sine and a cosine of each angle?",
        options=(
            Option(
                text="So that their values stay between −1 and 1.",
                why="A sine alone does that.",
            ),
            Option(
                text="So that a step of any length is the same rotation everywhere.",
                right=True,
                why="A pair (sin, cos) is a point on a circle, and a step turns it by a fixed angle. A sine alone does not "
                "know which way it is going.",
            ),
            Option(
                text="So that two tokens never get the same row.",
                why="Rows differ with sines alone too, at these lengths; what is lost is that steps look alike.",
            ),
        ),
    ),
    Question(
        text="Which part of attention does rotary encoding leave as it is?",
        options=(
            Option(text="The queries.", why="They are turned by the angles of their places."),
            Option(text="The keys.", why="They are turned by the angles of theirs."),
            Option(
                text="The values.",
                right=True,
                why="Distance goes into the scores. What is found at a place stays what it is, however far it is read from.",
            ),
        ),
    ),
    Question(
        text="Two libraries turn different pairs of columns. Which one is right?",
        options=(
            Option(
                text="The one that follows the paper.",
                why="The paper takes neighbours, but any way to pair columns has the defining property.",
            ),
            Option(
                text="Both, each with weights that were made for it.",
                right=True,
                why="A layout is an order of columns. Reorder those of w_q and w_k, and one gives the scores of the other.",
            ),
            Option(
                text="The one whose scores are larger.",
                why="Turning changes no length; neither layout makes scores larger.",
            ),
        ),
    ),
    Question(
        text="A model with learned positions was trained on 512 tokens. What does it need for 600?",
        options=(
            Option(
                text="Nothing: rows repeat.",
                why="There is no row 512, and repeating row 0 would tell token 512 that it stands at the start.",
            ),
            Option(
                text="A longer table, and training at those places.",
                right=True,
                why="New rows hold whatever they were filled with until training has been there.",
            ),
            Option(
                text="A larger base.",
                why="A base belongs to the angles of sinusoidal and rotary encodings. A learned table has none.",
            ),
        ),
    ),
    Question(
        text="You need a model that answers “which token stood exactly three before?” Which encoding helps least, by the log of "
        "this lesson?",
        options=(
            Option(
                text="ALiBi",
                right=True,
                why="Its price rises steadily: the token one back is always cheaper than the one three back. Fixed slopes "
                "cannot prefer a distance in the middle.",
            ),
            Option(
                text="rotary",
                why="It reaches 100 % in training lengths: a head can tune its queries and keys so that one distance scores "
                "highest.",
            ),
            Option(
                text="relative bias",
                why="It has a number for that very distance.",
            ),
        ),
    ),
)

LESSON = LessonSpec(
    number="08",
    slug="order",
    title="Order",
    minutes=75,
    needs=("07",),
    exercises=(
        ANGLES,
        SINUSOIDAL_POSITIONS,
        LEARNED_POSITIONS,
        ATTEND_IN_ORDER,
        RELATIVE_BIAS,
        ROTATE_HALVES,
        PAIRS_TO_HALVES,
        ROTARY_ATTENTION,
        ALIBI_SLOPES,
        ALIBI_ATTENTION,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
