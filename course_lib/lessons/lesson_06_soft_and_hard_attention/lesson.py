"""Lesson 06 as data: exercises, predictions, quiz."""

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
from course_lib.checking.noise import generator, noise, pick
from course_lib.lessons.lesson_06_soft_and_hard_attention import mistakes as wrong

B, H, N, K = 5, 3, 7, 4
LEADS: dict[str, tuple[int, ...]] = {"one row": (), f"{B} rows": (B,), f"2 × {H} rows": (2, H)}
MECHANISM = "course_lib.attention.hard_attention"


def _f64(rows: Any) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def _uniform(seed: int | np.random.Generator, *shape: int) -> Tensor:
    """Return uniform noise, never 0 and never 1."""
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    return torch.from_numpy(np.asarray(rng.uniform(1e-6, 1 - 1e-6, shape)))


def _weights(seed: int | np.random.Generator, *shape: int) -> Tensor:
    return noise(seed, *shape).softmax(-1)


def _places(seed: int | np.random.Generator, count: int, n: int) -> Tensor:
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    return torch.from_numpy(rng.integers(0, n, count))


def _sizes(rng: np.random.Generator, *most: int) -> tuple[int, ...]:
    return tuple(pick(rng, range(1, top + 1)) for top in most)


def _lead(rng: np.random.Generator) -> tuple[int, ...]:
    return list(LEADS.values())[pick(rng, range(3))]


def _numbers(row: Tensor) -> str:
    return ", ".join(f"{number:.3f}" for number in row.flatten()[:6].tolist())


# ---------------------------------------------------------------- 6.1 draw places


def draw_cases() -> list[Case]:
    quarters = _f64([[0.25, 0.5, 0.25]]).repeat(3, 1)
    return [
        Case(label="weights 1/4, 1/2, 1/4, three draws", args=(quarters, _f64([0.1, 0.7, 0.8]))),
        *(
            Case(
                label=f"{rows} rows, {n} places, seed {seed}",
                args=(_weights(seed, rows, n), _uniform(seed + 10, rows)),
            )
            for rows, n, seed in ((B, N, 0), (N, B, 1), (24, 25, 2))
        ),
        Case(
            label="noise of exactly 0, first weight 0",
            args=(_f64([[0, 0.5, 0.5], [0.5, 0, 0.5]]), _f64([0.0, 0.5])),
            edge=True,
        ),
        Case(
            label="ten weights of 0.1, noise next to 1",
            args=(_f64([[0.1] * 10]), _f64([math.nextafter(1.0, 0.0)])),
            edge=True,
        ),
    ]


def draw_sample(rng: np.random.Generator) -> Case:
    rows, n = _sizes(rng, 6, 8)
    if pick(rng, range(5)) == 0:
        # Dyadic weights: sums are exact, and the noise may lie on one of them.
        counts = torch.from_numpy(rng.multinomial(8, [1 / n] * n, size=rows)).double()
        return Case(
            label="random",
            args=(counts / 8, torch.from_numpy(rng.integers(0, 8, rows)).double() / 8),
            edge=True,
        )
    return Case(label="random", args=(_weights(rng, rows, n), _uniform(rng, rows)))


def draw_oracle(weights: Tensor, noise: Tensor) -> Tensor:
    """Walk along each row until the weights passed exceed the noise."""
    places = []
    for row, u in zip(weights.tolist(), noise.tolist(), strict=True):
        passed, place = 0.0, 0
        for place, weight in enumerate(row):  # noqa: B007
            passed += weight
            if passed > u:
                break
        places.append(place)
    return torch.tensor(places)


def possible_place(call: Any, case: Case, value: Any) -> str | None:
    weights, u = case.args
    rows = list(zip(weights, u.tolist(), value.tolist(), strict=True))
    for row, at, place in rows:
        if not 0 <= place < len(row):
            return f"A place is one of 0 to {len(row) - 1}; for noise {at:.3f} yours is {place}."
        if row[place] == 0:
            return f"A place with weight 0 is never chosen; for noise {at:.3f} you chose place {place}."
    return None


DRAW_PLACES = Exercise(
    name="draw_places",
    title="Draw a place",
    minutes=6,
    difficulty=2,
    proves="each row draws its own place, as often as its weight says",
    passed="Agrees with a walk along every row, noise of 0 and sums a hair below 1 included.",
    cases=draw_cases,
    sample=draw_sample,
    oracle=draw_oracle,
    properties=(Property(id="possible_place", holds=possible_place),),
    reference=f"{MECHANISM}.draw_places",
    forbidden=("multinomial", "Categorical"),
    hints=(
        "Lay the weights end to end on the line from 0 to 1. Where does each stretch end, and how many of "
        "those ends has the noise passed?",
        "ends = running sums of the weights, along the places\npassed = ends that are at most the noise, "
        "which stands in a column\nplace = how many are passed in each row, N − 1 at most",
        "weights.cumsum(-1) has the ends; noise[:, None] is a column. Compare with <=, add up the Trues along "
        "the last axis, then clamp(max=...).\n    return (... <= ...).sum(-1).clamp(max=...)",
    ),
    wrong_answers=wrong.DRAW_PLACES,
)

# ---------------------------------------------------------------- 6.2 score-function loss


def loss_cases() -> list[Case]:
    return [
        Case(
            label="two places alike, place 0 brought 3",
            args=(_f64([[0, 0]]), torch.tensor([0]), _f64([3])),
            gradients=True,
        ),
        *(
            Case(
                label=f"{rows} rows, {n} places, seed {seed}",
                args=(noise(seed, rows, n), _places(seed, rows, n), noise(seed + 10, rows)),
                gradients=True,
            )
            for rows, n, seed in ((B, N, 0), (N, B, 1), (B, N, 2))
        ),
    ]


def loss_sample(rng: np.random.Generator) -> Case:
    rows, n = _sizes(rng, 6, 8)
    return Case(
        label="random",
        args=(noise(rng, rows, n), _places(rng, rows, n), noise(rng, rows)),
        gradients=True,
    )


def loss_oracle(scores: Tensor, places: Tensor, rewards: Tensor) -> Tensor:
    """Weigh the cross-entropy of the chosen places; the rewards are constants."""
    surprise = F.cross_entropy(scores, places, reduction="none")
    return torch.dot(surprise, rewards.detach()) / len(places) + 0 * rewards.sum()


SCORE_FUNCTION_LOSS = Exercise(
    name="score_function_loss",
    title="A loss for choices",
    minutes=8,
    difficulty=2,
    proves="your loss has the score-function gradient, and the rewards get none",
    passed="Value and gradient agree with weighted cross-entropy, and no gradient enters the rewards.",
    cases=loss_cases,
    sample=loss_sample,
    oracle=loss_oracle,
    reference=f"{MECHANISM}.score_function_loss",
    hints=(
        "Which probability did the chosen place have? Its logarithm, times what the place brought, should "
        "grow; an optimiser lowers.",
        "log_weights = logarithm of the softmax of the scores, along the places\n"
        "chosen = in each row the entry of its own place\n"
        "minus the mean over rows of (reward, without gradient) times chosen",
        "scores.log_softmax(-1) has the logarithms; .gather(-1, places[:, None]).squeeze(-1) picks one a row; "
        "rewards.detach() are given numbers.\n    return -(... * ...).mean()",
    ),
    wrong_answers=wrong.SCORE_FUNCTION_LOSS,
)

# ---------------------------------------------------------------- 6.3 the exact gradient


def expected_cases() -> list[Case]:
    return [
        Case(label="two places alike, rewards 10 and 11", args=(_f64([0.5, 0.5]), _f64([10, 11]))),
        Case(label="weights 0.2, 0.3, 0.5", args=(_f64([0.2, 0.3, 0.5]), _f64([1, 0, 2]))),
        *(
            Case(
                label=f"{name}, {N} places, seed {seed}",
                args=(_weights(seed, *lead, N), noise(seed + 10, *lead, N)),
                gradients=True,
            )
            for seed, (name, lead) in enumerate(LEADS.items())
        ),
    ]


def expected_sample(rng: np.random.Generator) -> Case:
    shape = (*_lead(rng), *_sizes(rng, 8))
    return Case(label="random", args=(_weights(rng, *shape), noise(rng, *shape)), gradients=True)


def expected_oracle(weights: Tensor, rewards: Tensor) -> Tensor:
    """Average the score-function estimate over every place, one place at a time."""
    total = torch.zeros_like(weights)
    for place in range(weights.shape[-1]):
        onehot = torch.zeros_like(weights)
        onehot[..., place] = 1
        chance, reward = weights[..., place, None], rewards[..., place, None]
        total = total + chance * reward * (onehot - weights)
    return total


def entries_cancel(call: Any, case: Case, value: Any) -> str | None:
    total = value.sum(-1).abs().max().item()
    if total < 1e-6:
        return None
    return (
        "The entries must sum to 0: raising all scores alike changes no weight. On the case "
        f"“{case.label}” yours ({_numbers(value)}) sum to {value.sum(-1).flatten()[0].item():.3f}."
    )


EXPECTED_GRADIENT = Exercise(
    name="expected_gradient",
    title="The truth, by enumeration",
    minutes=6,
    difficulty=2,
    proves="your gradient is the score-function estimate averaged over every choice",
    passed="Agrees with the estimate averaged over all places one by one, for any leading axes.",
    cases=expected_cases,
    sample=expected_sample,
    oracle=expected_oracle,
    properties=(Property(id="entries_cancel", holds=entries_cancel),),
    reference=f"{MECHANISM}.expected_gradient",
    hints=(
        "A score is worth raising when its place brings more than the policy gets on average. How often "
        "that matters depends on the place's weight.",
        "mean = weights times rewards, added up along the places, kept as a column\n"
        "weights times (rewards minus mean)",
        "(weights * rewards).sum(-1, keepdim=True) is the expected reward of each row.\n"
        "    return weights * (rewards - ...)",
    ),
    wrong_answers=wrong.EXPECTED_GRADIENT,
)

# ---------------------------------------------------------------- 6.4 the variance


def variance_cases() -> list[Case]:
    halves, rewards = _f64([0.5, 0.5]), _f64([10, 11])
    return [
        Case(label="rewards 10 and 11, no baseline", args=(halves, rewards, 0.0)),
        Case(label="rewards 10 and 11, baseline 10.5", args=(halves, rewards, 10.5)),
        *(
            Case(
                label=f"{n} places, baseline {b}, seed {seed}",
                args=(_weights(seed, n), noise(seed + 10, n), b),
            )
            for n, b, seed in ((3, 0.0, 0), (N, 0.4, 1), (B, -1.3, 2))
        ),
        Case(label="a single place", args=(_f64([1]), _f64([3]), 1.0), edge=True),
    ]


def variance_sample(rng: np.random.Generator) -> Case:
    (n,) = _sizes(rng, 8)
    baseline = float(rng.choice([0.0, 0.5, -1.0, 2.0]))
    return Case(label="random", args=(_weights(rng, n), noise(rng, n), baseline))


def variance_oracle(weights: Tensor, rewards: Tensor, baseline: float | Tensor = 0.0) -> Tensor:
    """Entry by entry: E g² − (E g)², with both expectations over all places."""
    n, total = len(weights), torch.zeros((), dtype=weights.dtype, device=weights.device)
    for entry in range(n):
        first = second = torch.zeros_like(total)
        for place in range(n):
            g = (rewards[place] - baseline) * (float(place == entry) - weights[entry])
            first, second = first + weights[place] * g, second + weights[place] * g**2
        total = total + second - first**2
    return total


def never_negative(call: Any, case: Case, value: Any) -> str | None:
    if float(value) > -1e-9:
        return None
    return f"A variance is never negative; on the case “{case.label}” yours is {float(value):.3f}."


ESTIMATOR_VARIANCE = Exercise(
    name="estimator_variance",
    title="How noisy the estimate is",
    minutes=10,
    difficulty=3,
    proves="you know the estimate's variance exactly, with any baseline",
    passed="Agrees with E g² − (E g)², entry by entry, over all places.",
    cases=variance_cases,
    sample=variance_sample,
    oracle=variance_oracle,
    properties=(Property(id="never_negative", holds=never_negative),),
    reference=f"{MECHANISM}.estimator_variance",
    hints=(
        "There are only N choices, so there are only N estimates. Write them down as the rows of a matrix; "
        "each row comes up as often as its weight says.",
        "estimates = (rewards minus baseline, as a column) times (identity minus weights)\n"
        "mean = weights times estimates\n"
        "weights times the squared lengths of (estimates minus mean)",
        "torch.eye(len(weights), dtype=weights.dtype) - weights has onehot(a) − w in row a. The mean is "
        "weights @ estimates.\n    return weights @ (estimates - mean).square().sum(-1)",
    ),
    wrong_answers=wrong.ESTIMATOR_VARIANCE,
)

# ---------------------------------------------------------------- 6.5 the others' mean


def others_cases() -> list[Case]:
    return [
        Case(label="one image, tries that brought 1, 2 and 6", args=(_f64([[1, 2, 6]]),)),
        *(
            Case(
                label=f"{rows} images, {tries} tries, seed {seed}",
                args=(noise(seed, rows, tries),),
                gradients=True,
            )
            for rows, tries, seed in ((B, K, 0), (3, N, 1))
        ),
        Case(label="two tries", args=(noise(2, 3, 2),), edge=True),
    ]


def others_sample(rng: np.random.Generator) -> Case:
    rows, tries = _sizes(rng, 6, 6)
    return Case(label="random", args=(noise(rng, rows, tries + 1),), gradients=True)


def others_oracle(rewards: Tensor) -> Tensor:
    """Leave each column out and average the rest."""
    columns = range(rewards.shape[-1])
    kept = [[other for other in columns if other != own] for own in columns]
    return torch.stack([rewards[:, rest].mean(-1) for rest in kept], dim=-1)


def blind_to_itself(call: Any, case: Case, value: Any) -> str | None:
    rewards = case.args[0].clone()
    before = float(value[0, 0])
    rewards[0, 0] += 10
    after = float(call(rewards)[0, 0])
    if abs(before - after) < 1e-6:
        return None
    return (
        "A try's baseline must not depend on its own reward. On the case "
        f"“{case.label}” raising the first reward by 10 moved its baseline from {before:.3f} to {after:.3f}."
    )


OTHERS_MEAN = Exercise(
    name="others_mean",
    title="The others as a baseline",
    minutes=5,
    difficulty=1,
    proves="no baseline knows the reward that it is taken off",
    passed="Agrees with leaving out one column at a time; no baseline moves with its own reward.",
    cases=others_cases,
    sample=others_sample,
    oracle=others_oracle,
    properties=(Property(id="blind_to_itself", holds=blind_to_itself),),
    reference=f"{MECHANISM}.others_mean",
    hints=(
        "Add up all rewards of an image once. What has to go before you divide, and by how many?",
        "total = sum along the tries, kept as a column\n(total minus rewards) divided by (tries minus 1)",
        "rewards.sum(-1, keepdim=True) - rewards is, for each try, the sum of the others.\n"
        "    return (...) / (rewards.shape[-1] - 1)",
    ),
    wrong_answers=wrong.OTHERS_MEAN,
)

# ---------------------------------------------------------------- 6.6 a learned baseline


def reinforce_cases() -> list[Case]:
    return [
        Case(
            label="two places alike, place 0 brought 3, expected 2",
            args=(_f64([[0, 0]]), torch.tensor([0]), _f64([3]), _f64([2])),
            gradients=True,
        ),
        *(
            Case(
                label=f"{rows} rows, {n} places, seed {seed}",
                args=(
                    noise(seed, rows, n),
                    _places(seed, rows, n),
                    noise(seed + 10, rows),
                    noise(seed + 20, rows),
                ),
                gradients=True,
            )
            for rows, n, seed in ((B, N, 0), (N, B, 1), (B, N, 2))
        ),
    ]


def reinforce_sample(rng: np.random.Generator) -> Case:
    rows, n = _sizes(rng, 6, 8)
    drawn = (noise(rng, rows, n), _places(rng, rows, n), noise(rng, rows), noise(rng, rows))
    return Case(label="random", args=drawn, gradients=True)


def reinforce_oracle(scores: Tensor, places: Tensor, rewards: Tensor, baseline: Tensor) -> Tensor:
    advantage = (rewards - baseline).detach()
    return loss_oracle(scores, places, advantage) + F.mse_loss(
        baseline, rewards.detach() + 0 * rewards
    )


REINFORCE_LOSS = Exercise(
    name="reinforce_loss",
    title="A baseline that learns",
    minutes=8,
    difficulty=2,
    proves="choices learn from R − b, and b from its own error alone",
    passed="Value and all three gradients agree with weighted cross-entropy plus mean squared error.",
    cases=reinforce_cases,
    sample=reinforce_sample,
    oracle=reinforce_oracle,
    reference=f"{MECHANISM}.reinforce_loss",
    hints=(
        "Two sums, two students: the first part teaches the scores, the second the baseline. What must "
        "each part treat as a given number?",
        "first = score_function_loss with rewards minus baseline in place of the rewards\n"
        "second = mean of the squared difference of rewards (without gradient) and baseline\nfirst plus second",
        "score_function_loss detaches what it gets as rewards, so pass rewards - baseline. The second part is "
        "(rewards.detach() - baseline).square().mean().\n    return score_function_loss(...) + ...",
    ),
    wrong_answers=wrong.REINFORCE_LOSS,
)

# ---------------------------------------------------------------- 6.7 Gumbel-softmax


def gumbel_cases() -> list[Case]:
    u = math.exp(-1)  # −log(−log u) = 0
    v = math.exp(-1 / math.e)  # = 1
    return [
        Case(
            label="two scores alike, Gumbel noise 0 and 1, τ = 1",
            args=(_f64([0, 0]), _f64([u, v]), 1.0),
        ),
        Case(
            label="two scores alike, Gumbel noise 0 and 1, τ = 0.5",
            args=(_f64([0, 0]), _f64([u, v]), 0.5),
        ),
        *(
            Case(
                label=f"{name}, {N} places, τ = {t}, seed {seed}",
                args=(noise(seed, *lead, N), _uniform(seed + 10, *lead, N), t),
                gradients=True,
            )
            for seed, ((name, lead), t) in enumerate(
                zip(LEADS.items(), (0.7, 1.5, 0.4), strict=True)
            )
        ),
    ]


def gumbel_sample(rng: np.random.Generator) -> Case:
    shape = (*_lead(rng), *_sizes(rng, 8))
    drawn = (noise(rng, *shape), _uniform(rng, *shape), float(rng.uniform(0.3, 3.0)))
    return Case(label="random", args=drawn)


def gumbel_oracle(scores: Tensor, noise: Tensor, temperature: float) -> Tensor:
    """Exponentials of each shifted score, over their sum."""
    shifted = (scores - torch.log(torch.log(1 / noise))) / temperature
    powers = torch.exp(shifted - shifted.amax(-1, keepdim=True))
    return powers / torch.einsum("...n->...", powers).unsqueeze(-1)


def rows_sum_to_one(call: Any, case: Case, value: Any) -> str | None:
    sums = value.sum(-1).flatten()
    if bool(sums.isnan().any()) or torch.allclose(sums, torch.ones_like(sums), atol=1e-6):
        return None
    return f"Each row must sum to 1; on the case “{case.label}” the first of yours sums to {sums[0]:.3f}."


GUMBEL_SOFTMAX = Exercise(
    name="gumbel_softmax",
    title="A choice, softened",
    minutes=6,
    difficulty=2,
    proves="your noise is Gumbel noise, added to the scores, and the temperature divides both",
    passed="Agrees for given noise, gradients too, at every temperature and for any leading axes.",
    cases=gumbel_cases,
    sample=gumbel_sample,
    oracle=gumbel_oracle,
    properties=(Property(id="rows_sum_to_one", holds=rows_sum_to_one),),
    reference=f"{MECHANISM}.gumbel_softmax",
    forbidden=("gumbel_softmax",),
    hints=(
        "Three steps in this order: make Gumbel noise of uniform noise, shift the scores by it, then a "
        "softmax at a temperature as in lesson 02.",
        "gumbel = minus log of (minus log of noise)\nsoftmax of (scores plus gumbel) divided by the temperature",
        "gumbel = -torch.log(-torch.log(noise)); divide the sum by the temperature, in brackets.\n"
        "    return ((scores + ...) / ...).softmax(-1)",
    ),
    wrong_answers=wrong.GUMBEL_SOFTMAX,
)

# ---------------------------------------------------------------- 6.8 straight-through


def straight_cases() -> list[Case]:
    return [
        Case(label="weights 0.2, 0.7, 0.1", args=(_f64([0.2, 0.7, 0.1]),), gradients=True),
        *(
            Case(
                label=f"{name}, {N} places, seed {seed}",
                args=(_weights(seed, *lead, N),),
                gradients=True,
            )
            for seed, (name, lead) in enumerate(LEADS.items())
        ),
        Case(label="float32", args=(_weights(3, B, N).float(),), gradients=True, edge=True),
    ]


def straight_sample(rng: np.random.Generator) -> Case:
    shape = (*_lead(rng), *_sizes(rng, 8))
    return Case(label="random", args=(_weights(rng, *shape),), gradients=True)


def straight_oracle(weights: Tensor) -> Tensor:
    """A step of its own: one-hot forward, the identity backward."""
    return _OneHot.apply(weights)  # type: ignore[no-any-return,no-untyped-call]


class _OneHot(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weights: Tensor) -> Tensor:
        return F.one_hot(weights.max(-1).indices, weights.shape[-1]).to(weights.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad


def one_place_alone(call: Any, case: Case, value: Any) -> str | None:
    rows = value.reshape(-1, value.shape[-1])
    ones = (rows - 1).abs() < 1e-6
    if bool((ones.sum(-1) == 1).all() & ((rows.abs() < 1e-6) | ones).all()):
        return None
    return (
        "Forward, each row holds a single 1 and zeros. On the case "
        f"“{case.label}” the first of yours is {_numbers(rows[0])}."
    )


STRAIGHT_THROUGH = Exercise(
    name="straight_through",
    title="Hard forward, soft backward",
    minutes=6,
    difficulty=2,
    proves="one place alone goes forward, and every weight gets its gradient",
    passed="One-hot in value, the identity in gradient, as a step with its own backward gives them.",
    cases=straight_cases,
    sample=straight_sample,
    oracle=straight_oracle,
    properties=(Property(id="one_place_alone", holds=one_place_alone),),
    reference=f"{MECHANISM}.straight_through",
    forbidden=("gumbel_softmax",),
    hints=(
        "You need a number that is 0 in value and still has the gradient of the weights. Which difference "
        "of the weights with themselves is that?",
        "hard = zeros like weights, with a 1 at the largest of each row\n"
        "hard plus (weights minus weights without gradient)",
        "torch.zeros_like(weights).scatter(-1, weights.argmax(-1, keepdim=True), 1.0) is the one-hot row; "
        "weights - weights.detach() is 0 with a gradient.\n    return ... + (... - ...)",
    ),
    wrong_answers=wrong.STRAIGHT_THROUGH,
)

# ---------------------------------------------------------------- 6.9 squeeze-and-excitation


def squeeze_cases() -> list[Case]:
    by_hand = Case(
        label="two channels with means 3 and 1",
        args=(_f64([[[[2, 4, 3]], [[0, 2, 1]]]]), _f64([[1, -1]]), _f64([[1], [-1]])),
    )
    return [
        by_hand,
        *(
            Case(
                label=f"{b} images, {c} channels of {h} × {w}, bottleneck {r}, seed {seed}",
                args=(noise(seed, b, c, h, w), noise(seed + 10, r, c), noise(seed + 20, c, r)),
                gradients=True,
            )
            for b, c, h, w, r, seed in ((2, 6, 4, 5, 3, 0), (3, 4, 6, 2, 5, 1))
        ),
    ]


def squeeze_sample(rng: np.random.Generator) -> Case:
    b, c, h, w, r = _sizes(rng, 3, 5, 4, 4, 4)
    return Case(label="random", args=(noise(rng, b, c, h, w), noise(rng, r, c), noise(rng, c, r)))


def squeeze_oracle(x: Tensor, w1: Tensor, w2: Tensor) -> Tensor:
    """Pooling and two convolutions of 1 × 1."""
    squeezed = F.adaptive_avg_pool2d(x, 1)
    hidden = F.conv2d(squeezed, w1[..., None, None]).clamp(min=0)
    return x * F.conv2d(hidden, w2[..., None, None]).sigmoid()


def gates_between_0_and_1(call: Any, case: Case, value: Any) -> str | None:
    x = case.args[0]
    ratio = (value / x)[x.abs() > 1e-3]
    if bool(((ratio > -1e-6) & (ratio < 1 + 1e-6)).all()):
        return None
    worst = ratio[(ratio - 0.5).abs().argmax()].item()
    return (
        "A gate lies between 0 and 1. On the case "
        f"“{case.label}” some number of yours is {worst:.3f} times its input."
    )


SQUEEZE_EXCITE = Exercise(
    name="squeeze_excite",
    title="Attention over channels",
    minutes=6,
    difficulty=2,
    proves="each image opens and closes its own channels by what it holds as a whole",
    passed="Agrees with pooling and two 1 × 1 convolutions, gradients too.",
    cases=squeeze_cases,
    sample=squeeze_sample,
    oracle=squeeze_oracle,
    properties=(Property(id="gates_between_0_and_1", holds=gates_between_0_and_1),),
    reference=f"{MECHANISM}.squeeze_excite",
    hints=(
        "Follow the shapes: (B, C, H, W) becomes (B, C), then (B, R), then (B, C) again. What must happen "
        "to the gates before they can multiply the image?",
        "squeezed = mean of x over rows and columns\nhidden = relu of squeezed times w1 transposed\n"
        "gates = sigmoid of hidden times w2 transposed\nx times gates, with two axes of size 1 behind",
        "x.mean((2, 3)) squeezes; torch.relu(... @ w1.T) and torch.sigmoid(... @ w2.T) follow; "
        "gates[:, :, None, None] fits x.\n    return x * ...",
    ),
    wrong_answers=wrong.SQUEEZE_EXCITE,
)

# ---------------------------------------------------------------- predictions and quiz

PREDICTIONS = (
    Prediction(
        id="through_a_choice",
        question="Place 7 was drawn, and its window brought a reward. What is the derivative of the "
        "number 7 with respect to the scores?",
        options=("1 for place 7, 0 elsewhere", "the weight of place 7", "there is none that helps"),
        answer="there is none that helps",
        because="Move a score a little, with the same noise: the draw is still 7, until it jumps to another "
        "place. The derivative is 0 wherever it exists.",
    ),
    Prediction(
        id="add_a_hundred",
        question="Rewards of 10 and 11 become 110 and 111. What becomes of the exact gradient, and of the variance "
        "of its one-sample estimate?",
        options=(
            "both stay",
            "the gradient stays, the variance grows",
            "the gradient grows, the variance stays",
            "both grow",
        ),
        answer="the gradient stays, the variance grows",
        because="Raising every reward alike makes no place better than another, so the truth stays. But each "
        "single estimate grows by 100 × (onehot − w), in a direction of its own.",
    ),
    Prediction(
        id="own_reward",
        question="Four tries an image, and the baseline is the mean of all four. What does the average "
        "estimate become?",
        options=("still the exact gradient", "3/4 of it", "0", "noise without direction"),
        answer="3/4 of it",
        because="A quarter of each reward is taken off itself. The direction is right, the length is "
        "(K − 1)/K of the truth.",
    ),
    Prediction(
        id="cold_gumbel",
        question="The temperature of a Gumbel-softmax goes down from 1 to 0.1, with the same noise. Which place has "
        "the largest entry?",
        options=(
            "the same as before",
            "another one, by chance",
            "always the one with the top score",
        ),
        answer="the same as before",
        because="Scores and noise are divided together, so their order stays. The temperature sets how much "
        "of the total the winner takes.",
    ),
    Prediction(
        id="a_third_of_the_image",
        question="Five glimpses of 8 × 8 show at most 320 of 576 pixels. Who names more digits: a model that "
        "chooses them, or one that gets them by chance?",
        options=("both the same", "chosen, by about 5 in 100", "chosen, by about 20 in 100"),
        answer="chosen, by about 20 in 100",
        because="83 against 64 in 100, measured. Five chosen windows showed 73 % of the digit, five by chance 51 %, "
        "although the chosen ones covered less of the canvas.",
    ),
)

QUIZ = (
    Question(
        text="Why does the score function work although a draw has no useful derivative?",
        options=(
            Option(
                text="It differentiates the probability of the draw, not the draw.",
                why="log w[place] is smooth in the scores, and the reward only weighs it.",
                right=True,
            ),
            Option(
                text="It differentiates the reward by the place.",
                why="The reward may be any number, even from a game. Its derivative is never asked for.",
            ),
            Option(
                text="It replaces the draw by the mean of all places.",
                why="That is soft attention. Here one place alone is looked at.",
            ),
        ),
    ),
    Question(
        text="Which baseline leaves the expected gradient as it is?",
        options=(
            Option(
                text="Any number that does not depend on the place drawn.",
                why="E[b (onehot − w)] = b (w − w) = 0: what is taken off has mean 0.",
                right=True,
            ),
            Option(
                text="The reward of the place drawn.",
                why="Then R − b is 0 and nothing is learned.",
            ),
            Option(
                text="Only the exact mean reward.",
                why="Any constant is right on average. A good one makes the variance small.",
            ),
        ),
    ),
    Question(
        text="In straight-through, what is not true to the mathematics?",
        options=(
            Option(
                text="The backward pass: it pretends that the soft weights were used.",
                why="The one-hot row has derivative 0. The gradient that is passed on belongs to the soft "
                "weights, which were not used, so it is biased.",
                right=True,
            ),
            Option(
                text="The forward pass: it mixes several places.",
                why="Forward, one place alone counts: that is what makes it hard.",
            ),
            Option(
                text="Nothing: the gradient is exact.",
                why="It is a useful guess. The score function is right on average, straight-through is not.",
            ),
        ),
    ),
    Question(
        text="Soft attention reads all 25 windows and hard attention one. Why use soft attention at all?",
        options=(
            Option(
                text="Its gradient is exact, without draws and without variance.",
                why="Every place takes part, so backpropagation tells each what it contributed.",
                right=True,
            ),
            Option(
                text="It is cheaper.",
                why="It computes a code for every place. Hard attention computes one.",
            ),
            Option(
                text="It sees sharper.",
                why="It returns a mixture; only weights near 1 leave one place unmixed.",
            ),
        ),
    ),
    Question(
        text="Why do squeeze-and-excitation's gates use a sigmoid and not a softmax?",
        options=(
            Option(
                text="Several channels may be needed at once, or none.",
                why="Gates are independent. A softmax would make every channel pay for another.",
                right=True,
            ),
            Option(
                text="A sigmoid has no parameters.",
                why="Neither has a softmax.",
            ),
            Option(
                text="A softmax has no gradient.",
                why="It has one: lesson 04 wrote its Jacobian.",
            ),
        ),
    ),
)

LESSON = LessonSpec(
    number="06",
    slug="soft_and_hard_attention",
    title="Soft and hard attention",
    minutes=75,
    needs=("02", "03", "04"),
    exercises=(
        DRAW_PLACES,
        SCORE_FUNCTION_LOSS,
        EXPECTED_GRADIENT,
        ESTIMATOR_VARIANCE,
        OTHERS_MEAN,
        REINFORCE_LOSS,
        GUMBEL_SOFTMAX,
        STRAIGHT_THROUGH,
        SQUEEZE_EXCITE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
