"""Mistakes in “Self-attention with heads”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_09_many_heads.mistakes.common import (
    AFTER,
    AVERAGED,
    EMPTY,
    FINITE,
    FROM_LEFT,
    IGNORED,
    INTERLEAVED,
    INVERTED,
    NO_OUTPUT,
    NO_SCALE,
    NOT_FOR_HEADS,
    ONE_HEAD,
    OVER_QUERIES,
    SCALE_MODEL,
    SCALED_TWICE,
    VIEW_MERGE,
    VIEW_SPLIT,
    attend,
    merge_by_view,
    split_by_view,
    split_interleaved,
    wrong,
)


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


MISTAKES = (
    wrong("view_split", VIEW_SPLIT, _self_switch(cut=split_by_view)),
    wrong("view_merge", VIEW_MERGE, _self_switch(glue=merge_by_view)),
    wrong("interleaved", INTERLEAVED, _self_switch(cut=split_interleaved)),
    wrong("one_head", ONE_HEAD, _self(lambda self, x, mask: self.w_o(_whole(self, x, mask)))),
    wrong(
        "scale_by_d_model",
        SCALE_MODEL,
        _self_scaled(lambda self: self.d_model**-0.5),
    ),
    wrong("no_scale", NO_SCALE, _self_switch(scale=1.0)),
    wrong(
        "scaled_twice",
        SCALED_TWICE,
        _self_scaled(lambda self: self.n_heads / self.d_model),
    ),
    wrong("softmax_over_queries", OVER_QUERIES, _self_switch(axis=-2)),
    wrong("mask_not_for_heads", NOT_FOR_HEADS, _self_switch(for_heads=False)),
    wrong("mask_inverted", INVERTED, _self_switch(flip=True)),
    wrong("mask_after_softmax", AFTER, _self_switch(after=True)),
    wrong(
        "mask_ignored",
        IGNORED,
        _self(
            lambda self, x, mask: self.w_o(
                attend(self.w_q(x), self.w_k(x), self.w_v(x), None, self.n_heads)
            )
        ),
    ),
    wrong("nan_rows", EMPTY, _self_switch(empty=False)),
    wrong("fill_finite", FINITE, _self_switch(empty=False, fill=-1e9)),
    wrong("mask_axis_from_left", FROM_LEFT, _self_switch(from_left=True)),
    wrong("weights_averaged", AVERAGED, _self_switch(average=True)),
    wrong(
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
