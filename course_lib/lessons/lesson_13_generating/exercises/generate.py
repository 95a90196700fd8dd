"""“The loop”: its cases, its oracle, its hints."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_13_generating.common import V
from course_lib.lessons.lesson_13_generating.given import Follower
from course_lib.lessons.lesson_13_generating.mistakes.generate import MISTAKES


def likeliest(logits: Tensor) -> Tensor:
    """Choose the largest logit of each row."""
    return logits.argmax(-1)


def unlikeliest(logits: Tensor) -> Tensor:
    """Choose the smallest logit of each row."""
    return logits.argmin(-1)


def generate_cases() -> list[Case]:
    made = [
        ("two texts, three tokens", [[1, 2], [3, 4]], 3, likeliest, 99),
        (
            "three texts, chosen from the other end",
            [[2, 5, 1], [4, 4, 0], [1, 6, 3]],
            6,
            unlikeliest,
            99,
        ),
        ("rows that stop at different times", [[0, 3], [1, 1], [5, 2]], 9, likeliest, 4),
        ("all rows stop early", [[2, 6, 4], [6, 0, 1]], 30, likeliest, 2),
        ("a stop token inside the prompt", [[3, 5, 1], [3, 1, 6], [2, 2, 4]], 7, likeliest, 3),
    ]
    cases = [
        Case(
            label=label,
            args=(Follower(V), torch.tensor(prompt), n, choose, stop),
            shows=("early_end",) * label.startswith("rows that stop"),
        )
        for label, prompt, n, choose, stop in made
    ]
    alone = Case(
        label="one text of one token",
        args=(Follower(V), torch.tensor([[5]]), 4, likeliest, 99),
        edge=True,
    )
    none = Case(
        label="no token is asked for",
        args=(Follower(V), torch.tensor([[1, 2]]), 0, likeliest, 3),
        edge=True,
    )
    return [*cases, none, alone]


def generate_sample(rng: np.random.Generator) -> Case:
    prompt = torch.from_numpy(
        rng.integers(0, V, size=(pick(rng, range(1, 4)), pick(rng, range(1, 4))))
    )
    choose = pick(rng, (likeliest, unlikeliest))
    args = (Follower(V), prompt, pick(rng, range(8)), choose, pick(rng, range(V)))
    return Case(label="random", args=args)


def generate_oracle(
    model: Any, prompt: Tensor, n_tokens: int, choose: Callable[[Tensor], Tensor], stop: int
) -> Tensor:
    """Write each row by itself, reading all of it again for each token; then fill up."""
    rows = []
    for row in prompt.tolist():
        n = len(row)
        while len(row) < n + n_tokens and stop not in row[n:]:
            row = [*row, int(choose(model.follow(row)[None]))]
        rows.append(row)
    longest = max(map(len, rows))
    return torch.tensor([row + [stop] * (longest - len(row)) for row in rows])


def length_of_text(call: Any, case: Case, value: Any) -> str | None:
    """Neither too many tokens nor too few, and the prompt stands at the start."""
    _, prompt, n_tokens, _, _ = case.args
    if value.dim() != 2 or len(value) != len(prompt):
        return None
    if value.shape[1] > prompt.shape[1] + n_tokens:
        return (
            f"At most {n_tokens} tokens are written behind the prompt's {prompt.shape[1]}; on the case “{case.label}” "
            f"yours has {value.shape[1]} in all."
        )
    if not torch.equal(value[:, : prompt.shape[1]], prompt):
        return f"The result begins with the prompt. On the case “{case.label}” yours does not."
    return None


EXERCISE = Exercise(
    name="generate",
    title="The loop",
    minutes=12,
    difficulty=3,
    marks=2,
    proves="every text is what it would be if it were written alone and read anew for each token",
    passed="Agrees with texts written one by one without a cache; rows stop for themselves.",
    cases=generate_cases,
    sample=generate_sample,
    oracle=generate_oracle,
    properties=(Property(id="length", holds=length_of_text),),
    kinds=(
        "batch_of_one",
        "one_place",
        "early_end",
        "repeats",
        "zero",
    ),
    reference="course_lib.lessons.lesson_13_generating.reference.generate",
    device="any",
    hints=(
        "What has the model not read yet: in the first round, and in every later one? And what must a row say that has "
        "ended, while others go on?",
        "cache for the batch; new = prompt; nobody has ended\nup to n_tokens times:\n  logits of the last position of model(new, cache)\n"
        "  choose; rows that have ended say stop\n  append; new = that one column\n  who said stop has ended; leave when all have",
        "chosen = choose(model(new, cache)[:, -1]).masked_fill(ended, stop); tokens = torch.cat([tokens, chosen[:, None]], "
        "dim=1); ended = ended | (chosen == stop); if ended.all(): break",
    ),
    wrong_answers=MISTAKES,
)
