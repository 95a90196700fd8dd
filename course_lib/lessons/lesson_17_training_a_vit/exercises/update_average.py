"""“A moving average of the weights”: its cases, its oracle, its hints."""

from collections.abc import Sequence

import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.draws import double
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import Seed, noise, pick, rng_of
from course_lib.lessons.lesson_17_training_a_vit.mistakes.update_average import MISTAKES


def average_cases() -> list[Case]:
    one, three = torch.tensor([1.0]).double(), torch.tensor([3.0]).double()
    drawn = [
        _average_case(f"decay {decay}, seed {seed}", seed, decay)
        for decay, seed in ((0.9, 0), (0.99, 1), (0.3, 2))
    ]
    return [
        Case(label="an average of 1, a weight of 3, decay ¾", args=([one], [three], 0.75)),
        *drawn,
        Case(label="float32, decay ¾", args=([one.float()], [three.float()], 0.75)),
        Case(label="decay 0", args=(*drawn[0].args[:2], 0.0), edge=True, shows=("border",)),
        Case(label="decay 1", args=(*drawn[1].args[:2], 1.0), edge=True, shows=("border",)),
        Case(
            label="a number without axes, and counts in a row",
            args=(
                [double([2.0])[0], torch.tensor([3, 0])],
                [double([-4.0])[0], torch.tensor([4, 1])],
                0.5,
            ),
            edge=True,
        ),
    ]


def _average_case(label: str, seed: Seed, decay: float) -> Case:
    rng = rng_of(seed)
    shapes = ((2, 3), (4,), (3, 1, 2))
    old, new = ([noise(rng, *shape) for shape in shapes] for _ in range(2))
    count = pick(rng, range(4, 90))
    old.insert(1, torch.tensor(count))
    new.insert(1, torch.tensor(count + 3))
    return Case(label=f"a matrix, a counter, a vector and a block, {label}", args=(old, new, decay))


def average_oracle(
    average: Sequence[Tensor], weights: Sequence[Tensor], decay: float
) -> list[Tensor]:
    """As `torch.optim.swa_utils` does for parameters, by interpolation."""
    pairs = zip(average, weights, strict=True)
    return [torch.lerp(new, old, decay) if new.is_floating_point() else new for old, new in pairs]


EXERCISE = Exercise(
    name="update_average",
    title="A moving average of the weights",
    minutes=5,
    difficulty=1,
    proves="each tensor keeps `decay` of its average and takes the rest from the weights, and counters are copied",
    passed="Agrees with interpolation tensor by tensor; counters stay whole.",
    cases=average_cases,
    sample=lambda rng: Case(
        label="random", args=_average_case("", rng, float(rng.uniform(0.05, 0.99))).args
    ),
    oracle=average_oracle,
    reference="course_lib.lessons.lesson_17_training_a_vit.reference.update_average",
    hints=(
        "How much of the old average stays, and what fills the gap? And what would half a batch mean to a counter of batches?",
        "for each pair of old average and new weight:\n    a float: decay · old + (1 − decay) · new\n    a whole number: "
        "the new one, as it is",
        "new.is_floating_point() tells them apart; zip(average, weights) walks through both lists.",
    ),
    kinds=("whole_numbers", "border", "zero"),
    wrong_answers=MISTAKES,
)
