"""“Weigh by what arrives”: its cases, its oracle, its hints."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.exercise import Exercise
from course_lib.lessons.lesson_09_many_heads.common import LIBRARY, part_cases, part_sample
from course_lib.lessons.lesson_09_many_heads.mistakes.weighted_norms import MISTAKES


def norms_oracle(weights: Tensor, v: Tensor, w_o: Tensor) -> Tensor:
    """Key by key: the length of what each key adds."""
    width = v.shape[-1]
    heads = []
    for h in range(v.shape[1]):
        added = F.linear(v[:, h], w_o[:, h * width : (h + 1) * width])
        heads.append(torch.linalg.vector_norm(weights[:, h, :, :, None] * added[:, None], dim=-1))
    return torch.stack(heads, dim=1)


EXERCISE = Exercise(
    name="weighted_norms",
    title="Weigh by what arrives",
    minutes=6,
    difficulty=2,
    proves="each number is the length of what one key adds to one query through one head",
    passed="Agrees with the lengths of the parts computed key by key, gradients too.",
    cases=part_cases,
    sample=part_sample,
    oracle=norms_oracle,
    kinds=(
        "batch_of_one",
        "one_place",
        "zero",
    ),
    never={
        "no_lead": "The text gives every shape with a batch in front.",
    },
    reference=f"{LIBRARY}.weighted_norms",
    hints=(
        "What does key s add through head h before it is weighted? You have its slice of W_o from 9.7. Then how long "
        "is that vector?",
        "added = v times the turned slices of W_o: (B, H, S, d_out)\nits length along the last axis: (B, H, S)\n"
        "one row of lengths for all queries: an axis in front of S\ntimes the weights",
        "(v @ slices).norm(dim=-1) has shape (B, H, S), with slices as in 9.7; .unsqueeze(-2) makes it (B, H, 1, S), "
        "which broadcasts against the weights.",
    ),
    wrong_answers=MISTAKES,
)
