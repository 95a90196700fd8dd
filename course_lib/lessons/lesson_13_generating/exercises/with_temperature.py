"""“Temperature”: its cases, its oracle, its hints."""

from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import noise, pick
from course_lib.checking.properties import rows_sum_to_one
from course_lib.lessons.lesson_13_generating.common import B, V
from course_lib.lessons.lesson_13_generating.mistakes.with_temperature import MISTAKES


def temperature_cases() -> list[Case]:
    by_hand = Case(label="logits ln 1, ln 2, ln 4 at ½", args=(double([[1, 2, 4]]).log(), 0.5))
    drawn = [
        Case(
            label=f"{b} rows of {v} logits at {heat}, seed {seed}",
            args=(noise(seed, b, v), heat),
            gradients=True,
        )
        for b, v, heat, seed in ((B, V, 0.7, 0), (5, 11, 1.5, 1), (4, 3, 3.0, 2))
    ]
    return [
        by_hand,
        *drawn,
        Case(label="logits of 1000", args=(double([[1000, 999, 0]]), 0.5), edge=True),
        Case(
            label="small logits above large ones",
            args=(double([[0, 1, 0], [1000, 999, 998]]), 1.0),
            edge=True,
        ),
        Case(label="temperature 1", args=(noise(3, 2, 5), 1.0), edge=True),
    ]


def temperature_oracle(logits: Tensor, temperature: float) -> Tensor:
    """exp(z_i / T) / Σ_j exp(z_j / T), each entry written as 1 / Σ_j exp((z_j − z_i) / T)."""
    gaps = (logits[:, None, :] - logits[:, :, None]) / temperature
    return 1 / gaps.exp().sum(-1)


ROWS = rows_sum_to_one(
    "Each row must sum to 1, whatever the temperature. On the case “{label}” the first row of yours "
    "sums to {first}."
)

EXERCISE = Exercise(
    name="with_temperature",
    title="Temperature",
    minutes=4,
    difficulty=1,
    proves="every row is a distribution, sharper below temperature 1 and flatter above",
    passed="Agrees with the formula written entry by entry, gradients too, at logits of 1000 as well.",
    cases=temperature_cases,
    sample=lambda rng: Case(
        label="random",
        args=(
            noise(rng, pick(rng, range(1, 6)), pick(rng, range(1, 9))),
            float(rng.uniform(0.2, 3)),
        ),
    ),
    oracle=temperature_oracle,
    properties=(Property(id="rows_sum_to_one", holds=ROWS),),
    kinds=(
        "batch_of_one",
        "large",
        "far_rows",
        "ties",
        "zero",
    ),
    reference="course_lib.lessons.lesson_13_generating.reference.with_temperature",
    hints=(
        "The temperature acts on scores, not on probabilities. Which of the two steps comes first?",
        "divide the logits by the temperature\nsoftmax along the last axis",
        "logits / temperature, then .softmax(dim=-1), which also survives logits of 1000.",
    ),
    wrong_answers=MISTAKES,
)
