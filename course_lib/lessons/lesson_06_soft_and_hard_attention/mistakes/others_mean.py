"""Mistakes in “The others as a baseline”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer


def _in_its_own_type(rewards: Tensor) -> Tensor:
    out = torch.zeros_like(rewards)
    for own in range(rewards.shape[-1]):
        out[:, own] = (rewards.sum(-1) - rewards[:, own]) / (rewards.shape[-1] - 1)
    return out


MISTAKES = (
    WrongAnswer(
        id="own_reward_included",
        code=lambda r: r.mean(-1, keepdim=True).expand_as(r),
        says="Your baseline contains the try's own reward, so it depends on the chosen place.",
        why="Part of each reward is then taken off itself: the expected gradient shrinks to (K − 1)/K of the right one.",
    ),
    WrongAnswer(
        id="divided_by_k",
        code=lambda r: (r.sum(-1, keepdim=True) - r) / r.shape[-1],
        says="You divide by K, but only K − 1 others are added up.",
        why="With equal rewards of 6 the others' mean is 6; yours would be less.",
    ),
    WrongAnswer(
        id="sum_of_others",
        code=lambda r: r.sum(-1, keepdim=True) - r,
        says="You return the sum of the others, not their mean.",
        why="A baseline is on the scale of one reward.",
    ),
    WrongAnswer(
        id="other_images",
        code=lambda r: (r.sum(0, keepdim=True) - r) / (len(r) - 1),
        says="Your mean runs over the other images (axis 0), not over the other tries on the same image.",
        why="It is no wrong gradient, but another image says little about how hard this one is. The tries are the last axis.",
    ),
    WrongAnswer(
        id="advantage",
        code=lambda r: r - (r.sum(-1, keepdim=True) - r) / (r.shape[-1] - 1),
        says="You return reward minus baseline; the baseline alone is due.",
        why="The loss of the next exercise takes the baseline off itself.",
    ),
    WrongAnswer(
        id="whole_table",
        code=lambda r: (r.sum() - r) / (r.numel() - 1),
        says="Your mean runs over the whole table.",
        why="The other tries on the same image are what to compare with: keep the rows apart.",
    ),
    WrongAnswer(
        id="whole_total",
        code=lambda r: (r.sum() - r) / (r.shape[-1] - 1),
        says="You add up the whole table, not each image's tries alone.",
        why="Sum along the last axis and keep it as a column, so that each row has a total of its own.",
    ),
    WrongAnswer(
        id="whole_numbers_kept",
        code=_in_its_own_type,
        says="You write the means into a tensor of the rewards' type, which cuts them to whole numbers.",
        why="zeros_like and empty_like copy the type as well. Rewards of 0 and 1 may be whole numbers; a mean of them is not.",
    ),
    WrongAnswer(
        id="whole_division",
        code=lambda r: (r.sum(-1, keepdim=True) - r) // (r.shape[-1] - 1),
        says="You divide by //, which cuts the mean down to a whole number.",
        why="The mean of others is a fraction as a rule: divide by /.",
    ),
    WrongAnswer(
        id="neighbour",
        code=lambda r: r.roll(1, -1),
        says="Your baseline is one other try, not the mean of all others.",
        why="It depends on no choice of its own, so the gradient is right on average, but one reward is noisier than a mean.",
    ),
    WrongAnswer(
        id="column",
        code=lambda r: r.mean(-1, keepdim=True),
        says="You return one mean for each image, the try's own reward among them.",
        why="Every try needs a baseline of its own: the mean of the others differs from try to try.",
    ),
)
