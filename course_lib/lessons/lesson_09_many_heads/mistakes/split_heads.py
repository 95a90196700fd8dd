"""Mistakes in “Split into heads”: the code that makes each, its name, and why it is wrong."""

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_09_many_heads.mistakes.common import (
    split,
    split_by_view,
    split_interleaved,
)

MISTAKES = (
    WrongAnswer(
        id="view_without_transpose",
        code=split_by_view,
        says="Your numbers are cut in the order in which they lie in memory: the heads were given their place by a view.",
        why="A view never moves a number, so it tears rows apart: head 0 gets the first tokens whole, not a slice of "
        "every token. Cut the last axis in two first, then swap the axes of heads and tokens.",
    ),
    WrongAnswer(
        id="heads_behind_tokens",
        code=lambda x, n_heads: x.unflatten(-1, (n_heads, -1)),
        says="Your heads stand behind the tokens: (B, T, H, d_head).",
        why="Attention multiplies the last two axes. They must be tokens and width; heads belong in front, where "
        "a batch stands.",
    ),
    WrongAnswer(
        id="interleaved",
        code=split_interleaved,
        says="Your head h gets every H-th column; it should get neighbouring ones.",
        why="Slice h is the columns h·d_head to (h+1)·d_head − 1, so heads come first when the last axis is cut: "
        "(H, d_head), not (d_head, H). Weights trained in one layout are useless in the other.",
    ),
    WrongAnswer(
        id="heads_as_width",
        code=lambda x, n_heads: x.unflatten(-1, (-1, n_heads)).transpose(-3, -2),
        says="You took n_heads for the width of a head.",
        why="n_heads says how many slices there are; each is d_model / n_heads wide.",
    ),
    WrongAnswer(
        id="whole_width_each",
        code=lambda x, n_heads: x.unsqueeze(-3).repeat(1, n_heads, 1, 1),
        says="Every head of yours gets the whole width.",
        why="Heads share the width out: H slices of d_model / H. That is why eight heads cost no more than one.",
    ),
    WrongAnswer(
        id="heads_into_batch",
        code=lambda x, n_heads: split(x, n_heads).flatten(0, 1),
        says="Your heads have gone into the batch: (B·H, T, d_head).",
        why="It computes the same, but masks for a batch no longer fit. Keep the heads on an axis of their own.",
    ),
    WrongAnswer(
        id="width_before_tokens",
        code=lambda x, n_heads: split(x, n_heads).mT,
        says="Your last two axes are swapped: (B, H, d_head, T).",
        why="A row is a token. Keys are turned round later, inside the scores.",
    ),
)
