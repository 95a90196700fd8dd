"""“What each head adds”: its cases, its oracle, its hints."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise, Property
from course_lib.lessons.lesson_09_many_heads.common import LIBRARY, part_cases, part_sample
from course_lib.lessons.lesson_09_many_heads.mistakes.head_contributions import MISTAKES


def contributions_oracle(weights: Tensor, v: Tensor, w_o: Tensor) -> Tensor:
    """Silence all other heads by zeros, merge, project."""
    out = []
    for h in range(v.shape[1]):
        merged = [weights[:, i] @ v[:, i] * float(i == h) for i in range(v.shape[1])]
        out.append(F.linear(torch.cat(merged, -1), w_o))
    return torch.stack(out, dim=1)


def they_sum_to_the_output(call: Any, case: Case, value: Any) -> str | None:
    """All heads together give what merging and projecting gives."""
    weights, v, w_o = case.args
    due = F.linear(torch.cat(list((weights @ v).unbind(1)), -1), w_o)
    total = value.sum(1)
    if total.shape == due.shape and torch.allclose(total, due, atol=1e-6):
        return None
    if total.shape != due.shape:
        return None
    return (
        f"The heads' parts must add up to the layer's output. On the case “{case.label}” yours begin with "
        f"{total.flatten()[0].item():.3f}, the output with {due.flatten()[0].item():.3f}."
    )


EXERCISE = Exercise(
    name="head_contributions",
    title="What each head adds",
    minutes=8,
    difficulty=3,
    proves="your parts are those of single heads, and add up to the layer's output",
    passed="Each part agrees with a layer in which all other heads are silent, gradients too.",
    cases=part_cases,
    sample=part_sample,
    oracle=contributions_oracle,
    properties=(Property(id="sum_to_output", holds=they_sum_to_the_output),),
    kinds=(
        "batch_of_one",
        "one_place",
        "zero",
    ),
    never={
        "no_lead": "The text gives every shape with a batch in front.",
    },
    reference=f"{LIBRARY}.head_contributions",
    hints=(
        "After merging, head h occupies one slice of the row. Which part of W_o does that slice meet: its rows or its "
        "columns, as a linear layer keeps it?",
        "found = weights times v: (B, H, T, d_head)\nfor each head h: found of head h times the transpose of W_o's "
        "columns h·d_head to (h+1)·d_head\nstack over the heads, on axis 1",
        "w_o[:, h * d_head : (h + 1) * d_head].T turns slice h. In one line: w_o.unflatten(1, (H, -1)) is (d_out, H, "
        "d_head); .permute(1, 2, 0) makes it (H, d_head, d_out), and found @ that broadcasts over the batch.",
    ),
    wrong_answers=MISTAKES,
)
