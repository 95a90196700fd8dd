"""Wrong answers of lesson 09: the code that makes each mistake, its name, and why it is one."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer

# ---------------------------------------------------------------- tools


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


def merge_interleaved(x: Tensor) -> Tensor:
    return x.movedim(-3, -1).flatten(-2)


def slices_of(w_o: Tensor, n_heads: int, interleaved: bool = False) -> Tensor:
    """Return W_o's slice for every head, turned to be multiplied from the right: (H, d_head, d_out)."""
    shape = (-1, n_heads) if interleaved else (n_heads, -1)
    cut = w_o.unflatten(-1, shape)
    return cut.permute(2, 1, 0) if interleaved else cut.permute(1, 2, 0)


# ---------------------------------------------------------------- 9.1 split

SPLIT_HEADS = (
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

# ---------------------------------------------------------------- 9.2 merge

MERGE_HEADS = (
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

# ---------------------------------------------------------------- attention with switches


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
    weights = scores.softmax(-1)
    if after:
        weights = weights * keep
    if empty:
        weights = weights.masked_fill(hole, 0.0)
    if average:
        weights = weights.mean(-3, keepdim=True).expand_as(weights)
    return glue(weights @ v)


# ---------------------------------------------------------------- 9.3 self-attention


class _SelfAttention(nn.Module):
    """The parameters; the wrong answers differ in `forward`."""

    def __init__(self, d_in: int, d_model: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads, self.d_in, self.d_model = n_heads, d_in, d_model
        self.w_q, self.w_k, self.w_v = (nn.Linear(d_in, d_model) for _ in range(3))
        self.w_o = nn.Linear(d_model, d_model)


def _self(forward: Callable[..., Tensor]) -> type[nn.Module]:
    """Return a class that computes `forward(self, x, mask)`."""

    def with_mask(self: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return forward(self, x, mask)

    return type("MultiHeadSelfAttention", (_SelfAttention,), {"forward": with_mask})


def _attended(self: Any, x: Tensor, mask: Tensor | None, **switches: Any) -> Tensor:
    return self.w_o(attend(self.w_q(x), self.w_k(x), self.w_v(x), mask, self.n_heads, **switches))


def _self_switch(**switches: Any) -> type[nn.Module]:
    return _self(lambda self, x, mask: _attended(self, x, mask, **switches))


def _self_scaled(scale: Callable[[Any], float]) -> type[nn.Module]:
    """Return a class whose scores are multiplied by `scale(self)`."""
    return _self(lambda self, x, mask: _attended(self, x, mask, scale=scale(self)))


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


def _wrong(id: str, said: tuple[str, str], code: type[nn.Module]) -> WrongAnswer:
    return WrongAnswer(id=id, code=code, says=said[0], why=said[1])


SELF_ATTENTION = (
    _wrong("view_split", VIEW_SPLIT, _self_switch(cut=split_by_view)),
    _wrong("view_merge", VIEW_MERGE, _self_switch(glue=merge_by_view)),
    _wrong("interleaved", INTERLEAVED, _self_switch(cut=split_interleaved)),
    _wrong("one_head", ONE_HEAD, _self(lambda self, x, mask: self.w_o(_whole(self, x, mask)))),
    _wrong(
        "scale_by_d_model",
        SCALE_MODEL,
        _self_scaled(lambda self: self.d_model**-0.5),
    ),
    _wrong("no_scale", NO_SCALE, _self_switch(scale=1.0)),
    _wrong(
        "scaled_twice",
        SCALED_TWICE,
        _self_scaled(lambda self: self.n_heads / self.d_model),
    ),
    _wrong("mask_not_for_heads", NOT_FOR_HEADS, _self_switch(for_heads=False)),
    _wrong("mask_inverted", INVERTED, _self_switch(flip=True)),
    _wrong("mask_after_softmax", AFTER, _self_switch(after=True)),
    _wrong(
        "mask_ignored",
        IGNORED,
        _self(
            lambda self, x, mask: self.w_o(
                attend(self.w_q(x), self.w_k(x), self.w_v(x), None, self.n_heads)
            )
        ),
    ),
    _wrong("nan_rows", EMPTY, _self_switch(empty=False)),
    _wrong("fill_finite", FINITE, _self_switch(empty=False, fill=-1e9)),
    _wrong("mask_axis_from_left", FROM_LEFT, _self_switch(from_left=True)),
    _wrong("weights_averaged", AVERAGED, _self_switch(average=True)),
    _wrong(
        "no_output_projection",
        NO_OUTPUT,
        _self(
            lambda self, x, mask: attend(self.w_q(x), self.w_k(x), self.w_v(x), mask, self.n_heads)
        ),
    ),
    WrongAnswer(
        id="one_projection",
        code=_self(
            lambda self, x, mask: self.w_o(
                attend(self.w_q(x), self.w_q(x), self.w_v(x), mask, self.n_heads)
            )
        ),
        says="Your keys come from w_q, the projection of the queries.",
        why="Then “cat” scores “sat” exactly as “sat” scores “cat”. Asking and being found need weights of their own.",
    ),
    WrongAnswer(
        id="keys_as_values",
        code=_self(
            lambda self, x, mask: self.w_o(
                attend(self.w_q(x), self.w_k(x), self.w_k(x), mask, self.n_heads)
            )
        ),
        says="Your output mixes the keys: w_v is not used.",
        why="A key says where to look, a value what is found there: v = w_v(x).",
    ),
)


def _whole(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    return attend(self.w_q(x), self.w_k(x), self.w_v(x), mask, 1)


# ---------------------------------------------------------------- 9.4 cross-attention


class _CrossAttention(nn.Module):
    """The parameters; the wrong answers differ in `forward`."""

    def __init__(self, d_model: int, n_heads: int, d_key: int, d_value: int) -> None:
        super().__init__()
        self.n_heads, self.d_model, self.d_key = n_heads, d_model, d_key
        self.w_q = nn.Linear(d_model, d_model)
        self.w_k = nn.Linear(d_key, d_model)
        self.w_v = nn.Linear(d_value, d_model)
        self.w_o = nn.Linear(d_model, d_model)


def _cross(forward: Callable[..., Tensor]) -> type[nn.Module]:
    """Return a class that computes `forward(self, query, key, value, mask)`."""

    def with_mask(
        self: Any, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        return forward(self, query, key, value, mask)

    return type("MultiHeadAttention", (_CrossAttention,), {"forward": with_mask})


def _projected(
    self: Any, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **switches: Any
) -> Tensor:
    rows = self.w_q(query), self.w_k(key), self.w_v(value)
    return attend(*rows, mask, self.n_heads, **switches)


def _cross_switch(**switches: Any) -> type[nn.Module]:
    return _cross(lambda self, *args: self.w_o(_projected(self, *args, **switches)))


CROSS_ATTENTION = (
    _wrong("view_split", VIEW_SPLIT, _cross_switch(cut=split_by_view)),
    _wrong("view_merge", VIEW_MERGE, _cross_switch(glue=merge_by_view)),
    _wrong("interleaved", INTERLEAVED, _cross_switch(cut=split_interleaved)),
    _wrong(
        "one_head",
        ONE_HEAD,
        _cross(
            lambda self, query, key, value, mask: self.w_o(
                attend(self.w_q(query), self.w_k(key), self.w_v(value), mask, 1)
            )
        ),
    ),
    _wrong(
        "scale_by_d_model",
        SCALE_MODEL,
        _cross(lambda self, *args: self.w_o(_projected(self, *args, scale=self.d_model**-0.5))),
    ),
    WrongAnswer(
        id="scale_by_d_key",
        code=_cross(lambda self, *args: self.w_o(_projected(self, *args, scale=self.d_key**-0.5))),
        says="Your scores are divided by √d_key, the width of what comes in.",
        why="After w_k a head's keys are d_head wide, whatever came in, and it is d_head terms that a dot product sums. The "
        "paper's d_k is that width; here d_key names the input's.",
    ),
    _wrong("no_scale", NO_SCALE, _cross_switch(scale=1.0)),
    _wrong(
        "scaled_twice",
        SCALED_TWICE,
        _cross(
            lambda self, *args: self.w_o(_projected(self, *args, scale=self.n_heads / self.d_model))
        ),
    ),
    _wrong("mask_not_for_heads", NOT_FOR_HEADS, _cross_switch(for_heads=False)),
    _wrong("mask_inverted", INVERTED, _cross_switch(flip=True)),
    _wrong("mask_after_softmax", AFTER, _cross_switch(after=True)),
    _wrong(
        "mask_ignored",
        IGNORED,
        _cross(
            lambda self, query, key, value, mask: self.w_o(
                _projected(self, query, key, value, None)
            )
        ),
    ),
    _wrong("nan_rows", EMPTY, _cross_switch(empty=False)),
    _wrong("fill_finite", FINITE, _cross_switch(empty=False, fill=-1e9)),
    _wrong("mask_axis_from_left", FROM_LEFT, _cross_switch(from_left=True)),
    _wrong("weights_averaged", AVERAGED, _cross_switch(average=True)),
    _wrong("no_output_projection", NO_OUTPUT, _cross(lambda self, *args: _projected(self, *args))),
    WrongAnswer(
        id="values_from_keys",
        code=_cross(
            lambda self, query, key, value, mask: self.w_o(_projected(self, query, key, key, mask))
        ),
        says="Your values are made from key, not from value.",
        why="Key and value may differ, in width too: w_v expects d_value numbers a row.",
    ),
    WrongAnswer(
        id="all_from_query",
        code=_cross(
            lambda self, query, key, value, mask: self.w_o(
                _projected(self, query, query, query, mask)
            )
        ),
        says="Your keys are made from query: this is self-attention.",
        why="In cross-attention one sequence asks and another answers: keys come from key, values from value.",
    ),
)

# ---------------------------------------------------------------- 9.5 PyTorch's masks

BLOCKED_MASK = (
    WrongAnswer(
        id="not_flipped",
        code=lambda mask, n_heads: mask.repeat_interleave(n_heads, 0),
        says="Your mask still says who may attend; nn.MultiheadAttention reads True as blocked.",
        why="Handed over like this, every query would attend to exactly what it must not see, and nothing would raise.",
    ),
    WrongAnswer(
        id="heads_outside",
        code=lambda mask, n_heads: (~mask).repeat(n_heads, 1, 1),
        says="Your copies are in the wrong order: sentence 0, sentence 1, …, then all again.",
        why="PyTorch folds (B, H) into one axis with the heads inside: sentence 0 for every head, then sentence 1. In your order "
        "a sentence gets another sentence's mask, and all shapes fit.",
    ),
    WrongAnswer(
        id="outside_and_not_flipped",
        code=lambda mask, n_heads: mask.repeat(n_heads, 1, 1),
        says="Two things at once: your mask is not flipped, and its copies are in the wrong order.",
        why="True means blocked there, and the heads of one sentence come right after each other.",
    ),
    WrongAnswer(
        id="no_heads",
        code=lambda mask, n_heads: ~mask,
        says="Your mask is flipped, but there is one for each sentence; one for each sentence and head is due.",
        why="A mask of three axes has B·H matrices there. A single (T, S) would do when all sentences share it.",
    ),
    WrongAnswer(
        id="four_axes",
        code=lambda mask, n_heads: ~mask.unsqueeze(1).repeat(1, n_heads, 1, 1),
        says="Your mask has four axes; batch and heads are folded into one there.",
        why="nn.MultiheadAttention takes (T, S) or (B·H, T, S) and raises on anything else.",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda mask, n_heads: ~mask.mT.repeat_interleave(n_heads, 0),
        says="Your matrices are transposed: keys down, queries across.",
        why="Row t belongs to query t in both libraries. Only True and False change their meaning.",
    ),
    WrongAnswer(
        id="numbers",
        code=lambda mask, n_heads: (
            torch.zeros(mask.shape).masked_fill(~mask, -torch.inf).repeat_interleave(n_heads, 0)
        ),
        says="Your mask holds 0 and −∞, to be added to the scores; True and False are asked for.",
        why="PyTorch takes either kind. A boolean mask needs no dtype to fit and a quarter of the memory.",
    ),
)

# ---------------------------------------------------------------- 9.6 one product for three


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


FUSED_PROJECTION = (
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

# ---------------------------------------------------------------- 9.7 what each head adds


def _rows_of(weights: Tensor, v: Tensor, w_o: Tensor) -> Tensor:
    heads, width = v.shape[-3], v.shape[-1]
    rows = [w_o[h * width : (h + 1) * width] for h in range(heads)]
    return torch.stack([(weights @ v)[..., h, :, :] @ rows[h] for h in range(heads)], -3)


def _viewed(v: Tensor, w_o: Tensor) -> Tensor:
    return w_o.reshape(v.shape[-3], v.shape[-1], -1)


HEAD_CONTRIBUTIONS = (
    WrongAnswer(
        id="viewed_slices",
        code=lambda weights, v, w_o: weights @ v @ _viewed(v, w_o),
        says="You viewed W_o as (H, d_head, d_out), but a view moves no number.",
        why="Its columns must be cut: view it as (d_out, H, d_head) first, then permute the axes to (H, d_head, d_out).",
    ),
    WrongAnswer(
        id="rows_of_w_o",
        code=_rows_of,
        says="You cut W_o into rows; a head owns columns.",
        why="nn.Linear keeps outputs down and inputs across. The heads are inputs of W_o, so head h owns W_o[:, slice h].",
    ),
    WrongAnswer(
        id="interleaved",
        code=lambda weights, v, w_o: weights @ v @ slices_of(w_o, v.shape[-3], True),
        says="Your head h takes every H-th column of W_o.",
        why="merge_heads lays slices side by side: head h owns the columns h·d_head to (h+1)·d_head − 1.",
    ),
    WrongAnswer(
        id="same_slice",
        code=lambda weights, v, w_o: weights @ v @ w_o[:, : v.shape[-1]].T,
        says="All your heads use the first slice of W_o.",
        why="Each head has columns of its own. That is how one layer lets them write different things.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda weights, v, w_o: (weights @ v @ slices_of(w_o, v.shape[-3])).sum(-3),
        says="You have added the heads up already.",
        why="The sum is the layer's output; what is asked for is the terms: (B, H, T, d_out).",
    ),
    WrongAnswer(
        id="averaged",
        code=lambda weights, v, w_o: weights @ v @ slices_of(w_o, v.shape[-3]) / v.shape[-3],
        says="Your contributions are divided by the number of heads.",
        why="Heads add up; nobody takes their mean. Their plain sum, plus the bias, is the output.",
    ),
    WrongAnswer(
        id="no_projection",
        code=lambda weights, v, w_o: weights @ v,
        says="You stop at weights · v; W_o is not used.",
        why="That is what a head hands to W_o, d_head numbers in its own slice. What it adds to the output is d_out "
        "numbers, after its columns of W_o.",
    ),
    WrongAnswer(
        id="values_not_weighted",
        code=lambda weights, v, w_o: v @ slices_of(w_o, v.shape[-3]),
        says="The weights are not used.",
        why="That is what each key could add. The weights say how much of it reaches which query.",
    ),
)

# ---------------------------------------------------------------- 9.8 ablation


def _columns(w_o: Tensor, heads: list[int], n_heads: int, value: float = 0.0) -> Tensor:
    out, width = w_o.clone(), w_o.shape[-1] // n_heads
    for h in heads:
        out[:, h * width : (h + 1) * width] = value
    return out


def _ablate_rows(w_o: Tensor, heads: list[int], n_heads: int) -> Tensor:
    out, width = w_o.clone(), w_o.shape[0] // n_heads
    for h in heads:
        out[h * width : (h + 1) * width] = 0.0
    return out


def _ablate_interleaved(w_o: Tensor, heads: list[int], n_heads: int) -> Tensor:
    out = w_o.clone()
    for h in heads:
        out[:, h::n_heads] = 0.0
    return out


def _ablate_in_place(w_o: Tensor, heads: list[int], n_heads: int) -> Tensor:
    width = w_o.shape[-1] // n_heads
    for h in heads:
        w_o[:, h * width : (h + 1) * width] = 0.0
    return w_o


def _ablate_removed(w_o: Tensor, heads: list[int], n_heads: int) -> Tensor:
    kept = [h for h in range(n_heads) if h not in heads]
    return w_o.unflatten(-1, (n_heads, -1))[:, kept].flatten(-2)


ABLATE = (
    WrongAnswer(
        id="one_column",
        code=lambda w_o, heads, n_heads: w_o.index_fill(-1, torch.tensor(heads).long(), 0.0),
        says="You silence column h alone; a head owns d_head columns.",
        why="Head h occupies the columns h·d_head to (h+1)·d_head − 1 of W_o.",
    ),
    WrongAnswer(
        id="rows",
        code=_ablate_rows,
        says="You silence rows of W_o; a head owns columns.",
        why="A row is one number of the output, to which every head contributes. Zeroing it hurts all heads a little and "
        "silences none.",
    ),
    WrongAnswer(
        id="interleaved",
        code=_ablate_interleaved,
        says="You silence every H-th column.",
        why="Head h owns neighbouring columns, h·d_head to (h+1)·d_head − 1. Yours takes a little of every head.",
    ),
    WrongAnswer(
        id="keeps_only",
        code=lambda w_o, heads, n_heads: _columns(
            w_o, [h for h in range(n_heads) if h not in heads], n_heads
        ),
        says="You kept the heads that were to be silenced, and silenced the others.",
        why="heads lists those that must add nothing.",
    ),
    WrongAnswer(
        id="first_listed_only",
        code=lambda w_o, heads, n_heads: _columns(w_o, heads[:1], n_heads),
        says="Only the first head of the list is silenced.",
        why="heads may name several, or none at all.",
    ),
    WrongAnswer(
        id="counted_from_one",
        code=lambda w_o, heads, n_heads: _columns(w_o, [(h - 1) % n_heads for h in heads], n_heads),
        says="You silence the head before each one that is named: you count from 1.",
        why="Heads are counted from 0: head h begins at column h·d_head.",
    ),
    WrongAnswer(
        id="scaled_up",
        code=lambda w_o, heads, n_heads: (
            _columns(w_o, heads, n_heads) * (n_heads / max(n_heads - len(set(heads)), 1))
        ),
        says="You scale up the heads that are left, as dropout does.",
        why="Then two things change at once, and the measurement no longer says what the silenced head was worth.",
    ),
    WrongAnswer(
        id="removed",
        code=_ablate_removed,
        says="You removed the columns, so W_o no longer fits what merge_heads gives it.",
        why="Set them to 0 instead: the shape stays, and the head's numbers meet zeros.",
    ),
    WrongAnswer(
        id="in_place",
        code=_ablate_in_place,
        says="Your result is right, but w_o itself was changed: the head is gone for good.",
        why="An ablation is followed by a comparison with the model as it was. Work on a copy: w_o.clone().",
    ),
)

# ---------------------------------------------------------------- 9.9 weights by norm


def _norms(v: Tensor, w_o: Tensor, interleaved: bool = False, ord: float = 2) -> Tensor:
    added = v @ slices_of(w_o, v.shape[-3], interleaved)
    return torch.linalg.vector_norm(added, ord=ord, dim=-1).unsqueeze(-2)


def _shares(x: Tensor) -> Tensor:
    return x / x.sum(-1, keepdim=True)


WEIGHTED_NORMS = (
    WrongAnswer(
        id="viewed_slices",
        code=lambda weights, v, w_o: weights * (v @ _viewed(v, w_o)).norm(dim=-1).unsqueeze(-2),
        says="You viewed W_o as (H, d_head, d_out), but a view moves no number.",
        why="Its columns must be cut: view it as (d_out, H, d_head) first, then permute the axes to (H, d_head, d_out).",
    ),
    WrongAnswer(
        id="weights_alone",
        code=lambda weights, v, w_o: weights.clone(),
        says="You return the weights alone.",
        why="A weight of 0.9 on a value of length 0.1 adds less than a weight of 0.1 on a value of length 2.",
    ),
    WrongAnswer(
        id="norm_of_v",
        code=lambda weights, v, w_o: weights * v.norm(dim=-1).unsqueeze(-2),
        says="You took the length of v itself, before W_o.",
        why="W_o may stretch a value or send it to nothing. What reaches the output is v W_o[:, slice h]ᵀ.",
    ),
    WrongAnswer(
        id="not_weighted",
        code=lambda weights, v, w_o: _norms(v, w_o).expand_as(weights).clone(),
        says="Your lengths are not multiplied by the weights.",
        why="That is how much each key could add; its weight says how much of it does arrive.",
    ),
    WrongAnswer(
        id="squared",
        code=lambda weights, v, w_o: weights * _norms(v, w_o) ** 2,
        says="Your lengths are squared: the root is missing.",
        why="A vector twice as long adds twice as much, not four times.",
    ),
    WrongAnswer(
        id="sum_of_sizes",
        code=lambda weights, v, w_o: weights * _norms(v, w_o, ord=1),
        says="Your lengths are sums of absolute values.",
        why="‖x‖ is the root of the sum of squares, which does not change when the axes are turned.",
    ),
    WrongAnswer(
        id="shares",
        code=lambda weights, v, w_o: _shares(weights * _norms(v, w_o)),
        says="You divided each row by its sum.",
        why="That comes later, for the picture. The lengths themselves also say which head writes much and which little.",
    ),
    WrongAnswer(
        id="interleaved",
        code=lambda weights, v, w_o: weights * _norms(v, w_o, True),
        says="Your head h takes every H-th column of W_o.",
        why="Head h owns neighbouring columns, h·d_head to (h+1)·d_head − 1.",
    ),
    WrongAnswer(
        id="length_of_the_sum",
        code=lambda weights, v, w_o: (weights @ v @ slices_of(w_o, v.shape[-3])).norm(dim=-1),
        says="You measured the whole sum, not each key's part of it.",
        why="One number a query cannot say which key it came from; the result has one for each query and key.",
    ),
)

# ---------------------------------------------------------------- 9.10 does the link move?


def _others(column: Tensor, query: int) -> Tensor:
    keep = [t for t in range(column.shape[-1]) if t != query]
    return column[..., keep]


def _shift(before: Tensor, after: Tensor, query: int, key: int) -> Tensor:
    column = (before - after)[..., key]
    return column[..., query] - _others(column, query).mean(-1)


REFERENT_SHIFT = (
    WrongAnswer(
        id="no_base_rate",
        code=lambda before, after, query, key: (before - after)[..., query, key],
        says="The base rate is missing: you return how far this query moved, whatever the others did.",
        why="A head in which all words turn away from “cat” has not learnt what “it” means. Subtract the mean shift "
        "of the other queries.",
    ),
    WrongAnswer(
        id="one_sentence",
        code=lambda before, after, query, key: (
            before[..., query, key] - _others(before[..., key], query).mean(-1)
        ),
        says="Your answer looks at the first sentence only.",
        why="It says how special “it” is there, not whether the weight follows the referent. after must enter.",
    ),
    WrongAnswer(
        id="itself_in_the_base",
        code=lambda before, after, query, key: (
            (before - after)[..., query, key] - (before - after)[..., key].mean(-1)
        ),
        says="Your base rate is a mean over all queries, the one in question among them.",
        why="Then part of the shift is subtracted from itself. The base rate is what the others do.",
    ),
    WrongAnswer(
        id="other_keys",
        code=lambda before, after, query, key: (
            (before - after)[..., query, key]
            - _others((before - after)[..., query, :], key).mean(-1)
        ),
        says="Your base rate runs along the row: the same query, other keys.",
        why="A row sums to 1 before and after, so what one key loses the others gain: that says nothing about other words. Compare with other "
        "queries at the same key.",
    ),
    WrongAnswer(
        id="turned_round",
        code=lambda before, after, query, key: _shift(after, before, query, key),
        says="The sign is turned round: you return after minus before.",
        why="A head that let go of the key should come out positive: before − after.",
    ),
    WrongAnswer(
        id="sizes",
        code=lambda before, after, query, key: (
            (before - after)[..., query, key].abs()
            - _others((before - after)[..., key], query).abs().mean(-1)
        ),
        says="You compare sizes of shifts; the direction is lost.",
        why="A head that turns towards “cat” when “cat” is no longer meant would count as a link.",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda before, after, query, key: _shift(before.mT, after.mT, query, key),
        says="You read the weights at [key, query].",
        why="Rows are queries: the weight from query to key stands at [query, key].",
    ),
    WrongAnswer(
        id="ratio",
        code=lambda before, after, query, key: (
            (before - after)[..., query, key] / _others((before - after)[..., key], query).mean(-1)
        ),
        says="You divide by the base rate; it is to be subtracted.",
        why="The others' mean shift is often near 0 and of either sign: a ratio to it can be anything.",
    ),
)
