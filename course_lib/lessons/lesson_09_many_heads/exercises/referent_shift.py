"""“Does the link move?”: its cases, its oracle, its hints."""

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import draw_weights
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import Seed, pick, rng_of
from course_lib.lessons.lesson_09_many_heads.common import B, H, S, T
from course_lib.lessons.lesson_09_many_heads.mistakes.referent_shift import MISTAKES


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
    few = Case(
        label="one head, two queries, one key", args=(*_two_weights(5, 1, 2, 1), 1, 0), edge=True
    )
    by_hand = Case(label="three tokens, query 2, key 1", args=(before, after, 2, 1))
    return [by_hand, *drawn, itself, few]


def _two_weights(seed: Seed, *shape: int) -> tuple[Tensor, Tensor]:
    rng = rng_of(seed)
    return draw_weights(rng, *shape), draw_weights(rng, *shape)


def _shift_case(lead: tuple[int, ...], t: int, s: int, query: int, key: int, seed: int) -> Case:
    heads = f"{' × '.join(map(str, lead)) or 'one'} head{'s' * bool(lead)}"
    return Case(
        label=f"{heads}, {t} queries, {s} keys, query {query}, key {key}, seed {seed}",
        args=(*_two_weights(seed, *lead, t, s), query, key),
        gradients=True,
    )


def shift_sample(rng: np.random.Generator) -> Case:
    lead = pick(rng, [(), (H,), (B, H)])
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


EXERCISE = Exercise(
    name="referent_shift",
    title="Does the link move?",
    minutes=6,
    difficulty=2,
    proves="your number is 0 for a head in which all queries let go of the key alike",
    passed="Agrees with a plain loop over the other queries, for one head and for all.",
    cases=shift_cases,
    sample=shift_sample,
    oracle=shift_oracle,
    kinds=(
        "no_lead",
        "batch_of_one",
        "one_place",
        "zero",
    ),
    reference="course_lib.lessons.lesson_09_many_heads.reference.referent_shift",
    device="any",  # a mask that picks the others may stay on the CPU
    hints=(
        "First how far every query let go of this key: one column of a difference. Then the query in question against "
        "the mean of the others.",
        "shift = before minus after, at this key, for all queries\nothers = all queries except this one\n"
        "shift of this query minus the mean shift of the others",
        "shift = (before - after)[..., key] has one number a query. others = torch.arange(n) != query picks the rest: "
        "shift[..., others].mean(-1).",
    ),
    wrong_answers=MISTAKES,
)
