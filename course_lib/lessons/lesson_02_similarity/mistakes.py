"""The wrong answers that lesson 02 recognises: real mistakes, named and explained."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_02_similarity import given

LOUD_VECTOR = (
    WrongAnswer(
        id="zero",
        code=lambda: [0.0, 0.0],
        matches=given.is_zero,
        says="Your vector is zero.",
        why="It has no length, so it cannot win by dot product, and no direction, so it has no "
        "cosine.",
    ),
    WrongAnswer(
        id="points_away",
        code=lambda: [-2.0, 4.0],
        matches=given.points_away,
        says="Your vector does not point cat's way at all: its dot product with cat is not "
        "positive.",
        why="Making it longer will not help, since a length multiplies what is there. Turn it "
        "until it leans "
        "towards cat, less than dog does, and then make it long.",
    ),
    WrongAnswer(
        id="loses_both",
        code=lambda: [1.0, 2.0],
        matches=given.loses_both,
        says="Your vector loses by both measures: its direction will do, and it is too short.",
        why="Doubling both numbers doubles the dot product and leaves the cosine as it is.",
    ),
    WrongAnswer(
        id="wins_both",
        code=lambda: [6.0, 2.5],
        matches=given.wins_both,
        says="Your vector wins by both measures.",
        why="It is long enough, and it points more nearly cat's way than dog does. Turn it away "
        "from cat: "
        "raise its second number.",
    ),
    WrongAnswer(
        id="other_way_round",
        code=lambda: [1.5, 0.5],
        matches=given.other_way_round,
        says="It is the other way round: your vector wins by cosine, and not by dot product.",
        why="It points cat's way and is short. What is asked for is long, and points elsewhere.",
    ),
    WrongAnswer(
        id="same_direction",
        code=lambda: [4.0, 2.0],
        matches=given.same_cosine,
        says="Your vector has exactly dog's cosine, because it makes the same angle with cat.",
        why="A cosine depends on the angle alone, so stretching dog cannot make it lose. Turn your "
        "vector further from cat.",
    ),
    WrongAnswer(
        id="draw",
        code=lambda: [1.0, 4.0],
        matches=given.draws,
        says="Your vector loses by cosine, as it should, but by dot product it only draws with "
        "dog.",
        why="A draw is no win: make it a little longer.",
    ),
)


def _first_only(x: Sequence[float], y: Sequence[float]) -> float:
    total = 0.0
    for a, b in zip(x, y, strict=True):
        total += a * b
        return total
    return total


def _last_only(x: Sequence[float], y: Sequence[float]) -> float:
    total = 0.0
    for a, b in zip(x, y, strict=True):
        total = a * b
    return total


DOT_PRODUCT = (
    WrongAnswer(
        id="returns_inside_loop",
        code=_first_only,
        says="Your function returns after the first pair of numbers.",
        why="A return that is indented as far as the loop's body ends the loop in its first round. "
        "Move it out, "
        "to the left.",
    ),
    WrongAnswer(
        id="last_pair_only",
        code=_last_only,
        says="Your result is the product of the last pair alone.",
        why="Each round writes over the total (=). It has to add to it (+=).",
    ),
    WrongAnswer(
        id="skips_last",
        code=lambda x, y: sum(x[i] * y[i] for i in range(len(x) - 1)),
        says="The last pair of numbers is left out.",
        why="range(n) already stops before n: range(len(x)) gives every place, range(len(x) - 1) "
        "one fewer.",
    ),
    WrongAnswer(
        id="skips_first",
        code=lambda x, y: sum(x[i] * y[i] for i in range(1, len(x))),
        says="The first pair of numbers is left out.",
        why="Python counts places from 0, so range(1, len(x)) starts at the second.",
    ),
    WrongAnswer(
        id="every_with_every",
        code=lambda x, y: sum(a * b for a in x for b in y),
        says="You multiply every number of x with every number of y, in two loops, one inside the "
        "other.",
        why="A dot product pairs numbers at the same place: first with first, second with second. "
        "One loop is enough.",
    ),
    WrongAnswer(
        id="adds_pairs",
        code=lambda x, y: sum(a + b for a, b in zip(x, y, strict=True)),
        says="You add the two numbers of a pair; they are multiplied.",
        why="The product is large only where both numbers are. A sum cannot tell agreement from "
        "one loud number.",
    ),
    WrongAnswer(
        id="multiplies_all",
        code=lambda x, y: math.prod(a * b for a, b in zip(x, y, strict=True)),
        says="You multiply the products together; they are added.",
        why="One zero anywhere would make the whole result zero, however well the other numbers "
        "agree.",
    ),
    WrongAnswer(
        id="starts_at_one",
        code=lambda x, y: 1.0 + sum(a * b for a, b in zip(x, y, strict=True)),
        says="Your result is 1 too large: the total starts at 1.",
        why="Nothing has been added yet when the loop begins, so a sum starts at 0.",
    ),
    WrongAnswer(
        id="list_of_products",
        code=lambda x, y: [a * b for a, b in zip(x, y, strict=True)],
        says="You return the products themselves, one for each place.",
        why="A dot product is a single number: their sum.",
    ),
    WrongAnswer(
        id="mean",
        code=lambda x, y: sum(a * b for a, b in zip(x, y, strict=True)) / len(x),
        says="Your result is divided by the number of entries.",
        why="That is a mean of products. A dot product adds them and divides by nothing.",
    ),
)

_norm = np.linalg.norm
COSINE = (
    WrongAnswer(
        id="no_norms",
        code=lambda x, y: x @ y,
        says="You return the dot product: neither length is divided out.",
        why="Twice as long a vector would count as twice as similar, although it points the same "
        "way.",
    ),
    WrongAnswer(
        id="only_x_norm",
        code=lambda x, y: x @ y / _norm(x),
        says="You divide by the length of x only.",
        why="The length of y still counts: the longer y is, the more similar it would be to "
        "anything.",
    ),
    WrongAnswer(
        id="only_y_norm",
        code=lambda x, y: x @ y / _norm(y),
        says="You divide by the length of y only.",
        why="The length of x still counts, so the result is no cosine: it can exceed 1.",
    ),
    WrongAnswer(
        id="brackets",
        code=lambda x, y: x @ y / _norm(x) * _norm(y),
        says="You divide by the length of x and then multiply by the length of y.",
        why="Python works from left to right, so a / b * c is (a / b) · c. Put brackets round the "
        "two lengths.",
    ),
    WrongAnswer(
        id="squared_norms",
        code=lambda x, y: x @ y / ((x @ x) * (y @ y)),
        says="You divide by the squared lengths: a root is missing.",
        why="x @ x is the squared length. A vector twice as long would then look half as similar.",
    ),
    WrongAnswer(
        id="sum_of_norms",
        code=lambda x, y: x @ y / (_norm(x) + _norm(y)),
        says="You divide by the sum of the lengths; it is their product that is divided out.",
        why="Each vector is brought to length 1 by its own division, and two divisions in a row "
        "divide by the product.",
    ),
    WrongAnswer(
        id="absolute_sums",
        code=lambda x, y: x @ y / (np.abs(x).sum() * np.abs(y).sum()),
        says="Your lengths add up absolute values.",
        why="That is the way round the corner. The straight length is the root of the sum of "
        "squares: √(3² + 1²) = 3.162 for cat, not 4.",
    ),
    WrongAnswer(
        id="absolute",
        code=lambda x, y: abs(x @ y) / (_norm(x) * _norm(y)),
        says="You return the absolute value of the cosine, so opposite vectors count as alike.",
        why="The sign says whether two vectors agree or disagree: −1 is as unlike as can be.",
    ),
    WrongAnswer(
        id="distance",
        code=lambda x, y: 1 - x @ y / (_norm(x) * _norm(y)),
        says="You return 1 minus the cosine.",
        why="That is a distance: 0 for the same direction. A similarity is largest, 1, there.",
    ),
    WrongAnswer(
        id="angle",
        code=lambda x, y: np.arccos(np.clip(x @ y / (_norm(x) * _norm(y)), -1, 1)),
        says="You return the angle itself.",
        why="An angle is small for similar vectors. Its cosine is large for them, and needs no "
        "arccos.",
    ),
)

ALL_PAIRS = (
    WrongAnswer(
        id="transposed",
        code=lambda queries, keys: keys @ queries.T,
        says="Your table is transposed: keys run down, queries across.",
        why="Row t belongs to query t, so the shape is (number of queries, number of keys).",
    ),
    WrongAnswer(
        id="no_transpose",
        code=lambda queries, keys: queries @ keys,
        says="You multiply by keys as they stand.",
        why="A matrix product pairs rows of the left with columns of the right. The keys are rows: "
        "transpose them first.",
    ),
    WrongAnswer(
        id="reshaped",
        code=lambda queries, keys: queries @ keys.reshape(keys.shape[1], keys.shape[0]),
        says="You reshaped keys where a transpose is due.",
        why="reshape keeps the numbers in reading order and only breaks the lines elsewhere, so "
        "the columns are no "
        "longer keys. .T turns rows into columns.",
    ),
    WrongAnswer(
        id="cosines",
        code=lambda queries, keys: (
            (queries @ keys.T) / _norm(queries, axis=1, keepdims=True) / _norm(keys, axis=1)
        ),
        says="Your entries are cosines.",
        why="Here the plain dot products are asked for, lengths included; attention will use "
        "those.",
    ),
    WrongAnswer(
        id="one_norm",
        code=lambda queries, keys: queries @ keys.T / _norm(keys, axis=1),
        says="Your dot products are divided by the lengths of the keys.",
        why="Nothing is divided here: entry [t, s] is the plain dot product of query t with key s.",
    ),
    WrongAnswer(
        id="scaled",
        code=lambda queries, keys: queries @ keys.T / math.sqrt(queries.shape[1]),
        says="Your dot products are divided by √d.",
        why="That belongs to attention, and the end of this lesson shows why. Here they are plain.",
    ),
    WrongAnswer(
        id="queries_twice",
        code=lambda queries, keys: queries @ queries.T,
        says="You compare the queries with themselves: keys is not used.",
        why="Entry [t, s] is for query t and key s, so both matrices enter.",
    ),
    WrongAnswer(
        id="one_number",
        code=lambda queries, keys: (queries @ keys.T).sum(),
        says="You add everything up to one number.",
        why="Every pair keeps its own dot product: one row for each query, one column for each "
        "key.",
    ),
)


def _cosines(query: np.ndarray, table: np.ndarray) -> np.ndarray:
    return table @ query / _norm(table, axis=1)


def _without(scores: np.ndarray, exclude: Any, fill: float = -np.inf) -> int:
    scores = scores.copy()
    scores[list(exclude)] = fill
    return int(np.argmax(scores))


def _deleted(query: np.ndarray, table: np.ndarray, exclude: Any = ()) -> int:
    return int(np.argmax(_cosines(query, np.delete(table, list(exclude), axis=0))))


MOST_SIMILAR = (
    WrongAnswer(
        id="dot_product",
        code=lambda query, table, exclude=(): _without(table @ query, exclude),
        says="You compare by dot product, so a long row beats a similar one.",
        why="Divide every row's dot product by that row's length: the cosine is asked for.",
    ),
    WrongAnswer(
        id="squared_lengths",
        code=lambda query, table, exclude=(): _without(
            table @ query / (table * table).sum(1), exclude
        ),
        says="You divide by the squared length of each row, so a short row beats a similar one.",
        why="A length is the root of the sum of squares: np.linalg.norm(table, axis=1).",
    ),
    WrongAnswer(
        id="ignores_exclude",
        code=lambda query, table, exclude=(): int(np.argmax(_cosines(query, table))),
        says="The excluded rows still take part.",
        why="Give them a score that cannot win, -np.inf, before you look for the largest.",
    ),
    WrongAnswer(
        id="excluded_get_zero",
        code=lambda query, table, exclude=(): _without(_cosines(query, table), exclude, 0.0),
        says="You give the excluded rows a score that can still win, such as 0.",
        why="When all other scores are lower, it is the largest. -np.inf lies below every score.",
    ),
    WrongAnswer(
        id="numbers_shift",
        code=_deleted,
        says="You removed the excluded rows, so the rows after them got new numbers.",
        why="The result is a place in the table that you were given. Keep every row and make the "
        "excluded ones lose.",
    ),
    WrongAnswer(
        id="least_similar",
        code=lambda query, table, exclude=(): int(
            np.argmin([np.inf if i in exclude else c for i, c in enumerate(_cosines(query, table))])
        ),
        says="You return the least similar row.",
        why="A cosine is largest for the most similar row: argmax. (argmin would be right for a "
        "distance.)",
    ),
    WrongAnswer(
        id="nearest_by_distance",
        code=lambda query, table, exclude=(): _without(-_norm(table - query, axis=1), exclude),
        says="You return the row at the smallest distance.",
        why="A row that points the same way and is longer lies far off. The cosine looks at "
        "directions alone.",
    ),
    WrongAnswer(
        id="absolute",
        code=lambda query, table, exclude=(): _without(np.abs(_cosines(query, table)), exclude),
        says="You compare absolute values, so an opposite row counts as similar.",
        why="A cosine of −1 is the least similar that there is.",
    ),
    WrongAnswer(
        id="skips_winner",
        code=lambda query, table, exclude=(): int(np.argsort(-_cosines(query, table))[1]),
        says="You return the second most similar row, as if the first were always the query "
        "itself.",
        why="Only the rows in exclude are out. With none, the most similar row wins, whatever it "
        "is.",
    ),
    WrongAnswer(
        id="returns_cosine",
        code=lambda query, table, exclude=(): float(
            max(c for i, c in enumerate(_cosines(query, table)) if i not in exclude)
        ),
        says="You return the largest cosine, not the number of its row.",
        why="max gives the value, argmax the place where it stands.",
    ),
)


def _shared(powers: np.ndarray, axis: int | None) -> np.ndarray:
    return powers / powers.sum(axis, keepdims=True)


def _powers(scores: np.ndarray, shift: Any) -> np.ndarray:
    powers = np.exp(scores - shift)
    return powers / powers.sum(-1, keepdims=True)


STABLE_SOFTMAX = (
    WrongAnswer(
        id="no_max",
        code=lambda scores: _powers(scores, 0.0),
        says="You take exp of the scores as they are, and exp(1000) is more than a float can hold.",
        why="It becomes infinite and ∞/∞ is NaN; at −1000 everything becomes 0 and 0/0 is NaN. "
        "Subtracting the "
        "row's largest score first changes no weight and keeps every exponential at 1 or below.",
    ),
    WrongAnswer(
        id="max_of_everything",
        code=lambda scores: _powers(scores, scores.max()),
        says="You subtract the largest score of the whole array, not of each row.",
        why="A row far below it gets exponentials that are all 0, and 0/0 is NaN. Take the maximum "
        "along the last "
        "axis and keep that axis.",
    ),
    WrongAnswer(
        id="subtracts_mean",
        code=lambda scores: _powers(scores, scores.mean(-1, keepdims=True)),
        says="You subtract each row's mean, not its largest score.",
        why="That changes no weight either, but one score can still lie more than 709 above the "
        "mean, and its "
        "exponential overflows.",
    ),
    WrongAnswer(
        id="subtracts_min",
        code=lambda scores: _powers(scores, scores.min(-1, keepdims=True)),
        says="You subtract each row's smallest score, so the largest exponential can still "
        "overflow.",
        why="With the largest score subtracted all exponents are 0 or below, and exp cannot "
        "overflow.",
    ),
    WrongAnswer(
        id="clipped",
        code=lambda scores: _powers(np.clip(scores, -700, 700), 0.0),
        says="You clip the scores before exp, so 1000 and 1001 become the same.",
        why="Softmax depends on differences, and clipping destroys them. Subtracting the maximum "
        "keeps them.",
    ),
    WrongAnswer(
        id="not_normalised",
        code=lambda scores: np.exp(scores - scores.max(-1, keepdims=True)),
        says="Your exponentials are not divided by their sum.",
        why="Weights share out a total of 1 within each row.",
    ),
    WrongAnswer(
        id="no_exp",
        code=lambda scores: scores / scores.sum(-1, keepdims=True),
        says="You divide the scores by their sum: there is no exponential.",
        why="Scores can be negative, and so would the weights be; a sum near 0 would blow them up. "
        "exp makes "
        "every score positive first.",
    ),
    WrongAnswer(
        id="first_axis",
        code=lambda scores: _shared(np.exp(scores - scores.max(0, keepdims=True)), 0),
        says="Your softmax runs along axis 0, down the columns.",
        why="Each row is one set of scores. Count from the end: axis=-1 is right with and without "
        "a batch.",
    ),
    WrongAnswer(
        id="sums_everything",
        code=lambda scores: _shared(np.exp(scores - scores.max(-1, keepdims=True)), None),
        says="You divide by the sum of the whole array, so all rows together share a total of 1.",
        why="Each row has its own total of 1: sum along axis=-1 with keepdims=True.",
    ),
    WrongAnswer(
        id="divides_by_max",
        code=lambda scores: _powers(scores / scores.max(-1, keepdims=True), 0.0),
        says="You divide each row by its largest score; it has to be subtracted.",
        why="Dividing changes the differences between scores, and with them the weights. It even "
        "turns "
        "the order round where the largest score is negative.",
    ),
    WrongAnswer(
        id="log_softmax",
        code=lambda scores: scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True),
        says="You return the logarithms of the weights.",
        why="All of them are 0 or below. One np.exp turns them into weights.",
    ),
    WrongAnswer(
        id="sign",
        code=lambda scores: _powers(-scores, (-scores).max(-1, keepdims=True)),
        says="The sign is turned round: your largest score gets the smallest weight.",
        why="The exponent is score minus maximum, which is 0 for the largest score and negative "
        "for the others.",
    ),
)


def _naive(scores: Tensor, temperature: float = 1.0) -> Tensor:
    powers = torch.exp(scores / temperature)
    return powers / powers.sum(-1, keepdim=True)


SOFTMAX = (
    WrongAnswer(
        id="multiplied",
        code=lambda scores, temperature=1.0: (scores * temperature).softmax(-1),
        says="You multiply the scores by the temperature; they are divided by it.",
        why="Hot means even: a high temperature brings the scores closer together, which only "
        "division does.",
    ),
    WrongAnswer(
        id="after_softmax",
        code=lambda scores, temperature=1.0: scores.softmax(-1) / temperature,
        says="You divide the weights by the temperature, after the softmax.",
        why="All weights then shrink alike and no longer sum to 1. The temperature acts on the "
        "scores.",
    ),
    WrongAnswer(
        id="ignored",
        code=lambda scores, temperature=1.0: scores.softmax(-1),
        says="The temperature has no effect on your weights.",
        why="Your weights are right at temperature 1 alone. (Subtracting it leaves no trace "
        "either: the same "
        "number taken from every score changes no weight.)",
    ),
    WrongAnswer(
        id="first_axis",
        code=lambda scores, temperature=1.0: (scores / temperature).softmax(0),
        says="Your softmax runs along dim 0.",
        why="With a single row that is the last one too; with a batch it compares scores of "
        "different rows. Use dim=-1.",
    ),
    WrongAnswer(
        id="power_not_normalised",
        code=lambda scores, temperature=1.0: scores.softmax(-1) ** (1 / temperature),
        says="You raise the weights to the power 1/temperature and stop there.",
        why="The idea is sound, but the result no longer sums to 1. Divide the scores before the "
        "softmax, or "
        "normalise again.",
    ),
    WrongAnswer(
        id="twice",
        code=lambda scores, temperature=1.0: (scores.softmax(-1) / temperature).softmax(-1),
        says="You apply softmax twice.",
        why="The second one receives numbers between 0 and 1 and flattens them: differences of 10 "
        "have become "
        "differences below 1.",
    ),
    WrongAnswer(
        id="no_max",
        code=_naive,
        says="Your exponentials overflow: scores up to 60 at temperature 0.05 are exponents up to "
        "1200.",
        why="Subtract each row's largest value after the division and before exp, as in exercise "
        "2.6, or call "
        "torch.softmax, which does.",
    ),
    WrongAnswer(
        id="not_normalised",
        code=lambda scores, temperature=1.0: torch.exp(
            (scores - scores.amax(-1, keepdim=True)) / temperature
        ),
        says="Your exponentials are not divided by their sum.",
        why="Weights share out a total of 1 within each row.",
    ),
)


ENTROPY = (
    WrongAnswer(
        id="log_of_zero",
        code=lambda weights: -(weights * weights.log()).sum(-1),
        says="A weight of 0 turns your result into NaN: log(0) is −∞, and 0 · −∞ is NaN.",
        why="w ln w goes to 0 as w does, so a weight of 0 counts as 0. torch.xlogy(w, w) knows "
        "that, and so does "
        "a log of weights clamped from below.",
    ),
    WrongAnswer(
        id="epsilon",
        code=lambda weights: -(weights * (weights + 1e-4).log()).sum(-1),
        matches=given.a_little_low,
        says="Your entropies are all a little low: a small number seems to be added inside the "
        "logarithm.",
        why="It takes about N times itself from the entropy of N keys. torch.xlogy needs none, and "
        "clamp_min(1e-30) touches no weight that counts.",
    ),
    WrongAnswer(
        id="sign",
        code=lambda weights: torch.xlogy(weights, weights).sum(-1),
        says="The minus sign is missing.",
        why="Logarithms of weights are negative, so without it more spread would mean a smaller "
        "number.",
    ),
    WrongAnswer(
        id="bits",
        code=lambda weights: -torch.xlogy(weights, weights).sum(-1) / math.log(2),
        says="Your logarithm has base 2, so your entropy is in bits.",
        why="That is a sound unit, but nats are asked for: the natural logarithm, torch.log.",
    ),
    WrongAnswer(
        id="no_weights",
        code=lambda weights: -weights.clamp_min(1e-12).log().sum(-1),
        says="You add up the logarithms alone, without their weights.",
        why="Each −ln w counts as often as w says. Otherwise the rarest key counts most.",
    ),
    WrongAnswer(
        id="mean",
        code=lambda weights: -torch.xlogy(weights, weights).mean(-1),
        says="You take the mean over the keys; the terms are summed.",
        why="The weights w in w ln w already make it an average: they sum to 1.",
    ),
    WrongAnswer(
        id="everything",
        code=lambda weights: -torch.xlogy(weights, weights).sum(),
        says="You add up all rows; every row has an entropy of its own.",
        why="Sum along the last axis: one number for each row of weights.",
    ),
    WrongAnswer(
        id="first_axis",
        code=lambda weights: -torch.xlogy(weights, weights).sum(0),
        says="You sum along dim 0.",
        why="A row of weights lies along the last axis: dim=-1.",
    ),
    WrongAnswer(
        id="relative",
        code=lambda weights: (
            -torch.xlogy(weights, weights).sum(-1) / math.log(max(weights.shape[-1], 2))
        ),
        says="Your entropy is divided by its largest possible value, ln N.",
        why="That is a useful share between 0 and 1, but not the entropy: 2 equal weights and 200 "
        "would score alike.",
    ),
    WrongAnswer(
        id="perplexity",
        code=lambda weights: (-torch.xlogy(weights, weights).sum(-1)).exp(),
        says="You return exp of the entropy.",
        why="That is the effective number of keys, which the next cell computes from the entropy "
        "itself.",
    ),
    WrongAnswer(
        id="squares",
        code=lambda weights: 1 - weights.square().sum(-1),
        says="You return 1 − Σ w², the Gini impurity.",
        why="It ranks rows in a similar way, but it is another measure: the entropy is −Σ w ln w.",
    ),
)

SCORE_SPREAD = (
    WrongAnswer(
        id="variance",
        code=lambda covariance: covariance.square().sum(),
        says="You return the variance: the root is missing.",
        why="A spread is in the units of the scores themselves, a variance in their squares.",
    ),
    WrongAnswer(
        id="diagonal_only",
        code=lambda covariance: covariance.diagonal().square().sum().sqrt(),
        says="You add up the diagonal alone, as if the dimensions were independent.",
        why="Dimensions that move together add to the spread, whatever the sign of their "
        "covariance: it is squared. "
        "This is the very assumption that √d makes.",
    ),
    WrongAnswer(
        id="not_squared",
        code=lambda covariance: covariance.sum().sqrt(),
        says="You add up the covariances without squaring them.",
        why="One factor C_ij comes from the query and one from the key; together they are C_ij².",
    ),
    WrongAnswer(
        id="trace",
        code=lambda covariance: covariance.diagonal().sum().sqrt(),
        says="You return the root of the sum of variances, which is the typical length of one "
        "vector.",
        why="For variances of 1 that is √d as well, but only then: a dot product of vectors three "
        "times as long "
        "spreads nine times as far, not three.",
    ),
    WrongAnswer(
        id="root_d",
        code=lambda covariance: covariance.diagonal().mean() * math.sqrt(covariance.shape[-1]),
        says="You return the average variance times √d.",
        why="That holds for independent dimensions of equal variance, and every other covariance "
        "spreads further.",
    ),
    WrongAnswer(
        id="divided_by_d",
        code=lambda covariance: covariance.square().mean().sqrt(),
        says="You take the mean of the squares; they are summed.",
        why="A dot product adds d products, so its spread grows with d. A mean takes that growth "
        "away again.",
    ),
    WrongAnswer(
        id="sum_of_roots",
        code=lambda covariance: covariance.abs().sum(),
        says="You take the root of each square, and then the sum.",
        why="Variances add up, spreads do not: sum the squares first, then take one root.",
    ),
    WrongAnswer(
        id="largest_direction",
        code=lambda covariance: torch.linalg.matrix_norm(covariance, 2),
        says="You return the largest eigenvalue: torch.linalg.matrix_norm with ord=2.",
        why="That is the share of one direction. All directions add to the spread: the Frobenius "
        "norm, 'fro'.",
    ),
)
