"""What mistakes in several exercises of lesson 09 share."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer


def split(x: Tensor, n_heads: int) -> Tensor:
    """Split as asked: (B, T, d) to (B, H, T, d_head)."""
    return x.unflatten(-1, (n_heads, -1)).transpose(-3, -2)


def merge(x: Tensor) -> Tensor:
    """Merge as asked."""
    return x.transpose(-3, -2).flatten(-2)


def split_by_view(x: Tensor, n_heads: int) -> Tensor:
    return x.reshape(*x.shape[:-2], n_heads, x.shape[-2], -1)


def split_interleaved(x: Tensor, n_heads: int) -> Tensor:
    return x.unflatten(-1, (-1, n_heads)).movedim(-1, -3)


def merge_by_view(x: Tensor) -> Tensor:
    batch, heads, length, width = x.shape
    return x.reshape(batch, length, heads * width)


def slices_of(w_o: Tensor, n_heads: int, interleaved: bool = False) -> Tensor:
    """Return W_o's slice for every head, turned to be multiplied from the right: (H, d_head, d_out)."""
    shape = (-1, n_heads) if interleaved else (n_heads, -1)
    cut = w_o.unflatten(-1, shape)
    return cut.permute(2, 1, 0) if interleaved else cut.permute(1, 2, 0)


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None,
    n_heads: int,
    *,
    cut: Callable[[Tensor, int], Tensor] = split,
    glue: Callable[[Tensor], Tensor] = merge,
    scale: float | None = None,
    flip: bool = False,
    after: bool = False,
    for_heads: bool = True,
    average: bool = False,
    from_left: bool = False,
    fill: float = -torch.inf,
    empty: bool = True,
    axis: int = -1,
) -> Tensor:
    """Attend with heads; each switch makes one classic mistake, all off it is right."""
    q, k, v = (cut(x, n_heads) for x in (q, k, v))
    scores = q @ k.mT * (q.shape[-1] ** -0.5 if scale is None else scale)
    keep = torch.ones_like(scores, dtype=torch.bool)
    if mask is not None:
        keep = mask ^ flip
        keep = keep.unsqueeze(1 if from_left else -3) if for_heads else keep
    hole = ~keep.any(-1, keepdim=True)
    if not after:
        scores = scores.masked_fill(~keep & ~hole if empty else ~keep, fill)
    weights = scores.softmax(axis)
    if axis != -1:
        weights = weights.nan_to_num()
    if after:
        weights = weights * keep
    if empty:
        weights = weights.masked_fill(hole, 0.0)
    if average:
        weights = weights.mean(-3, keepdim=True).expand_as(weights)
    return glue(weights @ v)


VIEW_SPLIT = (
    "Your heads are split by a view alone, without swapping tokens and heads.",
    "A head then holds a few tokens whole, not a slice of every token. Use split_heads on queries, keys and values.",
)


VIEW_MERGE = (
    "Your heads are merged by a reshape alone, without swapping heads and tokens back.",
    "A row then holds several tokens of one head, not all heads of one token. merge_heads swaps first.",
)


SCALE_MODEL = (
    "Your scores are divided by √d_model; each head is only d_head wide.",
    "A head's dot product sums over d_head terms, so √d_head brings its spread back to 1. √d_model is larger by √H "
    "and flattens every head.",
)


NOT_FOR_HEADS = (
    "Your mask meets the scores without an axis for the heads.",
    "The scores are (B, H, T, S). A mask (B, T, S) is aligned from the right, so its batch meets the heads: it raises, "
    "or, when B equals H, it silently gives head h the mask of sentence h. mask.unsqueeze(-3) puts a 1 in between.",
)


AVERAGED = (
    "Your heads share one matrix of weights: their average.",
    "Each head mixes its own values by its own weights. Averaged weights are for pictures alone; "
    "nn.MultiheadAttention returns such an average unless it is told otherwise.",
)


NO_OUTPUT = (
    "The output projection w_o is missing.",
    "Without it head h can write into slice h of the output only, and no layer could mix what two heads found.",
)


INVERTED = (
    "Your mask is inverted: it hides what it should allow.",
    "True means “may attend” in this course. It is nn.MultiheadAttention whose True means blocked.",
)


IGNORED = (
    "Your attention does not use the mask.",
    "A forbidden key then takes part in every head's mean. Hand the mask on to the attention.",
)


AFTER = (
    "Your mask comes after the softmax.",
    "The forbidden keys have taken their share by then, so what is left of a row sums to less than 1. Mask the scores.",
)


EMPTY = (
    "A query with nothing to attend to gives NaN.",
    "Its scores are all −∞ and the softmax divides 0 by 0. Its heads give zeros, so its output is w_o's bias; "
    "scaled_dot_product_attention from lesson 04 takes care of it.",
)


FROM_LEFT = (
    "Your axis for the heads is counted from the left, so a mask (T, S) without a batch does not fit.",
    "unsqueeze(1) turns (B, T, S) into (B, 1, T, S), but (T, S) into (T, 1, S). Counted from the right, as "
    "unsqueeze(-3), the axis comes before (T, S) in both.",
)


FINITE = (
    "A query with nothing to attend to gives the plain mean of all values: its scores are filled with a finite number.",
    "All its scores are then the same, and the softmax shares out 1 among keys that are all forbidden. Its heads should "
    "give zeros; scaled_dot_product_attention from lesson 04 takes care of it.",
)


NO_SCALE = (
    "Your scores are not divided by √d_head.",
    "A head's dot product spreads like √d_head. scaled_dot_product_attention divides for you.",
)


SCALED_TWICE = (
    "Your scores are divided by √d_head twice.",
    "scaled_dot_product_attention divides for you. Twice makes d_head, and the weights too even.",
)


ONE_HEAD = (
    "Your attention has one head over the whole width.",
    "Split queries, keys and values first: n_heads slices, each with a softmax of its own.",
)


INTERLEAVED = (
    "Your head h gets every H-th column; it should get neighbouring ones.",
    "Slice h is the columns h·d_head to (h+1)·d_head − 1: cut the last axis into (H, d_head), in this order.",
)


def wrong(id: str, said: tuple[str, str], code: type[nn.Module]) -> WrongAnswer:
    return WrongAnswer(id=id, code=code, says=said[0], why=said[1])


OVER_QUERIES = (
    "Your softmax runs over the queries (axis -2); it runs over the keys.",
    "Each query shares out its attention among the keys, so every row of weights sums to 1, not every column.",
)


def viewed(v: Tensor, w_o: Tensor) -> Tensor:
    return w_o.reshape(v.shape[-3], v.shape[-1], -1)
