"""“Causal mask”: its cases, its oracle, its hints."""

import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_04_scaled_dot_product.mistakes.causal_mask import MISTAKES


def causal_cases() -> list[Case]:
    return [Case(label=f"{n} tokens", args=(n,)) for n in (3, 5, 8)] + [
        Case(label="one token", args=(1,), edge=True)
    ]


def causal_oracle(n: int) -> Tensor:
    return torch.tensor([[s <= t for s in range(n)] for t in range(n)], dtype=torch.bool)


EXERCISE = Exercise(
    name="causal_mask",
    title="Causal mask",
    minutes=4,
    difficulty=1,
    proves="no query may attend to a later key, and each may attend to itself and all before",
    passed="Right for 1, 3, 5 and 8 tokens.",
    cases=causal_cases,
    sample=lambda rng: Case(label="random", args=(pick(rng, range(1, 20)),)),
    oracle=causal_oracle,
    kinds=("whole_numbers",),
    reference="course_lib.attention.masks.causal_mask",
    hints=(
        "Row t is query t. Which keys have been written when it looks?",
        "start from an n × n matrix of True\nkeep the diagonal and what lies below it",
        "torch.ones(n, n, dtype=torch.bool) is all True; tensors have a method that keeps the lower triangle, "
        "its name begins with tri.",
    ),
    wrong_answers=MISTAKES,
)
