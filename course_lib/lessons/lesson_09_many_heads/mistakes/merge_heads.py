"""Mistakes in “Merge the heads”: the code that makes each, its name, and why it is wrong."""

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_09_many_heads.mistakes.common import merge_by_view


def merge_interleaved(x: Tensor) -> Tensor:
    return x.movedim(-3, -1).flatten(-2)


MISTAKES = (
    WrongAnswer(
        id="view_without_transpose",
        code=merge_by_view,
        says="Your heads are merged in the order of memory: the transpose before the reshape is missing.",
        why="Head stands before token in memory, so a reshape alone glues different tokens of one head together. Swap the axes back "
        "first; then each row holds all heads of one token.",
    ),
    WrongAnswer(
        id="interleaved",
        code=merge_interleaved,
        says="Your columns alternate between the heads.",
        why="split_heads gave head h the neighbouring columns h·d_head …, so merging lays whole slices side by side.",
    ),
    WrongAnswer(
        id="heads_summed",
        code=lambda x: x.sum(-3),
        says="Your heads are added up.",
        why="Then nothing could tell them apart any more. Merging lays them side by side; it is W_o that mixes them.",
    ),
    WrongAnswer(
        id="heads_averaged",
        code=lambda x: x.mean(-3),
        says="Your heads are averaged.",
        why="Heads that look at different words would blur each other. Merging lays them side by side: the width becomes H·d_head.",
    ),
    WrongAnswer(
        id="not_merged",
        code=lambda x: x.transpose(-3, -2),
        says="You swapped the axes, but the heads are still on an axis of their own.",
        why="The result has shape (B, T, d_model): flatten the last two axes into one.",
    ),
    WrongAnswer(
        id="below_each_other",
        code=lambda x: x.flatten(-3, -2),
        says="Your heads stand below each other, H·T rows of width d_head.",
        why="A row is a token: there are T of them before and after, each with all its heads side by side.",
    ),
    WrongAnswer(
        id="first_head_only",
        code=lambda x: x[..., 0, :, :],
        says="Only head 0 is left.",
        why="Every head's slice belongs into the row, one beside the other.",
    ),
)
