"""Mistakes in “One vector for a text”: the code that makes each, its name, and why it is wrong."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_14_bert import reference as right


def _last_real(hidden: Tensor, mask: Tensor) -> Tensor:
    last = (mask.sum(1) - 1).clamp(min=0)
    return hidden[torch.arange(len(hidden)), last] * mask.any(1, keepdim=True)


def _between(hidden: Tensor, mask: Tensor) -> Tensor:
    inner = mask.clone()
    inner[:, 0] = False
    inner[torch.arange(len(mask)), (mask.sum(1) - 1).clamp(min=0)] = False
    return right.mean_pool(hidden, inner)


MISTAKES = (
    WrongAnswer(
        id="over_padding",
        code=lambda hidden, mask: hidden.mean(1),
        says="Your mean counts padding.",
        why="Hidden states at padding are not zero. A text's vector would change with the longest text of its batch.",
    ),
    WrongAnswer(
        id="divided_by_length",
        code=lambda hidden, mask: (hidden * mask[..., None]).mean(1),
        says="You set padding to zero but still divide by T.",
        why="A zero in a sum is nothing, in a mean it counts. Divide by the number of real tokens.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda hidden, mask: (hidden * mask[..., None]).sum(1),
        says="You return the sum of the real tokens, not their mean.",
        why="Long texts would have long vectors. Divide by the number of real tokens.",
    ),
    WrongAnswer(
        id="first_token",
        code=lambda hidden, mask: hidden[:, 0] * mask.any(1, keepdim=True),
        says="You return the first token's hidden state.",
        why="That is [CLS], another way to pool. This encoder was trained with the mean.",
    ),
    WrongAnswer(
        id="last_token",
        code=_last_real,
        says="You return the last real token's hidden state.",
        why="A causal model has read everything there. In BERT it is [SEP], a token like any other.",
    ),
    WrongAnswer(
        id="largest",
        code=lambda hidden, mask: torch.where(
            mask.any(1, keepdim=True),
            hidden.masked_fill(~mask[..., None], -torch.inf).amax(1),
            torch.zeros((), dtype=hidden.dtype),
        ),
        says="You take the largest of each feature, not the mean.",
        why="Max pooling exists as well, but this encoder was trained with the mean.",
    ),
    WrongAnswer(
        id="padding_alone",
        code=lambda hidden, mask: right.mean_pool(hidden, ~mask),
        says="You average padding and leave the real tokens out.",
        why="The mask is True at real tokens.",
    ),
    WrongAnswer(
        id="counted_over_batch",
        code=lambda hidden, mask: (hidden * mask[..., None]).sum(1) / mask.sum().clamp(min=1),
        says="You divide by the real tokens of the whole batch.",
        why="Each text has its own number of them: mask.sum(1).",
    ),
    WrongAnswer(
        id="specials_left_out",
        code=_between,
        says="You leave the first and the last real token out.",
        why="[CLS] and [SEP] are real tokens; they were in the mean when this encoder was trained.",
    ),
    WrongAnswer(
        id="normalised",
        code=lambda hidden, mask: F.normalize(right.mean_pool(hidden, mask), dim=-1),
        says="You scale the mean to length 1.",
        why="That comes later, in the cosine. A classification head reads the mean as it is.",
    ),
    WrongAnswer(
        id="nan_survives",
        code=lambda hidden, mask: (
            (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
        ),
        says="NaN at padding gets through: you multiply by the mask, and 0 · NaN is NaN.",
        why="Padding may hold anything. masked_fill and torch.where put a 0 in its place, whatever stood there.",
    ),
    WrongAnswer(
        id="empty_text",
        code=lambda hidden, mask: (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True),
        says="A text without a real token gives NaN in your version.",
        why="0 / 0. Divide by 1 where there is nothing to count, so that its vector is zero.",
    ),
)
