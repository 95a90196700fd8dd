"""Mistakes in “One product for three”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_09_many_heads.mistakes.common import split, split_by_view


def fused(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    n_heads: int,
    *,
    order: str = "qkv",
    layout: str = "three first",
    cut: Callable[[Tensor, int], Tensor] = split,
) -> tuple[Tensor, ...]:
    """Project once, then cut; the switches cut in wrong places."""
    rows = x @ weight.T if bias is None else x @ weight.T + bias
    if layout == "heads first":
        parts = rows.unflatten(-1, (n_heads, 3, -1)).permute(3, 0, 2, 1, 4)
        return tuple(parts)
    if layout == "every third":
        thirds = dict(zip("qkv", (rows[..., i::3] for i in range(3)), strict=True))
    else:
        thirds = dict(zip(order, rows.chunk(3, -1), strict=True))
    return tuple(cut(thirds[name], n_heads) for name in "qkv")


MISTAKES = (
    WrongAnswer(
        id="keys_first",
        code=lambda x, weight, bias, n_heads: fused(x, weight, bias, n_heads, order="kqv"),
        says="Your first third is the keys; queries come first.",
        why="The rows of the weight are W_q, W_k, W_v from top to bottom. Nothing raises when they are cut in another "
        "order: the scores are then transposed.",
    ),
    WrongAnswer(
        id="values_before_keys",
        code=lambda x, weight, bias, n_heads: fused(x, weight, bias, n_heads, order="qvk"),
        says="Your second and third part are swapped: values came where keys are due.",
        why="The rows of the weight are W_q, W_k, W_v from top to bottom.",
    ),
    WrongAnswer(
        id="heads_before_three",
        code=lambda x, weight, bias, n_heads: fused(x, weight, bias, n_heads, layout="heads first"),
        says="You cut into heads first, and each head into query, key and value.",
        why="Some models are stored like that; here all of W_q stands above all of W_k. Cut into three, then each third into heads.",
    ),
    WrongAnswer(
        id="every_third",
        code=lambda x, weight, bias, n_heads: fused(x, weight, bias, n_heads, layout="every third"),
        says="You took every third column.",
        why="The three parts lie one after the other, each d_model wide: chunk(3, dim=-1) cuts them.",
    ),
    WrongAnswer(
        id="no_bias",
        code=lambda x, weight, bias, n_heads: fused(x, weight, None, n_heads),
        says="The bias is missing.",
        why="Its three thirds belong to queries, keys and values: add it before cutting.",
    ),
    WrongAnswer(
        id="view_without_transpose",
        code=lambda x, weight, bias, n_heads: fused(x, weight, bias, n_heads, cut=split_by_view),
        says="The three parts are right, but their heads are cut by a view alone.",
        why="Tokens and heads must swap places: split_heads from 9.1 does both steps.",
    ),
    WrongAnswer(
        id="no_heads",
        code=lambda x, weight, bias, n_heads: (x @ weight.T + bias).chunk(3, -1),
        says="The three parts are right, but not split into heads.",
        why="Each is to have shape (B, H, T, d_head), ready for the scores.",
    ),
    WrongAnswer(
        id="one_tensor",
        code=lambda x, weight, bias, n_heads: split(x @ weight.T + bias, n_heads),
        says="You return one tensor; queries, keys and values are due, each on its own.",
        why="Cut the last axis into three before splitting heads, else a head's slice holds a mixture of all three.",
    ),
)
