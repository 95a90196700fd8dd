"""Lesson 02 as data: exercises, predictions, quiz; wrong answers stand in `wrong/lesson_02.py`."""

import math
from typing import Any

import numpy as np
import torch
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
from course_lib.lessons.lesson_02_similarity import given
from course_lib.lessons.lesson_02_similarity import mistakes as wrong

REFERENCE = "course_lib.lessons.lesson_02_similarity.reference"
B, T, S, D = 2, 5, 7, 11
SIZES = range(1, 9)

# ---------------------------------------------------------------- 2.1 a vector by hand


def loud(call: Any, case: Case, value: Any) -> str | None:
    """The vector wins by dot product and loses by cosine."""
    found = given.scores_of(value)
    if found is None:
        absent = " (a function without return gives None)" if value is None else ""
        return f"Return two finite numbers, such as [1.0, 2.0]; yours is {value!r:.60}{absent}."
    if given.is_loud(value):
        return None
    return (
        f"By dot product with cat it has {found[0]:.3f} and dog has {given.DOG_DOT:.3f}; "
        f"by cosine it has {found[1]:.3f} and dog has {given.DOG_COSINE:.3f}."
    )


LOUD_VECTOR = Exercise(
    name="loud_vector",
    title="Louder, not nearer",
    minutes=2,
    difficulty=1,
    proves="your vector wins by dot product and loses by cosine, whichever vector you chose",
    passed="It wins by dot product and loses by cosine: one question, two answers.",
    cases=lambda: [Case(label="cat (3, 1), dog (2, 1) and yours")],
    sample=lambda rng: Case(label="random"),
    properties=(Property(id="wins_and_loses", holds=loud),),
    reference=f"{REFERENCE}.loud_vector",
    hints=(
        "Start from car, which points elsewhere. What can you change without turning it?",
        "keep a direction that is further from cat's than dog's is\n"
        "multiply both numbers by the same factor until 3·x + 1·y is above 7",
        "car is (1, 2) and has 3·1 + 1·2 = 5. Doubling a vector doubles its dot product.\n"
        "    return [2 * ..., 2 * ...]",
    ),
    wrong_answers=wrong.LOUD_VECTOR,
)

# ---------------------------------------------------------------- 2.2 the dot product, by a loop


def dot_cases() -> list[Case]:
    tidy = [
        ("cat (3, 1) and dog (2, 1)", [3.0, 1.0], [2.0, 1.0]),
        ("three numbers, some negative", [1.0, -2.0, 3.0], [4.0, 5.0, -6.0]),
        ("nothing in common", [2.0, 0.0, 1.0, 0.0], [0.0, 3.0, 0.0, 4.0]),
    ]
    drawn = [
        (
            f"{n} numbers, seed {seed}",
            noise_array(seed, n).tolist(),
            noise_array(9 + seed, n).tolist(),
        )
        for n, seed in ((5, 0), (7, 1), (D, 2))
    ]
    one = Case(label="one number each", args=([2.0], [-3.0]), edge=True)
    return [*(Case(label=label, args=(x, y)) for label, x, y in tidy + drawn), one]


def dot_sample(rng: np.random.Generator) -> Case:
    n = pick(rng, SIZES)
    return Case(label="random", args=(noise_array(rng, n).tolist(), noise_array(rng, n).tolist()))


DOT_PRODUCT = Exercise(
    name="dot_product",
    title="The dot product, by a loop",
    minutes=4,
    difficulty=1,
    proves="your loop gives the same number as NumPy for vectors of any length",
    passed="Agrees with NumPy for vectors of 1 to 11 numbers.",
    cases=dot_cases,
    sample=dot_sample,
    oracle=lambda x, y: float(np.dot(np.array(x), np.array(y))),
    reference=f"{REFERENCE}.dot_product",
    forbidden=("@", "dot", "vdot", "vecdot", "inner", "matmul", "einsum", "tensordot", "sumprod"),
    hints=(
        "You did it by hand above: pair the numbers that stand at the same place, and keep a "
        "running total.",
        "total starts at 0\nfor each pair (a, b) of x and y: add a times b to total\nreturn total",
        "zip(x, y) hands out the pairs.\n    for a, b in zip(x, y):\n        total += ...",
    ),
    wrong_answers=wrong.DOT_PRODUCT,
)

# ---------------------------------------------------------------- 2.3 cosine


def cosine_cases() -> list[Case]:
    tidy = [
        ("cat (3, 1) and dog (2, 1)", [3.0, 1.0], [2.0, 1.0]),
        ("a right angle", [2.0, 0.0, 1.0], [0.0, 3.0, 0.0]),
        ("opposite, unequal lengths", [1.0, 2.0, 2.0], [-2.0, -4.0, -4.0]),
    ]
    hand = [Case(label=label, args=(np.array(x), np.array(y))) for label, x, y in tidy]
    drawn = [
        Case(
            label=f"{n} numbers, seed {seed}",
            args=(noise_array(seed, n), noise_array(9 + seed, n, scale=3.0)),
        )
        for n, seed in ((5, 0), (7, 1), (D, 2))
    ]
    one = Case(label="one number each", args=(np.array([2.0]), np.array([-0.5])), edge=True)
    return [*hand, *drawn, one]


def cosine_sample(rng: np.random.Generator) -> Case:
    n = pick(rng, SIZES)
    return Case(label="random", args=(noise_array(rng, n), noise_array(rng, n, scale=3.0)))


def cosine_oracle(x: np.ndarray, y: np.ndarray) -> float:
    return torch.cosine_similarity(torch.from_numpy(x), torch.from_numpy(y), dim=0).item()


def length_is_no_matter(call: Any, case: Case, value: Any) -> str | None:
    """Stretching a vector leaves a cosine as it is."""
    x, y = case.args
    for name, stretched in (("x", call(3 * x, y)), ("y", call(x, 3 * y))):
        if not abs(stretched - value) < 1e-6:
            return (
                f"A cosine must not change when a vector is made longer. On the case "
                f"“{case.label}” yours is "
                f"{value:.4f}, and {stretched:.4f} when {name} is made three times as long."
            )
    return None


COSINE = Exercise(
    name="cosine_similarity",
    title="Cosine",
    minutes=4,
    difficulty=1,
    proves="your cosine agrees with PyTorch's and does not change when a vector is stretched",
    passed="Agrees with PyTorch's cosine, and stretching a vector does not change it.",
    cases=cosine_cases,
    sample=cosine_sample,
    oracle=cosine_oracle,
    properties=(Property(id="length_is_no_matter", holds=length_is_no_matter),),
    reference=f"{REFERENCE}.cosine_similarity",
    forbidden=("cosine_similarity", "cosine", "cdist"),
    hints=(
        "A dot product holds both lengths as factors. How do you get rid of a factor?",
        "the dot product of x and y\ndivided by the length of x and by the length of y",
        "np.linalg.norm(x) is the length of x, the root of x @ x. Mind the brackets: a / (b * c).\n"
        "    return x @ y / (np.linalg.norm(x) * ...)",
    ),
    wrong_answers=wrong.COSINE,
)

# ---------------------------------------------------------------- 2.4 all pairs


def pairs_cases() -> list[Case]:
    words = np.array([[3.0, 1.0], [2.0, 1.0], [1.0, 2.0]])
    return [
        Case(label="cat and dog as queries; cat, dog and car as keys", args=(words[:2], words)),
        Case(label="4 queries, 4 keys, width 4", args=(noise_array(0, 4, 4), noise_array(1, 4, 4))),
        *(
            Case(
                label=f"{t} queries, {s} keys, width {d}, seed {seed}",
                args=(noise_array(seed, t, d), noise_array(9 + seed, s, d)),
            )
            for t, s, d, seed in ((T, S, D, 2), (S, 3, T, 3))
        ),
        Case(label="one query", args=(noise_array(4, 1, 3), noise_array(5, 6, 3)), edge=True),
    ]


def pairs_sample(rng: np.random.Generator) -> Case:
    t, s, d = (pick(rng, SIZES) for _ in range(3))
    return Case(label="random", args=(noise_array(rng, t, d), noise_array(rng, s, d)))


ALL_PAIRS = Exercise(
    name="all_pairs",
    title="All pairs, one matrix product",
    minutes=3,
    difficulty=1,
    proves="every query meets every key, with the queries down the rows",
    passed="Agrees with NumPy's einsum: every query has met every key.",
    cases=pairs_cases,
    sample=pairs_sample,
    oracle=lambda queries, keys: np.einsum("td,sd->ts", queries, keys),
    reference=f"{REFERENCE}.all_pairs",
    hints=(
        "A matrix product pairs the rows of its left factor with the columns of its right one. "
        "Your keys are rows.",
        "turn keys so that every key becomes a column\nmultiply queries by that",
        "keys.T has one key in each column.\n    return queries @ ...",
    ),
    wrong_answers=wrong.ALL_PAIRS,
)

# ---------------------------------------------------------------- 2.5 most similar row


def similar_cases() -> list[Case]:
    query, words = (np.array([3.0, 1.0]), np.array([[2.0, 1.0], [2.0, 4.0], [-3.0, -1.0]]))
    drawn = [
        Case(
            label=f"{n} rows of {d} numbers, rows {', '.join(map(str, out))} excluded, seed {seed}",
            args=(noise_array(seed, d), noise_array(9 + seed, n, d, scale=2.0)),
            kwargs={"exclude": out},
        )
        for n, d, seed, out in ((S, 3, 0, (2, 0)), (D, 5, 1, (0, 1, 4)), (13, 4, 5, (7, 2)))
    ]
    short = np.array([[2.0, 1.0], [0.1, 0.2], [-3.0, -1.0]])
    away = np.array([[-1.0, -3.0], [2.0, 1.0], [-2.0, -0.5], [-3.0, 1.0]])
    return [
        Case(label="dog, a long car and the opposite of cat, for cat", args=(query, words)),
        Case(label="the same, dog excluded", args=(query, words), kwargs={"exclude": (0,)}),
        Case(label="dog, a short car and the opposite of cat, for cat", args=(query, short)),
        *drawn,
        Case(
            label="every row but the excluded one points away",
            args=(query, away),
            kwargs={"exclude": (1,)},
        ),
        Case(label="nothing excluded, seed 3", args=(noise_array(3, 4), noise_array(4, 9, 4))),
        Case(label="one row", args=(noise_array(6, 3), noise_array(7, 1, 3)), edge=True),
    ]


def similar_sample(rng: np.random.Generator) -> Case:
    n, d = pick(rng, SIZES), pick(rng, SIZES) + 1
    out = tuple(int(i) for i in rng.permutation(n)[: int(rng.integers(n))])
    query, table = noise_array(rng, d), noise_array(rng, n, d, scale=2.0)
    return Case(label="random", args=(query, table), kwargs={"exclude": out})


def similar_oracle(query: np.ndarray, table: np.ndarray, exclude: Any = ()) -> int:
    """A plain loop over the rows that may win."""
    best, best_angle = -1, math.inf
    for i, row in enumerate(table.tolist()):
        dot = sum(a * b for a, b in zip(query.tolist(), row, strict=True))
        angle = math.acos(max(-1.0, min(1.0, dot / math.hypot(*query) / math.hypot(*row))))
        if i not in exclude and angle < best_angle:
            best, best_angle = i, angle
    return best


def is_allowed_row(call: Any, case: Case, value: Any) -> str | None:
    """The result is a row of the table that is not excluded."""
    rows, out = len(case.args[1]), case.kwargs.get("exclude", ())
    if not 0 <= value < rows:
        return (
            f"The table's rows are numbered 0 to {rows - 1}; yours returns {value} on the case "
            f"“{case.label}”."
        )
    if value in out:
        return f"On the case “{case.label}” row {value} is excluded, and yours returns it."
    return None


MOST_SIMILAR = Exercise(
    name="most_similar",
    title="The most similar row",
    minutes=6,
    difficulty=2,
    proves="you find the row with the largest cosine, and never an excluded one",
    passed="Finds the row that a plain loop over angles finds, excluded rows left out.",
    cases=similar_cases,
    sample=similar_sample,
    oracle=similar_oracle,
    properties=(Property(id="is_allowed_row", holds=is_allowed_row),),
    reference=f"{REFERENCE}.most_similar",
    hints=(
        "One product gives the query's dot product with every row. Which length still has to be "
        "divided out, "
        "and which can be left in because it is the same for all rows?",
        "cosines = dot product of each row with the query, over that row's length\n"
        "cosines of excluded rows = minus infinity\nreturn the place of the largest cosine",
        "np.linalg.norm(table, axis=1) holds one length for each row; an array takes a list of "
        "places on the "
        "left of =.\n    cosines[list(exclude)] = ...\n    return int(np.argmax(...))",
    ),
    wrong_answers=wrong.MOST_SIMILAR,
)

# ---------------------------------------------------------------- 2.6 softmax in NumPy


def stable_cases() -> list[Case]:
    far = np.array([[1000.0, 1001, 999], [-1000, -1001, -999]])
    return [
        Case(label="scores 2, 1 and 0", args=(np.array([2.0, 1.0, 0.0]),)),
        Case(label="3 rows of 4 scores, seed 0", args=(noise_array(0, 3, 4),)),
        Case(label=f"{T} rows of {S} scores, seed 1", args=(noise_array(1, T, S, scale=2.0),)),
        Case(label=f"{B} × {T} rows of {S} scores, seed 2", args=(noise_array(2, B, T, S),)),
        Case(label="a row near 1000 and a row near −1000", args=(far,)),
        Case(label="two scores, 1000 apart", args=(np.array([1000.0, 0]),)),
        Case(label="one score of 1000 among zeros", args=(np.array([1000.0, 0, 0, 0, 0]),)),
        Case(label="a single score", args=(np.array([3.0]),), edge=True),
    ]


def stable_sample(rng: np.random.Generator) -> Case:
    lead = [(), (pick(rng, SIZES),), (pick(rng, SIZES), pick(rng, SIZES))][pick(rng, range(3))]
    scale = (1.0, 10.0, 1000.0)[pick(rng, range(3))]
    return Case(label="random", args=(noise_array(rng, *lead, pick(rng, SIZES), scale=scale),))


def rows_sum_to_one(call: Any, case: Case, value: Any) -> str | None:
    """Each row of weights shares out a total of 1."""
    value = value.numpy() if isinstance(value, Tensor) else value
    rows = np.atleast_1d(value.sum(-1))
    if np.allclose(rows, 1.0, atol=1e-6):
        return None
    shown = ", ".join(f"{number:.3f}" for number in rows.flatten()[:3])
    said = f"Each row of weights must sum to 1. On the case “{case.label}” yours sum to {shown}"
    said += " …" if rows.size > 3 else ""
    if value.ndim > 1 and np.allclose(value.sum(-2), 1.0, atol=1e-6):
        said += "; down the columns they sum to 1, so the softmax ran along the wrong axis"
    return said + "."


def no_negative_weight(call: Any, case: Case, value: Any) -> str | None:
    """A weight is 0 or more."""
    least = float(value.min())
    if least >= 0:
        return None
    return f"A weight cannot be negative. On the case “{case.label}” your smallest is {least:.3f}."


STABLE_SOFTMAX = Exercise(
    name="stable_softmax",
    title="Softmax that survives 1000",
    minutes=6,
    difficulty=2,
    proves="every row sums to 1, along the last axis, at scores of 1000 and −1000 too",
    passed="Agrees with PyTorch's softmax, at scores of 1000 and −1000 too.",
    cases=stable_cases,
    sample=stable_sample,
    oracle=lambda scores: torch.softmax(torch.from_numpy(scores), dim=-1).numpy(),
    properties=(
        Property(id="no_negative_weight", holds=no_negative_weight),
        Property(id="rows_sum_to_one", holds=rows_sum_to_one),
    ),
    reference=f"{REFERENCE}.stable_softmax",
    forbidden=("softmax", "log_softmax", "logsumexp"),
    hints=(
        "You saw that the same number added to every score changes no weight. Which number, taken "
        "from each "
        "row, makes sure that no exponential can be larger than 1?",
        "take each row's largest score from that row\nexponentials of what is left\n"
        "divide each row by its sum",
        "Along the last axis, keepdims=True keeps a column that broadcasts back over the row.\n"
        "    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))\n    return powers / ...",
    ),
    wrong_answers=wrong.STABLE_SOFTMAX,
)

# ---------------------------------------------------------------- 2.7 softmax with a temperature


def softmax_cases() -> list[Case]:
    tidy = torch.tensor([2.0, 1.0, 0.0], dtype=torch.float64)
    far = torch.tensor([[60.0, 59.9, 0], [-60, -59.9, -61]], dtype=torch.float64)
    return [
        Case(label="scores 2, 1 and 0 at temperature 2", args=(tidy, 2.0), gradients=True),
        Case(label="the same, no temperature given", args=(tidy,), gradients=True),
        Case(
            label=f"{T} rows of {S} scores at 0.5, seed 0",
            args=(noise(0, T, S), 0.5),
            gradients=True,
        ),
        Case(
            label=f"{B} × {T} rows of {S} scores at 3, seed 1",
            args=(noise(1, B, T, S),),
            kwargs={"temperature": 3.0},
            gradients=True,
        ),
        Case(label="scores up to 60 at 0.05", args=(far, 0.05)),
        Case(label="a single score", args=(tidy[:1], 0.7), edge=True),
    ]


def softmax_sample(rng: np.random.Generator) -> Case:
    lead = [(), (pick(rng, SIZES),), (pick(rng, SIZES), pick(rng, SIZES))][pick(rng, range(3))]
    scale = (1.0, 5.0, 60.0)[pick(rng, range(3))]
    scores = noise(rng, *lead, pick(rng, SIZES), scale=scale)
    return Case(label="random", args=(scores, float(rng.choice([0.05, 0.3, 1.0, 2.0, 7.5]))))


def softmax_oracle(scores: Tensor, temperature: float = 1.0) -> Tensor:
    return torch.softmax(scores / temperature, dim=-1)


SOFTMAX = Exercise(
    name="softmax",
    title="Temperature, in torch",
    minutes=5,
    difficulty=1,
    proves="the temperature divides the scores, gradients included, and nothing overflows",
    passed="Agrees with PyTorch's softmax at five temperatures, gradients too.",
    cases=softmax_cases,
    sample=softmax_sample,
    oracle=softmax_oracle,
    properties=(
        Property(id="no_negative_weight", holds=no_negative_weight),
        Property(id="rows_sum_to_one", holds=rows_sum_to_one),
    ),
    reference="course_lib.attention.similarity.softmax",
    hints=(
        "High temperature, even weights. Which operation on the scores brings them closer "
        "together, and must "
        "it come before or after the softmax?",
        "divide the scores by the temperature\nthen what 2.6 does, or torch's own softmax",
        "torch.softmax(…, dim=-1) is the 2.6 of torch, stable and with gradients.\n"
        "    return torch.softmax(scores / ..., dim=-1)",
    ),
    wrong_answers=wrong.SOFTMAX,
)

# ---------------------------------------------------------------- 2.8 entropy


def entropy_cases() -> list[Case]:
    halves = torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64)
    sure = torch.tensor([[0.0, 1, 0, 0], [0.5, 0, 0.5, 0]], dtype=torch.float64)
    return [
        Case(label="weights 1/2, 1/4, 1/4", args=(halves,), gradients=True),
        Case(
            label=f"{T} rows of {S} weights, seed 0",
            args=(noise(0, T, S).softmax(-1),),
            gradients=True,
        ),
        Case(
            label="3 rows of 3 weights, seed 2", args=(noise(2, 3, 3).softmax(-1),), gradients=True
        ),
        Case(
            label=f"{B} × {T} rows of {S} weights, seed 1",
            args=(noise(1, B, T, S, scale=2.0).softmax(-1),),
            gradients=True,
        ),
        Case(label="rows that hold zeros", args=(sure,)),
        Case(label="a single weight", args=(torch.ones(1, dtype=torch.float64),), edge=True),
    ]


def entropy_sample(rng: np.random.Generator) -> Case:
    lead = [(), (pick(rng, SIZES),), (pick(rng, SIZES), pick(rng, SIZES))][pick(rng, range(3))]
    scores = noise(rng, *lead, pick(rng, SIZES), scale=2.0)
    if rng.random() < 0.5:
        hidden = scores < scores.amax(-1, keepdim=True) - 1.0
        scores = scores.masked_fill(hidden, -torch.inf)
    return Case(label="random", args=(scores.softmax(-1),))


def entropy_oracle(weights: Tensor) -> Tensor:
    return torch.special.entr(weights).sum(-1)


def even_weights_give_log(call: Any, case: Case, value: Any) -> str | None:
    """N equal weights have entropy ln N."""
    found = float(call(torch.full((4,), 0.25, dtype=torch.float64)))
    if abs(found - math.log(4)) < 1e-6:
        return None
    return f"Four equal weights have entropy ln 4 = 1.386294; yours gives {found:.6f} for them."


ENTROPY = Exercise(
    name="entropy",
    title="How spread out are the weights?",
    minutes=5,
    difficulty=2,
    proves="every row has its own entropy in nats, rows with weights of 0 included",
    passed="Agrees with PyTorch's torch.special.entr, gradients too, and survives weights of 0.",
    cases=entropy_cases,
    sample=entropy_sample,
    oracle=entropy_oracle,
    properties=(Property(id="even_weights_give_log", holds=even_weights_give_log),),
    reference="course_lib.attention.similarity.entropy",
    forbidden=("entr", "entropy", "Categorical", "kl_div"),
    hints=(
        "Follow the formula: a term for each weight, one sum for each row, a minus sign. Then ask "
        "what the "
        "logarithm of a weight of 0 is, and what the term ought to be.",
        "terms = each weight times its natural logarithm, 0 where the weight is 0\n"
        "return minus the sum of the terms along the last axis",
        "torch.xlogy(a, b) is a · log(b), and 0 where a is 0.\n    return -torch.xlogy(weights, "
        "...).sum(dim=...)",
    ),
    wrong_answers=wrong.ENTROPY,
)

# ---------------------------------------------------------------- 2.9 the spread of a dot product


def covariance(seed: int | np.random.Generator, d: int, rank: int | None = None) -> Tensor:
    """Return the covariance of d entries mixed from `rank` independent ones."""
    mix = noise(seed, d, rank or d + 2)
    return mix @ mix.T / math.sqrt(d)


def spread_cases() -> list[Case]:
    pair = torch.tensor([[1.0, 0.5], [0.5, 1.0]], dtype=torch.float64)
    against = torch.tensor([[2.0, -1.5, 0], [-1.5, 2.0, 0], [0, 0, 3]], dtype=torch.float64)
    return [
        Case(label="two dimensions with correlation 0.5", args=(pair,), gradients=True),
        Case(
            label="4 independent dimensions of variance 1",
            args=(torch.eye(4, dtype=torch.float64),),
        ),
        Case(label="three dimensions, two against each other", args=(against,), gradients=True),
        *(
            Case(label=f"{d} dimensions, seed {seed}", args=(covariance(seed, d),), gradients=True)
            for d, seed in ((T, 0), (D, 1))
        ),
        Case(label="one dimension", args=(torch.tensor([[2.5]], dtype=torch.float64),), edge=True),
        Case(
            label="7 dimensions that are all the same one", args=(covariance(3, 7, 1),), edge=True
        ),
    ]


def spread_sample(rng: np.random.Generator) -> Case:
    d = pick(rng, SIZES)
    return Case(label="random", args=(covariance(rng, d, pick(rng, SIZES)),))


def independent_gives_root(call: Any, case: Case, value: Any) -> str | None:
    """d independent entries of variance 1 give √d."""
    found = float(call(torch.eye(9, dtype=torch.float64)))
    if abs(found - 3.0) < 1e-6:
        return None
    return (
        "Nine independent dimensions of variance 1 must give √9 = 3; yours gives "
        f"{found:.3f} for their covariance, the identity."
    )


SCORE_SPREAD = Exercise(
    name="score_spread",
    title="The spread of a dot product",
    minutes=6,
    difficulty=2,
    proves="you get √d for independent dimensions, and the right spread for any others",
    passed="Agrees with the trace of C · C for seven covariances, gradients too; independent ones "
    "give √d.",
    cases=spread_cases,
    sample=spread_sample,
    oracle=lambda covariance: torch.trace(covariance @ covariance).sqrt(),
    properties=(Property(id="independent_gives_root", holds=independent_gives_root),),
    reference="course_lib.attention.similarity.score_spread",
    hints=(
        "The variance is a sum over all pairs of dimensions, and each pair contributes its "
        "covariance twice as "
        "a factor: once from the query, once from the key.",
        "square every entry of the matrix\nadd all of them up: that is the variance\n"
        "the spread is its root",
        "covariance.square() squares every entry, .sum() adds up all of them.\n"
        "    return covariance.square()....sqrt()",
    ),
    wrong_answers=wrong.SCORE_SPREAD,
)

# ---------------------------------------------------------------- predictions and quiz

PREDICTIONS = (
    Prediction(
        id="stretched",
        question="You double car from (1, 2) to (2, 4). What happens to its dot product with cat, "
        "and to its cosine?",
        options=(
            "both double",
            "the dot product doubles, the cosine stays",
            "the dot product stays, the cosine doubles",
            "both stay",
        ),
        answer="the dot product doubles, the cosine stays",
        because="The dot product goes from 5 to 10. The cosine is 0.707 both times: doubling does "
        "not turn a vector.",
    ),
    Prediction(
        id="king",
        question="Of all 30,522 rows of the table, which one has the largest cosine to king − man "
        "+ woman?",
        options=("queen", "king", "woman", "princess"),
        answer="king",
        because="king comes first at 0.666 and queen second at 0.511. The sum starts from king and "
        "does not get far.",
    ),
    Prediction(
        id="shifted",
        question="You add 1000 to each of three scores. What happens to their softmax weights?",
        options=(
            "the largest goes to 1",
            "all go to 1/3",
            "they stay as they are",
            "they become larger than 1",
        ),
        answer="they stay as they are",
        because="exp(s + 1000) = exp(s) · exp(1000): the same factor above and below the line "
        "cancels.",
    ),
    Prediction(
        id="wider",
        question="Vectors grow from 16 to 64 independent numbers. By what factor does the spread "
        "of their dot products grow?",
        options=("1 (it stays)", "2", "4", "16"),
        answer="2",
        because="Variances add up, so four times as many terms give four times the variance and √4 "
        "= 2 times the spread.",
    ),
)

QUIZ = (
    Question(
        text="Two vectors have a cosine of 1. What do you know about their dot product?",
        options=(
            Option(
                text="It is 1.",
                why="Only if both have length 1. (3, 1) and (6, 2) have cosine 1 and dot product "
                "20.",
            ),
            Option(
                text="It is the product of their lengths.",
                right=True,
                why="Cosine is the dot product over both lengths, so at cosine 1 the two are "
                "equal.",
            ),
            Option(
                text="It is the largest in the table.",
                why="A longer vector at a wider angle can have a larger one: your loud vector did.",
            ),
        ),
    ),
    Question(
        text="Why is each row's largest score subtracted before exp?",
        options=(
            Option(
                text="It makes the weights more even.",
                why="It leaves every weight exactly as it was; a temperature above 1 evens them "
                "out.",
            ),
            Option(
                text="It makes every score positive.",
                why="It makes every score 0 or negative; exp makes them positive.",
            ),
            Option(
                text="No exponential can overflow, and no weight changes.",
                right=True,
                why="The largest exponential is exp(0) = 1, and the common factor cancels in the "
                "division.",
            ),
        ),
    ),
    Question(
        text="At which temperature do the weights of the scores 2, 1, 0 have the larger entropy?",
        options=(
            Option(
                text="0.5",
                why="Dividing by 0.5 doubles the gaps, so the largest score takes more: 0.867, and "
                "the entropy falls.",
            ),
            Option(
                text="5",
                right=True,
                why="The gaps shrink to 0.2, the weights to 0.402, 0.329 and 0.269: nearly even, "
                "entropy 1.085 of at most 1.099.",
            ),
            Option(
                text="It is the same at both.",
                why="Temperature changes no ranking, but it does change how unequal the weights "
                "are.",
            ),
        ),
    ),
    Question(
        text="A table answers “king − man + woman” with queen. What do you ask before you believe "
        "it?",
        options=(
            Option(
                text="Whether the vectors have length 1.",
                why="It matters little: with every row brought to length 1, king still comes first.",
            ),
            Option(
                text="Whether the question's own words were left out of the search.",
                right=True,
                why="Here king itself comes first. In 18 of this lesson's 20 questions it was a word of "
                "the question that came back.",
            ),
            Option(
                text="Whether the table is large enough.",
                why="More rows can only add rivals: king would still be ahead of queen.",
            ),
        ),
    ),
    Question(
        text="When is √d the wrong measure of how far dot products spread?",
        options=(
            Option(
                text="When d is large.",
                why="The rule holds for every d, as long as the dimensions are independent.",
            ),
            Option(
                text="When the numbers are not normally distributed.",
                why="Only means and covariances enter the derivation: coin flips of ±1 give √d as "
                "well.",
            ),
            Option(
                text="When dimensions move together.",
                right=True,
                why="Every covariance off the diagonal adds its square. d copies of one number "
                "spread like d.",
            ),
        ),
    ),
)

LESSON = LessonSpec(
    number="02",
    slug="similarity",
    title="Similarity",
    minutes=60,
    needs=("00",),
    exercises=(
        LOUD_VECTOR,
        DOT_PRODUCT,
        COSINE,
        ALL_PAIRS,
        MOST_SIMILAR,
        STABLE_SOFTMAX,
        SOFTMAX,
        ENTROPY,
        SCORE_SPREAD,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
