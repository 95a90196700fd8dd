"""The wrong answers that lesson 08 recognises: real mistakes, named and explained."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_08_order.given import all_alike, is_arithmetic

BASE = 10_000.0


def turned(positions: Tensor, d: int, base: float = BASE, shift: int = 0, two: float = 2) -> Tensor:
    """Angles with switches for classic mistakes; all off, they are right."""
    i = torch.arange(d // 2, dtype=positions.dtype, device=positions.device) + shift
    return positions[:, None] * base ** (-two * i / d)


def woven(first: Tensor, second: Tensor) -> Tensor:
    """Columns of two tensors in turn."""
    return torch.stack([first, second], -1).flatten(-2)


# ---------------------------------------------------------------- 8.1 angles


ANGLES = (
    WrongAnswer(
        id="off_by_one",
        code=lambda p, d, base=BASE: turned(p, d, base, shift=1),
        says="Your frequencies are off by one: your pairs are counted from 1.",
        why="The first pair has i = 0 and the frequency base⁰ = 1, one radian a token. Counted from 1, the fastest "
        "pair is missing and neighbours are harder to tell apart.",
    ),
    WrongAnswer(
        id="no_two",
        code=lambda p, d, base=BASE: turned(p, d, base, two=1),
        says="Your exponent is −i/d; it is −2i/d.",
        why="i counts pairs and ends at d/2 − 1, so 2i runs through nearly all of d. With i alone the slowest pair "
        "turns up to a hundred times too fast at base 10000.",
    ),
    WrongAnswer(
        id="two_twice",
        code=lambda p, d, base=BASE: turned(p, d, base, two=4),
        says="Your exponent is −4i/d: the factor 2 came in twice.",
        why="torch.arange(0, d, 2) already holds 2i. Multiplied once more, half of the pairs hardly turn at all.",
    ),
    WrongAnswer(
        id="faster_and_faster",
        code=lambda p, d, base=BASE: turned(p, d, base, two=-2),
        says="Your frequencies grow: the sign of the exponent is turned round.",
        why="The first pair is the fastest, and each later one turns more slowly. A pair that makes many turns a token "
        "tells nothing about where it is.",
    ),
    WrongAnswer(
        id="ends_at_base",
        code=lambda p, d, base=BASE: (
            p[:, None]
            * base ** (-torch.arange(d // 2, dtype=p.dtype, device=p.device) / max(d // 2 - 1, 1))
        ),
        says="You divide i by d/2 − 1, so that your last frequency is exactly 1/base.",
        why="Some libraries do that, for instance with linspace. The formula here divides 2i by d and stops one step short.",
    ),
    WrongAnswer(
        id="degrees",
        code=lambda p, d, base=BASE: torch.rad2deg(turned(p, d, base)),
        says="Your angles are in degrees.",
        why="sin and cos take radians. 57 radians are nine turns and a bit, where 57 degrees are a sixth of one.",
    ),
    WrongAnswer(
        id="taken_for_degrees",
        code=lambda p, d, base=BASE: torch.deg2rad(turned(p, d, base)),
        says="You converted from degrees; the angles are in radians already.",
        why="Position 1 turns the first pair by one radian, a sixth of a circle. By one degree neighbours would look alike.",
    ),
    WrongAnswer(
        id="positions_from_one",
        code=lambda p, d, base=BASE: turned(p + 1, d, base),
        says="You added 1 to the positions.",
        why="They come as an argument, and position 0 is not turned at all. Who calls decides where to start.",
    ),
    WrongAnswer(
        id="base_left_out",
        code=lambda p, d, base=BASE: turned(p, d),
        says="Your base is always 10000: the argument is not used.",
        why="Models for long texts choose a larger one, so that the slowest pairs take longer for a turn.",
    ),
    WrongAnswer(
        id="not_a_power",
        code=lambda p, d, base=BASE: (
            p[:, None]
            / (base * 2 * torch.arange(d // 2, dtype=p.dtype, device=p.device) / d).clamp(min=1)
        ),
        says="You divide by base · 2i/d, not by base to the power 2i/d.",
        why="The frequencies form a geometric sequence: each is the one before times a fixed factor.",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda p, d, base=BASE: turned(p, d, base).T,
        says="Your table is transposed: positions run across.",
        why="A row belongs to a position, as in every table of this course, so that a row can be added to a token.",
    ),
    WrongAnswer(
        id="each_twice",
        code=lambda p, d, base=BASE: turned(p, d, base).repeat(1, 2),
        says="You have every angle twice, one for each column.",
        why="Two columns share an angle, so there are d/2 of them. Whoever uses them decides which columns those are.",
    ),
    WrongAnswer(
        id="no_positions",
        code=lambda p, d, base=BASE: turned(torch.ones_like(p), d, base),
        says="All your rows are alike: the positions are not used.",
        why="At position p a pair has turned p times its frequency.",
    ),
)

# ---------------------------------------------------------------- 8.2 sinusoidal positions


def _columns(positions: Tensor, d: int) -> Tensor:
    """One frequency for each column: base^(−c/d)."""
    c = torch.arange(d, dtype=positions.dtype, device=positions.device)
    return positions[:, None] * BASE ** (-c / d)


def _by_column(positions: Tensor, d: int) -> Tensor:
    angle = _columns(positions, d)
    return woven(angle[:, 0::2].sin(), angle[:, 1::2].cos())


SINUSOIDAL_POSITIONS = (
    WrongAnswer(
        id="halves",
        code=lambda p, d: torch.cat([turned(p, d).sin(), turned(p, d).cos()], -1),
        says="Your sines stand in the first half and your cosines in the second.",
        why="The same numbers in another order, and no worse: Marian's translation models have them so. The paper's table, "
        "asked for here, takes sine and cosine in turn. A model can only read the order that it was trained with.",
    ),
    WrongAnswer(
        id="cosine_first",
        code=lambda p, d: woven(turned(p, d).cos(), turned(p, d).sin()),
        says="Sine and cosine have changed places.",
        why="Even columns hold sines: at position 0 a row reads 0, 1, 0, 1 …",
    ),
    WrongAnswer(
        id="sine_alone",
        code=lambda p, d: woven(turned(p, d).sin(), turned(p, d).sin()),
        says="All your columns are sines.",
        why="A sine alone cannot tell 30° from 150°. With the cosine beside it each pair is a point on a circle, and one "
        "step turns it by the same angle wherever it stands.",
    ),
    WrongAnswer(
        id="cosine_alone",
        code=lambda p, d: woven(turned(p, d).cos(), turned(p, d).cos()),
        says="All your columns are cosines.",
        why="A cosine alone cannot tell left from right: position 1 and position −1 would look the same.",
    ),
    WrongAnswer(
        id="frequency_by_column",
        code=_by_column,
        says="Your cosines have frequencies of their own: the exponent holds the column, not twice the pair.",
        why="Columns 2i and 2i + 1 share the frequency base^(−2i/d). Otherwise they are no point on a circle, and a step "
        "is no rotation.",
    ),
    WrongAnswer(
        id="off_by_one",
        code=lambda p, d: woven(turned(p, d, shift=1).sin(), turned(p, d, shift=1).cos()),
        says="Your frequencies are off by one: your pairs are counted from 1.",
        why="The first pair has the frequency 1, one radian a token.",
    ),
    WrongAnswer(
        id="positions_from_one",
        code=lambda p, d: woven(turned(p + 1, d).sin(), turned(p + 1, d).cos()),
        says="Your positions are one too high.",
        why="They come as an argument: position 0 gives 0, 1, 0, 1 …",
    ),
    WrongAnswer(
        id="degrees",
        code=lambda p, d: woven(
            torch.deg2rad(turned(p, d)).sin(), torch.deg2rad(turned(p, d)).cos()
        ),
        says="You took the angles for degrees.",
        why="They are radians, as sin and cos want them.",
    ),
    WrongAnswer(
        id="angles_themselves",
        code=lambda p, d: torch.cat([turned(p, d)] * 2, -1),
        says="You return the angles themselves: sine and cosine are missing.",
        why="An angle grows without end, and a token that it is added to would drown. Sine and cosine stay between −1 and 1.",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda p, d: woven(turned(p, d).sin(), turned(p, d).cos()).T,
        says="Your table is transposed: positions run across.",
        why="Row t is added to the token at position t.",
    ),
)

# ---------------------------------------------------------------- 8.3 learned positions


class _Table(nn.Module):
    def __init__(self, max_len: int, d_model: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(max_len, d_model))


class _LastRows(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[len(self.table) - x.shape[-2] :]


class _FromOne(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[torch.arange(1, x.shape[-2] + 1, device=x.device)]


class _SameRow(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[x.shape[-2] - 1]


class _FirstRow(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[0]


class _ByBatch(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[0]]


class _ByAxisOne(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[1]]


class _WholeTable(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.table


class _Multiplied(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x * self.table[: x.shape[-2]]


class _Scaled(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x * math.sqrt(x.shape[-1]) + self.table[: x.shape[-2]]


class _Detached(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[-2]].detach()


class _Alone(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return self.table[: x.shape[-2]].expand(x.shape)


class _Backwards(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[-2]].flip(0)


class _NotUsed(_Table):
    def forward(self, x: Tensor) -> Tensor:
        return x + 0 * self.table[: x.shape[-2]]


LEARNED_POSITIONS = (
    WrongAnswer(
        id="last_rows",
        code=_LastRows,
        says="You take the last rows of the table.",
        why="Position t has row t, whatever the length: a word at the start of a short text and of a long one stands at "
        "the same place.",
    ),
    WrongAnswer(
        id="from_one",
        code=_FromOne,
        says="Your rows are off by one: the first token gets row 1.",
        why="Row 0 is never used, and a sequence as long as the table runs out of it.",
    ),
    WrongAnswer(
        id="same_row",
        code=_SameRow,
        says="Every token gets the same row, that of the last position.",
        why="A vector that all tokens share says nothing of their order. A slice, table[:T], hands out one row each.",
    ),
    WrongAnswer(
        id="first_row",
        code=_FirstRow,
        says="Every token gets row 0.",
        why="A vector that all tokens share says nothing of their order.",
    ),
    WrongAnswer(
        id="by_batch",
        code=_ByBatch,
        says="You count the tokens along axis 0, which is the batch as soon as there is one.",
        why="Positions are axis −2 of x. Counted from the end, it is the same axis with and without a batch.",
    ),
    WrongAnswer(
        id="by_axis_one",
        code=_ByAxisOne,
        says="You count the tokens along axis 1, where they stand only when there is one leading axis.",
        why="Positions are axis −2 of x. Counted from the end, it is the same axis with and without a batch.",
    ),
    WrongAnswer(
        id="whole_table",
        code=_WholeTable,
        says="You add the whole table, which has more rows than there are tokens.",
        why="A text of five tokens gets the first five rows: table[:n].",
    ),
    WrongAnswer(
        id="multiplied",
        code=_Multiplied,
        says="Your positions are multiplied with the tokens.",
        why="They are added. A fresh table holds numbers near 0, so a product would wipe the tokens out.",
    ),
    WrongAnswer(
        id="scaled",
        code=_Scaled,
        says="You multiply the tokens by √d.",
        why="Vaswani et al. do so with their embeddings (§3.4), where the tokens are made. Here x comes ready.",
    ),
    WrongAnswer(
        id="detached",
        code=_Detached,
        says="Your table never learns: it was detached.",
        why="Without a gradient it stays as random as it began.",
    ),
    WrongAnswer(
        id="alone",
        code=_Alone,
        says="You return the positions without the tokens.",
        why="The sum holds both: what the token is, and where it stands.",
    ),
    WrongAnswer(
        id="backwards",
        code=_Backwards,
        says="Your rows are in reverse: the last token gets row 0.",
        why="Then a token's row depends on how long the text is. Position t has row t.",
    ),
    WrongAnswer(
        id="not_used",
        code=_NotUsed,
        says="You return x as it came: the table is not used.",
        why="Attention cannot see the order of its keys; without a position the tokens are a bag.",
    ),
)

# ---------------------------------------------------------------- 8.4 attention in order


def _attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1) @ v


ATTEND_IN_ORDER = (
    WrongAnswer(
        id="after_the_projection",
        code=lambda x, p, w_q, w_k, w_v: _attend(x @ w_q + p, x @ w_k + p, x @ w_v + p),
        says="Your positions are added after the projections.",
        why="The projections are where a head learns what to do with a position: w_q turns it into “I look at the place "
        "before mine”. Added later, places meet only as they are, and the widths fit only by chance.",
    ),
    WrongAnswer(
        id="after_in_two",
        code=lambda x, p, w_q, w_k, w_v: _attend(x @ w_q + p, x @ w_k + p, x @ w_v),
        says="Your positions are added to queries and keys after the projections.",
        why="The projections are where a head learns what to do with a position. Added later, places meet only as they "
        "are, and the widths fit only by chance.",
    ),
    WrongAnswer(
        id="values_without",
        code=lambda x, p, w_q, w_k, w_v: _attend((x + p) @ w_q, (x + p) @ w_k, x @ w_v),
        says="Your values are made from x without its positions.",
        why="The sum is made once and all three projections read it: a value may carry along where it stood, which the "
        "next layer may need.",
    ),
    WrongAnswer(
        id="queries_only",
        code=lambda x, p, w_q, w_k, w_v: _attend((x + p) @ w_q, x @ w_k, x @ w_v),
        says="Only your queries know their positions.",
        why="A query that asks for “the place before mine” needs keys that say where they are.",
    ),
    WrongAnswer(
        id="keys_only",
        code=lambda x, p, w_q, w_k, w_v: _attend(x @ w_q, (x + p) @ w_k, x @ w_v),
        says="Only your keys know their positions.",
        why="Then every query could look at place 3, but none at the place before its own.",
    ),
    WrongAnswer(
        id="no_positions",
        code=lambda x, p, w_q, w_k, w_v: _attend(x @ w_q, x @ w_k, x @ w_v),
        says="Your positions are not used.",
        why="Without them a shuffled input gives the same outputs, shuffled alike.",
    ),
    WrongAnswer(
        id="positions_alone",
        code=lambda x, p, w_q, w_k, w_v: _attend(
            (p + 0 * x) @ w_q, (p + 0 * x) @ w_k, (x + p) @ w_v
        ),
        says="Your queries and keys know only their positions, not their tokens.",
        why="The weights would then be the same for every text.",
    ),
    WrongAnswer(
        id="multiplied",
        code=lambda x, p, w_q, w_k, w_v: _attend((x * p) @ w_q, (x * p) @ w_k, (x * p) @ w_v),
        says="Your positions are multiplied with the tokens.",
        why="They are added: a position near 0 would wipe its token out.",
    ),
    WrongAnswer(
        id="after_attention",
        code=lambda x, p, w_q, w_k, w_v: _attend(x @ w_q, x @ w_k, x @ w_v) + p @ w_v,
        says="Your positions come after the attention.",
        why="Then the weights know nothing of order: each query still mixes a bag of values.",
    ),
    WrongAnswer(
        id="softmax_over_queries",
        code=lambda x, p, w_q, w_k, w_v: (
            ((x + p) @ w_q @ ((x + p) @ w_k).mT / math.sqrt(w_q.shape[-1])).softmax(-2)
            @ ((x + p) @ w_v)
        ),
        says="Your softmax runs over the queries.",
        why="Each query shares out a total of 1 over the keys: the softmax runs along the last axis.",
    ),
    WrongAnswer(
        id="root_of_input",
        code=lambda x, p, w_q, w_k, w_v: (
            ((x + p) @ w_q @ ((x + p) @ w_k).mT / math.sqrt(x.shape[-1])).softmax(-1)
            @ ((x + p) @ w_v)
        ),
        says="Your scores are divided by the root of the input's width, not of the queries'.",
        why="A score adds up as many products as a query is wide, after its projection.",
    ),
    WrongAnswer(
        id="no_scale",
        code=lambda x, p, w_q, w_k, w_v: (
            ((x + p) @ w_q @ ((x + p) @ w_k).mT).softmax(-1) @ ((x + p) @ w_v)
        ),
        says="Your scores are not divided by √d.",
        why="Lesson 04 measured what that does to the gradient. d is the width of the queries.",
    ),
)

# ---------------------------------------------------------------- 8.5 relative bias


def _steps(n_queries: int, n_keys: int) -> Tensor:
    return torch.arange(n_keys) - torch.arange(n_queries)[:, None]


def _reach(table: Tensor) -> int:
    return table.shape[-1] // 2


def _bias(table: Tensor, steps: Tensor, shift: int = 0) -> Tensor:
    r = _reach(table)
    return table[:, (steps.clamp(-r, r) + r + shift).to(table.device)]


RELATIVE_BIAS = (
    WrongAnswer(
        id="transposed",
        code=lambda table, t, s: _bias(table, -_steps(t, s)),
        says="Your distances are t − s: before and after have changed places, and the bias is transposed.",
        why="The table runs from r steps before the query (column 0) to r steps after it. A key before the query has "
        "s − t < 0.",
    ),
    WrongAnswer(
        id="not_clipped",
        code=lambda table, t, s: table[:, _steps(t, s) + _reach(table)],
        says="Your distances are not clipped.",
        why="The table tells distances up to r apart. All that are further share its outermost numbers, so that any length "
        "has a bias.",
    ),
    WrongAnswer(
        id="clipped_above",
        code=lambda table, t, s: table[:, _steps(t, s).clamp(max=_reach(table)) + _reach(table)],
        says="Your distances are clipped on one side only.",
        why="A negative index counts from the end in Python: a key far before the query would get a number that is meant "
        "for one after it.",
    ),
    WrongAnswer(
        id="wraps",
        code=lambda table, t, s: table[:, (_steps(t, s) + _reach(table)) % table.shape[-1]],
        says="Your distances wrap round: far before turns into after.",
        why="Beyond r steps the outermost number holds. A remainder (%) starts again at the other end.",
    ),
    WrongAnswer(
        id="not_shifted",
        code=lambda table, t, s: table[:, _steps(t, s).clamp(-_reach(table), _reach(table))],
        says="You look the distance up as it is, without adding r.",
        why="Distance 0 stands in the middle of the table, column r. A negative index counts from the end in Python.",
    ),
    WrongAnswer(
        id="no_sign",
        code=lambda table, t, s: _bias(table, _steps(t, s).abs()),
        says="Your distances have lost their sign.",
        why="Three steps before and three steps after are different places: a language needs to tell them apart.",
    ),
    WrongAnswer(
        id="off_by_one",
        code=lambda table, t, s: table[
            :, (_steps(t, s) + 1).clamp(-_reach(table), _reach(table)) + _reach(table)
        ],
        says="Your distances are off by one.",
        why="A token is 0 steps from itself, so the diagonal holds the middle of the table.",
    ),
    WrongAnswer(
        id="short_reach",
        code=lambda table, t, s: table[
            :, _steps(t, s).clamp(1 - _reach(table), _reach(table) - 1) + _reach(table)
        ],
        says="You clip one step too early: the outermost columns are never used.",
        why="With 2r + 1 columns, r steps before and r steps after have numbers of their own.",
    ),
    WrongAnswer(
        id="heads_last",
        code=lambda table, t, s: _bias(table, _steps(t, s)).movedim(0, -1),
        says="Your heads are the last axis.",
        why="The bias is added to scores of shape (…, H, T, S): heads come before queries and keys.",
    ),
    WrongAnswer(
        id="square",
        code=lambda table, t, s: _bias(table, _steps(t, t)),
        says="Your bias is square: it has as many keys as queries.",
        why="They differ when a model reads one text while it writes another, or keeps keys that it has computed before.",
    ),
    WrongAnswer(
        id="one_head",
        code=lambda table, t, s: _bias(table[:1].expand(table.shape), _steps(t, s)),
        says="All your heads have the bias of head 0.",
        why="One head may look at its neighbour while another looks far away: each has its row of the table.",
    ),
)

# ---------------------------------------------------------------- 8.6 rotate halves


def _spin(first: Tensor, second: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    cos, sin = angle.cos(), angle.sin()
    return first * cos - second * sin, first * sin + second * cos


def spin_halves(x: Tensor, positions: Tensor, **faults: Any) -> Tensor:
    """Rotate halves, with the faults of `turned`."""
    angle = turned(positions.to(x.dtype), x.shape[-1], **faults)
    return torch.cat(_spin(*x.chunk(2, -1), angle), -1)


def spin_pairs(x: Tensor, positions: Tensor) -> Tensor:
    """Rotate neighbouring columns, as in the paper."""
    angle = turned(positions.to(x.dtype), x.shape[-1])
    return woven(*_spin(x[..., 0::2], x[..., 1::2], angle))


def _mixed(x: Tensor, positions: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    angle = turned(positions, x.shape[-1]).repeat_interleave(2, -1)
    return x * angle.cos() + torch.cat([-second, first], -1) * angle.sin()


def _overwritten(x: Tensor, positions: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    cos, sin = turned(positions, x.shape[-1]).cos(), turned(positions, x.shape[-1]).sin()
    first = first * cos - second * sin
    return torch.cat([first, first * sin + second * cos], -1)


def _half(x: Tensor, sign_first: int, sign_second: int) -> Tensor:
    first, second = x.chunk(2, -1)
    return torch.cat([sign_first * second, sign_second * first], -1)


def _with(x: Tensor, positions: Tensor, other: Tensor) -> Tensor:
    angle = turned(positions, x.shape[-1]).repeat(1, 2)
    return x * angle.cos() + other * angle.sin()


ROTATE_HALVES = (
    WrongAnswer(
        id="pairs",
        code=spin_pairs,
        says="You turn neighbouring columns together, 0 with 1, 2 with 3: the layout of the paper.",
        why="It is a right rotary encoding, and scores depend on distance alone. Asked for here is the layout of Hugging "
        "Face, where column i turns with column i + d/2; weights made for one layout are misread in the other.",
    ),
    WrongAnswer(
        id="mixed_layouts",
        code=_mixed,
        says="Your two halves turn by different angles: cosines and sines stand in the paper's layout, the columns in the "
        "other.",
        why="Column i and column i + d/2 are one point of a plane, so both take the angle of pair i. repeat_interleave "
        "(0, 0, 1, 1) belongs to neighbours; halves need the angles one after the other (0, 1, 0, 1).",
    ),
    WrongAnswer(
        id="other_way",
        code=lambda x, positions: spin_halves(x, -positions),
        says="You turn the other way round.",
        why="Scores depend on distance all the same, but the formula turns from the first half towards the second: "
        "first · cos − second · sin.",
    ),
    WrongAnswer(
        id="no_minus",
        code=lambda x, positions: _with(x, positions, _half(x, 1, 1)),
        says="A minus sign is missing: your first half is first · cos + second · sin.",
        why="A rotation has one minus. Without it lengths change, and scores depend on more than distance.",
    ),
    WrongAnswer(
        id="overwritten",
        code=_overwritten,
        says="Your second half is made from the first half after it was turned.",
        why="Both halves of the result need both halves of x as they came. Give the results names of their own.",
    ),
    WrongAnswer(
        id="woven_at_the_end",
        code=lambda x, positions: woven(*spin_halves(x, positions).chunk(2, -1)),
        says="You cut x into halves and put the result together in pairs.",
        why="Columns must come back where they were: at position 0 nothing moves. torch.cat joins halves.",
    ),
    WrongAnswer(
        id="own_half",
        code=lambda x, positions: _with(x, positions, x),
        says="Each of your columns is mixed with itself, not with its partner.",
        why="x · cos + x · sin only stretches a column. A rotation mixes two columns.",
    ),
    WrongAnswer(
        id="cosine_only",
        code=lambda x, positions: _with(x, positions, 0 * x),
        says="You multiply by cosines alone.",
        why="That stretches the columns. A rotation adds the partner times the sine, and keeps the length.",
    ),
    WrongAnswer(
        id="sine_for_cosine",
        code=lambda x, positions: torch.cat(
            _spin(*x.chunk(2, -1), math.pi / 2 - turned(positions, x.shape[-1])), -1
        ),
        says="Sine and cosine have changed places.",
        why="At position 0 the angle is 0, cos 0 = 1 and sin 0 = 0: the vector stays as it is.",
    ),
    WrongAnswer(
        id="halves_swapped",
        code=lambda x, positions: spin_halves(x, positions).roll(x.shape[-1] // 2, -1),
        says="Your two halves come back in the wrong order.",
        why="Scores stay right when queries and keys are swapped alike, but at position 0 a vector must come back as it "
        "was.",
    ),
    WrongAnswer(
        id="degrees",
        code=lambda x, positions: spin_halves(x, torch.deg2rad(positions)),
        says="You took the angles for degrees.",
        why="sin and cos want radians, which angles gives you.",
    ),
    WrongAnswer(
        id="off_by_one",
        code=lambda x, positions: spin_halves(x, positions, shift=1),
        says="Your frequencies are off by one.",
        why="The first pair turns one radian a token: its exponent is 0.",
    ),
    WrongAnswer(
        id="counted_anew",
        code=lambda x, positions: spin_halves(x, torch.arange(len(positions), device=x.device)),
        says="You count the positions from 0 instead of using those you are given.",
        why="A model that continues a text calls with positions 17, 18, 19 for its new tokens.",
    ),
    WrongAnswer(
        id="added",
        code=lambda x, positions: (
            x
            + torch.cat(
                [turned(positions, x.shape[-1]).sin(), turned(positions, x.shape[-1]).cos()], -1
            )
        ),
        says="You add sines and cosines to x; a rotation multiplies.",
        why="Added positions bring their own terms into every score, which depend on where the two stand.",
    ),
    WrongAnswer(
        id="not_turned",
        code=lambda x, positions: x + 0 * positions[:, None].to(x.dtype),
        says="You return x as it came.",
        why="Position 0 stays as it is; all the others are turned.",
    ),
)

# ---------------------------------------------------------------- 8.7 from one layout to the other


PAIRS_TO_HALVES = (
    WrongAnswer(
        id="other_direction",
        code=lambda x: woven(*x.chunk(2, -1)),
        says="You go the other way: from halves to pairs.",
        why="Column 1 of the paper's layout is the partner of column 0, so it moves to d/2. At width 4 both ways are the "
        "same move, which hides the mistake.",
    ),
    WrongAnswer(
        id="odd_first",
        code=lambda x: torch.cat([x[..., 1::2], x[..., 0::2]], -1),
        says="Your odd columns come first.",
        why="Even columns are the first of each pair: they make the first half. Exchanged, every pair would turn the "
        "other way.",
    ),
    WrongAnswer(
        id="halves_swapped",
        code=lambda x: x.roll(x.shape[-1] // 2, -1),
        says="You swapped the two halves.",
        why="That keeps neighbours together. They have to be taken apart: even columns to the first half, odd ones to the "
        "second.",
    ),
    WrongAnswer(
        id="neighbours_swapped",
        code=lambda x: woven(x[..., 1::2], x[..., 0::2]),
        says="You swapped the columns of each pair.",
        why="Partners have to end up d/2 columns apart.",
    ),
    WrongAnswer(
        id="backwards",
        code=lambda x: x.flip(-1),
        says="You reversed the columns.",
        why="Even columns come first, in their order, then the odd ones.",
    ),
    WrongAnswer(
        id="rows",
        code=lambda x: torch.cat([x[0::2], x[1::2]]),
        says="You moved the first axis, not the last.",
        why="The layout concerns columns. x[0::2] takes every second row, or sequence; x[..., 0::2] every second column.",
    ),
    WrongAnswer(
        id="unmoved",
        code=lambda x: 1 * x,
        says="Your columns stay where they were.",
        why="The layout is the order of the columns: this one has to change.",
    ),
    WrongAnswer(
        id="only_even",
        code=lambda x: x[..., 0::2],
        says="You return the even columns alone.",
        why="No column may be lost: the odd ones follow.",
    ),
    WrongAnswer(
        id="stacked",
        code=lambda x: torch.stack([x[..., 0::2], x[..., 1::2]], -2),
        says="You stacked the halves on an axis of their own.",
        why="They stand side by side in the last axis: torch.cat joins along an axis there is.",
    ),
)

# ---------------------------------------------------------------- 8.8 rotary attention


def _count(x: Tensor) -> Tensor:
    return torch.arange(x.shape[-2], dtype=x.dtype, device=x.device)


def _halves(x: Tensor, sign: int = 1) -> Tensor:
    return spin_halves(x, sign * _count(x))


def _causal(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    ahead = torch.ones_like(scores, dtype=torch.bool).triu(1)
    return scores.masked_fill(ahead, -math.inf).softmax(-1) @ v


ROTARY_ATTENTION = (
    WrongAnswer(
        id="values_turned",
        code=lambda q, k, v: _attend(_halves(q), _halves(k), _halves(v)),
        says="Your values are turned as well.",
        why="A rotation puts distance into scores, where queries meet keys. A turned value would be another content at "
        "every place, and what arrives at a query would depend on where it came from.",
    ),
    WrongAnswer(
        id="queries_only",
        code=lambda q, k, v: _attend(_halves(q), k, v),
        says="Only your queries are turned.",
        why="The score depends on the difference of the two angles. With the keys at angle 0 it depends on the query's "
        "own place, and not on the distance.",
    ),
    WrongAnswer(
        id="keys_only",
        code=lambda q, k, v: _attend(q, _halves(k), v),
        says="Only your keys are turned.",
        why="The score depends on the difference of the two angles. With the queries at angle 0 it depends on the key's "
        "own place, and not on the distance.",
    ),
    WrongAnswer(
        id="opposite",
        code=lambda q, k, v: _attend(_halves(q), _halves(k, -1), v),
        says="Your queries and keys turn in opposite directions.",
        why="Then their angles add up, and scores depend on t + s. Turned alike, they leave the difference.",
    ),
    WrongAnswer(
        id="not_turned",
        code=lambda q, k, v: _attend(q, k, v),
        says="Nothing is turned: this is attention without order.",
        why="rotate_halves goes over queries and keys before they meet.",
    ),
    WrongAnswer(
        id="two_layouts",
        code=lambda q, k, v: _attend(spin_pairs(q, _count(q)), spin_pairs(k, _count(k)), v),
        says="You turn neighbouring columns: the layout of the paper.",
        why="It would do as well, but a model whose weights were made for the other layout gets other scores. Here "
        "halves are asked for.",
    ),
    WrongAnswer(
        id="no_scale",
        code=lambda q, k, v: _attend(_halves(q) * math.sqrt(q.shape[-1]), _halves(k), v),
        says="Your scores are not divided by √d.",
        why="Turning changes no length, so the scores spread as before, like √d.",
    ),
    WrongAnswer(
        id="divides_by_d",
        code=lambda q, k, v: _attend(_halves(q) / math.sqrt(q.shape[-1]), _halves(k), v),
        says="Your scores are divided by d, not by √d.",
        why="Turning changes no length, so the scores spread as before, like √d.",
    ),
    WrongAnswer(
        id="causal",
        code=lambda q, k, v: _causal(_halves(q), _halves(k), v),
        says="Your queries see no later keys.",
        why="No mask is asked for here. Rotary scores know before from after, and a model that reads may look both ways.",
    ),
    WrongAnswer(
        id="turned_twice",
        code=lambda q, k, v: _attend(_halves(_halves(q)), _halves(_halves(k)), v),
        says="Queries and keys are turned twice.",
        why="Every distance then looks twice as far. One turn by angles is due.",
    ),
    WrongAnswer(
        id="turned_output",
        code=lambda q, k, v: _halves(_attend(_halves(q), _halves(k), v)),
        says="You turn the output as well.",
        why="Scores have the distance already. The output mixes values as they are.",
    ),
)

# ---------------------------------------------------------------- 8.9 ALiBi's slopes


def slopes(n: int) -> list[float]:
    """The right ones."""
    power = 2 ** int(math.log2(n))
    first = [2.0 ** (-8 * h / power) for h in range(1, power + 1)]
    return first + [2.0 ** (-4 * h / power) for h in range(1, 2 * (n - power), 2)]


def _formula(n: int) -> list[float]:
    return [2.0 ** (-8 * h / n) for h in range(1, n + 1)]


def _arithmetic(n: int) -> list[float]:
    return [1 - h / n for h in range(n)]


def _power(n: int, larger: bool = False) -> int:
    power = 1 << (n.bit_length() - 1)
    return power if power == n or not larger else 2 * power


ALIBI_SLOPES = (
    WrongAnswer(
        id="all_alike",
        code=lambda n: [2.0**-8] * n,
        matches=all_alike,
        says="All your heads have the same slope.",
        why="They are meant to differ: a steep head sees its neighbours, a shallow one the whole text.",
    ),
    WrongAnswer(
        id="arithmetic",
        code=_arithmetic,
        matches=is_arithmetic,
        says="Your slopes fall by equal steps: an arithmetic sequence.",
        why="They are geometric, each the one before times the same factor. A slope of 1/256 reaches 256 times as far "
        "as a slope of 1; equal steps would leave nearly all heads short-sighted.",
    ),
    WrongAnswer(
        id="from_one",
        code=lambda n: [slope * 2.0 ** (8 / _power(n)) for slope in slopes(n)],
        says="Your sequence starts at 1: its exponents are counted from 0.",
        why="The first slope is the ratio itself, 2^(−8/H), and the last one 2⁻⁸ = 1/256.",
    ),
    WrongAnswer(
        id="one_formula",
        code=_formula,
        says="You use 2^(−8h/H) for every number of heads, also where it is no power of two.",
        why="It is the formula of the paper's text, and would be a reasonable choice. The authors' code, and models such as "
        "BLOOM that follow it, fill up from the next power of two instead; their weights were trained with that.",
    ),
    WrongAnswer(
        id="halves_always",
        code=lambda n: [2.0**-h for h in range(1, n + 1)],
        says="Your slopes are always 1/2, 1/4, 1/8 …, whatever the number of heads.",
        why="That is right for 8 heads. The exponents run up to 8 for any H, so the ratio is 2^(−8/H).",
    ),
    WrongAnswer(
        id="no_eight",
        code=lambda n: [2.0 ** (math.log2(slope) / 8) for slope in slopes(n)],
        says="The 8 is missing in your exponents.",
        why="Then the slopes lie between 1 and 1/2, and no head sees further than a few tokens.",
    ),
    WrongAnswer(
        id="negative",
        code=lambda n: [-slope for slope in slopes(n)],
        says="Your slopes are negative.",
        why="The minus comes with the bias, −slope · distance. Two of them would reward far keys.",
    ),
    WrongAnswer(
        id="growing",
        code=lambda n: [2.0 ** (8 * h / _power(n)) for h in range(1, n + 1)],
        says="Your slopes grow: the minus in the exponent is missing.",
        why="A slope of 256 would hide everything but the token itself.",
    ),
    WrongAnswer(
        id="ascending",
        code=lambda n: slopes(n)[::-1],
        says="Your slopes are in reverse.",
        why="Head 1 has the steepest slope. A trained head has grown used to its own.",
    ),
    WrongAnswer(
        id="every_second_wrong",
        code=lambda n: (
            slopes(_power(n)) + slopes(2 * _power(n))[1::2][: n - _power(n)]
            if n != _power(n)
            else slopes(n)
        ),
        says="Your extra heads repeat slopes that are there already.",
        why="Every second slope of the larger set is one of the smaller set. The new ones lie between: start at the "
        "first, [0::2].",
    ),
    WrongAnswer(
        id="extra_in_order",
        code=lambda n: (
            slopes(_power(n)) + slopes(2 * _power(n))[: n - _power(n)]
            if n != _power(n)
            else slopes(n)
        ),
        says="Your extra heads take the first slopes of the larger set, not every second one.",
        why="Half of those are there already: two heads would have the same slope.",
    ),
    WrongAnswer(
        id="cut",
        code=lambda n: slopes(_power(n, larger=True))[:n],
        says="You take the slopes of the next larger power of two and cut them off.",
        why="The shallow slopes, which see far, would be lost. The smaller power comes first, whole; then every second one "
        "of the larger.",
    ),
    WrongAnswer(
        id="sorted",
        code=lambda n: sorted(slopes(n), reverse=True),
        says="Your slopes are the right ones, sorted.",
        why="The extra ones stand at the end, unsorted, in the authors' code: head by head is how a model is trained.",
    ),
)

# ---------------------------------------------------------------- 8.10 ALiBi


def alibi(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    slopes: Tensor,
    *,
    sign: int = -1,
    causal: bool = True,
    inside: bool = False,
    power: int = 1,
    after: bool = False,
    times: bool = False,
    scale: bool = True,
    strict: bool = False,
    fill: float = -math.inf,
    late: bool = False,
) -> Tensor:
    """ALiBi with switches for its classic mistakes; all off, it is right."""
    n = q.shape[-2]
    at = torch.arange(n, dtype=q.dtype, device=q.device)
    back = at[:, None] - at
    bias = sign * slopes[:, None, None] * (back if late else back.abs() ** power)
    root = math.sqrt(q.shape[-1]) if scale else 1.0
    raw = q @ k.mT
    scores = (raw + bias) / root if inside else raw / root + (0 if times or after else bias)
    scores = scores * bias if times else scores
    hidden = at[:, None] < at + (1 if strict else 0)
    hidden[0] &= at > 0
    scores = scores.masked_fill(hidden, fill) if causal and not late else scores
    weights = scores.softmax(-1) + (bias.masked_fill(hidden, 0) if after else 0)
    return weights.masked_fill(hidden & late, 0.0) @ v


ALIBI_ATTENTION = (
    WrongAnswer(
        id="rewards_distance",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, sign=1),
        says="Your bias rewards distance: it is added where it should be subtracted.",
        why="Each step back costs a slope, so that near keys are preferred. With s − t for the distance, which is negative "
        "here, the minus is in it already.",
    ),
    WrongAnswer(
        id="no_bias",
        code=lambda q, k, v, slopes: alibi(q, k, v, 0 * slopes),
        says="Your scores have no bias: this is causal attention as it was.",
        why="Subtract slope · (t − s) from the score of query t and key s.",
    ),
    WrongAnswer(
        id="not_causal",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, causal=False),
        says="Your queries see later keys.",
        why="ALiBi belongs to models that write: a bias makes far keys unlikely, only a mask makes the future impossible.",
    ),
    WrongAnswer(
        id="hidden_with_zero",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, fill=0.0),
        says="You fill the scores of later keys with 0.",
        why="A score of 0 still gets the weight e⁰ = 1 before the division. −∞ gets none.",
    ),
    WrongAnswer(
        id="hidden_too_late",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, late=True),
        says="You hide later keys after the softmax.",
        why="They have taken their share by then, and the weights of the others no longer sum to 1.",
    ),
    WrongAnswer(
        id="bias_scaled",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, inside=True),
        says="Your bias is divided by √d too.",
        why="√d undoes the spread of a dot product. The bias is no dot product: it is added to scores that are scaled.",
    ),
    WrongAnswer(
        id="one_slope",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes[:1].expand(slopes.shape)),
        says="All your heads use the first slope.",
        why="slopes[:, None, None] has shape (H, 1, 1) and gives each head its own.",
    ),
    WrongAnswer(
        id="squared",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, power=2),
        says="Your bias grows with the square of the distance.",
        why="It is linear, the L of ALiBi: ten steps cost ten slopes.",
    ),
    WrongAnswer(
        id="multiplied",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, times=True),
        says="Your bias is multiplied with the scores.",
        why="It is added. A product would turn a negative score into a preference, and give the own token a score of 0.",
    ),
    WrongAnswer(
        id="after_softmax",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, after=True),
        says="Your bias is added after the softmax.",
        why="Weights have to be positive and sum to 1. Added before, the bias leaves that to the softmax.",
    ),
    WrongAnswer(
        id="no_scale",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, scale=False),
        says="Your scores are not divided by √d.",
        why="The bias comes on top of scaled scores: without the root the dot products outweigh it more and more as d "
        "grows.",
    ),
    WrongAnswer(
        id="not_itself",
        code=lambda q, k, v, slopes: alibi(q, k, v, slopes, strict=True),
        says="Your queries cannot see themselves.",
        why="Distance 0 costs nothing and is allowed: the diagonal of a causal mask is True.",
    ),
)
